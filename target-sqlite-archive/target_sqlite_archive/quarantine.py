"""Keeps the records that could not be stored, whole, and counts them for the end of the run.

Deciding that a record cannot be stored is left to ``lanes.py``.
"""

from __future__ import annotations

import sqlite3
from collections import Counter

from target_sqlite_archive.blobs import compress_plain, digest
from target_sqlite_archive.tombstones import Tombstones

_REASONS_NAMED = 3


class Quarantine:
    """The quarantine of one file; written inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection, tombstones: Tombstones) -> None:
        """Count from nothing; what was forgotten is not kept."""
        self._connection = connection
        self._tombstones = tombstones
        self._reasons: dict[str, Counter[str]] = {}

    def add(self, stream: str, reason: str, line: bytes, now: str) -> None:
        """Keep a line exactly as it came, once however often it comes; the reason has no value."""
        kept = self._tombstones.line_kept(stream, line)
        if kept is None:
            return
        self._connection.execute(
            "INSERT OR IGNORE INTO _quarantine (stream, reason, received_at, sha256, line) "
            "VALUES (?, ?, ?, ?, ?)",
            (stream, reason, now, digest(kept), compress_plain(kept)),
        )
        self._reasons.setdefault(stream, Counter())[reason] += 1

    def streams(self) -> dict[str, int]:
        """Give the number of this run's quarantined records by stream."""
        return {stream: counts.total() for stream, counts in self._reasons.items()}

    def summary(self) -> list[str]:
        """Give one sentence per stream for the end of the run."""
        lines = []
        for stream, counts in self._reasons.items():
            named = ", ".join(
                f"{reason} ({count})" for reason, count in counts.most_common(_REASONS_NAMED)
            )
            more = " and others" if len(counts) > _REASONS_NAMED else ""
            lines.append(
                f"{counts.total()} records of stream '{stream}' could not be stored and are kept "
                f"in the table _quarantine: {named}{more}"
            )
        return lines
