"""`sqlite-archive stats`: what is in an archive, how much of it, and how fresh it is.

Counting is ``figures.py``'s.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from target_sqlite_archive.charts import bars, table
from target_sqlite_archive.documents.fields import duration
from target_sqlite_archive.figures import Figures, PayloadFigures, StreamFigures, gather, middle
from target_sqlite_archive.output import Form, as_json, form_options, minute, one_line, write_rows
from target_sqlite_archive.progress import Progress
from target_sqlite_archive.reading import open_archive
from target_sqlite_archive.rendering.facts import size
from target_sqlite_archive.run_report import report_lines

_COLUMNS = tuple(StreamFigures.__dataclass_fields__)
_MOST_MONTHS = 24
_REPLY_TIMES = (
    ("under 5 min", 300),
    ("under 15 min", 900),
    ("under 1 h", 3_600),
    ("under 4 h", 14_400),
    ("under 1 day", 86_400),
    ("under 3 days", 259_200),
)
_LATER = "later"


@click.command()
@click.argument("archive", type=click.Path(path_type=Path))
@form_options
def stats(archive: Path, form: Form) -> None:
    """Tell what is in ARCHIVE, how much, and how fresh it is.

    Counts rows and their times, bytes, the volume by month, and how fast replies came, and repeats
    the report that the last run's tap left in its state.

    \b
        sqlite-archive stats archive.db
        sqlite-archive stats archive.db --csv      one line a stream
        sqlite-archive stats archive.db --json     everything

    `read until` is the mark up to which the last committed state says that all was read, `owed`
    what it still has to fetch. It may be run while the archive is being written.
    """
    progress = Progress(sys.stderr, time.monotonic)
    with open_archive(archive) as reading:
        figures = gather(reading, progress)
    progress.clear()
    if form is Form.JSON:
        click.echo(as_json(_as_object(figures)))
    elif form is not Form.PEOPLE:
        write_rows(form, _COLUMNS, map(asdict, figures.streams))
    else:
        for line in _as_text(archive, figures):
            click.echo(line)


def _as_object(figures: Figures) -> dict[str, object]:
    return {
        **asdict(figures),
        "replies": {
            "counted": len(figures.replies),
            "median_seconds": middle(figures.replies),
            "within": _reply_times(figures.replies),
        },
    }


def _as_text(archive: Path, figures: Figures) -> Iterator[str]:
    yield click.style(str(archive), bold=True)
    yield from (f"  {line}" for line in _file(figures))
    yield ""
    yield from table([*_stream_rows(figures.streams)], right=(1, 2, 6))
    if figures.payloads:
        yield ""
        yield from table([*_payload_rows(figures.payloads)], right=(1, 2, 3, 4, 5))
    yield ""
    yield from _last_run(figures)
    if figures.months:
        yield ""
        months = dict(list(figures.months.items())[-_MOST_MONTHS:])
        more = ", the last two years" if len(months) < len(figures.months) else ""
        yield click.style(f"Conversations by month{more}", bold=True)
        yield from bars({one_line(month): count for month, count in months.items()})
    if figures.replies:
        yield ""
        half = duration({"seconds": middle(figures.replies)}, "seconds")
        yield click.style(f"First reply of a teammate: half came within {half}", bold=True)
        yield from bars(_reply_times(figures.replies))


def _file(figures: Figures) -> Iterator[str]:
    free = f", {size(figures.free_bytes)} of it free" if figures.free_bytes else ""
    yield f"{size(figures.file_bytes)}{free}; begun {minute(figures.created_at)}"
    before = sum(payload.text_bytes for payload in figures.payloads)
    after = sum(payload.stored_bytes for payload in figures.payloads) + figures.dictionary_bytes
    if before and after:
        yield (
            f"payloads: {size(before)} as they came, {size(after)} as kept with dictionaries "
            f"({before / after:.1f} times smaller)"
        )
    if figures.committed_at is None:
        yield "no run has committed a state"
    else:
        owed = sum(stream.owed for stream in figures.streams)
        yield f"last state committed {minute(figures.committed_at)}, {owed:,} objects owed"
    if figures.quarantined:
        yield f"{figures.quarantined:,} records in quarantine: `sqlite-archive verify` lists them"


def _last_run(figures: Figures) -> Iterator[str]:
    if figures.run_report is None:
        yield "The last run left no report: it was stopped, or its tap makes none."
        return
    yield click.style("The last run, as its tap reported", bold=True)
    yield from (f"  {line}".rstrip() for line in report_lines(figures.run_report))


def _stream_rows(streams: Sequence[StreamFigures]) -> Iterator[Sequence[str]]:
    yield ("stream", "rows", "retired", "oldest", "newest", "read until", "owed", "last stored")
    for stream in streams:
        yield (
            one_line(stream.stream),
            f"{stream.rows:,}",
            f"{stream.retired:,}" if stream.retired else "",
            _day(stream.oldest),
            _day(stream.newest),
            minute(stream.read_until) if stream.read_until else "",
            f"{stream.owed:,}" if stream.owed else "",
            minute(stream.stored_at) if stream.stored_at else "",
        )


def _payload_rows(payloads: Sequence[PayloadFigures]) -> Iterator[Sequence[str]]:
    yield ("payloads of", "objects", "versions", "as they came", "as kept", "times smaller")
    for payload in payloads:
        ratio = payload.text_bytes / payload.stored_bytes if payload.stored_bytes else 0
        yield (
            one_line(payload.stream),
            f"{payload.objects:,}",
            f"{payload.versions:,}",
            size(payload.text_bytes),
            size(payload.stored_bytes),
            f"{ratio:.1f}",
        )


def _reply_times(replies: Sequence[int]) -> Mapping[str, int]:
    counts = dict.fromkeys([*(name for name, _ in _REPLY_TIMES), _LATER], 0)
    for seconds in replies:
        counts[next((name for name, limit in _REPLY_TIMES if seconds < limit), _LATER)] += 1
    return counts


def _day(at: str | None) -> str:
    return one_line(at)[:10] if at else ""
