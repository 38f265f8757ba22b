"""Compressed texts: every one is read back and compared with its hash; so is every dictionary.

How texts are compressed is ``blobs.py``'s knowledge, how deltas hang together ``chains.py``'s.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from target_sqlite_archive.blobs import DamagedBlobError, Dictionaries, digest, open_dictionary
from target_sqlite_archive.chains import (
    BrokenChainError,
    Chains,
    CompressedColumn,
    Frame,
    compressed_columns,
    line_up,
    quarantined,
)
from target_sqlite_archive.checks.finding import Finding, Level, Rows
from target_sqlite_archive.known_tables import PAYLOADS
from target_sqlite_archive.naming import quote
from target_sqlite_archive.progress import Progress
from target_sqlite_archive.reading import OpenArchive, Stream
from target_sqlite_archive.sql import base_rowid_of, emptied_at_of, sha256_of

_CHECK = "payloads"
# A read that lasts keeps a writer from folding its log, so the table is read in pieces.
_ROWS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class _Stored:
    """A row of a compressed column; ``told`` is the hash (hex) that the tap sent with its text.

    ``frame`` is None where the row has no text, ``expected`` says that its hash is there all the
    same.
    """

    key: tuple[object, ...]
    frame: Frame | None
    expected: bool
    emptied_at: str | None
    told: str | None


def check_dictionaries(archive: OpenArchive, progress: Progress) -> Iterator[Finding]:
    """Load every dictionary and compare its own number with the one it is kept under."""
    bad, total = Rows(), 0
    for number, content in archive.connection.execute("SELECT id, dictionary FROM _dictionaries"):
        total += 1
        try:
            usable = open_dictionary(content).dict_id == number
        except DamagedBlobError:
            usable = False
        if not usable:
            bad.add([number])
    if bad.count:
        yield Finding(
            "dictionaries",
            Level.WRONG,
            "_dictionaries",
            "dictionaries cannot be read, nor can the texts compressed with them",
            bad.count,
            tuple(bad.first),
            cure="Restore the file from a backup.",
        )
    else:
        yield Finding("dictionaries", Level.OK, "_dictionaries", f"{total:,} can be read")


def check_payloads(archive: OpenArchive, progress: Progress) -> Iterator[Finding]:
    """Read every compressed text back, in all tables."""
    dictionaries = Dictionaries(archive.connection)
    for stream in archive.streams():
        for column in compressed_columns(archive.connection, stream.table):
            yield from _check_column(archive, dictionaries, stream, column, progress)
    yield from _check_lines(archive, dictionaries)


def _check_column(
    archive: OpenArchive,
    dictionaries: Dictionaries,
    stream: Stream,
    column: CompressedColumn,
    progress: Progress,
) -> Iterator[Finding]:
    where = f"{stream.table}.{column.name}"
    total = archive.connection.execute(f"SELECT count(*) FROM {quote(stream.table)}").fetchone()[0]
    chains = Chains(archive.connection, dictionaries, column)
    line_up(archive.connection, column, by_object=chains.any_delta())
    damaged, broken, missing, differing, emptied = Rows(), Rows(), Rows(), Rows(), Rows()
    texts = deltas = size = 0
    for stored in _read(archive, stream, column):
        if stored.frame is None:
            if stored.emptied_at is not None:
                emptied.add(stored.key)
            elif stored.expected:
                missing.add(stored.key)
            continue
        texts += 1
        progress.show(where, texts, total)
        try:
            text = chains.text(stored.frame)
        except BrokenChainError:
            broken.add(stored.key)
            continue
        except DamagedBlobError:
            damaged.add(stored.key)
            continue
        size += len(text)
        deltas += stored.frame.base is not None
        if stored.told is not None and stored.told != digest(text).hex():
            differing.add(stored.key)
    for rows, what in (
        (damaged, "texts cannot be read, or differ from their hash"),
        (broken, "texts are deltas on a newer version that is damaged or not there"),
        (missing, "texts are not there, though their hash is"),
        (differing, f"texts differ from the `{PAYLOADS.sha256}` that came with them"),
    ):
        if rows.count:
            cure = "Restore the file from a backup, or fetch these objects again by a full refresh."
            yield Finding(_CHECK, Level.WRONG, where, what, rows.count, tuple(rows.first), cure)
    if emptied.count:
        what = "texts were emptied for a redaction; their hashes are kept"
        yield Finding(_CHECK, Level.NOTE, where, what, emptied.count)
    good = texts - damaged.count - broken.count - differing.count
    told = f", {deltas:,} of them as deltas" if deltas else ""
    what = f"{good:,} texts ({size:,} bytes){told} equal their hashes"
    yield Finding(_CHECK, Level.OK, where, what)


def _read(archive: OpenArchive, stream: Stream, column: CompressedColumn) -> Iterator[_Stored]:
    known = (stream.table, column.name) == (PAYLOADS.table, PAYLOADS.text)
    told = PAYLOADS.sha256 if known and archive.has(stream.table, PAYLOADS.sha256) else None
    names = [column.name, sha256_of(column.name), emptied_at_of(column.name)]
    names += stream.keys or ("rowid",)
    base = f"s.{quote(base_rowid_of(column.name))}" if column.has_deltas else "NULL"
    hexed = f"s.{quote(told)}" if told else "NULL"
    statement = (
        f"SELECT o.place, s.rowid, {base}, {hexed}, {', '.join(f's.{quote(n)}' for n in names)} "
        f"FROM temp._order AS o JOIN {quote(stream.table)} AS s ON s.rowid = o.row_id "
        f"WHERE o.place > ? ORDER BY o.place LIMIT {_ROWS_AT_ONCE}"
    )
    last, more = 0, True
    while more:
        more = False
        for place, row_id, base_id, hexed_sha, blob, sha256, emptied_at, *key in _at_once(
            archive.connection, statement, last
        ):
            last, more = place, True
            frame = None if blob is None else Frame.stored(row_id, blob, sha256, base_id)
            yield _Stored(tuple(key), frame, sha256 is not None, emptied_at, hexed_sha)


def _at_once(connection: sqlite3.Connection, statement: str, last: int) -> Iterator[Sequence[Any]]:
    """Give rows; what is looked up beside them is in one and the same state of the file."""
    connection.execute("BEGIN")
    try:
        yield from connection.execute(statement, (last,))
    finally:
        connection.execute("ROLLBACK")


def _check_lines(archive: OpenArchive, dictionaries: Dictionaries) -> Iterator[Finding]:
    damaged = Rows()
    for number, line, sha256 in archive.connection.execute(
        "SELECT id, line, sha256 FROM _quarantine"
    ):
        try:
            quarantined(dictionaries, number, line, sha256)
        except DamagedBlobError:
            damaged.add([number])
    if damaged.count:
        yield Finding(
            _CHECK,
            Level.WRONG,
            "_quarantine.line",
            "quarantined lines cannot be read, or differ from their hash",
            damaged.count,
            tuple(damaged.first),
            cure="Restore the file from a backup.",
        )
