"""Makes and widens the table of a stream: new tables, new columns, looser types, other keys.

Runs inside the caller's transaction. What rows go in is left to ``tables.py``; the words of the
statements to ``sql.py``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from target_sqlite_archive.columns import Property, Role
from target_sqlite_archive.input_errors import BadSchemaError
from target_sqlite_archive.internal import REBUILD
from target_sqlite_archive.naming import quote
from target_sqlite_archive.registry import Registry, StreamNames
from target_sqlite_archive.sql import (
    Column,
    create_bases_index,
    create_index,
    create_table,
    define,
    versions_index,
)
from target_sqlite_archive.tombstones import Shape


@dataclass(frozen=True, slots=True)
class Layout:
    """A stream's table as it now is in the file; ``keys`` are column names.

    ``columns`` are in the order of a row's values: nested ones last, wherever they are in the file.
    """

    stream: str
    table: str
    columns: tuple[Column, ...]
    keys: tuple[str, ...]
    metadata: tuple[str, ...]

    def column(self, name: str) -> Column | None:
        """Give the column of a property."""
        return next((c for c in self.columns if c.source.name == name), None)

    @property
    def shape(self) -> Shape:
        """What a sieve for forgotten things knows of the table."""
        versions = [c.source.version_of for c in self.columns if c.source.version_of]
        named = [self.column(name) for version in versions for name in version.properties]
        return Shape(
            self.stream,
            {column.source.name: column.name for column in self.columns},
            frozenset(c.name for c in self.columns if c.source.role is Role.BLOB),
            frozenset([*self.keys, *(column.name for column in named if column)]),
        )


def ensure_layout(
    connection: sqlite3.Connection,
    registry: Registry,
    stream: str,
    properties: Sequence[Property],
    keys: Sequence[str],
    metadata: Sequence[tuple[str, str]],
) -> Layout:
    """Make the file ready for a stream's records and give the layout.

    Raises :class:`BadSchemaError` where stored rows do not allow the new key.
    """
    names = registry.resolve(stream, properties)
    have = table_types(connection, names.table)
    moved = [p for p in properties if _changed_role(p, names, have)]
    for prop in moved:
        # Compressed and plain texts cannot share a column: the new kind gets a new one.
        names.columns[f"{prop.name} (until its role changed)"] = names.columns.pop(prop.name)
        names = _resolve_again(registry, names, properties)
    columns = tuple(Column(p, names.columns[p.name], p.declared) for p in properties)
    try:
        if have:
            _widen(connection, registry, names.table, columns, metadata, have)
        else:
            _create(connection, registry, names.table, columns, metadata)
        _ensure_key(connection, names, tuple(keys), existed=bool(have))
        _ensure_version_index(connection, names, columns)
    except sqlite3.OperationalError as error:
        if "too many columns" not in str(error):
            raise
        raise BadSchemaError(
            f"Stream '{stream}' has more columns than SQLite allows. "
            "Deselect some of its properties in the tap's catalog."
        ) from error
    names.keys = tuple(keys)
    registry.remember(names)
    types = table_types(connection, names.table)
    return Layout(
        stream=stream,
        table=names.table,
        columns=tuple(
            Column(c.source, c.name, types[c.name])
            for c in sorted(columns, key=lambda column: column.source.nested)
        ),
        keys=tuple(names.columns[key] for key in keys),
        metadata=tuple(name for name, _ in metadata),
    )


def table_types(connection: sqlite3.Connection, table: str) -> dict[str, str]:
    """Give the columns of a table with their declared types; empty where there is no table."""
    rows = connection.execute(f"PRAGMA table_info({quote(table)})")
    return {row[1]: row[2] for row in rows}


def loosen(connection: sqlite3.Connection, table: str, columns: Collection[str]) -> None:
    """Rebuild a table so that these columns have no affinity and keep every value as it is."""
    links = {
        row[3]: (row[2], row[4])
        for row in connection.execute(f"PRAGMA foreign_key_list({quote(table)})")
    }
    types = table_types(connection, table)
    names = [name for name in types if name != "rowid"]
    followers = connection.execute(
        "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type IN ('index', 'trigger') "
        "AND sql IS NOT NULL",
        (table,),
    ).fetchall()
    definitions = [
        define(name, "" if name in columns else types[name], links.get(name)) for name in names
    ]
    listed = ", ".join(["rowid", *map(quote, names)])
    connection.execute(create_table(REBUILD, definitions))
    connection.execute(
        f"INSERT INTO {quote(REBUILD)} ({listed}) SELECT {listed} FROM {quote(table)}"
    )
    connection.execute(f"DROP TABLE {quote(table)}")
    connection.execute(f"ALTER TABLE {quote(REBUILD)} RENAME TO {quote(table)}")
    for (statement,) in followers:
        connection.execute(statement)


def _changed_role(prop: Property, names: StreamNames, have: dict[str, str]) -> bool:
    declared = have.get(names.columns[prop.name])
    return declared is not None and (declared == "BLOB") != (prop.role is Role.BLOB)


def _resolve_again(
    registry: Registry, names: StreamNames, properties: Sequence[Property]
) -> StreamNames:
    registry.remember(names)
    return registry.resolve(names.stream, properties)


def _links(registry: Registry, column: Column) -> tuple[str, str] | None:
    if column.source.references is None:
        return None
    stream, name = column.source.references
    return registry.table_of(stream), registry.column_of(stream, name)


def _create(
    connection: sqlite3.Connection,
    registry: Registry,
    table: str,
    columns: Sequence[Column],
    metadata: Sequence[tuple[str, str]],
) -> None:
    definitions = [
        define(name, declared, _links(registry, column) if name == column.name else None)
        for column in columns
        for name, declared in column.own_columns()
    ]
    definitions += [define(name, declared, None) for name, declared in metadata]
    connection.execute(create_table(table, definitions))


def _widen(
    connection: sqlite3.Connection,
    registry: Registry,
    table: str,
    columns: Sequence[Column],
    metadata: Sequence[tuple[str, str]],
    have: dict[str, str],
) -> None:
    wanted = [
        (name, declared, _links(registry, column) if name == column.name else None)
        for column in columns
        for name, declared in column.own_columns()
    ]
    wanted += [(name, declared, None) for name, declared in metadata]
    for name, declared, links in wanted:
        if name not in have:
            connection.execute(
                f"ALTER TABLE {quote(table)} ADD COLUMN {define(name, declared, links)}"
            )
    too_tight = {
        column.name
        for column in columns
        if have.get(column.name, column.declared) not in ("", column.declared)
    }
    if too_tight:
        loosen(connection, table, too_tight)


def _ensure_key(
    connection: sqlite3.Connection, names: StreamNames, keys: tuple[str, ...], *, existed: bool
) -> None:
    if existed and keys == names.keys:
        return
    index = f"_key_{names.table}"
    connection.execute(f"DROP INDEX IF EXISTS {quote(index)}")
    if not keys:
        return
    try:
        connection.execute(
            create_index(index, names.table, [names.columns[k] for k in keys], unique=True)
        )
    except sqlite3.IntegrityError as error:
        raise BadSchemaError(
            f"Stream '{names.stream}' now has the key ({', '.join(keys)}), but rows stored under "
            "its old key share it. Load the stream under another name, with a stream map."
        ) from error


def _ensure_version_index(
    connection: sqlite3.Connection, names: StreamNames, columns: Sequence[Column]
) -> None:
    for column in columns:
        version = column.source.version_of
        if version and all(name in names.columns for name in version.properties):
            statement = create_index(
                versions_index(names.table, column.name),
                names.table,
                [names.columns[name] for name in version.properties],
                unique=False,
            )
            connection.execute(statement.replace("CREATE INDEX", "CREATE INDEX IF NOT EXISTS", 1))
            connection.execute(create_bases_index(names.table, column.name))
