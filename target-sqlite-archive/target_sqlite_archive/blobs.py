"""Compressed texts: zstd frames, whole or as deltas, and the dictionaries of one file.

Frames are ordinary zstd, whole ones with a checksum; the number of the dictionary stands in the
frame. Which column holds frames is left to ``payloads.py``, when to train to ``training.py``, which
text a delta was made against to ``chains.py``.
"""

from __future__ import annotations

import hashlib
import sqlite3
import sys
from collections.abc import Sequence
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
_FRAME_HEAD_BYTES = 18

_PARAMETER = zstd.CompressionParameter


class Purpose(Enum):
    """What a text is compressed for: on arrival, where time counts, or when it is compacted.

    Beside a dictionary matches of less than six bytes hardly ever pay: without them frames are
    smaller and made faster. The levels above 17 take twice the time for one part in a hundred.
    """

    WRITING = (6, 6)
    COMPACTING = (17, 0)

    def options(self) -> dict[int, int]:
        """Give the parameters for zstd."""
        level, least_match = self.value
        chosen: dict[int, int] = {_PARAMETER.compression_level: level, _PARAMETER.checksum_flag: 1}
        return chosen | ({_PARAMETER.min_match: least_match} if least_match else {})


class DamagedBlobError(Exception):
    """A stored text cannot be read back as it was written; the message holds none of it."""


def digest(text: bytes) -> bytes:
    """Give the hash that is stored beside a text and checked when it is read."""
    return hashlib.sha256(text).digest()


def compress_plain(text: bytes, purpose: Purpose = Purpose.WRITING) -> bytes:
    """Compress without a dictionary."""
    return zstd.compress(text, options=purpose.options())


def compress_delta(text: bytes, base: bytes) -> bytes | None:
    """Compress a text as what it differs by from another; None where the two do not allow it."""
    size = len(text) + len(base)
    if len(base) < _LEAST_BASE_BYTES or size > _MOST_DELTA_BYTES:
        return None
    options = Purpose.COMPACTING.options() | {
        # Both texts must be in the window, or the far one would be of no use.
        _PARAMETER.window_log: max(_SMALLEST_WINDOW_LOG, size.bit_length()),
        # A delta has a hundred bytes or so, and is never read without its text's hash.
        _PARAMETER.checksum_flag: 0,
    }
    prefix = zstd.ZstdDict(base, is_raw=True).as_prefix
    compressor = zstd.ZstdCompressor(options=options, zstd_dict=prefix)
    delta: bytes = compressor.compress(text, zstd.ZstdCompressor.FLUSH_FRAME)
    return delta


def frame_facts(blob: bytes) -> tuple[int, int]:
    """Give the number of a frame's dictionary, 0 for none, and the bytes of its text.

    The first 18 bytes of a frame are enough. Raises :class:`DamagedBlobError` where it is none.
    """
    try:
        found = zstd.get_frame_info(blob[:_FRAME_HEAD_BYTES])
    except zstd.ZstdError as error:
        raise DamagedBlobError(f"the compressed text cannot be read: {error}") from error
    return found.dictionary_id, found.decompressed_size or 0


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
    def _newest(self) -> dict[tuple[Purpose, str], int]:
        return {
            (Purpose.COMPACTING if compacts else Purpose.WRITING, name): number
            for number, name, compacts in self._connection.execute(
                "SELECT id, kind, compacts FROM _dictionaries ORDER BY created_at, id"
            )
        }

    def newest(self, kind: str, purpose: Purpose) -> int | None:
        """Give the number of the dictionary that texts of this kind are written with."""
        return self._newest.get((purpose, kind))

    def add(self, kind: str, dictionary: bytes, texts: int, now: str, purpose: Purpose) -> None:
        """Store a new dictionary of a kind, inside the caller's transaction.

        ``texts`` is how many texts of the kind there are now.
        """
        loaded = zstd.ZstdDict(dictionary)
        # The same samples make the same dictionary, whatever for; one that compacts stays such.
        self._connection.execute(
            "INSERT INTO _dictionaries (id, kind, created_at, dictionary, texts, compacts) "
            "VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET compacts = max(compacts, excluded.compacts)",
            (loaded.dict_id, kind, now, dictionary, texts, purpose is Purpose.COMPACTING),
        )
        self._loaded[loaded.dict_id] = loaded
        self._newest[purpose, kind] = loaded.dict_id
        self._compressors.pop((purpose, kind), None)

    def weight(self, kind: str) -> tuple[int, int]:
        """Give how many texts of a kind there were when its dictionary for writing was trained.

        Beside it the dictionary's bytes; both are 0 where there is none.
        """
        number = self.newest(kind, Purpose.WRITING)
        row = self._connection.execute(
            "SELECT texts, length(dictionary) FROM _dictionaries WHERE id = ?", (number,)
        ).fetchone()
        return (row[0], row[1]) if row else (0, 0)

    def weigh(self, kind: str, texts: int) -> None:
        """Note that at so many texts the dictionary for writing was found to be good enough."""
        self._connection.execute(
            "UPDATE _dictionaries SET texts = ? WHERE id = ?",
            (texts, self.newest(kind, Purpose.WRITING)),
        )

    def compress(self, kind: str, text: bytes, purpose: Purpose = Purpose.WRITING) -> bytes:
        """Compress a text as one frame, with a dictionary of its kind where there is one."""
        number = self.newest(kind, purpose) or self.newest(kind, Purpose.WRITING)
        if number is None:
            return compress_plain(text, purpose)
        compressor = self._compressors.get((purpose, kind))
        if compressor is None:
            compressor = zstd.ZstdCompressor(
                options=purpose.options(), zstd_dict=self._dictionary(number)
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
