"""The full-text index of one table: external content, fed in batches, recognised by sqlite-utils.

A batch is fed by comparing before and after: temporary triggers, which live in the writer's
connection and never in the file, keep the indexed words of rows that change. What changes the rows
is left to ``tables.py``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from target_sqlite_archive.naming import fold, quote

# FTS5 keeps these two names of a column for itself.
_RESERVED = frozenset({"rowid", "rank"})
# Words of one commit go into one segment of the index, and more segments stand beside each other
# before they are merged: two thirds of the time that the defaults take, and no slower searches.
_TUNING = {"hashsize": 8 * 1024 * 1024, "automerge": 8}


def indexable(columns: Sequence[str]) -> list[str]:
    """Give the columns that FTS5 can index under their own names."""
    return [name for name in columns if fold(name) not in _RESERVED]


def has_room(connection: sqlite3.Connection, table: str) -> bool:
    """Whether the index's name is free, or is an index already."""
    row = connection.execute(
        "SELECT sql FROM sqlite_master WHERE name = ? COLLATE NOCASE", (f"{table}_fts",)
    ).fetchone()
    return row is None or "USING fts5" in (row[0] or "")


class FullText:
    """Keeps ``<table>_fts`` equal to the table's text columns.

    Between a write and :meth:`sync` the index lags; call it before every commit and around every
    deletion.
    """

    def __init__(
        self, connection: sqlite3.Connection, table: str, columns: Sequence[str], number: int
    ) -> None:
        """Make the index where it is missing; ``number`` is unique to the table."""
        self._connection = connection
        self._number = number
        self._table = quote(table)
        self._index = quote(f"{table}_fts")
        self._before = f"temp._before_{number}"
        self._last_row_id: int | None = None
        listed = ", ".join(map(quote, columns))
        self._listed = listed
        self._kept = ", ".join(f"text_{place}" for place in range(len(columns)))
        self._ensure(table, columns)
        self._watch(columns)

    def _ensure(self, table: str, columns: Sequence[str]) -> None:
        have = [
            row[1]
            for row in self._connection.execute(f"PRAGMA table_info({quote(f'{table}_fts')})")
        ]
        if have == list(columns):
            return
        self._connection.execute(f"DROP TABLE IF EXISTS {self._index}")
        self._connection.execute(
            f"CREATE VIRTUAL TABLE {self._index} USING fts5({self._listed}, content={self._table}, "
            'content_rowid="rowid", tokenize="unicode61 remove_diacritics 2")'
        )
        for option, value in _TUNING.items():
            self._connection.execute(
                f"INSERT INTO {self._index} ({self._index}, rank) VALUES (?, ?)", (option, value)
            )
        self._connection.execute(f"INSERT INTO {self._index} ({self._index}) VALUES ('rebuild')")

    def _watch(self, columns: Sequence[str]) -> None:
        run = self._connection.execute
        number = self._number
        run(f"DROP TABLE IF EXISTS {self._before}")
        # Nothing in it is unique: a trigger that could fail would make SQLite set a savepoint for
        # every row that is written, also where the trigger does not fire.
        run(f"CREATE TEMP TABLE _before_{number} (row_id INTEGER, {self._kept})")
        old = ", ".join(f"OLD.{quote(name)}" for name in columns)
        differs = " OR ".join(f"OLD.{quote(n)} IS NOT NEW.{quote(n)}" for n in columns)
        keep = f"INSERT INTO _before_{number} VALUES (OLD.rowid, {old}); END"
        run(
            f"CREATE TEMP TRIGGER _update_{number} BEFORE UPDATE OF {self._listed} "
            f"ON main.{self._table} WHEN {differs} BEGIN {keep}"
        )
        run(
            f"CREATE TEMP TRIGGER _delete_{number} BEFORE DELETE ON main.{self._table} BEGIN {keep}"
        )

    def before_write(self) -> None:
        """Note where new rows will begin; call before the first write of a batch."""
        if self._last_row_id is None:
            row = self._connection.execute(f"SELECT max(rowid) FROM {self._table}").fetchone()
            self._last_row_id = row[0] or 0

    def sync(self) -> None:
        """Bring the index up to the table."""
        if self._last_row_id is None:
            return
        run = self._connection.execute
        # Rows that came and changed inside this batch were never in the index.
        run(f"DELETE FROM {self._before} WHERE row_id > ?", (self._last_row_id,))
        # Of a row that changed more than once, the first has what the index holds.
        run(
            f"INSERT INTO {self._index} ({self._index}, rowid, {self._listed}) "
            f"SELECT 'delete', row_id, {self._kept} FROM {self._before} "
            f"WHERE rowid IN (SELECT min(rowid) FROM {self._before} GROUP BY row_id)"
        )
        run(
            f"INSERT INTO {self._index} (rowid, {self._listed}) "
            f"SELECT rowid, {self._listed} FROM {self._table} "
            f"WHERE rowid IN (SELECT row_id FROM {self._before})"
        )
        run(
            f"INSERT INTO {self._index} (rowid, {self._listed}) "
            f"SELECT rowid, {self._listed} FROM {self._table} WHERE rowid > ?",
            (self._last_row_id,),
        )
        run(f"DELETE FROM {self._before}")
        self._last_row_id = None

    def close(self) -> None:
        """Drop the triggers, as before the table itself is rebuilt."""
        for statement in (
            f"DROP TRIGGER IF EXISTS temp._update_{self._number}",
            f"DROP TRIGGER IF EXISTS temp._delete_{self._number}",
            f"DROP TABLE IF EXISTS {self._before}",
        ):
            self._connection.execute(statement)
