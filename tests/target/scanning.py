"""Looks for words everywhere in an archive, as somebody would who wants to find them. No test here.

Stock SQLite and stock zstd, nothing of the target's code.
"""

from __future__ import annotations

import hashlib
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from tests.pipeline.archive import Texts

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def places(path: Path, words: Sequence[str]) -> set[tuple[str, str]]:
    """Give each of these words that is anywhere, with where it is; letters' case does not count."""
    found = set()
    for where, content in _contents(path):
        text = content.decode("utf-8", errors="replace").casefold()
        found |= {(where, word) for word in words if word.casefold() in text}
    return found


def _contents(path: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(path.parent.iterdir()):
        if file.name.startswith(path.name):
            yield "raw bytes", file.read_bytes()
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        listed = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'table'"
        ).fetchall()
        for name, sql in listed:
            if "USING fts5" in sql:
                yield from _terms(connection, name)
            else:
                yield from _values(connection, name)
        yield from _texts(connection, [name for name, _ in listed])


def _terms(connection: sqlite3.Connection, name: str) -> Iterator[tuple[str, bytes]]:
    connection.execute(f"CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, '{name}', 'row')")
    for (term,) in connection.execute("SELECT term FROM temp.terms"):
        yield "full-text index", term.encode()
    connection.execute("DROP TABLE temp.terms")


def _values(connection: sqlite3.Connection, name: str) -> Iterator[tuple[str, bytes]]:
    for row in connection.execute(f'SELECT * FROM "{name}"'):
        for value in row:
            yield name, value if isinstance(value, bytes) else str(value).encode()


def _texts(connection: sqlite3.Connection, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    for name in names:
        columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{name}")')]
        for column in columns:
            if f"_{column}_base_rowid" in columns:
                texts = Texts(connection, name, column)
                for (row_id,) in connection.execute(f'SELECT rowid FROM "{name}"').fetchall():
                    yield "compressed texts", texts.read(row_id) or b""
    for line, sha256 in connection.execute("SELECT line, sha256 FROM _quarantine").fetchall():
        text = zstd.decompress(line)
        assert hashlib.sha256(text).digest() == sha256
        yield "quarantined lines", text
