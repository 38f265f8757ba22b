"""Rows against the objects of their payloads: each row is of its payload's object, none is missing.

Which tables hold which objects is data in ``known_tables.py``.
"""

from __future__ import annotations

from collections.abc import Iterator

from target_sqlite_archive.checks.finding import Finding, Level, Rows
from target_sqlite_archive.checks.unfinished import UNFINISHED, being_written
from target_sqlite_archive.internal import ROWS_LEFT_OUT_SINCE
from target_sqlite_archive.known_tables import PAYLOADS, TRACED_BY_TABLE, Traced
from target_sqlite_archive.naming import quote
from target_sqlite_archive.progress import Progress
from target_sqlite_archive.reading import OpenArchive
from target_sqlite_archive.sql import DELETED_AT

_CHECK = "objects"
_AGAIN = "Fetch these objects again by a full refresh"


def check_objects(archive: OpenArchive, progress: Progress) -> Iterator[Finding]:
    """Look for rows that name another object's payload, and for payloads without their row."""
    if not archive.has(PAYLOADS.table, PAYLOADS.key, PAYLOADS.stream, PAYLOADS.record_id):
        what = "the archive has no payloads that name their objects"
        yield Finding(_CHECK, Level.SKIPPED, PAYLOADS.table, what)
        return
    whole = 0
    present = list(_traced(archive))
    for number, known in enumerate(present):
        progress.show("objects of payloads: tables", number, len(present))
        findings = [*_strangers(archive, known), *_rowless(archive, known)]
        whole += not findings
        yield from findings
    what = f"in {whole} of {len(present)} tables rows and payloads are of the same objects"
    yield Finding(_CHECK, Level.OK, PAYLOADS.table, what)


def _traced(archive: OpenArchive) -> Iterator[Traced]:
    """Give the tables whose objects are known, with those that have payloads of their own."""
    payloads = {
        row[0]
        for row in archive.connection.execute(
            f"SELECT DISTINCT {quote(PAYLOADS.stream)} FROM {quote(PAYLOADS.table)}"
        )
    }
    for stream in archive.streams():
        table = stream.table
        if table in TRACED_BY_TABLE:
            if archive.has(table, *TRACED_BY_TABLE[table].object_id):
                yield TRACED_BY_TABLE[table]
        elif table in payloads and stream.keys and archive.has(table, PAYLOADS.pointer):
            yield Traced(table, table, tuple(stream.keys))


def _object_of(known: Traced) -> str:
    return " || ':' || ".join(f"r.{quote(name)}" for name in known.object_id)


def _strangers(archive: OpenArchive, known: Traced) -> Iterator[Finding]:
    if not archive.has(known.table, PAYLOADS.pointer):
        return
    keys = next((s.keys for s in archive.streams() if s.table == known.table), ()) or ("rowid",)
    listed = ", ".join(f"r.{quote(name)}" for name in keys)
    rows = Rows()
    for key in archive.connection.execute(
        f"SELECT {listed} FROM {quote(known.table)} AS r JOIN {quote(PAYLOADS.table)} AS p "
        f"ON p.{quote(PAYLOADS.key)} = r.{quote(PAYLOADS.pointer)} "
        f"WHERE p.{quote(PAYLOADS.stream)} IS NOT ? "
        f"OR p.{quote(PAYLOADS.record_id)} IS NOT {_object_of(known)}",
        (known.stream,),
    ):
        rows.add(key)
    if rows.count:
        where, what = f"{known.table}.{PAYLOADS.pointer}", "rows name a payload of another object"
        yield Finding(_CHECK, Level.WRONG, where, what, rows.count, tuple(rows.first), f"{_AGAIN}.")


def _rowless(archive: OpenArchive, known: Traced) -> Iterator[Finding]:
    if known.table != known.stream:
        return
    unfinished = being_written(archive)
    lost, coming = Rows(), Rows()
    for payload, record_id in archive.connection.execute(
        _rowless_statement(archive, known), (known.stream,)
    ):
        rows = coming if (known.stream, record_id) == unfinished else lost
        rows.add([payload])
    where = f"{PAYLOADS.table} and {known.table}"
    if coming.count:
        yield Finding(_CHECK, Level.NOTE, where, UNFINISHED, coming.count, tuple(coming.first))
    if not lost.count:
        return
    what = f"newest payloads of objects that have no row in {known.table}"
    left_out = archive.connection.execute(
        "SELECT value FROM _meta WHERE key = ?", (ROWS_LEFT_OUT_SINCE,)
    ).fetchone()
    if left_out:
        what += f": `hard_delete` or a stream map has left rows out since {left_out[0]}"
        yield Finding(_CHECK, Level.NOTE, where, what, lost.count, tuple(lost.first))
    else:
        cure = f"{_AGAIN}, with this stream selected."
        yield Finding(_CHECK, Level.WRONG, where, what, lost.count, tuple(lost.first), cure)


def _rowless_statement(archive: OpenArchive, known: Traced) -> str:
    record_id = quote(PAYLOADS.record_id)
    conditions = [
        f"p.{quote(PAYLOADS.stream)} = ?",
        f"p.{record_id} NOT IN (SELECT {_object_of(known)} FROM {quote(known.table)} AS r "
        f"WHERE {_object_of(known)} IS NOT NULL)",
        f"NOT EXISTS (SELECT 1 FROM {quote(PAYLOADS.table)} AS newer WHERE "
        f"newer.{quote(PAYLOADS.stream)} = p.{quote(PAYLOADS.stream)} "
        f"AND newer.{record_id} = p.{record_id} AND newer.rowid > p.rowid)",
    ]
    if archive.has(PAYLOADS.table, DELETED_AT):
        conditions.append(f"p.{quote(DELETED_AT)} IS NULL")
    if known.deletions and archive.has(known.deletions, "id"):
        conditions.append(
            f"NOT EXISTS (SELECT 1 FROM {quote(known.deletions)} AS d WHERE d.id = p.{record_id})"
        )
    return (
        f"SELECT p.{quote(PAYLOADS.key)}, p.{record_id} FROM {quote(PAYLOADS.table)} AS p "
        f"WHERE {' AND '.join(conditions)} ORDER BY p.rowid"
    )
