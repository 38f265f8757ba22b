"""Brings an archive of an older layout up to this one: one step for each layout, in its order.

What a layout holds is said in ``internal.py``; the transaction is ``database.py``'s. A step knows
its own two layouts and no newer one, so it writes its statements out.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping

from target_sqlite_archive.internal import LAYOUT
from target_sqlite_archive.naming import fold, pick, quote


def _from_1(connection: sqlite3.Connection) -> None:
    """Compressed texts may be deltas; dictionaries say at how many texts they were trained."""
    run = connection.execute
    run("ALTER TABLE _dictionaries ADD COLUMN texts INTEGER NOT NULL DEFAULT 0")
    for (table,) in run("SELECT table_name FROM _streams").fetchall():
        columns = [row[1] for row in run(f"PRAGMA table_info({quote(table)})")]
        indexes = {row[1] for row in run(f"PRAGMA index_list({quote(table)})")}
        for column in columns:
            if not {f"_{column}_sha256", f"_{column}_emptied_at"} <= set(columns):
                continue
            _make_room(connection, table, f"_{column}_base_rowid", columns)
            base = quote(f"_{column}_base_rowid")
            run(f"ALTER TABLE {quote(table)} ADD COLUMN {base} INTEGER")
            if f"_versions_{table}_{column}" in indexes:
                run(
                    f"CREATE INDEX {quote(f'_bases_{table}_{column}')} ON {quote(table)} ({base}) "
                    f"WHERE {base} IS NOT NULL"
                )


def _from_2(connection: sqlite3.Connection) -> None:
    """People can be forgotten: hashes say which records and values are not to come back."""
    connection.execute(
        "CREATE TABLE _tombstones (stream TEXT NOT NULL, within TEXT NOT NULL, "
        "properties TEXT NOT NULL, hash BLOB NOT NULL, blanks TEXT NOT NULL, "
        "forgotten_at TEXT NOT NULL, PRIMARY KEY (stream, within, properties, hash)) WITHOUT ROWID"
    )
    connection.execute(
        "CREATE TABLE _mentions (hash BLOB PRIMARY KEY, opening BLOB NOT NULL, "
        "words INTEGER NOT NULL, forgotten_at TEXT NOT NULL) WITHOUT ROWID"
    )


def _make_room(connection: sqlite3.Connection, table: str, name: str, columns: list[str]) -> None:
    """Rename a column that some tap's property has got, if its name is needed now."""
    for old in columns:
        if fold(old) != fold(name):
            continue
        new = pick(old, map(fold, columns))
        connection.execute(f"ALTER TABLE {quote(table)} RENAME COLUMN {quote(old)} TO {quote(new)}")
        (listed,) = connection.execute(
            "SELECT columns FROM _streams WHERE table_name = ?", (table,)
        ).fetchone()
        names = {k: new if v == old else v for k, v in json.loads(listed).items()}
        connection.execute(
            "UPDATE _streams SET columns = ? WHERE table_name = ?", (json.dumps(names), table)
        )


_STEPS: Mapping[int, Callable[[sqlite3.Connection], None]] = {1: _from_1, 2: _from_2}


def upgrade(connection: sqlite3.Connection, layout: int) -> None:
    """Make an archive of a layout one of :data:`LAYOUT`, inside the caller's transaction."""
    for number in range(layout, LAYOUT):
        _STEPS[number](connection)
    connection.execute(f"PRAGMA user_version = {LAYOUT}")
