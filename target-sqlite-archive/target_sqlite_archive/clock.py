"""The time now, and how times are written in the archive."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Give the time now, UTC."""
    return datetime.now(tz=timezone.utc)


def iso(moment: datetime) -> str:
    """Write a UTC time as ISO 8601 with `Z`, to the millisecond."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
