"""Makes the lines of a snapshot from an archive, in one and the same order for equal archives."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from target_sqlite_archive.blobs import Dictionaries
from target_sqlite_archive.chains import compressed_columns, quarantined
from target_sqlite_archive.internal import (
    COMPACTING_SINCE,
    FORGETTING_SINCE,
    LAYOUT,
    TABLES,
)
from target_sqlite_archive.naming import quote
from target_sqlite_archive.progress import Progress
from target_sqlite_archive.reading import OpenArchive, Stream
from target_sqlite_archive.shape import made_views
from target_sqlite_archive.shaping import SQLValue
from target_sqlite_archive.snapshots.choosing import Choice
from target_sqlite_archive.snapshots.form import (
    VERSION,
    Opening,
    StreamForm,
    Tally,
    opening_line,
    row_line,
    stream_line,
)
from target_sqlite_archive.sql import base_rowid_of, beside, sha256_of
from target_sqlite_archive.stored_rows import StoredRows

# They say how texts are stored here, which is not what they are.
_NOT_KEPT = frozenset({"_dictionaries"})
# They say how far the tap was with all of its objects.
_OF_WHOLE_ARCHIVES = frozenset({"_states", "_bookmarks", "_versions_seen", "_quarantine"})
_UNFINISHED = frozenset({COMPACTING_SINCE, FORGETTING_SINCE})


@dataclass(slots=True)
class SnapshotLines:
    """The lines of one archive, read from one moment; ``is_partial`` says a filter is at work."""

    archive: OpenArchive
    choice: Choice
    is_partial: bool
    progress: Progress
    tally: Tally

    def __iter__(self) -> Iterator[bytes]:
        """Give the lines."""
        opening = Opening(
            version=VERSION,
            layout=LAYOUT,
            is_partial=self.is_partial,
            views=sorted(made_views(self.archive.connection)),
        )
        yield self._told(opening_line(opening))
        found = [(stream, self.choice.condition(stream)) for stream in self.archive.streams()]
        chosen = [(stream, wanted) for stream, wanted in found if wanted is not None]
        for stream, _ in chosen:
            yield self._told(stream_line(self._form(stream)))
        tables = {stream.table for stream, _ in chosen}
        dictionaries = Dictionaries(self.archive.connection)
        for table in TABLES:
            left_out = table in _NOT_KEPT or (self.is_partial and table in _OF_WHOLE_ARCHIVES)
            if not left_out and table in self.archive.tables:
                yield from self._internal(table, tables, dictionaries)
        for stream, wanted in chosen:
            yield from self._rows(stream, wanted, dictionaries)
        yield self.tally.manifest_line()

    def _told(self, line: bytes, table: str = "") -> bytes:
        self.tally.add(line, table)
        return line

    def _form(self, stream: Stream) -> StreamForm:
        run = self.archive.connection.execute
        found = compressed_columns(self.archive.connection, stream.table)
        aside = {name for column in found for name, _ in beside(column.name)}
        links: Mapping[str, list[str]] = {
            row[3]: [row[2], row[4]]
            for row in run(f"PRAGMA foreign_key_list({quote(stream.table)})")
        }
        columns = [
            (row[1], row[2], links.get(row[1], []))
            for row in run(f"PRAGMA table_info({quote(stream.table)})")
            if row[1] not in aside and row[1] != "rowid"
        ]
        index = f"{stream.table}_fts"
        texts = (
            [row[1] for row in run(f"PRAGMA table_info({quote(index)})")]
            if index in self.archive.indexes
            else []
        )
        return StreamForm(
            table=stream.table,
            columns=columns,
            keys=list(stream.keys),
            compressed={column.name: list(column.of) for column in found},
            texts=texts,
        )

    def _internal(
        self, table: str, streams: Collection[str], dictionaries: Dictionaries
    ) -> Iterator[bytes]:
        found = self.archive.connection.execute(f"SELECT * FROM {quote(table)}")
        names = [column[0] for column in found.description]
        for row in found:
            values = dict(zip(names, row, strict=True))
            if table == "_meta" and values["key"] in _UNFINISHED:
                continue
            if values.get("table_name", next(iter(streams), None)) not in streams:
                continue
            if table == "_quarantine":
                values["line"] = quarantined(
                    dictionaries, values["id"], values["line"], values["sha256"]
                )
            yield self._told(row_line(table, values), table)

    def _rows(self, stream: Stream, condition: str, dictionaries: Dictionaries) -> Iterator[bytes]:
        found = compressed_columns(self.archive.connection, stream.table)
        bases = {base_rowid_of(column.name) for column in found}
        names = [n for n in self.archive.tables[stream.table] if n not in bases and n != "rowid"]
        stored = StoredRows(self.archive, dictionaries, stream.table, names, condition)
        total = stored.total()
        for number, (row_id, row) in enumerate(stored.all(by_object=True)):
            self.progress.show(f"writing {stream.table}", number, total)
            values = _without_hashes(names, row, [column.name for column in found])
            values["rowid"] = row_id
            yield self._told(row_line(stream.table, values), stream.table)


def _without_hashes(
    names: Sequence[str], row: Sequence[SQLValue], compressed: Sequence[str]
) -> dict[str, SQLValue]:
    """Give a row by name; a text that is there needs no hash beside it."""
    values = dict(zip(names, row, strict=True))
    for name in compressed:
        if values[name] is not None:
            del values[sha256_of(name)]
    return values
