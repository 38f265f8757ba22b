"""Compressed texts: every one is read back and compared with its hash; so is every dictionary.

How texts are compressed is ``blobs.py``'s knowledge.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from target_sqlite_archive.blobs import DamagedBlobError, Dictionaries, digest, open_dictionary
from target_sqlite_archive.checks.finding import Finding, Level, Rows
from target_sqlite_archive.known_tables import PAYLOADS
from target_sqlite_archive.naming import quote
from target_sqlite_archive.progress import Progress
from target_sqlite_archive.reading import OpenArchive, Stream

_CHECK = "payloads"
# A read that lasts keeps a writer from folding its log, so the table is read in pieces.
_ROWS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class _Stored:
    """A compressed text as it is stored; ``told`` is the hash (hex) that the tap sent with it."""

    key: tuple[object, ...]
    blob: object
    sha256: object
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
        for column in _compressed_columns(archive, stream):
            yield from _check_column(archive, dictionaries, stream, column, progress)
    yield from _check_lines(archive, dictionaries)


def _compressed_columns(archive: OpenArchive, stream: Stream) -> list[str]:
    columns = archive.tables[stream.table]
    return [
        name
        for name in columns
        if f"_{name}_sha256" in columns and f"_{name}_emptied_at" in columns
    ]


def _check_column(
    archive: OpenArchive,
    dictionaries: Dictionaries,
    stream: Stream,
    column: str,
    progress: Progress,
) -> Iterator[Finding]:
    where = f"{stream.table}.{column}"
    total = archive.connection.execute(f"SELECT count(*) FROM {quote(stream.table)}").fetchone()[0]
    damaged, missing, differing, emptied = Rows(), Rows(), Rows(), Rows()
    texts = size = 0
    for stored in _read(archive, stream, column):
        if stored.blob is None:
            if stored.emptied_at is not None:
                emptied.add(stored.key)
            elif stored.sha256 is not None:
                missing.add(stored.key)
            continue
        texts += 1
        progress.show(where, texts, total)
        try:
            text = dictionaries.read(_bytes(stored.blob), _bytes(stored.sha256))
        except DamagedBlobError:
            damaged.add(stored.key)
            continue
        size += len(text)
        if stored.told is not None and stored.told != digest(text).hex():
            differing.add(stored.key)
    for rows, what in (
        (damaged, "texts cannot be read, or differ from their hash"),
        (missing, "texts are not there, though their hash is"),
        (differing, f"texts differ from the `{PAYLOADS.sha256}` that came with them"),
    ):
        if rows.count:
            cure = "Restore the file from a backup, or fetch these objects again by a full refresh."
            yield Finding(_CHECK, Level.WRONG, where, what, rows.count, tuple(rows.first), cure)
    if emptied.count:
        what = "texts were emptied for a redaction; their hashes are kept"
        yield Finding(_CHECK, Level.NOTE, where, what, emptied.count)
    good = texts - damaged.count - differing.count
    yield Finding(_CHECK, Level.OK, where, f"{good:,} texts ({size:,} bytes) equal their hashes")


def _read(archive: OpenArchive, stream: Stream, column: str) -> Iterator[_Stored]:
    known = (stream.table, column) == (PAYLOADS.table, PAYLOADS.text)
    told = PAYLOADS.sha256 if known and archive.has(stream.table, PAYLOADS.sha256) else None
    parts = [quote(name) for name in (column, f"_{column}_sha256", f"_{column}_emptied_at")]
    parts += [quote(told) if told else "NULL", *map(quote, stream.keys or ("rowid",))]
    statement = (
        f"SELECT rowid, {', '.join(parts)} FROM {quote(stream.table)} "
        f"WHERE rowid > ? ORDER BY rowid LIMIT {_ROWS_AT_ONCE}"
    )
    last, more = 0, True
    while more:
        more = False
        for row_id, blob, sha256, emptied_at, hexed, *key in archive.connection.execute(
            statement, (last,)
        ):
            last, more = row_id, True
            yield _Stored(tuple(key), blob, sha256, emptied_at, hexed)


def _bytes(value: object) -> bytes:
    """What another program has put in place of bytes is no frame, and matches no hash."""
    return value if isinstance(value, bytes) else b""


def _check_lines(archive: OpenArchive, dictionaries: Dictionaries) -> Iterator[Finding]:
    damaged = Rows()
    for number, line, sha256 in archive.connection.execute(
        "SELECT id, line, sha256 FROM _quarantine"
    ):
        try:
            dictionaries.read(_bytes(line), _bytes(sha256))
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
