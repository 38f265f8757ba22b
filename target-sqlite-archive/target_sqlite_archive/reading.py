"""Opens an archive to read it, at rest or beside a running writer, and never changes the file.

What is read is left to the commands in ``commands/`` and the checks in ``checks/``.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from target_sqlite_archive.errors import DatabaseError
from target_sqlite_archive.internal import APPLICATION_ID, LAYOUT
from target_sqlite_archive.known_columns import KNOWN
from target_sqlite_archive.naming import quote
from target_sqlite_archive.shape import fill
from target_sqlite_archive.shaping import SQLValue
from target_sqlite_archive.sql import where

# A writer holds the file for itself only while it opens and closes it.
_BUSY_SECONDS = 20.0
_SHADOWS = ("data", "idx", "content", "docsize", "config")


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream of the archive: its table, and the columns that its key is made of."""

    name: str
    table: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenArchive:
    """An archive open for reading.

    ``address`` is the URI that another connection may read it by. ``tables`` are all ordinary
    tables with their columns, the target's own included; ``indexes`` are the full-text tables with
    the statement that made each.
    """

    path: Path
    address: str
    connection: sqlite3.Connection
    tables: Mapping[str, tuple[str, ...]]
    indexes: Mapping[str, str]

    def has(self, table: str, *columns: str) -> bool:
        """Whether a table is there with all these columns."""
        return table in self.tables and set(columns) <= set(self.tables[table])

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read inside of this from one moment, whatever a writer commits meanwhile; be quick."""
        self.connection.execute("BEGIN")
        try:
            yield
        finally:
            self.connection.execute("COMMIT")

    def rows(self, table: str, **wanted: SQLValue) -> list[dict[str, SQLValue]]:
        """Give a table's rows where these columns have these values, in the order of the file.

        None where the archive has no such table or columns.
        """
        if not self.has(table, *wanted):
            return []
        found = self.connection.execute(
            f"SELECT * FROM {quote(table)} WHERE {where(tuple(wanted))} ORDER BY rowid",
            tuple(wanted.values()),
        )
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found]

    def fill(self, text: str) -> str:
        """Put this archive's tables where a statement names known ones in braces."""
        return fill(text, KNOWN, self.tables)

    def streams(self) -> list[Stream]:
        """Give the streams that have a table, by name."""
        rows = self.connection.execute(
            "SELECT stream, table_name, columns, key_properties FROM _streams ORDER BY stream"
        )
        found = []
        for stream, table, columns, keys in rows:
            names: dict[str, str] = json.loads(columns)
            found.append(Stream(stream, table, tuple(names[key] for key in json.loads(keys))))
        return [stream for stream in found if stream.table in self.tables]


@contextlib.contextmanager
def open_archive(path: Path) -> Iterator[OpenArchive]:
    """Open an archive for reading and close it at the end.

    Raises :class:`DatabaseError` where there is none, where it is of a newer layout, and, for
    SQLite's own errors inside the block, with a line that names the file.
    """
    if not path.is_file():
        raise DatabaseError(f"There is no archive at {path}. Give the path of an archive file.")
    try:
        address, connection = _connect(path)
        try:
            _check_owner(path, connection)
            yield seen_by(connection, path, address)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise explain_reading(error, path) from error


def seen_by(connection: sqlite3.Connection, path: Path, address: str = "") -> OpenArchive:
    """Give the archive as it is seen through a connection, which may be a writer's."""
    tables, indexes = _shape(connection)
    return OpenArchive(path, address, connection, tables, indexes)


def explain_reading(error: sqlite3.Error, path: Path) -> DatabaseError:
    """Turn SQLite's own error into one line that names the file and a cure."""
    text = str(error)
    if "not a database" in text:
        return DatabaseError(f"{path} is not an SQLite file. Give the path of an archive file.")
    if "malformed" in text:
        cure = "The file is damaged: restore it from a backup, or fill a new one."
    elif "locked" in text or "busy" in text:
        cure = "Another program holds the whole file. Let it finish, then try again."
    elif "full" in text:
        cure = "Free space in the folder for temporary files, or name another with SQLITE_TMPDIR."
    elif "unable to open" in text:
        cure = "Make the file readable for this user."
    else:
        cure = "Nothing was changed; please report this message."
    return DatabaseError(f"SQLite could not read the archive {path}: {text}. {cure}")


def _connect(path: Path) -> tuple[str, sqlite3.Connection]:
    address = path.resolve().as_uri()
    reading = f"{address}?mode=ro"
    try:
        return reading, _try(reading)
    except sqlite3.OperationalError as error:
        if "readonly" not in str(error) and "unable to open" not in str(error):
            raise
        log = path.with_name(path.name + "-wal")
        if log.exists() and log.stat().st_size:
            raise DatabaseError(
                f"The archive {path} was left in the middle of a run, its newest data is in "
                f"{log.name}, and SQLite may not write to their folder to join them. Copy both "
                "files to a folder of your own and read them there."
            ) from error
        # In log mode SQLite wants to put files beside the archive, which this folder forbids.
        # Nobody else can write here either, so the file holds still and is complete by itself.
        still = f"{address}?immutable=1"
        return still, _try(still)


def _try(address: str) -> sqlite3.Connection:
    connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=_BUSY_SECONDS)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _check_owner(path: Path, connection: sqlite3.Connection) -> None:
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    if owner != APPLICATION_ID:
        raise DatabaseError(
            f"{path} is not an archive of target-sqlite-archive. Give the path of an archive file."
        )
    layout = connection.execute("PRAGMA user_version").fetchone()[0]
    if layout > LAYOUT:
        raise DatabaseError(
            f"The archive {path} has layout {layout}, made by a newer target-sqlite-archive; this "
            f"one knows layout {LAYOUT}. Upgrade the target."
        )


def _shape(connection: sqlite3.Connection) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    listed: list[tuple[str, str]] = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL ORDER BY name"
    ).fetchall()
    virtual = {name: sql for name, sql in listed if sql.upper().startswith("CREATE VIRTUAL")}
    shadows = {f"{name}_{part}" for name in virtual for part in _SHADOWS}
    tables = {
        name: tuple(row[1] for row in connection.execute(f"PRAGMA table_info({quote(name)})"))
        for name, _ in listed
        if name not in virtual and name not in shadows and not name.startswith("sqlite_")
    }
    indexes = {name: sql for name, sql in virtual.items() if "USING fts5" in sql}
    return tables, indexes
