"""Ensures what makes an archive pleasant to read: views, and indexes on columns that rows link by.

Which views and indexes there are is data, in ``known_views.py``; this module knows no stream. What
an archive lacks is left out: a view without its tables is not made, a column that is not there
reads as NULL. Full text and foreign keys come with the tables, from ``tables.py``.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from target_sqlite_archive.naming import quote
from target_sqlite_archive.sql import create_index

# Stands in the text of every view made here: a view of the same name without it is a person's own.
MARK = "/* made by target-sqlite-archive */"
INDEX_PREFIX = "_read_"
_IN_BRACES = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Known:
    """A table that views read: the columns that it must have to be the one meant, and the others.

    Of the others an archive may lack any.
    """

    table: str
    keys: tuple[str, ...]
    others: tuple[str, ...] = ()

    def stand_in(self, have: Sequence[str] | None, text: str) -> str:
        """Write what follows FROM, such that every known column that the text names is there.

        ``have`` are the table's columns. Without a table, or where it is another one of that name,
        that is a table without rows.
        """
        wanted = [name for name in (*self.keys, *self.others) if f".{name}" in text]
        if not self.is_meant_by(have):
            nothing = [f"NULL AS {quote(name)}" for name in wanted or self.keys]
            return f"(SELECT {', '.join(nothing)} WHERE 0)"
        missing = [f"NULL AS {quote(name)}" for name in wanted if name not in (have or ())]
        if not missing:
            return quote(self.table)
        return f"(SELECT *, {', '.join(missing)} FROM {quote(self.table)})"

    def is_meant_by(self, have: Sequence[str] | None) -> bool:
        """Whether a table with these columns is the one known here; None stands for no table."""
        return have is not None and set(self.keys) <= set(have)


@dataclass(frozen=True, slots=True)
class View:
    """A view: its tables, in braces in the text of its SELECT, and those that it cannot be without.

    ``about`` says in one sentence what a row is, ``columns`` what those columns hold that are not
    simply a table's column of the same name.
    """

    name: str
    about: str
    needs: tuple[str, ...]
    select: str
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def reads(self) -> tuple[str, ...]:
        """The tables that it reads, those that it needs first."""
        return tuple(dict.fromkeys((*self.needs, *_IN_BRACES.findall(self.select))))


@dataclass(frozen=True, slots=True)
class Index:
    """An index for reading, on columns that rows of other tables are found by."""

    table: str
    columns: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its name, out of the way of all others."""
        return f"{INDEX_PREFIX}{self.table}_{'_'.join(self.columns)}"


def columns_of(connection: sqlite3.Connection) -> dict[str, tuple[str, ...]]:
    """Give the columns of every ordinary table."""
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
    ).fetchall()
    return {
        name: tuple(row[1] for row in connection.execute(f"PRAGMA table_info({quote(name)})"))
        for (name,) in names
    }


def fill(text: str, known: Mapping[str, Known], tables: Mapping[str, Sequence[str]]) -> str:
    """Put the archive's tables where the text of a statement names known ones in braces."""
    return _IN_BRACES.sub(lambda name: known[name[1]].stand_in(tables.get(name[1]), text), text)


def possible_views(
    views: Sequence[View], known: Mapping[str, Known], tables: Mapping[str, Sequence[str]]
) -> Iterator[tuple[View, str]]:
    """Give each view whose needs these tables meet, with its SELECT for them."""
    for view in views:
        if all(known[name].is_meant_by(tables.get(name)) for name in view.needs):
            yield view, fill(view.select, known, tables).strip()


def ensure_shape(
    connection: sqlite3.Connection,
    views: Sequence[View],
    known: Mapping[str, Known],
    indexes: Sequence[Index] = (),
    *,
    only_present: bool = False,
) -> None:
    """Make the views and indexes that are missing or no longer fit; leave all others alone.

    Runs inside the caller's transaction. A table or view of somebody else's that has the name
    stays, and ours is left out. ``only_present`` renews views that are there and makes none.
    """
    tables = columns_of(connection)
    present = made_views(connection)
    for view, select in possible_views(views, known, tables):
        if view.name in present or not only_present:
            _ensure(connection, view.name, f"CREATE VIEW {quote(view.name)} AS {MARK}\n{select}")
    for index in indexes:
        if set(index.columns) <= set(tables.get(index.table, ())):
            statement = create_index(index.name, index.table, index.columns, unique=False)
            connection.execute(statement.replace("CREATE INDEX", "CREATE INDEX IF NOT EXISTS", 1))


def made_views(connection: sqlite3.Connection) -> set[str]:
    """Name the views that were made here."""
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'view'")
    return {name for name, sql in rows if MARK in sql}


def drop_views(connection: sqlite3.Connection, views: Sequence[View]) -> None:
    """Take away those of these views that were made here."""
    for name in made_views(connection) & {view.name for view in views}:
        connection.execute(f"DROP VIEW {quote(name)}")


def _ensure(connection: sqlite3.Connection, name: str, statement: str) -> None:
    row = connection.execute(
        "SELECT type, sql FROM sqlite_master WHERE name = ? COLLATE NOCASE", (name,)
    ).fetchone()
    if row is not None:
        kind, sql = row
        if kind != "view" or MARK not in sql or sql == statement:
            return
        connection.execute(f"DROP VIEW {quote(name)}")
    connection.execute(statement)
