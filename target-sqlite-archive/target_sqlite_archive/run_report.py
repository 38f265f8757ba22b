"""The report of a run that a tap has left in its STATE, as `run_report` beside the bookmarks.

Any tap may leave one: an object of figures, its `streams` an object of figures for each stream.
What the figures mean is the tap's to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from target_sqlite_archive.charts import table
from target_sqlite_archive.output import one_line

_KEY, _STREAMS = "run_report", "streams"
# A longer text is a sentence, for which a table has no room.
_LONGEST_CELL = 24


def report_in(state: object) -> Mapping[str, object] | None:
    """Give the report in a state; None where there is none."""
    report = state.get(_KEY) if isinstance(state, Mapping) else None
    return report if isinstance(report, Mapping) else None


def report_lines(report: Mapping[str, object]) -> Iterator[str]:
    """Give a report as lines for people: figures of the run, of its streams, then sentences."""
    yield ", ".join(f"{_shown(name)} {_shown(value)}" for name, value in _plain(report).items())
    listed = report.get(_STREAMS)
    found = listed.items() if isinstance(listed, Mapping) else ()
    streams = {name: _plain(figures) for name, figures in found if isinstance(figures, Mapping)}
    cells = {
        name: {key: text for key, value in figures.items() if _fits(text := _shown(value))}
        for name, figures in streams.items()
    }
    columns = list(dict.fromkeys(key for figures in cells.values() for key in figures))
    if columns:
        yield ""
        rows = [("stream", *map(_shown, columns))]
        rows += [
            (_shown(name), *(figures.get(key, "") for key in columns))
            for name, figures in cells.items()
        ]
        yield from table(rows, right=range(1, len(columns) + 1))
    for name, figures in streams.items():
        for key, value in figures.items():
            if not _fits(text := _shown(value)):
                yield f"{_shown(name)} {_shown(key)}: {text}"


def _plain(figures: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in figures.items() if isinstance(value, str | int | float)}


def _fits(text: str) -> bool:
    return len(text) <= _LONGEST_CELL


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return one_line(value) if isinstance(value, str) else f"{value:,}"
