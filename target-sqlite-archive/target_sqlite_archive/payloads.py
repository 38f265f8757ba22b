"""Payloads: versions of objects, each stored once, compressed, in a table with `version_of`.

Which bytes a frame has is left to ``blobs.py``; ordinary rows to ``tables.py``.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from target_sqlite_archive.blobs import Dictionaries, digest
from target_sqlite_archive.chains import Chains
from target_sqlite_archive.columns import VersionOf
from target_sqlite_archive.evolution import Layout
from target_sqlite_archive.internal import OLDER_DROPPED_SINCE
from target_sqlite_archive.naming import quote
from target_sqlite_archive.shaping import SQLValue
from target_sqlite_archive.sql import DELETED_AT, Column, insert, where
from target_sqlite_archive.training import KindDictionaries

Row = Sequence[SQLValue]


@dataclass(frozen=True, slots=True)
class PayloadPolicy:
    """What the person asked for: one version or all, and whether redactions reach back."""

    only_latest: bool
    honour_redactions: bool


class PayloadTable:
    """Stores versions: a new payload as a row, a known one as nothing, a return as a sighting."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        dictionaries: Dictionaries,
        chains: Chains,
        layout: Layout,
        column: Column,
        version: VersionOf,
        policy: PayloadPolicy,
        now: Callable[[], str],
    ) -> None:
        """Work on one column of one table."""
        self._connection = connection
        self._chains = chains
        self._layout = layout
        self._column = column
        self._version = version
        self._policy = policy
        self._now = now
        named = [layout.column(name) for name in version.properties]
        self._object = [c.name for c in named if c is not None]
        seen_at = layout.column(version.seen_at)
        self._seen_at = seen_at.name if seen_at else None
        self._kinds = KindDictionaries(
            connection, dictionaries, layout.table, column.name, self._object[0], now
        )
        table = quote(layout.table)
        deleted = quote(DELETED_AT) if DELETED_AT in layout.metadata else "NULL"
        self._find = f"SELECT rowid, {deleted} FROM {table} WHERE {where(layout.keys)}"
        self._newest = f"SELECT max(rowid) FROM {table} WHERE {where(self._object)}"

    def needs(self, columns: Sequence[str]) -> bool:
        """Whether rows of these columns are whole payloads."""
        wanted = {self._column.name, *self._layout.keys, *self._object}
        return wanted <= set(columns)

    def store(
        self, columns: Sequence[str], constants: Mapping[str, str], rows: Sequence[Row]
    ) -> None:
        """Store rows of these columns in their order; ``constants`` are columns with their SQL."""
        blob = list(columns).index(self._column.name)
        keys = [list(columns).index(name) for name in self._layout.keys]
        parts = [list(columns).index(name) for name in self._object]
        statement = insert(self._layout.table, [*columns, self._column.sha256], constants)
        for row in rows:
            key = tuple(row[i] for i in keys)
            named = tuple(row[i] for i in parts)
            known = self._connection.execute(self._find, key).fetchone() if keys else None
            if known:
                self._seen_again(known, key, named, columns, row)
                continue
            text = row[blob]
            stored: list[SQLValue] = [*row, None]
            if text is not None:
                content = str(text).encode()
                stored[blob] = self._kinds.compress(named[0], content)
                stored[-1] = digest(content)
            row_id = self._connection.execute(statement, stored).lastrowid or 0
            if self._policy.only_latest:
                self._drop_older(named, row_id)
            elif self._policy.honour_redactions and text is not None:
                self._redact_older(named, row_id, str(text))

    def _seen_again(
        self, known: Row, key: Row, named: Row, columns: Sequence[str], row: Row
    ) -> None:
        row_id, deleted_at = known
        table = quote(self._layout.table)
        if deleted_at is not None:
            self._connection.execute(
                f"UPDATE {table} SET {quote(DELETED_AT)} = NULL WHERE rowid = ?", (row_id,)
            )
        newest = self._connection.execute(self._newest, named).fetchone()[0]
        sighted = self._connection.execute(
            "SELECT row_id FROM _sightings WHERE table_name = ? AND after_row_id = ? "
            "ORDER BY id DESC LIMIT 1",
            (self._layout.table, newest),
        ).fetchone()
        current = sighted[0] if sighted else newest
        if row_id == current or newest is None:
            # Without a newest version its object has none: the row was moved to another one.
            return
        seen_at: SQLValue = self._now()
        if self._seen_at is not None and self._seen_at in columns:
            seen_at = row[list(columns).index(self._seen_at)]
        self._connection.execute(
            "INSERT INTO _sightings (table_name, payload_id, fetched_at, row_id, after_row_id) "
            "VALUES (?, ?, ?, ?, ?)",
            (self._layout.table, " ".join(map(str, key)), seen_at, row_id, newest),
        )

    def _drop_older(self, named: Row, row_id: int) -> None:
        older, values = f"{where(self._object)} AND rowid <> ?", (*named, row_id)
        self._chains.release(older, values)
        gone = self._connection.execute(
            f"DELETE FROM {quote(self._layout.table)} WHERE {older}", values
        ).rowcount
        if gone:
            # Rows of an older version may still name it: readers must not take that for a loss.
            self._connection.execute(
                "INSERT OR IGNORE INTO _meta (key, value) VALUES (?, ?)",
                (OLDER_DROPPED_SINCE, self._now()),
            )

    def _redact_older(self, named: Row, row_id: int, text: str) -> None:
        flag = self._version.redaction_flag
        if flag is None:
            return
        redacted = count_flags(text, flag)
        if not redacted:
            return
        table, column = quote(self._layout.table), quote(self._column.name)
        older = self._connection.execute(
            f"SELECT rowid FROM {table} "
            f"WHERE {where(self._object)} AND rowid <> ? AND {column} IS NOT NULL",
            (*named, row_id),
        ).fetchall()
        emptied = [older_id for (older_id,) in older if self._flags(older_id, flag) < redacted]
        if not emptied:
            return
        condition = f"rowid IN ({', '.join(map(str, emptied))})"
        self._chains.release(condition, ())
        self._connection.execute(
            f"UPDATE {table} SET {column} = NULL, {quote(self._column.base_rowid)} = NULL, "
            f"{quote(self._column.emptied_at)} = ? WHERE {condition}",
            (self._now(),),
        )

    def _flags(self, row_id: int, flag: str) -> int:
        frame = self._chains.frame(row_id)
        return count_flags(self._chains.text(frame).decode(), flag) if frame else 0


def count_flags(text: str, flag: str) -> int:
    """Count how often a key of this name is true in a JSON text, at any depth.

    Quotes inside a JSON string are always escaped, so the pattern cannot match within one.
    """
    return len(re.findall(rf'(?<!\\)"{re.escape(flag)}"\s*:\s*true\b', text))
