"""What the versions of one stream have shown: notes in the file, kept apart from the rows.

An unchanged row is left alone, so it cannot tell which version showed it last. When a version takes
effect is left to ``activations.py``, retiring rows to ``tables.py``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from target_sqlite_archive.naming import quote
from target_sqlite_archive.shaping import SQLValue
from target_sqlite_archive.sql import where

# Row ids begin at 1; these stand for what is known of a version beside its rows.
_UNREADABLE = 0
_ACTIVE = -1


class ShownVersions:
    """The notes about one table; written inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection, table: str) -> None:
        """Work on one table."""
        self._connection = connection
        self._table = table

    def keep(self, version: int, keys: Sequence[str], key: Sequence[SQLValue] | None) -> None:
        """Note a row that a version has shown though its record could not be stored.

        Without a ``key`` any row may be the one: the version can then prove none to be gone.
        """
        note = "INSERT OR IGNORE INTO _versions_seen (table_name, version, row_id) SELECT ?, ?, "
        if key is None:
            self._connection.execute(f"{note} {_UNREADABLE}", (self._table, version))
        else:
            self._connection.execute(
                f"{note} rowid FROM {quote(self._table)} WHERE {where(keys)}",
                (self._table, version, *key),
            )

    def is_active(self, version: int) -> bool:
        """Whether this version, or a newer one, has been activated."""
        return self._has(f"row_id = {_ACTIVE} AND version >= ?", version)

    def is_unreadable(self, version: int) -> bool:
        """Whether the key of one of the version's records could not be read."""
        return self._has(f"row_id = {_UNREADABLE} AND version = ?", version)

    def has_shown(self, version: int) -> bool:
        """Whether the version has shown any record, in this run or before."""
        return self._has(f"row_id > {_ACTIVE} AND version = ?", version)

    def _has(self, condition: str, version: int) -> bool:
        return bool(
            self._connection.execute(
                f"SELECT 1 FROM _versions_seen WHERE table_name = ? AND {condition} LIMIT 1",
                (self._table, version),
            ).fetchone()
        )

    def activated(self, version: int) -> None:
        """Forget what this version and older ones have shown, but not that it is active."""
        self._connection.execute(
            "DELETE FROM _versions_seen WHERE table_name = ? AND version <= ?",
            (self._table, version),
        )
        self._connection.execute(
            "INSERT INTO _versions_seen (table_name, version, row_id) VALUES (?, ?, ?)",
            (self._table, version, _ACTIVE),
        )
