"""What forgetting comes to: which rows go, which rows and texts change, and whose these are.

Only looks; what may be kept of a row is ``tombstones.py``'s to say.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from target_sqlite_archive.blobs import Dictionaries
from target_sqlite_archive.chains import (
    Chains,
    CompressedColumn,
    Frame,
    compressed_columns,
    line_up,
)
from target_sqlite_archive.known_tables import PAYLOADS, TRACED
from target_sqlite_archive.naming import quote
from target_sqlite_archive.progress import Progress
from target_sqlite_archive.reading import OpenArchive, Stream
from target_sqlite_archive.shaping import SQLValue
from target_sqlite_archive.sql import base_rowid_of, sha256_of
from target_sqlite_archive.tombstones import Row, Shape, Tombstones

_ROWS_AT_ONCE = 500
_POINTERS = (PAYLOADS.pointer, f"list_{PAYLOADS.pointer}")


@dataclass(slots=True)
class TablePlan:
    """The rows of one table that go and that change, by row id."""

    shape: Shape
    table: str
    columns: tuple[str, ...]
    gone: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Plan:
    """All that changes. ``mentions`` counts rows and texts by the stream and id of their object."""

    tables: list[TablePlan] = field(default_factory=list)
    mentions: Counter[tuple[str, str]] = field(default_factory=Counter)
    lines: int = 0
    states: int = 0

    def __bool__(self) -> bool:
        """Whether anything changes."""
        return bool(self.tables or self.lines or self.states)


class StoredRows:
    """The rows of one table with their compressed texts read back."""

    def __init__(
        self,
        archive: OpenArchive,
        dictionaries: Dictionaries,
        table: str,
        columns: Sequence[str],
    ) -> None:
        """Read these columns of this table."""
        self._archive = archive
        self._table = quote(table)
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
        count = f"SELECT count(*) FROM {self._table}"
        return int(self._archive.connection.execute(count).fetchone()[0])

    def read(self, row_id: int) -> Row:
        """Give one row."""
        found = self._archive.connection.execute(f"{self._select} WHERE rowid = ?", (row_id,))
        return self._with_texts(found.fetchone())

    def all(self) -> Iterator[tuple[int, Row]]:
        """Give all rows with their ids, where there are deltas object after object."""
        source, last = self._archive.connection, 0
        statement = f"{self._select} WHERE rowid > ? ORDER BY rowid LIMIT {_ROWS_AT_ONCE}"
        by_object = any(chains.any_delta() for chains in self.chains.values())
        if by_object:
            line_up(source, self.compressed[0], by_object=True)
            statement = (
                f"{self._select.replace('SELECT rowid', 'SELECT o.place, rowid', 1)} "
                f"JOIN temp._order AS o ON o.row_id = rowid "
                f"WHERE o.place > ? ORDER BY o.place LIMIT {_ROWS_AT_ONCE}"
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


class Planner:
    """Looks at everything that an archive holds."""

    def __init__(
        self,
        archive: OpenArchive,
        tombstones: Tombstones,
        dictionaries: Dictionaries,
        progress: Progress,
    ) -> None:
        """Plan for one archive."""
        self._archive = archive
        self._tombstones = tombstones
        self._dictionaries = dictionaries
        self._progress = progress
        self._payloads_gone: set[SQLValue] = set()
        self._plan = Plan()

    def make(self) -> Plan:
        """Give the plan; raises :class:`DamagedBlobError` where a text cannot be read."""
        # Whose payload goes, goes as well: payloads come first.
        streams = sorted(self._archive.streams(), key=lambda s: s.table != PAYLOADS.table)
        for stream in streams:
            found = self._look_at(stream)
            if found.gone or found.changed:
                self._plan.tables.append(found)
        run = self._archive.connection.execute
        for number, name, line, sha256 in run("SELECT id, stream, line, sha256 FROM _quarantine"):
            frame = Frame.stored(number, line, sha256, None)
            text = self._dictionaries.read(frame.blob, frame.sha256)
            self._plan.lines += self._tombstones.line_kept(name, text) is not text
        for (text,) in run("SELECT value FROM _states"):
            self._plan.states += self._tombstones.state_kept(text) is not text
        return self._plan

    def _look_at(self, stream: Stream) -> TablePlan:
        archive = self._archive
        shape, columns = shape_of(archive, stream)
        found = TablePlan(shape, stream.table, columns)
        stored = StoredRows(archive, self._dictionaries, stream.table, columns)
        sieve, total = self._tombstones.sieve(shape), stored.total()
        pointers = [columns.index(name) for name in _POINTERS if name in columns]
        named = [columns.index(n) for n in _object_columns(archive, stream) if n in columns]
        for number, (row_id, row) in enumerate(stored.all()):
            self._progress.show(f"looking at {stream.table}", number, total)
            kept = sieve.sift(columns, row)
            if kept is None or any(row[at] in self._payloads_gone for at in pointers if row[at]):
                found.gone.append(row_id)
                if stream.table == PAYLOADS.table and PAYLOADS.key in columns:
                    self._payloads_gone.add(row[columns.index(PAYLOADS.key)])
            elif kept is not row:
                found.changed.append(row_id)
                whose = ":".join(str(row[at]) for at in named)
                self._plan.mentions[_stream_of(stream, row, columns), whose] += 1
        return found


def shape_of(archive: OpenArchive, stream: Stream) -> tuple[Shape, tuple[str, ...]]:
    """Give what a sieve knows of a table in the file, and the columns to look at."""
    listed = archive.connection.execute(
        "SELECT columns FROM _streams WHERE stream = ?", (stream.name,)
    ).fetchone()[0]
    names: Mapping[str, str] = json.loads(listed)
    there = {name: column for name, column in names.items() if archive.has(stream.table, column)}
    compressed = compressed_columns(archive.connection, stream.table)
    shape = Shape(
        stream.name,
        there,
        frozenset(column.name for column in compressed),
        frozenset([*stream.keys, *(name for column in compressed for name in column.of)]),
    )
    return shape, tuple(there.values())


def _object_columns(archive: OpenArchive, stream: Stream) -> tuple[str, ...]:
    """Name the columns that say whose a row is."""
    if stream.table == PAYLOADS.table:
        return (PAYLOADS.record_id,)
    traced = next((t.object_id for t in TRACED if t.table == stream.table), ())
    return traced if traced and archive.has(stream.table, *traced) else stream.keys


def _stream_of(stream: Stream, row: Row, columns: Sequence[str]) -> str:
    if stream.table == PAYLOADS.table and PAYLOADS.stream in columns:
        return str(row[columns.index(PAYLOADS.stream)])
    return next((t.stream for t in TRACED if t.table == stream.table), stream.name)
