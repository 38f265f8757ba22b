"""Read an archive as an outsider: stock SQLite and stock zstd, nothing of the target's code."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SIGNED_QUERY = re.compile(rb"[?&](?:expires|signature|req)=[^\"&\\ ]*")


def rows(path: Path, sql: str, *values: object) -> list[dict[str, Any]]:
    """Give the rows of a query on a file that is only read."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(sql, values)]


def tables(path: Path) -> set[str]:
    """Name the tables that hold streams."""
    names = {row["name"] for row in rows(path, "SELECT name FROM sqlite_master WHERE type='table'")}
    return {name for name in names if "_fts" not in name and not name.startswith(("_", "sqlite_"))}


def same(stored: Any, true: Any) -> bool:
    """Whether a stored column holds a true JSON value: booleans as 0 and 1, nested as JSON text."""
    if isinstance(true, bool):
        return type(stored) is int and stored == int(true)
    if isinstance(true, dict | list):
        return isinstance(stored, str) and json.loads(stored) == true
    return type(stored) is type(true) and stored == true


def without_signatures(payload: bytes) -> bytes:
    """Give a payload without what Intercom's file storage adds to each address anew."""
    return SIGNED_QUERY.sub(b"", payload)


class Texts:
    """The compressed texts of one column, whole frames and deltas alike."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        table: str = "raw_payloads",
        column: str = "payload",
    ) -> None:
        """Read through this connection."""
        self._connection = connection
        self._dictionaries = {
            number: zstd.ZstdDict(content)
            for number, content in _plain(connection, "SELECT id, dictionary FROM _dictionaries")
        }
        self._find = (
            f"SELECT {column}, _{column}_sha256, _{column}_base_rowid FROM {table} WHERE rowid = ?"
        )

    def read(self, row_id: int) -> bytes | None:
        """Give the exact bytes that were compressed; None where a row has none any more."""
        [(blob, sha256, base)] = _plain(self._connection, self._find, row_id)
        if blob is None:
            return None
        if base is None:
            number = zstd.get_frame_info(blob).dictionary_id
            text: bytes = zstd.decompress(blob, zstd_dict=self._dictionaries.get(number))
        else:
            newer = zstd.ZstdDict(self.read(base) or b"", is_raw=True)
            text = zstd.decompress(blob, zstd_dict=newer.as_prefix)
        assert hashlib.sha256(text).digest() == sha256
        return text


def _plain(connection: sqlite3.Connection, sql: str, *values: object) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.execute(sql, values)]


def newest_payloads(path: Path) -> Iterator[tuple[str, str, bytes]]:
    """Give stream, record id and exact bytes of the newest payload of every object."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        texts = Texts(connection)
        for stream, record_id, row_id in _plain(
            connection,
            "SELECT stream, record_id, max(rowid) FROM raw_payloads GROUP BY stream, record_id",
        ):
            text = texts.read(row_id)
            assert text is not None
            yield stream, record_id, text


def payload_bytes(path: Path) -> tuple[int, int]:
    """Give the bytes of all payloads as they came, and what they and their dictionaries take."""
    blobs = [row["payload"] for row in rows(path, "SELECT payload FROM raw_payloads")]
    before = sum(zstd.get_frame_info(blob).decompressed_size or 0 for blob in blobs)
    [kept] = rows(path, "SELECT coalesce(sum(length(dictionary)), 0) AS n FROM _dictionaries")
    return before, sum(map(len, blobs)) + kept["n"]
