"""Reads a time as people write it: 2026, 2026-03, 2026-03-01, 2026-03-01T10:30. Pure.

Without a zone it is UTC, as all times of an archive are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

_WRITTEN = re.compile(
    r"(?P<year>\d{4})(-(?P<month>\d{1,2})(-(?P<day>\d{1,2})"
    r"([T ](?P<hour>\d{1,2})(:(?P<minute>\d{2})(:(?P<second>\d{2})(\.\d+)?)?)?"
    r"(?P<zone>Z|[+-]\d{2}:?\d{2})?)?)?)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Period:
    """A span of time as texts that sort with those of an archive; ``end`` is just past it."""

    start: str
    end: str


def read_period(text: str) -> Period:
    """Read a year, month, day, hour, minute or second; raises ValueError with what to write."""
    written = _WRITTEN.fullmatch(text.strip())
    try:
        if written is None:
            raise ValueError
        start, end = _bounds({k: v for k, v in written.groupdict().items() if v is not None})
    except (ValueError, OverflowError):
        raise ValueError(
            f"{text!r} is no time: write 2026, 2026-03, 2026-03-01 or 2026-03-01T10:30"
        ) from None
    return Period(_text(start), _text(end))


def _bounds(written: Mapping[str, str]) -> tuple[datetime, datetime]:
    numbers = {name: int(text) for name, text in written.items() if name != "zone"}
    start = datetime(
        numbers["year"],
        numbers.get("month", 1),
        numbers.get("day", 1),
        numbers.get("hour", 0),
        numbers.get("minute", 0),
        numbers.get("second", 0),
        tzinfo=_zone(written.get("zone", "Z")),
    )
    smallest = next(reversed(numbers))
    if smallest == "year":
        end = start.replace(year=start.year + 1)
    elif smallest == "month":
        end = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
    else:
        end = start + timedelta(**{f"{smallest}s": 1})
    return start, end


def _zone(text: str) -> timezone:
    if text == "Z":
        return timezone.utc
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[-2:])))


def _text(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).replace(tzinfo=None).isoformat(timespec="seconds")
