"""Runs the real target on standard input and records what reaches the disk and standard output.

    python -m tests.target.power.record CONFIG EVENTS JOURNAL LOG

A STATE goes out after every commit, every commit comes with a STATE, and the log is folded into the
file often, so that a short run has many of each. ``JOURNAL`` replaces the target's own
`synchronous = EXTRA` while the log is turned on, ``LOG`` from then on.
"""

from __future__ import annotations

import io
import pickle
import sqlite3
import sys
from pathlib import Path
from typing import Any

from target_sqlite_archive import archive
from target_sqlite_archive.target import TargetSQLiteArchive
from tests.target.power.disk import Event, Told
from tests.target.power.vfs import Listener

PAGES_BETWEEN_CHECKPOINTS = 40


class Output(io.StringIO):
    """Standard output, each line of which is a STATE."""

    def __init__(self, events: list[Event]) -> None:
        super().__init__()
        self._events = events

    def write(self, text: str) -> int:
        self._events.append(Told(text.strip()))
        return len(text)


def main(config: str, file: str, journal: str, log: str) -> None:
    events: list[Event] = []
    replaced: list[str] = []

    class Connection(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            if sql == "PRAGMA synchronous = EXTRA":
                replaced.append(sql)
                return super().execute(f"PRAGMA synchronous = {journal}")
            cursor = super().execute(sql, *values)
            if sql == "PRAGMA journal_mode = WAL":
                replaced.append(sql)
                super().execute(f"PRAGMA synchronous = {log}")
                super().execute(f"PRAGMA wal_autocheckpoint = {PAGES_BETWEEN_CHECKPOINTS}")
            return cursor

    connect = sqlite3.connect
    sqlite3.connect = lambda *args, **more: connect(*args, **more, factory=Connection)  # type: ignore[assignment]
    archive.SECONDS_BETWEEN_COMMITS = 0.0
    sys.stdout = Output(events)
    listener = Listener(events.append)
    TargetSQLiteArchive.cli(["--config", config], standalone_mode=False)
    assert len(replaced) == 2, "the target no longer sets what this replaces, in this order"
    Path(file).write_bytes(pickle.dumps(events))
    del listener


if __name__ == "__main__":
    main(*sys.argv[1:])
