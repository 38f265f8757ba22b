"""Texts of a compressed column where some are deltas: reading along a chain, letting go of a base.

A delta is a frame whose raw prefix is the text of another row: the next newer version of the same
object, named beside it. Only compaction makes deltas. Whoever deletes a row or changes its text
must let go of it first, so that no delta loses its base.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from target_sqlite_archive.blobs import DamagedBlobError, Dictionaries
from target_sqlite_archive.naming import quote
from target_sqlite_archive.shaping import SQLValue
from target_sqlite_archive.sql import (
    base_rowid_of,
    bases_index,
    emptied_at_of,
    sha256_of,
    versions_index,
)
from target_sqlite_archive.training import kind_name


class BrokenChainError(DamagedBlobError):
    """A delta cannot be read because a text that it builds on is not there or damaged."""


@dataclass(frozen=True, slots=True)
class CompressedColumn:
    """A column of zstd frames.

    ``of`` are the columns that name the object which a row is a version of, none where rows are no
    versions; their first says the kind. ``has_deltas`` says whether there may be deltas.
    """

    table: str
    name: str
    of: tuple[str, ...]
    has_deltas: bool

    @property
    def kind_column(self) -> str | None:
        """The column that says a row's kind; None where the table is one kind."""
        return self.of[0] if self.of else None


def compressed_columns(connection: sqlite3.Connection, table: str) -> list[CompressedColumn]:
    """Find the compressed columns of a table, those that its stream no longer has included."""
    names = [row[1] for row in connection.execute(f"PRAGMA table_info({quote(table)})")]
    indexes = {row[1] for row in connection.execute(f"PRAGMA index_list({quote(table)})")}
    found = []
    for name in names:
        if not {sha256_of(name), emptied_at_of(name)} <= set(names):
            continue
        index = versions_index(table, name)
        of: tuple[str, ...] = ()
        if index in indexes:
            of = tuple(r[2] for r in connection.execute(f"PRAGMA index_info({quote(index)})"))
        # An archive of layout 1, which a reader may meet, has no deltas and no place for them.
        has_deltas = base_rowid_of(name) in names and bases_index(table, name) in indexes
        found.append(CompressedColumn(table, name, of, has_deltas))
    return found


def line_up(connection: sqlite3.Connection, column: CompressedColumn, *, by_object: bool) -> int:
    """List a column's rows in the temporary table `_order`: `place`, from 1 on, and `row_id`.

    Give how many there are. They are in the order of the file; ``by_object`` object after object,
    each from its newest version to its oldest, so that a base is at hand when its delta comes.
    """
    columns = [*map(quote, column.of), "rowid"]
    order = ", ".join(f"{name} DESC" for name in columns) if by_object else "rowid"
    connection.execute("DROP TABLE IF EXISTS temp._order")
    connection.execute("CREATE TEMP TABLE _order (place INTEGER PRIMARY KEY, row_id INTEGER)")
    return connection.execute(
        f"INSERT INTO temp._order (row_id) SELECT rowid FROM {quote(column.table)} ORDER BY {order}"
    ).rowcount


@dataclass(frozen=True, slots=True)
class Frame:
    """A text as it is stored; ``base`` is the row that it is a delta on."""

    row_id: int
    blob: bytes
    sha256: bytes
    base: int | None

    @classmethod
    def stored(cls, row_id: int, blob: object, sha256: object, base: object) -> Frame:
        """Take a frame as the file has it.

        What another program has put in the place of bytes is no frame and matches no hash, and a
        base that is no row is none.
        """
        return cls(
            row_id,
            blob if isinstance(blob, bytes) else b"",
            sha256 if isinstance(sha256, bytes) else b"",
            base if base is None or isinstance(base, int) else row_id,
        )


def quarantined(dictionaries: Dictionaries, number: int, line: object, sha256: object) -> bytes:
    """Give a quarantined line as it came; raises DamagedBlobError where it cannot be read."""
    frame = Frame.stored(number, line, sha256, None)
    return dictionaries.read(frame.blob, frame.sha256)


class Chains:
    """The texts of one column."""

    def __init__(
        self, connection: sqlite3.Connection, dictionaries: Dictionaries, column: CompressedColumn
    ) -> None:
        """Work on one column of one table."""
        self.has_deltas = column.has_deltas
        self._connection = connection
        self._dictionaries = dictionaries
        self._column = column
        self._table = quote(column.table)
        self._base = quote(base_rowid_of(column.name))
        self._last: tuple[int, bytes] | None = None
        shown = self._base if column.has_deltas else "NULL"
        self._find = (
            f"SELECT {quote(column.name)}, {quote(sha256_of(column.name))}, {shown} "
            f"FROM {self._table} WHERE rowid = ?"
        )

    def any_delta(self) -> bool:
        """Whether one of the texts is a delta."""
        return self.has_deltas and bool(
            self._connection.execute(
                f"SELECT 1 FROM {self._table} WHERE {self._base} IS NOT NULL LIMIT 1"
            ).fetchone()
        )

    def frame(self, row_id: int) -> Frame | None:
        """Give what is stored in a row; None where there is no such row, or no text in it."""
        row = self._connection.execute(self._find, (row_id,)).fetchone()
        if row is None or row[0] is None:
            return None
        return Frame.stored(row_id, *row)

    def text(self, frame: Frame) -> bytes:
        """Give the text of a frame, every text on the way to it checked against its hash.

        The text read last is at hand for the next call, as who reads versions from the newest to
        the oldest profits from. Raises :class:`DamagedBlobError` where it cannot be read, and
        :class:`BrokenChainError` where that is the fault of another row.
        """
        chain = [frame]
        text = None
        while chain[-1].base is not None:
            base = chain[-1].base
            if self._last is not None and self._last[0] == base:
                text = self._last[1]
                break
            # A base is newer than its delta, so no chain can lead back into itself.
            next_frame = self.frame(base) if base > chain[-1].row_id else None
            if next_frame is None:
                raise BrokenChainError(f"its base, row {base}, is not there")
            chain.append(next_frame)
        for link in reversed(chain):
            try:
                text = self._dictionaries.read(link.blob, link.sha256, text)
            except DamagedBlobError as error:
                if link is frame:
                    raise
                raise BrokenChainError(f"row {link.row_id}, on its way, is damaged") from error
        assert text is not None
        self._last = (frame.row_id, text)
        return text

    def release(self, condition: str, values: Sequence[SQLValue]) -> None:
        """Make whole what is a delta on rows that are about to be deleted or to lose their text.

        ``condition`` says which rows, those among them that are deltas themselves excepted.
        """
        if not self.has_deltas:
            return
        kind = quote(self._column.kind_column) if self._column.kind_column else "NULL"
        waiting = self._connection.execute(
            f"SELECT rowid, {kind} FROM {self._table} WHERE {self._base} IN "
            f"(SELECT rowid FROM {self._table} WHERE {condition}) AND ({condition}) IS NOT TRUE",
            (*values, *values),
        ).fetchall()
        for row_id, kind_value in waiting:
            frame = self.frame(row_id)
            if frame is None:
                continue
            name = kind_name(self._column.table, self._column.kind_column, kind_value)
            whole = self._dictionaries.compress(name, self.text(frame))
            self.store(row_id, whole, None)
        self._last = None

    def store(self, row_id: int, blob: bytes, base: int | None) -> None:
        """Put another frame of the same text in the place of a row's frame."""
        self._connection.execute(
            f"UPDATE {self._table} SET {quote(self._column.name)} = ?, {self._base} = ? "
            "WHERE rowid = ?",
            (blob, base, row_id),
        )
