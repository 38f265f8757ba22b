"""Compressed texts: zstd frames, whole or as deltas, and the dictionaries of one file.

Frames are ordinary zstd, the number of the dictionary in them. Those made on arrival carry zstd's
own checksum; compacted ones do without, since every text has its hash beside it, and are known by
that. Which column holds frames is left to ``payloads.py``, when to train to ``training.py``, which
text a delta was made against to ``chains.py``.
"""

from __future__ import annotations

import hashlib
import sqlite3
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# The trainer gains nothing from more of a sample.
SAMPLE_BYTES = 128 * 1024
_SMALLEST_DICTIONARY_BYTES = 4 * 1024
# What zstd needs of a text to find matches in it, and the window that every decoder accepts.
_LEAST_BASE_BYTES = 8
_MOST_DELTA_BYTES = 2**26
_SMALLEST_WINDOW_LOG = 10
HEAD_BYTES = 18
_NUMBER_AT = 4  # in a dictionary, after its magic number
_DESCRIPTOR_AT, _CHECKSUM_BIT = 4, 4

_PARAMETER = zstd.CompressionParameter


# Beside a dictionary matches of less than six bytes hardly ever pay: without them frames are
# smaller and made faster. The time goes into looking for longer ones instead.
_FAST: dict[int, int] = {
    _PARAMETER.compression_level: 6,
    _PARAMETER.min_match: 6,
    _PARAMETER.search_log: 5,
    _PARAMETER.checksum_flag: 1,
}
# The levels above take twice the time for one part in a hundred.
_SMALL: dict[int, int] = {_PARAMETER.compression_level: 17, _PARAMETER.checksum_flag: 0}


class Purpose(Enum):
    """What a text is compressed for: on arrival, where time counts, or when it is compacted."""

    WRITING = _FAST
    COMPACTING = _SMALL


@dataclass(frozen=True, slots=True)
class FrameFacts:
    """What the head of a frame tells: its dictionary or 0, the bytes of its text, who made it."""

    dictionary: int
    text_bytes: int
    is_compacted: bool

    @classmethod
    def of(cls, head: object) -> FrameFacts:
        """Read the first :data:`HEAD_BYTES` of a frame.

        Raises :class:`DamagedBlobError` where they are none.
        """
        if not isinstance(head, bytes):
            raise DamagedBlobError("there are no bytes")
        try:
            found = zstd.get_frame_info(head)
        except zstd.ZstdError as error:
            raise DamagedBlobError(f"the compressed text cannot be read: {error}") from error
        has_checksum = bool(head[_DESCRIPTOR_AT] & _CHECKSUM_BIT)
        return cls(found.dictionary_id, found.decompressed_size or 0, not has_checksum)


class DamagedBlobError(Exception):
    """A stored text cannot be read back as it was written; the message holds none of it."""


def digest(text: bytes) -> bytes:
    """Give the hash that is stored beside a text and checked when it is read."""
    return hashlib.sha256(text).digest()


def compress_plain(text: bytes, purpose: Purpose = Purpose.WRITING) -> bytes:
    """Compress without a dictionary."""
    blob: bytes = zstd.compress(text, options=purpose.value)
    return blob


def compress_delta(text: bytes, base: bytes) -> bytes | None:
    """Compress a text as what it differs by from another; None where the two do not allow it."""
    size = len(text) + len(base)
    if len(base) < _LEAST_BASE_BYTES or size > _MOST_DELTA_BYTES:
        return None
    # Both texts must be in the window, or the far one would be of no use.
    window_log = max(_SMALLEST_WINDOW_LOG, size.bit_length())
    options = _SMALL | {_PARAMETER.window_log: window_log}
    prefix = zstd.ZstdDict(base, is_raw=True).as_prefix
    compressor = zstd.ZstdCompressor(options=options, zstd_dict=prefix)
    delta: bytes = compressor.compress(text, zstd.ZstdCompressor.FLUSH_FRAME)
    return delta


