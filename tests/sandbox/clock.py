"""The workspace's own clock: a fixed start per seed, real time running on, and explicit jumps.

What happens at a moment is decided elsewhere; this module only says what time it is.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from email.utils import format_datetime

# A Monday morning. Seeds start on different days, so that no test leans on one date.
_FIRST_START = int(datetime(2026, 3, 2, 9, 17, 23, tzinfo=timezone.utc).timestamp())
_DAY = 86_400


def start_of(seed: int) -> int:
    """The moment, in epoch seconds UTC, at which a workspace of this seed begins to be served."""
    return _FIRST_START + (seed % 365) * _DAY


class VirtualClock:
    """Time in the workspace: `start` plus what `monotonic` has counted plus all jumps."""

    def __init__(self, start: int, monotonic: Callable[[], float]) -> None:
        """Begin at `start` (epoch seconds UTC); `monotonic` counts real seconds."""
        self._start = start
        self._monotonic = monotonic
        self._origin = monotonic()
        self._jumped = 0.0

    def now(self) -> float:
        """Epoch seconds, UTC."""
        return self._start + (self._monotonic() - self._origin) + self._jumped

    def advance(self, seconds: float) -> None:
        """Jump ahead. Time never runs backwards: a negative jump raises ValueError."""
        if seconds < 0:
            message = f"The clock cannot go back {-seconds} seconds."
            raise ValueError(message)
        self._jumped += seconds

    def http_date(self) -> str:
        """The time now as the `Date` header spells it."""
        return format_datetime(datetime.fromtimestamp(int(self.now()), timezone.utc), usegmt=True)


def iso(epoch_seconds: int) -> str:
    """Epoch seconds as ISO 8601 in UTC with `Z`."""
    moment = datetime.fromtimestamp(epoch_seconds, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
