"""The rate limit in windows of ten seconds, and what was asked in each of them."""

from __future__ import annotations

from dataclasses import dataclass

WINDOW_SECONDS = 10


@dataclass
class Window:
    """One window: when it ends (epoch seconds), the calls let in and those refused."""

    ends: int
    allowed: int = 0
    refused: int = 0


class Limit:
    """Lets `limit` calls in per window; the first window begins with the first call.

    So every round has the same first window, whatever the time of day.
    """

    def __init__(self, limit: int) -> None:
        """Begin before the first call."""
        self.limit = limit
        self.windows: list[Window] = []

    def take(self, now: float) -> Window | None:
        """Count a call at `now` (epoch seconds): give its window, or None where it is refused."""
        begun = self.windows[0].ends - WINDOW_SECONDS if self.windows else int(now)
        ends = begun + ((int(now) - begun) // WINDOW_SECONDS + 1) * WINDOW_SECONDS
        if not self.windows or self.windows[-1].ends != ends:
            self.windows.append(Window(ends))
        window = self.windows[-1]
        if window.allowed >= self.limit:
            window.refused += 1
            return None
        window.allowed += 1
        return window
