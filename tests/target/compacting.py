"""Compacts archives inside this process, and looks at what is left. No test lives here."""

from __future__ import annotations

import io
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from target_sqlite_archive.compaction.running import Compaction, Outcome
from target_sqlite_archive.compaction.space import free_bytes
from target_sqlite_archive.progress import Progress
from tests.pipeline.archive import Texts
from tests.target.harness import Archive

SILENT = Progress(io.StringIO(), time.monotonic)


def now() -> str:
    """Give a time."""
    return "2026-01-02T03:04:05Z"


def compact(path: Path, free: Callable[[Path], int] = free_bytes) -> Outcome:
    """Compact an archive; `free` says how many bytes a folder's disk has left."""
    return Compaction(
        path,
        now,
        free,
        lambda spaces: None,
        SILENT,
    ).run()


def texts(path: Path) -> dict[str, str | None]:
    """Give all payloads as an outsider reads them, by key; None where one was emptied."""
    with closing(sqlite3.connect(path)) as connection:
        stored = Texts(connection)
        rows = connection.execute("SELECT id, rowid FROM raw_payloads").fetchall()
        found = {key: stored.read(row_id) for key, row_id in rows}
    return {key: text if text is None else text.decode() for key, text in found.items()}


def depths(archive: Archive) -> list[int]:
    """Give how many deltas each payload is away from a whole frame."""
    bases = dict(archive.query("SELECT rowid, _payload_base_rowid FROM raw_payloads"))
    found = []
    for row_id in bases:
        depth = 0
        while (row_id := bases[row_id]) is not None:
            depth += 1
        found.append(depth)
    return found
