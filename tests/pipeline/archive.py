"""Read an archive as an outsider: stock SQLite and stock zstd, nothing of the target's code."""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from collections.abc import Iterator, Mapping
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


def dictionaries(path: Path) -> dict[int, zstd.ZstdDict]:
    """Give the dictionaries that an archive's payloads were compressed with, by id."""
    return {
        row["id"]: zstd.ZstdDict(row["dictionary"])
        for row in rows(path, "SELECT id, dictionary FROM _dictionaries")
    }


def unpacked(blob: bytes, known: Mapping[int, zstd.ZstdDict]) -> bytes:
    """Give the exact bytes that were compressed."""
    number = zstd.get_frame_info(blob).dictionary_id
    text: bytes = zstd.decompress(blob, zstd_dict=known.get(number))
    return text


def newest_payloads(path: Path) -> Iterator[tuple[str, str, bytes]]:
    """Give stream, record id and exact bytes of the newest payload of every object."""
    known = dictionaries(path)
    for row in rows(
        path,
        "SELECT stream, record_id, payload FROM raw_payloads AS p WHERE NOT EXISTS ("
        " SELECT 1 FROM raw_payloads AS n WHERE n.stream = p.stream"
        " AND n.record_id = p.record_id AND n.rowid > p.rowid)",
    ):
        yield row["stream"], row["record_id"], unpacked(row["payload"], known)


def payload_bytes(path: Path) -> tuple[int, int]:
    """Give the bytes of all payloads as they came, and what they and their dictionaries take."""
    blobs = [row["payload"] for row in rows(path, "SELECT payload FROM raw_payloads")]
    before = sum(zstd.get_frame_info(blob).decompressed_size or 0 for blob in blobs)
    [kept] = rows(path, "SELECT coalesce(sum(length(dictionary)), 0) AS n FROM _dictionaries")
    return before, sum(map(len, blobs)) + kept["n"]
