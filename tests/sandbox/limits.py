"""The rate limit: so many requests in every window of ten seconds of the workspace's clock."""

from __future__ import annotations

from .errors import RefusedError

WINDOW_SECONDS = 10


class RateLimit:
    """Counts requests per window; windows begin at whole tens of seconds."""

    def __init__(self, limit: int) -> None:
        """Allow `limit` requests per window."""
        self.limit = limit
        self._window = -1
        self._used = 0

    def _enter(self, now: float) -> None:
        window = int(now) // WINDOW_SECONDS
        if window != self._window:
            self._window = window
            self._used = 0

    def take(self, now: float) -> None:
        """Use one request; when none is left, refuse with 429."""
        self._enter(now)
        if self._used >= self.limit:
            message = f"Exceeded rate limit of {self.limit} in {WINDOW_SECONDS}_seconds"
            raise RefusedError(429, "rate_limit_exceeded", message)
        self._used += 1

    def headers(self, now: float) -> dict[str, str]:
        """What the API says of the window; the reset is in epoch seconds."""
        self._enter(now)
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.limit - self._used),
            "X-RateLimit-Reset": str((self._window + 1) * WINDOW_SECONDS),
        }
