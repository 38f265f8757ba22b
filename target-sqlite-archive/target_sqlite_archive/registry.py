"""Remembers which table and which columns each stream has become, across runs.

Names rarely differ from the tap's; where two would clash in SQLite, this is what says which is
which. The statements that make tables are left to ``tables.py``.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from target_sqlite_archive.columns import Property, Role
from target_sqlite_archive.internal import INDEX_PREFIXES, NAMES
from target_sqlite_archive.naming import fold, pick
from target_sqlite_archive.sql import METADATA_PROPERTIES, ROWID, beside

# A table called so would stand where the full-text index of another one goes.
_INDEX_SUFFIXES = ("_fts", "_fts_data", "_fts_idx", "_fts_content", "_fts_docsize", "_fts_config")


@dataclass(slots=True)
class StreamNames:
    """A stream's table, its columns by property, and the properties its key is made of."""

    stream: str
    table: str
    columns: dict[str, str] = field(default_factory=dict)
    keys: tuple[str, ...] = ()


class Registry:
    """The names in one file; changes are written inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Work on one file; its names are read when the first is asked for."""
        self._connection = connection

    @cached_property
    def _streams(self) -> dict[str, StreamNames]:
        return {
            stream: StreamNames(stream, table, json.loads(columns), tuple(json.loads(keys)))
            for stream, table, columns, keys in self._connection.execute(
                "SELECT stream, table_name, columns, key_properties FROM _streams"
            )
        }

    def table_of(self, stream: str) -> str:
        """Give the table of a stream, or the name it would have if it came."""
        known = self._streams.get(stream)
        return known.table if known else stream

    def column_of(self, stream: str, name: str) -> str:
        """Give the column of a stream's property, or the name it would have if it came."""
        known = self._streams.get(stream)
        return known.columns.get(name, name) if known else name

    def resolve(self, stream: str, properties: Sequence[Property]) -> StreamNames:
        """Give a stream's names, picking those that it does not have yet."""
        known = self._streams.get(stream)
        names = (
            StreamNames(known.stream, known.table, dict(known.columns), known.keys)
            if known
            else StreamNames(stream, self._pick_table(stream))
        )
        taken = {fold(ROWID), *map(fold, METADATA_PROPERTIES)}
        for prop in properties:
            if prop.name in names.columns:
                taken |= _claims(names.columns[prop.name], prop.role)
        taken |= {fold(column) for column in names.columns.values()}
        for prop in properties:
            if prop.name not in names.columns:
                column = pick(prop.name, taken)
                names.columns[prop.name] = column
                taken |= _claims(column, prop.role)
        return names

    def _pick_table(self, stream: str) -> str:
        # The file's own list has full-text tables too, and what users added.
        inside = [row[0] for row in self._connection.execute("SELECT name FROM sqlite_master")]
        taken = {fold(name) for name in (*NAMES, *inside)}
        taken |= {name.removesuffix(end) for name in taken for end in _INDEX_SUFFIXES}
        wanted = f"stream{stream}" if fold(stream).startswith(INDEX_PREFIXES) else stream
        return pick(wanted, taken)

    def remember(self, names: StreamNames) -> None:
        """Write a stream's names into the file."""
        if self._streams.get(names.stream) == names:
            return
        self._connection.execute(
            "INSERT INTO _streams (stream, table_name, columns, key_properties) "
            "VALUES (?, ?, ?, ?) ON CONFLICT (stream) DO UPDATE SET "
            "columns = excluded.columns, key_properties = excluded.key_properties",
            (
                names.stream,
                names.table,
                json.dumps(names.columns),
                json.dumps(list(names.keys)),
            ),
        )
        self._streams[names.stream] = StreamNames(
            names.stream, names.table, dict(names.columns), names.keys
        )


def _claims(column: str, role: Role) -> set[str]:
    if role is Role.BLOB:
        return {fold(column), *(fold(name) for name, _ in beside(column))}
    return {fold(column)}
