"""When a dictionary is trained for texts as they arrive, and on which of them.

The first comes early, so that small archives profit, a larger one when there is enough to learn
from; the texts so far are compressed anew with it. Compressing itself is left to ``blobs.py``, what
compaction trains to ``compaction/``.
"""

from __future__ import annotations

import contextlib
import math
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from target_sqlite_archive.blobs import SAMPLE_BYTES, DamagedBlobError, Dictionaries, train
from target_sqlite_archive.naming import quote
from target_sqlite_archive.shaping import SQLValue
from target_sqlite_archive.sql import base_rowid_of, sha256_of

# Twice as much takes the trainer twice the time, for two bytes in a hundred less.
_SAMPLE_BYTES_PER_DICTIONARY_BYTE = 8


@dataclass(frozen=True, slots=True)
class Training:
    """A dictionary is trained at so many texts of a kind, with one byte for so many of theirs."""

    texts: int
    text_bytes_per_byte: int
    most_bytes: int

    def size(self, text_bytes: int) -> int:
        """Give the bytes that a dictionary for texts of so many bytes should have."""
        return min(self.most_bytes, text_bytes // self.text_bytes_per_byte)


TRAININGS = (Training(100, 16, 112 * 1024), Training(500, 24, 512 * 1024))


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

    def _until_next(self, name: str, kind: SQLValue) -> float:
        """Give how many more texts there must be before a dictionary is to be trained."""
        weighed, _ = self._dictionaries.weight(name)
        training = next((t for t in TRAININGS if t.texts > weighed), None)
        return math.inf if training is None else training.texts - self._count(kind)

    def _train(self, name: str, kind: SQLValue) -> float:
        """Train if that is worth it; give how many more texts to wait for the next time."""
        count = self._count(kind)
        due = [training for training in TRAININGS if training.texts <= count]
        if not due:
            # Rows of this batch are not in the table yet.
            return self._until_next(name, kind)
        training = due[-1]
        samples, size = self._samples(kind, training, count)
        if size < 2 * self._dictionaries.weight(name)[1]:
            self._dictionaries.weigh(name, count)
            return self._until_next(name, kind)
        dictionary = train(samples, size)
        if dictionary is None:
            return count
        self._dictionaries.add(name, dictionary, count, self._now())
        if count <= TRAININGS[-1].texts:
            self._compress_again(name, kind)
        return self._until_next(name, kind)

    def _compress_again(self, name: str, kind: SQLValue) -> None:
        """Give the few texts so far the dictionary that was trained on them."""
        update = f"UPDATE {quote(self._table)} SET {quote(self._column)} = ? WHERE rowid = ?"
        for row_id, text in self._texts(kind, TRAININGS[-1].texts):
            self._connection.execute(update, (self._dictionaries.compress(name, text), row_id))

    def _condition(self, kind: SQLValue) -> tuple[str, tuple[SQLValue, ...]]:
        filled = f"{quote(self._column)} IS NOT NULL"
        if self._kind_column is None:
            return filled, ()
        return f"{filled} AND {quote(self._kind_column)} IS ?", (kind,)

    def _count(self, kind: SQLValue) -> int:
        """Count the texts of a kind, as far as it matters."""
        condition, values = self._condition(kind)
        row = self._connection.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM {quote(self._table)} WHERE {condition} LIMIT ?)",
            (*values, TRAININGS[-1].texts + 1),
        ).fetchone()
        return int(row[0])

    def _samples(self, kind: SQLValue, training: Training, count: int) -> tuple[list[bytes], int]:
        """Give the newest whole texts, as many as training profits from, and its dictionary's size.

        ``count`` is how many texts there are, of which these are as large as any.
        """
        samples: list[bytes] = []
        total = size = 0
        for _, text in self._texts(kind, training.texts):
            samples.append(text[:SAMPLE_BYTES])
            total += len(samples[-1])
            size = training.size(count * total // len(samples))
            if total >= size * _SAMPLE_BYTES_PER_DICTIONARY_BYTE:
                break
        return samples, size

    def _texts(self, kind: SQLValue, most: int) -> Iterator[tuple[int, bytes]]:
        """Give the newest of the texts that are whole and can be read, with their rows."""
        condition, values = self._condition(kind)
        table, column = quote(self._table), quote(self._column)
        newest = self._connection.execute(
            f"SELECT rowid FROM {table} WHERE {condition} "
            f"AND {quote(base_rowid_of(self._column))} IS NULL ORDER BY rowid DESC LIMIT ?",
            (*values, most),
        ).fetchall()
        find = f"SELECT {column}, {quote(sha256_of(self._column))} FROM {table} WHERE rowid = ?"
        for (row_id,) in newest:
            blob, sha256 = self._connection.execute(find, (row_id,)).fetchone()
            # A text that is damaged is `verify`'s to tell, and no reason to keep no others.
            with contextlib.suppress(DamagedBlobError):
                yield row_id, self._dictionaries.read(blob, sha256)


def kind_name(table: str, kind_column: str | None, kind: object) -> str:
    """Name the kind of a row, which its dictionaries are kept under."""
    return table if kind_column is None else str(kind)
