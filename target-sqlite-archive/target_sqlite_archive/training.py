"""When a dictionary is trained for texts as they arrive, and on which of them.

The first comes early, so that small archives profit, a larger one when there is enough to learn
from. Compressing itself is left to ``blobs.py``, what compaction trains to ``compaction.py``.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from target_sqlite_archive.blobs import Dictionaries, Purpose, train
from target_sqlite_archive.naming import quote
from target_sqlite_archive.shaping import SQLValue
from target_sqlite_archive.sql import base_rowid_of, sha256_of

# The trainer gains little from more than this.
_SAMPLE_BYTES_PER_DICTIONARY_BYTE = 24


@dataclass(frozen=True, slots=True)
class Training:
    """A dictionary is trained at so many texts of a kind, with one byte for so many of theirs."""

    texts: int
    text_bytes_per_byte: int
    most_bytes: int

    def size(self, text_bytes: int) -> int:
        """Give the bytes that a dictionary for texts of so many bytes should have."""
        return min(self.most_bytes, text_bytes // self.text_bytes_per_byte)

    @property
    def most_sample_bytes(self) -> int:
        """What the samples should have together at most."""
        return self.most_bytes * _SAMPLE_BYTES_PER_DICTIONARY_BYTE


TRAININGS = (Training(200, 16, 112 * 1024), Training(1_000, 64, 256 * 1024))


class KindDictionaries:
    """Compresses the texts of one column and trains dictionaries per kind when there is enough.

    ``kind_column`` is the column that says a row's kind; None makes the whole table one kind.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        dictionaries: Dictionaries,
        table: str,
        column: str,
        kind_column: str | None,
        now: Callable[[], str],
    ) -> None:
        """Work on one column of one table."""
        self._connection = connection
        self._dictionaries = dictionaries
        self._table = table
        self._column = column
        self._kind_column = kind_column
        self._now = now
        self._left: dict[str, float] = {}

    def compress(self, kind: SQLValue, text: bytes) -> bytes:
        """Compress a text, after training where this kind has just become worth it."""
        name = kind_name(self._table, self._kind_column, kind)
        left = self._left.get(name)
        if left is None:
            left = self._until_next(name, kind)
        if left <= 0:
            left = self._train(name, kind)
        self._left[name] = left - 1
        return self._dictionaries.compress(name, text)

    def _next(self, name: str) -> Training | None:
        weighed, _ = self._dictionaries.weight(name)
        return next((training for training in TRAININGS if training.texts > weighed), None)

    def _until_next(self, name: str, kind: SQLValue) -> float:
        training = self._next(name)
        return math.inf if training is None else training.texts - self._count(kind, training.texts)

    def _train(self, name: str, kind: SQLValue) -> float:
        training = self._next(name)
        if training is None:
            return math.inf
        count = self._count(kind, training.texts)
        samples = self._samples(kind, training)
        size = training.size(count * sum(map(len, samples)) // max(1, len(samples)))
        if size < 2 * self._dictionaries.weight(name)[1]:
            self._dictionaries.weigh(name, count)
            return self._until_next(name, kind)
        dictionary = train(samples, size)
        if dictionary is None:
            return count
        self._dictionaries.add(name, dictionary, count, self._now(), Purpose.WRITING)
        return self._until_next(name, kind)

    def _condition(self, kind: SQLValue) -> tuple[str, tuple[SQLValue, ...]]:
        filled = f"{quote(self._column)} IS NOT NULL"
        if self._kind_column is None:
            return filled, ()
        return f"{filled} AND {quote(self._kind_column)} IS ?", (kind,)

    def _count(self, kind: SQLValue, most: int) -> int:
        condition, values = self._condition(kind)
        row = self._connection.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM {quote(self._table)} WHERE {condition} LIMIT ?)",
            (*values, most),
        ).fetchone()
        return int(row[0])

    def _samples(self, kind: SQLValue, training: Training) -> list[bytes]:
        """Give the newest whole texts, as many as training profits from."""
        condition, values = self._condition(kind)
        rows = self._connection.execute(
            f"SELECT {quote(self._column)}, {quote(sha256_of(self._column))} "
            f"FROM {quote(self._table)} WHERE {condition} "
            f"AND {quote(base_rowid_of(self._column))} IS NULL ORDER BY rowid DESC LIMIT ?",
            (*values, training.texts),
        )
        samples: list[bytes] = []
        left = training.most_sample_bytes
        for blob, sha256 in rows:
            samples.append(self._dictionaries.read(blob, sha256))
            left -= len(samples[-1])
            if left <= 0:
                break
        return samples


def kind_name(table: str, kind_column: str | None, kind: object) -> str:
    """Name the kind of a row, which its dictionaries are kept under."""
    return table if kind_column is None else str(kind)
