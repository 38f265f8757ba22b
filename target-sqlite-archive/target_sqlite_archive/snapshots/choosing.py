"""Which rows of an archive a snapshot has: all, or those of some streams, times and tags.

Rows go with the object that they are of: a part with its conversation, a payload with what it is a
version of. Which rows are of which objects is data in ``known_tables.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from target_sqlite_archive.errors import DatabaseError
from target_sqlite_archive.known_tables import PAYLOADS, TRACED, TRACED_BY_TABLE
from target_sqlite_archive.naming import literal, quote
from target_sqlite_archive.reading import OpenArchive, Stream

# The first of these that a table has says of what time its objects are.
_TIMES = ("updated_at", "created_at", "deleted_at", "at")
# Objects with tags: their table, the table of tags that they have, its column for the object.
_TAGGED = (
    ("conversations", "conversation_tags", "conversation_id"),
    ("contacts", "contact_tags", "contact_id"),
)


@dataclass(frozen=True, slots=True)
class Filter:
    """What is wanted: ``since`` and ``until`` are ISO 8601, the end not included."""

    since: str | None = None
    until: str | None = None
    streams: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is left out."""
        return bool(self.since or self.until or self.streams or self.tags)


class Choice:
    """The rows of one archive that are wanted, as conditions on its tables."""

    def __init__(self, archive: OpenArchive, wanted: Filter) -> None:
        """Look which objects are wanted; raises :class:`DatabaseError` for an unknown stream."""
        self._archive = archive
        self._wanted = wanted
        known = {stream.name for stream in archive.streams()}
        unknown = sorted(set(wanted.streams) - known)
        if unknown:
            raise DatabaseError(
                f"The archive {archive.path} has no stream {', '.join(unknown)}. It has "
                f"{', '.join(sorted(known))}."
            )
        if wanted:
            self._choose()

    def condition(self, stream: Stream) -> str | None:
        """Give the condition on the rows of a stream's table; None where none of them is wanted."""
        wanted = self._wanted
        if not wanted:
            return "1"
        if stream.table == PAYLOADS.table:
            return self._payloads_condition()
        if wanted.streams and stream.name not in wanted.streams:
            return None
        columns = self._object_of(stream)
        if columns is None:
            return None if wanted.tags else "1"
        owner, listed = columns
        return f"{listed} IN (SELECT id FROM temp._chosen WHERE stream = {literal(owner)})"

    def _payloads_condition(self) -> str | None:
        if not self._archive.has(PAYLOADS.table, PAYLOADS.stream, PAYLOADS.record_id):
            return None
        owners = {
            found[0]
            for stream in self._archive.streams()
            if not self._wanted.streams or stream.name in self._wanted.streams
            if (found := self._object_of(stream)) is not None
        }
        conditions = [
            f"({PAYLOADS.stream} = {literal(name)} AND {PAYLOADS.record_id} IN "
            f"(SELECT id FROM temp._chosen WHERE stream = {literal(owner)}))"
            for owner in sorted(owners)
            for name in [owner, *(t.table for t in TRACED if t.stream == owner)]
        ]
        return " OR ".join(conditions) or None

    def _object_of(self, stream: Stream) -> tuple[str, str] | None:
        """Give the stream of the objects that a table's rows are of, and the SQL of their ids."""
        if stream.table == PAYLOADS.table:
            return None
        traced = TRACED_BY_TABLE.get(stream.table)
        if traced and self._archive.has(stream.table, *traced.object_id):
            return traced.stream, " || ':' || ".join(map(quote, traced.object_id))
        if len(stream.keys) == 1:
            return stream.name, quote(stream.keys[0])
        return None

    def _choose(self) -> None:
        run = self._archive.connection.execute
        run("DROP TABLE IF EXISTS temp._chosen")
        run("CREATE TEMP TABLE _chosen (stream, id, PRIMARY KEY (stream, id)) WITHOUT ROWID")
        for stream in self._archive.streams():
            found = self._object_of(stream)
            if found is None or found[0] != stream.name:
                continue
            conditions = list(self._conditions(stream, found[1]))
            run(
                f"INSERT OR IGNORE INTO temp._chosen SELECT {literal(stream.name)}, {found[1]} "
                f"FROM {quote(stream.table)} WHERE {found[1]} IS NOT NULL"
                + "".join(f" AND {text}" for text in conditions),
                {"since": self._wanted.since, "until": self._wanted.until},
            )

    def _conditions(self, stream: Stream, listed: str) -> Iterator[str]:
        columns = self._archive.tables[stream.table]
        at = next((quote(name) for name in _TIMES if name in columns), None)
        if at and self._wanted.since:
            yield f"{at} >= :since"
        if at and self._wanted.until:
            yield f"{at} < :until"
        if self._wanted.tags:
            yield self._tag_condition(stream, listed)

    def _tag_condition(self, stream: Stream, listed: str) -> str:
        tags = ", ".join(map(literal, self._wanted.tags))
        for table, tagged, column in _TAGGED:
            if stream.table != table or not self._archive.has(tagged, column, "tag_id"):
                continue
            named = f"tag_id IN ({tags})"
            if self._archive.has("tags", "id", "name"):
                by_name = f"SELECT id FROM tags WHERE name COLLATE NOCASE IN ({tags})"
                named += f" OR tag_id IN ({by_name})"
            return f"{listed} IN (SELECT {column} FROM {tagged} WHERE {named})"
        return "0"
