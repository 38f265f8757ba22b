"""Times as the API sends them, and as records carry them.

Intercom sends epoch seconds, in places milliseconds, ISO 8601 or a number in a string
(docs/intercom-api.md); records carry ISO 8601, UTC, with `Z`.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
# Epoch seconds stay below this until the year 5138; milliseconds are above it since 1973.
_MILLISECONDS_FROM = 100_000_000_000
_TWO_DIGITS = tuple(f"{number:02}" for number in range(60))
# The years 1 to 9999, which is what `iso` can write.
_EARLIEST, _LATEST = -62_135_596_800, 253_402_300_799


def iso(epoch_seconds: float) -> str:
    """Give ISO 8601 UTC; fractions of a second only where there are any.

    Raises OverflowError where the year does not fit four digits.
    """
    whole = int(epoch_seconds)
    if whole != epoch_seconds:
        moment = _EPOCH + timedelta(seconds=epoch_seconds)
        return moment.isoformat().replace("+00:00", "Z")
    days, seconds = divmod(whole, 86_400)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{_date(days)}T{_TWO_DIGITS[hour]}:{_TWO_DIGITS[minute]}:{_TWO_DIGITS[second]}Z"


# Most of a workspace's times fall on a few thousand days.
@lru_cache(maxsize=4096)
def _date(days: int) -> str:
    return (_EPOCH + timedelta(days=days)).date().isoformat()


def iso_of(value: object) -> str | None:
    """Read a time of any kind the API sends as ISO 8601 UTC; None where it is none."""
    if type(value) is int and 0 <= value < _MILLISECONDS_FROM:
        return iso(value)
    seconds = epoch(value)
    return None if seconds is None else iso(seconds)


def epoch(value: object) -> float | None:
    """Read a time of any kind the API sends as epoch seconds.

    None where it is none, or outside the years 1 to 9999.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        if abs(value) < _MILLISECONDS_FROM:
            return value if value >= _EARLIEST else None
        # NaN comes here too, and is no number between any two.
        return value / 1000 if _EARLIEST * 1000 <= value <= _LATEST * 1000 else None
    if isinstance(value, str):
        return _epoch_of_text(value.strip())
    return None


def _epoch_of_text(text: str) -> float | None:
    try:
        return epoch(int(text))
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00").replace(" UTC", "+00:00"))
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    seconds = (moment - _EPOCH).total_seconds()
    return seconds if _EARLIEST <= seconds <= _LATEST else None
