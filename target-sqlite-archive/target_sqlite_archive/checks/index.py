"""Full-text indexes against the texts they were made from, by FTS5's own check.

FTS5 takes its check for a write, which an archive open for reading refuses. So the index and its
texts are copied into a temporary file that has no name and goes away with its connection, and the
copy is checked there.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator

from target_sqlite_archive.checks.finding import Finding, Level
from target_sqlite_archive.naming import quote
from target_sqlite_archive.progress import Progress
from target_sqlite_archive.reading import OpenArchive

_CHECK = "index"
_PARTS = ("data", "idx", "docsize", "config")
_CONTENT = re.compile(r'content="((?:[^"]|"")+)"')


def check_indexes(archive: OpenArchive, progress: Progress) -> Iterator[Finding]:
    """Check every index named `<table>_fts` that says it indexes `<table>`."""
    for number, (index, statement) in enumerate(archive.indexes.items()):
        progress.show("full-text indexes", number, len(archive.indexes))
        found = _CONTENT.search(statement)
        table = found[1].replace('""', '"') if found else ""
        if index != f"{table}_fts" or table not in archive.tables:
            what = "not an index of this target: left to who made it"
            yield Finding(_CHECK, Level.SKIPPED, index, what)
        elif _agrees(archive, index, table, statement):
            yield Finding(_CHECK, Level.OK, index, f"agrees with the texts of {table}")
        else:
            yield Finding(
                _CHECK,
                Level.WRONG,
                index,
                f"does not agree with the texts of {table}: searches may miss or invent rows",
                cure=f"Rebuild it while no run is writing: INSERT INTO {quote(index)} "
                f"({quote(index)}) VALUES ('rebuild')",
            )


def _agrees(archive: OpenArchive, index: str, table: str, statement: str) -> bool:
    columns = [row[1] for row in archive.connection.execute(f"PRAGMA table_info({quote(index)})")]
    with _copies(archive) as copies:
        listed = ", ".join(["rowid", *map(quote, columns)])
        definitions = ", ".join(["rowid INTEGER PRIMARY KEY", *map(quote, columns)])
        copies.execute("BEGIN")
        copies.execute(f"CREATE TABLE main.{quote(table)} ({definitions})")
        copies.execute(
            f"INSERT INTO main.{quote(table)} ({listed}) "
            f"SELECT {listed} FROM archive.{quote(table)}"
        )
        copies.execute(statement)
        for part in _PARTS:
            name = quote(f"{index}_{part}")
            copies.execute(f"DELETE FROM main.{name}")
            copies.execute(f"INSERT INTO main.{name} SELECT * FROM archive.{name}")
        copies.execute("COMMIT")
        try:
            copies.execute(
                f"INSERT INTO main.{quote(index)} ({quote(index)}, rank) "
                "VALUES ('integrity-check', 1)"
            )
        except sqlite3.DatabaseError as error:
            # "malformed" is how FTS5 says that the two differ; the archive itself was only read.
            if "malformed" not in str(error):
                raise
            return False
    return True


@contextlib.contextmanager
def _copies(archive: OpenArchive) -> Iterator[sqlite3.Connection]:
    copies = sqlite3.connect("", uri=True, isolation_level=None)
    try:
        copies.execute("PRAGMA journal_mode = OFF")
        copies.execute("ATTACH ? AS archive", (archive.address,))
        yield copies
    finally:
        copies.close()
