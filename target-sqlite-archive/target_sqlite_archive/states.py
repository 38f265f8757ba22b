"""Knows which states this file has committed, so that a foreign one is noticed before any write.

A lost or older file with a newer state would be a silent hole. When to commit, and what goes to
standard output, is left to ``archive.py``.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping

from target_sqlite_archive.tombstones import Tombstones

_TRANSIENT = frozenset(
    {"progress_markers", "replication_key_signpost", "starting_replication_value"}
)
KEPT_HASHES_PER_STREAM = 10_000
KEPT_STATES = 20


def bookmark_hashes(value: object) -> dict[str, bytes]:
    """Give a hash for each stream's bookmark in a state, equal for equal bookmarks.

    What the SDK keeps only while a stream is being read does not count, and neither does a
    bookmark that is empty without it.
    """
    bookmarks = value.get("bookmarks") if isinstance(value, Mapping) else None
    if not isinstance(bookmarks, Mapping):
        return {}
    hashes = {}
    for stream, bookmark in bookmarks.items():
        lasting = _lasting(bookmark)
        if lasting not in ({}, [], None):
            text = json.dumps(lasting, sort_keys=True, separators=(",", ":"))
            hashes[stream] = hashlib.sha256(text.encode()).digest()
    return hashes


def _lasting(value: object) -> object:
    if isinstance(value, Mapping):
        kept = {k: _lasting(v) for k, v in value.items() if k not in _TRANSIENT}
        return {k: v for k, v in kept.items() if not (k == "partitions" and v == [])}
    if isinstance(value, list):
        return [_lasting(item) for item in value]
    return value


class NoStateError(Exception):
    """A file has no state that a run could start from; the message says why."""


def last_state(connection: sqlite3.Connection) -> str:
    """Give the state that was committed last, as the tap sent it: one JSON object.

    Raises :class:`NoStateError` where there is none, or none that can be read.
    """
    row = connection.execute("SELECT value FROM _states ORDER BY id DESC LIMIT 1").fetchone()
    if row is None:
        raise NoStateError("no run has committed a state")
    try:
        value = json.loads(row[0])
    except (TypeError, ValueError):
        value = None
    if not isinstance(value, dict):
        raise NoStateError("the last committed state is not a JSON object")
    return str(row[0])


class StateLedger:
    """The committed states of one file; written inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection, tombstones: Tombstones) -> None:
        """Work on one file; what was forgotten is left out of the states that it keeps."""
        self._connection = connection
        self._tombstones = tombstones
        self._current: dict[str, bytes] = {}

    def unknown(self, value: object) -> list[str]:
        """Give the streams whose bookmark in this state was never committed here."""
        return [
            stream
            for stream, digest in bookmark_hashes(value).items()
            if not self._connection.execute(
                "SELECT 1 FROM _bookmarks WHERE stream = ? AND hash = ?", (stream, digest)
            ).fetchone()
        ]

    def record(self, text: str, now: str) -> None:
        """Keep a state that is about to be committed."""
        kept = self._tombstones.state_kept(text)
        number = self._connection.execute(
            "INSERT INTO _states (committed_at, value) VALUES (?, ?)", (now, kept)
        ).lastrowid
        self._connection.execute(
            "DELETE FROM _states WHERE id <= ?", ((number or 0) - KEPT_STATES,)
        )
        hashes = bookmark_hashes(json.loads(text))
        for stream, digest in hashes.items():
            if self._current.get(stream) != digest:
                self._connection.execute(
                    "INSERT OR REPLACE INTO _bookmarks (stream, hash, state_id) VALUES (?, ?, ?)",
                    (stream, digest, number),
                )
        self._current = hashes
        if kept is not text:
            # A run may resume from either: from what left the target, or from what is kept here.
            self.know(kept, number or 0)

    def know(self, text: str, number: int) -> None:
        """Let runs resume from a state that is kept under this number."""
        for stream, digest in bookmark_hashes(json.loads(text)).items():
            self._connection.execute(
                "INSERT OR REPLACE INTO _bookmarks (stream, hash, state_id) VALUES (?, ?, ?)",
                (stream, digest, number),
            )

    def prune(self) -> None:
        """Forget the oldest hashes of streams that have very many."""
        crowded = self._connection.execute(
            "SELECT stream FROM _bookmarks GROUP BY stream HAVING count(*) > ?",
            (KEPT_HASHES_PER_STREAM,),
        ).fetchall()
        for (stream,) in crowded:
            self._connection.execute(
                "DELETE FROM _bookmarks WHERE stream = ? AND hash NOT IN (SELECT hash FROM "
                "_bookmarks WHERE stream = ? ORDER BY state_id DESC LIMIT ?)",
                (stream, stream, KEPT_HASHES_PER_STREAM),
            )
