"""Counts what an archive holds: rows, times, payloads before and after compression, the last state.

How figures are printed is left to ``commands/stats.py``; sizes are bytes, durations seconds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from target_sqlite_archive.blobs import HEAD_BYTES, DamagedBlobError, FrameFacts
from target_sqlite_archive.known_tables import PAYLOADS
from target_sqlite_archive.naming import quote
from target_sqlite_archive.progress import Progress
from target_sqlite_archive.reading import OpenArchive, Stream
from target_sqlite_archive.run_report import report_in
from target_sqlite_archive.sql import DELETED_AT

# Of a table's columns, the first of these that it has says when a row's thing happened.
_HAPPENED = ("created_at", "at", "initiated_at", "deleted_at", "applied_at", "fetched_at")
_ROWS_AT_ONCE = 1_000
_BY_MONTH = """
SELECT substr(c.created_at, 1, 7), count(*) FROM {conversations} AS c
WHERE c.created_at IS NOT NULL GROUP BY 1 ORDER BY 1
"""
_REPLIES = """
SELECT c.statistics_time_to_admin_reply FROM {conversations} AS c
WHERE c.statistics_time_to_admin_reply IS NOT NULL ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class StreamFigures:
    """One stream: ``retired`` rows are gone in the source, ``stored_at`` is its last change here.

    ``read_until`` is the mark up to which the last state says that everything was read.
    """

    stream: str
    rows: int
    retired: int
    oldest: str | None
    newest: str | None
    stored_at: str | None
    read_until: str | None
    owed: int


@dataclass(frozen=True, slots=True)
class PayloadFigures:
    """The payloads of one stream: ``text_bytes`` as they came, ``stored_bytes`` as they are."""

    stream: str
    objects: int
    versions: int
    text_bytes: int
    stored_bytes: int


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of one archive; ``months`` and ``replies`` count conversations.

    ``run_report`` is what the last run's tap left of itself, None where it left nothing.
    """

    file_bytes: int
    free_bytes: int
    dictionary_bytes: int
    created_at: str | None
    committed_at: str | None
    quarantined: int
    streams: tuple[StreamFigures, ...]
    payloads: tuple[PayloadFigures, ...]
    months: Mapping[str, int]
    replies: tuple[int, ...]
    run_report: Mapping[str, object] | None


def gather(archive: OpenArchive, progress: Progress) -> Figures:
    """Count everything, one walk over each table."""
    run = archive.connection.execute
    committed_at, state = _last_state(archive)
    bookmarks = _bookmarks(state)
    streams = archive.streams()
    counted = []
    for number, stream in enumerate(streams):
        progress.show("counting rows: streams", number, len(streams))
        counted.append(_count(archive, stream, bookmarks.get(stream.name, {})))
    created = run("SELECT value FROM _meta WHERE key = 'created_at'").fetchone()
    page_bytes = _number(archive, "PRAGMA page_size")
    return Figures(
        file_bytes=page_bytes * _number(archive, "PRAGMA page_count"),
        free_bytes=page_bytes * _number(archive, "PRAGMA freelist_count"),
        dictionary_bytes=_number(
            archive, "SELECT coalesce(sum(length(dictionary)), 0) FROM _dictionaries"
        ),
        created_at=created[0] if created else None,
        committed_at=committed_at,
        quarantined=_number(archive, "SELECT count(*) FROM _quarantine"),
        streams=tuple(counted),
        payloads=_payloads(archive, progress),
        months=dict(run(archive.fill(_BY_MONTH)).fetchall()),
        replies=tuple(row[0] for row in run(archive.fill(_REPLIES))),
        run_report=report_in(state),
    )


def _number(archive: OpenArchive, statement: str) -> int:
    found: int = archive.connection.execute(statement).fetchone()[0]
    return found


def _last_state(archive: OpenArchive) -> tuple[str | None, object]:
    row = archive.connection.execute(
        "SELECT committed_at, value FROM _states ORDER BY id DESC LIMIT 1"
    ).fetchone()
    if row is None:
        return None, None
    try:
        return row[0], json.loads(row[1])
    except (ValueError, RecursionError):
        return row[0], None


def _bookmarks(state: object) -> Mapping[str, Mapping[str, object]]:
    bookmarks = state.get("bookmarks") if isinstance(state, Mapping) else None
    found = bookmarks if isinstance(bookmarks, Mapping) else {}
    return {name: mark for name, mark in found.items() if isinstance(mark, Mapping)}


def _count(archive: OpenArchive, stream: Stream, bookmark: Mapping[str, object]) -> StreamFigures:
    columns = archive.tables[stream.table]
    happened = next((name for name in _HAPPENED if name in columns), None)
    shown = quote(happened) if happened else "NULL"
    deleted = f"count({quote(DELETED_AT)})" if DELETED_AT in columns else "0"
    received = "max(_sdc_received_at)" if "_sdc_received_at" in columns else "NULL"
    rows, retired, oldest, newest, stored_at = archive.connection.execute(
        f"SELECT count(*), {deleted}, min({shown}), max({shown}), {received} "
        f"FROM {quote(stream.table)}"
    ).fetchone()
    mark, owed = bookmark.get("high_water_mark"), bookmark.get("owed")
    return StreamFigures(
        stream=stream.name,
        rows=rows,
        retired=retired,
        oldest=_text(oldest),
        newest=_text(newest),
        stored_at=_text(stored_at),
        read_until=_text(mark),
        owed=len(owed) if isinstance(owed, list) else 0,
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _payloads(archive: OpenArchive, progress: Progress) -> tuple[PayloadFigures, ...]:
    if not archive.has(PAYLOADS.table, "stream", "record_id", PAYLOADS.text):
        return ()
    table, text = quote(PAYLOADS.table), quote(PAYLOADS.text)
    run = archive.connection.execute
    objects: dict[str, int] = dict(
        run(f"SELECT stream, count(DISTINCT record_id) FROM {table} GROUP BY stream").fetchall()
    )
    total = _number(archive, f"SELECT count(*) FROM {table}")
    sums: dict[str, list[int]] = {}
    last = done = 0
    while rows := run(
        f"SELECT rowid, stream, length({text}), substr({text}, 1, {HEAD_BYTES}) FROM {table} "
        f"WHERE rowid > ? ORDER BY rowid LIMIT {_ROWS_AT_ONCE}",
        (last,),
    ).fetchall():
        progress.show("measuring payloads", done, total)
        for _, stream, stored, header in rows:
            figures = sums.setdefault(stream, [0, 0, 0])
            figures[0] += 1
            figures[1] += _size_before(header)
            figures[2] += stored or 0
        last, done = rows[-1][0], done + len(rows)
    return tuple(
        PayloadFigures(str(stream), objects.get(stream, 0), *figures)
        for stream, figures in sorted(sums.items(), key=lambda entry: str(entry[0]))
    )


def _size_before(header: object) -> int:
    """Give the bytes of a text, which zstd writes into the head of its frame."""
    try:
        return FrameFacts.of(header).text_bytes
    except DamagedBlobError:
        return 0


def middle(values: Sequence[int]) -> int | None:
    """Give the median of sorted values, the lower of two; None where there are none."""
    return values[(len(values) - 1) // 2] if values else None
