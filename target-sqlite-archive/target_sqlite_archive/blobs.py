"""Compressed texts: zstd frames, dictionaries trained on the archive's own texts, reading back.

Frames are ordinary zstd with a checksum; the number of the dictionary stands in the frame. Which
column holds frames, and when to train, is left to ``payloads.py``; compaction comes on top.
"""

from __future__ import annotations

import hashlib
import sqlite3
import sys
from collections.abc import Sequence

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LEVEL = 6
_DICTIONARY_BYTES = 112 * 1024
_SMALLEST_DICTIONARY_BYTES = 4 * 1024
# A dictionary pays while it is small beside what it was trained on.
_SAMPLE_BYTES_PER_DICTIONARY_BYTE = 16
# The trainer reads no more than this of a sample.
_SAMPLE_BYTES = 128 * 1024

_OPTIONS: dict[int, int] = {
    zstd.CompressionParameter.compression_level: LEVEL,
    zstd.CompressionParameter.checksum_flag: 1,
}


class DamagedBlobError(Exception):
    """A stored text cannot be read back as it was written; the message holds none of it."""


def digest(text: bytes) -> bytes:
    """Give the hash that is stored beside a text and checked when it is read."""
    return hashlib.sha256(text).digest()


def compress_plain(text: bytes) -> bytes:
    """Compress without a dictionary."""
    return zstd.compress(text, options=_OPTIONS)


def train(samples: Sequence[bytes]) -> bytes | None:
    """Train a dictionary, its size fitted to the samples; None where they have too little."""
    cut = [sample[:_SAMPLE_BYTES] for sample in samples if sample]
    wanted = sum(map(len, cut)) // _SAMPLE_BYTES_PER_DICTIONARY_BYTE
    size = max(_SMALLEST_DICTIONARY_BYTES, min(_DICTIONARY_BYTES, wanted))
    try:
        return zstd.train_dict(cut, size).dict_content
    except (zstd.ZstdError, ValueError):
        return None


def open_dictionary(content: bytes) -> zstd.ZstdDict:
    """Load a dictionary; raises :class:`DamagedBlobError` when it is none."""
    try:
        dictionary: zstd.ZstdDict = zstd.ZstdDict(content)
        zstd.ZstdDecompressor(zstd_dict=dictionary)
    except (zstd.ZstdError, ValueError) as error:
        raise DamagedBlobError(f"the dictionary cannot be read: {error}") from error
    return dictionary


class Dictionaries:
    """The dictionaries of one file: the newest of each kind to write with, all to read with."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Read which dictionaries the file has."""
        self._connection = connection
        self._loaded: dict[int, zstd.ZstdDict] = {}
        self._compressors: dict[str, zstd.ZstdCompressor] = {}
        self._newest: dict[str, int] = {
            kind: number
            for number, kind in connection.execute(
                "SELECT id, kind FROM _dictionaries ORDER BY created_at, id"
            )
        }

    def has(self, kind: str) -> bool:
        """Whether texts of this kind are written with a dictionary."""
        return kind in self._newest

    def add(self, kind: str, dictionary: bytes, now: str) -> None:
        """Store a new dictionary of a kind, inside the caller's transaction."""
        loaded = zstd.ZstdDict(dictionary)
        self._connection.execute(
            "INSERT OR IGNORE INTO _dictionaries (id, kind, created_at, dictionary) "
            "VALUES (?, ?, ?, ?)",
            (loaded.dict_id, kind, now, dictionary),
        )
        self._loaded[loaded.dict_id] = loaded
        self._newest[kind] = loaded.dict_id
        self._compressors.pop(kind, None)

    def compress(self, kind: str, text: bytes) -> bytes:
        """Compress a text as one frame, with the dictionary of its kind where there is one."""
        if kind not in self._newest:
            return compress_plain(text)
        compressor = self._compressors.get(kind)
        if compressor is None:
            dictionary = self._dictionary(self._newest[kind])
            compressor = zstd.ZstdCompressor(options=_OPTIONS, zstd_dict=dictionary)
            self._compressors[kind] = compressor
        return compressor.compress(text, zstd.ZstdCompressor.FLUSH_FRAME)

    def read(self, blob: bytes, sha256: bytes) -> bytes:
        """Give the text of a stored frame.

        Raises :class:`DamagedBlobError` when it is not the text that was written.
        """
        try:
            number = zstd.get_frame_info(blob).dictionary_id
            dictionary = self._dictionary(number) if number else None
            text = zstd.decompress(blob, zstd_dict=dictionary)
        except zstd.ZstdError as error:
            raise DamagedBlobError(f"the compressed text cannot be read: {error}") from error
        if digest(text) != sha256:
            raise DamagedBlobError("the text does not match its hash")
        return text

    def _dictionary(self, number: int) -> zstd.ZstdDict:
        if number not in self._loaded:
            row = self._connection.execute(
                "SELECT dictionary FROM _dictionaries WHERE id = ?", (number,)
            ).fetchone()
            if row is None:
                raise DamagedBlobError(f"dictionary {number} is not in the archive")
            self._loaded[number] = open_dictionary(row[0])
        return self._loaded[number]
