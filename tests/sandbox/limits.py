"""The rate limit: so many requests in every window of ten seconds of the workspace's clock.

The budget is the workspace's, not one client's: others may use it up too (`other_clients`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

from .errors import RefusedError

WINDOW_SECONDS = 10

# How many requests other clients have sent: number of the window, seconds since it began.
Others = Callable[[int, float], int]


@dataclass
class Window:
    """What happened in one window; `ends` in epoch seconds."""

    ends: int
    ours: int = 0
    others: int = 0
    refused: int = 0  # ours that got 429


def nobody(window: int, seconds: float) -> int:
    """No other clients."""
    return 0


class RateLimit:
    """Counts requests per window; windows begin at whole tens of seconds."""

    def __init__(
        self, limit: int, others: Others = nobody, headers: bool = True, retry_after: bool = False
    ) -> None:
        """Allow `limit` requests per window; `headers` and `retry_after`: what answers carry."""
        self.limit = limit
        self._others = others
        self._says = headers
        self._retry_after = retry_after
        self._number = -1
        self._came = 0  # requests of others in this window, refused ones too
        self._window = Window(0)
        self._windows: list[Window] = []

    def _enter(self, now: float) -> None:
        number = int(now) // WINDOW_SECONDS
        if number != self._number:
            self._let_others(WINDOW_SECONDS)
            self._number = number
            self._came = 0
            self._window = Window((number + 1) * WINDOW_SECONDS)
            self._windows.append(self._window)
        self._let_others(now - number * WINDOW_SECONDS)

    def _let_others(self, seconds: float) -> None:
        came = self._others(self._number, seconds)
        self._window.others += max(0, min(came - self._came, self._left()))
        self._came = came

    def _left(self) -> int:
        return self.limit - self._window.ours - self._window.others

    def take(self, now: float) -> None:
        """Use one request; when none is left, refuse with 429."""
        self._enter(now)
        if self._left() <= 0:
            self._window.refused += 1
            wait = str(max(1, self._window.ends - int(now)))
            headers = {"Retry-After": wait} if self._retry_after else {}
            message = f"Exceeded rate limit of {self.limit} in {WINDOW_SECONDS}_seconds"
            raise RefusedError(429, "rate_limit_exceeded", message, headers)
        self._window.ours += 1

    def headers(self, now: float) -> dict[str, str]:
        """What the API says of the window; the reset is in epoch seconds."""
        self._enter(now)
        if not self._says:
            return {}
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self._left()),
            "X-RateLimit-Reset": str(self._window.ends),
        }

    def windows(self) -> list[dict[str, int]]:
        """The windows since the last reset in which we asked: ends, ours, others, refused."""
        return [asdict(window) for window in self._windows]

    def reset(self) -> None:
        """Forget all windows but the one that runs, and what was counted in it goes on."""
        self._windows = self._windows[-1:]
