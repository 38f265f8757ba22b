"""Reads rows of a stream's table whole, their compressed texts included."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from target_sqlite_archive.blobs import Dictionaries
from target_sqlite_archive.chains import (
    Chains,
    CompressedColumn,
    Frame,
    compressed_columns,
    line_up,
)
from target_sqlite_archive.naming import quote
from target_sqlite_archive.reading import OpenArchive
from target_sqlite_archive.sql import base_rowid_of, sha256_of
from target_sqlite_archive.tombstones import Row

_ROWS_AT_ONCE = 500


class StoredRows:
    """The rows of one table with their compressed texts read back."""

    def __init__(
        self,
        archive: OpenArchive,
        dictionaries: Dictionaries,
        table: str,
        columns: Sequence[str],
        condition: str = "1",
    ) -> None:
        """Read these columns of this table, in the rows that meet the condition."""
        self._archive = archive
        self._table = quote(table)
        self._condition = condition
        self._columns = tuple(columns)
        found = compressed_columns(archive.connection, table)
        self.compressed: list[CompressedColumn] = [c for c in found if c.name in columns]
        self.chains = {c.name: Chains(archive.connection, dictionaries, c) for c in self.compressed}
        beside = [
            text
            for c in self.compressed
            for text in (
                quote(sha256_of(c.name)),
                quote(base_rowid_of(c.name)) if c.has_deltas else "NULL",
            )
        ]
        listed = ", ".join(["rowid", *map(quote, self._columns), *beside])
        self._select = f"SELECT {listed} FROM {self._table}"

    def total(self) -> int:
        """Give how many rows there are."""
        count = f"SELECT count(*) FROM {self._table} WHERE {self._condition}"
        return int(self._archive.connection.execute(count).fetchone()[0])

    def read(self, row_id: int) -> Row:
        """Give one row."""
        found = self._archive.connection.execute(f"{self._select} WHERE rowid = ?", (row_id,))
        return self._with_texts(found.fetchone())

    def any_delta(self) -> bool:
        """Whether one of the texts is a delta."""
        return any(chains.any_delta() for chains in self.chains.values())

    def all(self, *, by_object: bool) -> Iterator[tuple[int, Row]]:
        """Give all rows with their ids; ``by_object`` as deltas are read best.

        Then they come object after object, where the table has objects, the newest version first.
        """
        source, last = self._archive.connection, 0
        by_object = by_object and bool(self.compressed)
        statement = (
            f"{self._select} WHERE rowid > ? AND ({self._condition}) "
            f"ORDER BY rowid LIMIT {_ROWS_AT_ONCE}"
        )
        if by_object:
            line_up(source, self.compressed[0], by_object=True)
            statement = (
                f"{self._select.replace('SELECT rowid', 'SELECT o.place, rowid', 1)} "
                f"JOIN temp._order AS o ON o.row_id = rowid "
                f"WHERE o.place > ? AND ({self._condition}) "
                f"ORDER BY o.place LIMIT {_ROWS_AT_ONCE}"
            )
        while rows := source.execute(statement, (last,)).fetchall():
            for row in rows:
                last = row[0]
                found = row[1:] if by_object else row
                yield found[0], self._with_texts(found)

    def _with_texts(self, stored: Sequence[object]) -> Row:
        row: Row = list(stored[1 : len(self._columns) + 1])  # type: ignore[arg-type]
        beside = iter(stored[len(self._columns) + 1 :])
        for column in self.compressed:
            sha256, base = next(beside), next(beside)
            at = self._columns.index(column.name)
            if row[at] is not None:
                frame = Frame.stored(int(str(stored[0])), row[at], sha256, base)
                row[at] = self.chains[column.name].text(frame).decode()
        return row
