"""Children against the counters of their parents: as many as came, and all where all came.

Which tables count which is data in ``known_tables.py``. What the provider held back itself is
named with both numbers and is not wrong.
"""

from __future__ import annotations

from collections.abc import Iterator

from target_sqlite_archive.checks.finding import Finding, Level, Rows
from target_sqlite_archive.checks.unfinished import UNFINISHED, being_written
from target_sqlite_archive.known_tables import COUNTED, PAYLOADS, Counted
from target_sqlite_archive.naming import quote
from target_sqlite_archive.progress import Progress
from target_sqlite_archive.reading import OpenArchive
from target_sqlite_archive.sql import DELETED_AT

_CHECK = "counters"
_AGAIN = "Fetch these objects again by a full refresh."


def check_counters(archive: OpenArchive, progress: Progress) -> Iterator[Finding]:
    """Compare every counted table that the archive has with its children."""
    for number, counted in enumerate(COUNTED):
        progress.show("counters: tables", number, len(COUNTED))
        absent = _absent(archive, counted)
        if absent:
            what = f"cannot be counted without {', '.join(absent)}"
            yield Finding(_CHECK, Level.SKIPPED, f"{counted.table} and {counted.child}", what)
        else:
            yield from _compare(archive, counted)


def _absent(archive: OpenArchive, counted: Counted) -> list[str]:
    wanted = {
        counted.table: (counted.key, counted.returned, counted.total, counted.truncated),
        counted.child: (counted.child_key,),
    }
    missing = [name for name in wanted if name not in archive.tables]
    return missing or [
        f"{table}.{column}"
        for table, columns in wanted.items()
        for column in columns
        if not archive.has(table, column)
    ]


def _compare(archive: OpenArchive, counted: Counted) -> Iterator[Finding]:
    few, other, cut, coming = Rows(), Rows(), Rows(), Rows()
    parents = 0
    unfinished = being_written(archive)
    for key, returned, total, truncated, archived, current in archive.connection.execute(
        _statement(archive, counted)
    ):
        parents += 1
        if (counted.table, key) == unfinished and current != returned:
            coming.add([key])
        elif returned is not None and current < returned:
            few.add([key], f" ({current} of {returned})")
        elif truncated:
            cut.add([key], f" ({archived} of {total})")
        elif total is not None and current != total:
            other.add([key], f" ({current} of {total})")
    where = f"{counted.table} and {counted.child}"
    if few.count:
        what = f"have fewer {counted.child} in the archive than came with them"
        yield Finding(_CHECK, Level.WRONG, where, what, few.count, tuple(few.first), _AGAIN)
    if other.count:
        what = f"came whole, but their {counted.child} are not as many as `{counted.total}` says"
        yield Finding(_CHECK, Level.WRONG, where, what, other.count, tuple(other.first), _AGAIN)
    if cut.count:
        what = f"have more {counted.child} than the provider gives out; these are archived"
        yield Finding(_CHECK, Level.NOTE, where, what, cut.count, tuple(cut.first))
    if coming.count:
        yield Finding(_CHECK, Level.NOTE, where, UNFINISHED, coming.count, tuple(coming.first))
    good = parents - few.count - other.count - cut.count - coming.count
    yield Finding(_CHECK, Level.OK, where, f"{good:,} of {parents:,} are whole")


def _statement(archive: OpenArchive, counted: Counted) -> str:
    parent, child = quote(counted.table), quote(counted.child)
    key, child_key = quote(counted.key), quote(counted.child_key)
    pointer = PAYLOADS.pointer
    # Children of older versions stay in the archive; those of the newest share its payload.
    traced = archive.has(counted.table, pointer) and archive.has(counted.child, pointer)
    current = f"c.{quote(pointer)} IS p.{quote(pointer)}" if traced else "1"
    gone = f"p.{quote(DELETED_AT)} IS NULL" if archive.has(counted.table, DELETED_AT) else "1"
    return (
        f"SELECT p.{key}, p.{quote(counted.returned)}, p.{quote(counted.total)}, "
        f"p.{quote(counted.truncated)}, coalesce(n.archived, 0), coalesce(n.current, 0) "
        f"FROM {parent} AS p LEFT JOIN (SELECT c.{child_key} AS parent, count(*) AS archived, "
        f"sum({current}) AS current FROM {child} AS c JOIN {parent} AS p "
        f"ON p.{key} = c.{child_key} GROUP BY 1) AS n ON n.parent = p.{key} WHERE {gone}"
    )
