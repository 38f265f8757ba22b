"""What texts an archive has, by kind, and which dictionaries to compact them with.

Nothing is written here.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from target_sqlite_archive.blobs import (
    HEAD_BYTES,
    SAMPLE_BYTES,
    DamagedBlobError,
    Dictionaries,
    FrameFacts,
    train,
)
from target_sqlite_archive.chains import Chains, CompressedColumn, compressed_columns, line_up
from target_sqlite_archive.naming import quote
from target_sqlite_archive.progress import Progress
from target_sqlite_archive.sql import base_rowid_of
from target_sqlite_archive.training import Training, kind_name

TRAINING = Training(texts=100, text_bytes_per_byte=200, most_bytes=1024 * 1024)
# Time matters less than on arrival, memory does.
_SAMPLE_BYTES_PER_DICTIONARY_BYTE = 32
_MOST_SAMPLE_BYTES = 12 * 1024 * 1024
_MOST_SAMPLES = 4_096
_ROWS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Listed:
    """A text in its place among the versions of its object, the newest first.

    ``kind`` is what its dictionary is kept under; ``facts`` are None where its frame is damaged.
    """

    place: int
    row_id: int
    kind: str
    base: int | None
    facts: FrameFacts | None
    is_newest: bool

    def is_settled(self, dictionaries: Dictionaries) -> bool:
        """Whether its frame is compacted already, with the dictionary that is its kind's now."""
        facts = self.facts
        return (
            facts is not None
            and facts.is_compacted
            and facts.dictionary == dictionaries.newest(self.kind)
        )


@dataclass(slots=True)
class Kind:
    """The texts of one kind; among the newest versions, those ``settled`` are compacted already."""

    texts: int = 0
    newest: int = 0
    newest_bytes: int = 0
    settled: int = 0
    samples: list[tuple[CompressedColumn, int]] = field(default_factory=list)


def listed(connection: sqlite3.Connection, column: CompressedColumn) -> Iterator[Listed]:
    """Give every text of a column, after :func:`line_up` by object."""
    of = ", ".join(f"s.{quote(name)}" for name in column.of) or "s.rowid"
    base = f"s.{quote(base_rowid_of(column.name))}" if column.has_deltas else "NULL"
    statement = (
        f"SELECT o.place, s.rowid, substr(s.{quote(column.name)}, 1, {HEAD_BYTES}), {base}, {of} "
        f"FROM temp._order AS o JOIN {quote(column.table)} AS s ON s.rowid = o.row_id "
        f"WHERE o.place > ? AND s.{quote(column.name)} IS NOT NULL ORDER BY o.place LIMIT ?"
    )
    place, last_object = 0, None
    while rows := connection.execute(statement, (place, _ROWS_AT_ONCE)).fetchall():
        for place, row_id, head, base_id, *named in rows:
            kind = kind_name(column.table, column.kind_column, named[0])
            try:
                facts = FrameFacts.of(head)
            except DamagedBlobError:
                facts = None
            is_newest, last_object = named != last_object, named
            yield Listed(place, row_id, kind, base_id, facts, is_newest)


def all_columns(connection: sqlite3.Connection) -> list[CompressedColumn]:
    """Give the compressed columns of all streams' tables that are there."""
    tables = connection.execute(
        "SELECT table_name FROM _streams JOIN sqlite_master ON name = table_name "
        "WHERE type = 'table' ORDER BY table_name"
    ).fetchall()
    return [c for (table,) in tables for c in compressed_columns(connection, table)]


def survey(
    connection: sqlite3.Connection,
    dictionaries: Dictionaries,
    columns: Sequence[CompressedColumn],
    progress: Progress,
) -> dict[str, Kind]:
    """Count the newest versions of each kind and choose some to train on."""
    kinds: dict[str, Kind] = {}
    # The same archive is compacted in the same way each time.
    chance = random.Random(0)
    for column in columns:
        rows = line_up(connection, column, by_object=True)
        for text in listed(connection, column):
            progress.show(f"looking at {column.table}.{column.name}", text.place, rows)
            kind = kinds.setdefault(text.kind, Kind())
            kind.texts += 1
            if not text.is_newest or text.facts is None or text.base is not None:
                continue
            kind.newest += 1
            kind.newest_bytes += text.facts.text_bytes
            kind.settled += text.is_settled(dictionaries)
            if len(kind.samples) < _MOST_SAMPLES:
                kind.samples.append((column, text.row_id))
            elif (place := chance.randrange(kind.newest)) < _MOST_SAMPLES:
                kind.samples[place] = (column, text.row_id)
    return kinds


def needs_dictionary(kind: Kind) -> bool:
    """Whether most texts of a kind have come since its dictionary was trained."""
    return kind.newest >= TRAINING.texts and kind.newest - kind.settled > kind.settled


def train_for(
    connection: sqlite3.Connection, dictionaries: Dictionaries, kind: Kind
) -> bytes | None:
    """Train a dictionary on a kind's newest versions; None where they have too little."""
    size = TRAINING.size(kind.newest_bytes)
    left = min(size * _SAMPLE_BYTES_PER_DICTIONARY_BYTE, _MOST_SAMPLE_BYTES)
    samples: list[bytes] = []
    random.Random(0).shuffle(kind.samples)
    for column, row_id in kind.samples:
        chains = Chains(connection, dictionaries, column)
        frame = chains.frame(row_id)
        try:
            text = chains.text(frame) if frame else b""
        except DamagedBlobError:
            continue
        samples.append(text[:SAMPLE_BYTES])
        left -= len(samples[-1])
        if left <= 0:
            break
    return train(samples, size)
