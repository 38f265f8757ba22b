"""Links between rows: each row to the payload it came from, and declared references.

A row without its payload cannot be proven, so it is wrong. A reference that points nowhere is only
named: what it points at may be gone, not selected, or still to come.
"""

from __future__ import annotations

from collections.abc import Iterator

from target_sqlite_archive.checks.finding import Finding, Level, Rows
from target_sqlite_archive.internal import OLDER_DROPPED_SINCE
from target_sqlite_archive.known_tables import PAYLOADS
from target_sqlite_archive.naming import quote
from target_sqlite_archive.progress import Progress
from target_sqlite_archive.reading import OpenArchive, Stream


def check_traces(archive: OpenArchive, progress: Progress) -> Iterator[Finding]:
    """Look for rows that name a payload which is not in the archive, or name none."""
    pointer = PAYLOADS.pointer
    traced = [s for s in archive.streams() if archive.has(s.table, pointer)]
    if not archive.has(PAYLOADS.table, PAYLOADS.key):
        what = f"the archive has no payloads: {len(traced)} tables cannot be traced"
        yield Finding("traces", Level.SKIPPED, PAYLOADS.table, what)
        return
    dropped = archive.connection.execute(
        "SELECT value FROM _meta WHERE key = ?", (OLDER_DROPPED_SINCE,)
    ).fetchone()
    whole = 0
    for number, stream in enumerate(traced):
        progress.show("rows traced to payloads: tables", number, len(traced))
        where = f"{stream.table}.{pointer}"
        lost = _untraced(archive, stream, f"{quote(pointer)} IS NOT NULL")
        unnamed = _untraced(archive, stream, f"{quote(pointer)} IS NULL")
        for rows, what, excused in (
            (lost, "rows name a payload that is not in the archive", dropped is not None),
            (unnamed, "rows name no payload", False),
        ):
            if rows.count and excused:
                told = f"{what}: `payload_history: latest` has dropped older ones since "
                yield Finding(
                    "traces",
                    Level.NOTE,
                    where,
                    f"{told}{dropped[0]}",
                    rows.count,
                    tuple(rows.first),
                )
            elif rows.count:
                cure = "Fetch these objects again by a full refresh, or restore the file."
                yield Finding(
                    "traces", Level.WRONG, where, what, rows.count, tuple(rows.first), cure
                )
        whole += not lost.count and not unnamed.count
    what = f"in {whole} of {len(traced)} tables every row traces to its payload"
    yield Finding("traces", Level.OK, pointer, what)


def _untraced(archive: OpenArchive, stream: Stream, condition: str) -> Rows:
    listed = ", ".join(map(quote, stream.keys or ("rowid",)))
    rows = Rows()
    for key in archive.connection.execute(
        f"SELECT {listed} FROM {quote(stream.table)} WHERE {condition} AND NOT EXISTS "
        f"(SELECT 1 FROM {quote(PAYLOADS.table)} AS payloads WHERE payloads.{quote(PAYLOADS.key)} "
        f"= {quote(stream.table)}.{quote(PAYLOADS.pointer)})"
    ):
        rows.add(key)
    return rows


def check_references(archive: OpenArchive, progress: Progress) -> Iterator[Finding]:
    """Count the rows whose declared references point at nothing; name what is not there at all."""
    whole = orphaned = 0
    streams = archive.streams()
    for number, stream in enumerate(streams):
        progress.show("references: tables", number, len(streams))
        for link in archive.connection.execute(
            f"PRAGMA foreign_key_list({quote(stream.table)})"
        ).fetchall():
            parent, column, target = link[2], link[3], link[4]
            if column == PAYLOADS.pointer:
                continue
            where = f"{stream.table}.{column}"
            if not archive.has(parent, target):
                what = f"points at {parent}.{target}, which the archive does not have"
                yield Finding("references", Level.SKIPPED, where, what)
                continue
            rows = _orphans(archive, stream, column, parent, target)
            if rows.count:
                orphaned += 1
                what = f"values are not in {parent}.{target}"
                yield Finding("references", Level.NOTE, where, what, rows.count, tuple(rows.first))
            else:
                whole += 1
    what = f"{whole} point at rows that are there, {orphaned} have orphans"
    yield Finding("references", Level.OK, "declared references", what)


def _orphans(archive: OpenArchive, stream: Stream, column: str, parent: str, target: str) -> Rows:
    listed = ", ".join(f"child.{quote(name)}" for name in stream.keys or ("rowid",))
    rows = Rows()
    for key in archive.connection.execute(
        f"SELECT {listed} FROM {quote(stream.table)} AS child "
        f"LEFT JOIN {quote(parent)} AS parent ON parent.{quote(target)} = child.{quote(column)} "
        f"WHERE child.{quote(column)} IS NOT NULL AND parent.{quote(target)} IS NULL"
    ):
        rows.add(key)
    return rows
