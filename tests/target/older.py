"""Archives as older targets have left them. No test lives here."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

LAYOUTS = Path(__file__).with_name("layouts")


def load(path: Path, layout: int) -> None:
    """Make an archive as an older target has left it."""
    path.touch(0o600)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA page_size = 16384")
        connection.executescript((LAYOUTS / f"layout_{layout}.sql").read_text("utf-8"))
