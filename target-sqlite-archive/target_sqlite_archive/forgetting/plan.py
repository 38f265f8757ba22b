"""What forgetting comes to: which rows go, which rows and texts change, and whose these are.

Only looks; what may be kept of a row is ``tombstones.py``'s to say.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from target_sqlite_archive.blobs import Dictionaries
from target_sqlite_archive.chains import compressed_columns, quarantined
from target_sqlite_archive.known_tables import PAYLOADS, TRACED_BY_TABLE
from target_sqlite_archive.progress import Progress
from target_sqlite_archive.reading import OpenArchive, Stream
from target_sqlite_archive.shaping import SQLValue
from target_sqlite_archive.stored_rows import StoredRows
from target_sqlite_archive.tombstones import Row, Shape, Tombstones

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
            text = quarantined(self._dictionaries, number, line, sha256)
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
        for number, (row_id, row) in enumerate(stored.all(by_object=stored.any_delta())):
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
    traced = TRACED_BY_TABLE.get(stream.table)
    if traced is not None and archive.has(stream.table, *traced.object_id):
        return traced.object_id
    return stream.keys


def _stream_of(stream: Stream, row: Row, columns: Sequence[str]) -> str:
    if stream.table == PAYLOADS.table and PAYLOADS.stream in columns:
        return str(row[columns.index(PAYLOADS.stream)])
    traced = TRACED_BY_TABLE.get(stream.table)
    return stream.name if traced is None else traced.stream
