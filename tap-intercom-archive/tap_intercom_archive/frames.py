"""Reads the compressed texts of an archive file: zstd frames, whole or as differences.

Their form is told in the target's README. A difference is a frame whose prefix is the text of a
newer row, so an old text is read by way of newer ones, which are kept for when their turn comes.
Which rows there are is left to `archived`.
"""

from __future__ import annotations

import hashlib
import sqlite3
import sys
from collections import OrderedDict

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_KEPT_BYTES = 32 * 1024 * 1024


class Damaged(Exception):
    """A text cannot be read as it was written; the message holds none of it."""


class Frames:
    """The texts of one compressed column; read best from the oldest row to the newest."""

    def __init__(self, connection: sqlite3.Connection, table: str, column: str) -> None:
        """Read `column` of `table`, both as SQLite has them, without quotation marks."""
        self._connection = connection
        names = {row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')}
        base = f"_{column}_base_rowid"
        shown = f'"{base}"' if base in names else "NULL"
        self._find = (
            f'SELECT "{column}", "_{column}_sha256", {shown} FROM "{table}" WHERE rowid = ?'
        )
        self._dictionaries: dict[int, zstd.ZstdDict] = {}
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._kept_bytes = 0

    def text(self, row_id: int) -> bytes | None:
        """Give the exact text of a row; None where it was given up. Raises Damaged."""
        chain: list[tuple[int, bytes, object]] = []
        base: int | None = row_id
        while base is not None and base not in self._kept:
            row = self._connection.execute(self._find, (base,)).fetchone()
            blob, sha256, after = row or (None, None, None)
            if blob is None and not chain:
                return None
            # A base is newer than its difference, so no chain can lead back into itself.
            if not isinstance(blob, bytes) or (after is not None and after <= base):
                raise Damaged("a text that it builds on is not there")
            chain.append((base, blob, sha256))
            base = after
        text = None if base is None else self._kept[base]
        for link, blob, sha256 in reversed(chain):
            text = self._open(blob, text)
            if hashlib.sha256(text).digest() != sha256:
                raise Damaged("a text does not match its hash")
            if link != row_id:
                self._keep(link, text)
        return text

    def _open(self, blob: bytes, base: bytes | None) -> bytes:
        try:
            if base is not None:
                prefix = zstd.ZstdDict(base, is_raw=True).as_prefix
                text: bytes = zstd.decompress(blob, zstd_dict=prefix)
                return text
            number = zstd.get_frame_info(blob).dictionary_id
            dictionary = self._dictionary(number) if number else None
            whole: bytes = zstd.decompress(blob, zstd_dict=dictionary)
        except (zstd.ZstdError, ValueError):
            raise Damaged("a compressed text cannot be read") from None
        return whole

    def _dictionary(self, number: int) -> zstd.ZstdDict:
        if number not in self._dictionaries:
            row = self._connection.execute(
                "SELECT dictionary FROM _dictionaries WHERE id = ?", (number,)
            ).fetchone()
            if row is None:
                raise Damaged("its dictionary is not there")
            self._dictionaries[number] = zstd.ZstdDict(row[0])
        return self._dictionaries[number]

    def _keep(self, row_id: int, text: bytes) -> None:
        self._kept[row_id] = text
        self._kept_bytes += len(text)
        while self._kept_bytes > _KEPT_BYTES and len(self._kept) > 1:
            self._kept_bytes -= len(self._kept.popitem(last=False)[1])
