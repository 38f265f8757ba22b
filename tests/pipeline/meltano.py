"""Run Meltano on this checkout's project, with its state and logs in a folder of the test's own."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.pipeline import programs
from tests.sandbox.process import Sandbox

STATE_ID = "sandbox:tap-intercom-archive-to-target-sqlite-archive"


def settings(sandbox: Sandbox, folder: Path) -> dict[str, str]:
    """Give the environment of a run against a sandbox; the archive is `archive.db` in the folder.

    The plugins' own variables are set too: a developer's `.env` would win over meltano.yml.
    """
    archive = str(folder / "archive.db")
    return {
        "MELTANO_DATABASE_URI": f"sqlite:///{folder / 'meltano.db'}",
        "MELTANO_ENVIRONMENT": "sandbox",
        "NO_COLOR": "1",
        "SANDBOX_URL": sandbox.url,
        "SANDBOX_TOKEN": sandbox.token,
        "SANDBOX_ARCHIVE": archive,
        "TAP_INTERCOM_ARCHIVE_API_URL": sandbox.url,
        "TAP_INTERCOM_ARCHIVE_ACCESS_TOKEN": sandbox.token,
        "TARGET_SQLITE_ARCHIVE_DATABASE": archive,
    }


def meltano(*arguments: str, env: dict[str, str], cwd: Path = programs.ROOT) -> programs.Ended:
    """Run one Meltano command to its end."""
    return programs.run(programs.program("meltano"), *arguments, cwd=cwd, env=env)


def stored_state(folder: Path) -> dict[str, Any]:
    """Give the bookmarks that Meltano keeps for the job, read from its own database."""
    with closing(sqlite3.connect(folder / "meltano.db")) as connection:
        row = connection.execute(
            "SELECT completed_state FROM state WHERE state_id = ?", (STATE_ID,)
        ).fetchone()
    bookmarks: dict[str, Any] = json.loads(row[0])["singer_state"]["bookmarks"]
    return bookmarks