def train(samples: Sequence[bytes], size: int) -> bytes | None:
    """Train a dictionary of at most so many bytes; None where the samples have too little.

    Of each sample :data:`SAMPLE_BYTES` are enough.
    """
    try:
        return zstd.train_dict(
            [s for s in samples if s], max(_SMALLEST_DICTIONARY_BYTES, size)
        ).dict_content
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
        """Work on one file; nothing is read before it is needed."""
        self._connection = connection
        self._loaded: dict[int, zstd.ZstdDict] = {}
        self._compressors: dict[tuple[Purpose, str], zstd.ZstdCompressor] = {}

    @cached_property
    def _newest(self) -> dict[str, int]:
        return {
            kind: number
            for number, kind in self._connection.execute(
                "SELECT id, kind FROM _dictionaries ORDER BY created_at, id"
            )
        }

    def newest(self, kind: str) -> int:
        """Give the number of the dictionary that texts of this kind are written with, or 0."""
        return self._newest.get(kind, 0)

    def weight(self, kind: str) -> tuple[int, int]:
        """Give how many texts of a kind its dictionary knew of, and that dictionary's bytes."""
        row = self._connection.execute(
            "SELECT texts, length(dictionary) FROM _dictionaries WHERE id = ?",
            (self.newest(kind),),
        ).fetchone()
        return (row[0], row[1]) if row else (0, 0)

    def weigh(self, kind: str, texts: int) -> None:
        """Note that at so many texts a kind's dictionary was found to be good enough."""
        self._connection.execute(
            "UPDATE _dictionaries SET texts = ? WHERE id = ?", (texts, self.newest(kind))
        )

    def add(self, kind: str, dictionary: bytes, texts: int, now: str) -> None:
        """Store a new dictionary of a kind, inside the caller's transaction.

        ``texts`` is how many texts of the kind there are now.
        """
        dictionary = self._numbered(kind, dictionary)
        loaded = zstd.ZstdDict(dictionary)
        self._connection.execute(
            "INSERT OR IGNORE INTO _dictionaries (id, kind, created_at, dictionary, texts) "
            "VALUES (?, ?, ?, ?, ?)",
            (loaded.dict_id, kind, now, dictionary, texts),
        )
        self._loaded[loaded.dict_id] = loaded
        self._newest[kind] = loaded.dict_id
        for purpose in Purpose:
            self._compressors.pop((purpose, kind), None)

    def _numbered(self, kind: str, dictionary: bytes) -> bytes:
        """Give a kind's new dictionary a number that no other has.

        The trainer makes the number of the dictionary's texts alone, so two that differ in their
        tables of frequencies have the same.
        """
        number = zstd.ZstdDict(dictionary).dict_id
        while True:
            numbered: bytes = b"".join(
                (
                    dictionary[:_NUMBER_AT],
                    number.to_bytes(4, "little"),
                    dictionary[_NUMBER_AT + 4 :],
                )
            )
            row = self._connection.execute(
                "SELECT kind, dictionary FROM _dictionaries WHERE id = ?", (number,)
            ).fetchone()
            if row is None or tuple(row) == (kind, numbered):
                return numbered
            number += 1

    def retire(self, kind: str) -> None:
        """Compress no more texts of a kind with the dictionary that it has."""
        self._newest.pop(kind, None)
        for purpose in Purpose:
            self._compressors.pop((purpose, kind), None)

    def compress(self, kind: str, text: bytes, purpose: Purpose = Purpose.WRITING) -> bytes:
        """Compress a text as one frame, with the dictionary of its kind where there is one."""
        number = self.newest(kind)
        if not number:
            return compress_plain(text, purpose)
        compressor = self._compressors.get((purpose, kind))
        if compressor is None:
            compressor = zstd.ZstdCompressor(
                options=purpose.value, zstd_dict=self._dictionary(number)
            )
            self._compressors[purpose, kind] = compressor
        return compressor.compress(text, zstd.ZstdCompressor.FLUSH_FRAME)

    def read(self, blob: bytes, sha256: bytes, base: bytes | None = None) -> bytes:
        """Give the text of a stored frame; ``base`` is the text that a delta was made against.

        Raises :class:`DamagedBlobError` when it is not the text that was written.
        """
        try:
            if base is None:
                number = zstd.get_frame_info(blob).dictionary_id
                text = zstd.decompress(blob, zstd_dict=self._dictionary(number) if number else None)
            else:
                prefix = zstd.ZstdDict(base, is_raw=True).as_prefix
                text = zstd.decompress(blob, zstd_dict=prefix)
        except (zstd.ZstdError, ValueError) as error:
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
