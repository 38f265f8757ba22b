"""The shared limiter: how many calls may be started now, from what Intercom says of its budget.

Intercom counts calls in windows of ten seconds and tells limit, remainder and the window's end
with every answer (`X-RateLimit-*`, docs/intercom-api.md). The window's end is on the server's
clock, so it is read against the `Date` header. Sending is left to `client`.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime

from tap_intercom_archive.errors import Stopped

WINDOW_SECONDS = 10
# What 1,000 calls a minute are in a window: Intercom's lowest documented limit.
LIMIT_UNTIL_TOLD = 166
# `Date` and the window's end are whole seconds: wait that much longer than they say.
_CLOCK_GRAIN_SECONDS = 1.0


class Stop:
    """The wish to end, set by a signal, seen by everything that waits."""

    def __init__(self) -> None:
        """Begin without the wish."""
        self.event = threading.Event()
        self.signum = 0

    def set(self, signum: int) -> None:
        """Ask everything to end because of signal `signum`."""
        self.signum = signum
        self.event.set()

    def check(self) -> None:
        """Raise Stopped where the run was asked to end."""
        if self.event.is_set():
            raise Stopped(self.signum)

    def wait(self, seconds: float) -> None:
        """Sleep for `seconds`; raises Stopped as soon as the run is asked to end."""
        self.event.wait(max(0.0, seconds))
        self.check()


class ServerClock:
    """The server's time, from its last `Date` header and our monotonic clock."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Begin without knowledge; `monotonic` gives seconds."""
        self._monotonic = monotonic
        self._offset: float | None = None

    def read(self, headers: Mapping[str, str]) -> float | None:
        """Learn from an answer's `Date`; gives it as epoch seconds, None where there is none."""
        try:
            told = parsedate_to_datetime(headers["Date"]).timestamp()
        except (KeyError, TypeError, ValueError):
            return None
        self._offset = told - self._monotonic()
        return told

    def now(self) -> float:
        """Give the server's time in epoch seconds; ours until the server has told its own."""
        if self._offset is None:
            return time.time()
        return self._offset + self._monotonic()


class Limiter:
    """Lets calls start as long as the window's budget, less the reserve, is not used up.

    One object serves all threads. `reserve_percent` of the limit is left to other apps.
    """

    def __init__(self, clock: ServerClock, stop: Stop, reserve_percent: int) -> None:
        """Begin with a cautious budget until the first answer tells the real one."""
        self._clock = clock
        self._stop = stop
        self._reserve_percent = reserve_percent
        self._lock = threading.Lock()
        self._limit = LIMIT_UNTIL_TOLD
        self._remaining = LIMIT_UNTIL_TOLD
        self._window_ends: float | None = None
        self._in_flight = 0
        self._held_until = 0.0
        self.waited_seconds = 0.0

    @property
    def budget(self) -> tuple[int, int]:
        """Calls used in this window, and the window's limit."""
        with self._lock:
            return self._limit - self._remaining, self._limit

    @property
    def limit(self) -> int:
        """Calls allowed in a window of ten seconds, as last told."""
        return self._limit

    @contextmanager
    def call(self) -> Iterator[None]:
        """Wait for a place in the budget and hold it until the answer is there."""
        while (wait := self._take()) > 0:
            self.waited_seconds += wait
            self._stop.wait(wait)
        try:
            yield
        finally:
            with self._lock:
                self._in_flight -= 1

    def _take(self) -> float:
        """Take a place and give 0, or give the seconds to wait before asking again."""
        with self._lock:
            now = self._clock.now()
            if now < self._held_until:
                return self._held_until - now
            if self._window_ends is None or now >= self._window_ends + _CLOCK_GRAIN_SECONDS:
                self._window_ends = now + WINDOW_SECONDS
                self._remaining = self._limit
            # At least one call is always ours, else a small limit would never be used.
            reserve = min(self._limit * self._reserve_percent // 100, self._limit - 1)
            if self._remaining <= reserve:
                return max(0.05, self._window_ends + _CLOCK_GRAIN_SECONDS - now)
            self._remaining -= 1
            self._in_flight += 1
            return 0.0

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take limit, remainder and window's end from an answer's headers."""
        limit = _number(headers.get("X-RateLimit-Limit"))
        remaining = _number(headers.get("X-RateLimit-Remaining"))
        ends = _number(headers.get("X-RateLimit-Reset"))
        with self._lock:
            if limit is not None and limit > 0:
                if self._window_ends is None or limit != self._limit:
                    self._remaining = max(0, self._remaining + int(limit) - self._limit)
                self._limit = int(limit)
            if remaining is None or ends is None:
                return
            # Calls under way are not yet in the answer's remainder.
            left = max(0, int(remaining) - (self._in_flight - 1))
            if self._window_ends is not None and abs(ends - self._window_ends) < 1:
                self._remaining = min(self._remaining, left)
            elif self._window_ends is None or ends > self._window_ends - WINDOW_SECONDS / 2:
                self._remaining = left
            else:
                return  # a late answer of an older window says nothing of this one
            self._window_ends = ends

    def hold(self, seconds: float) -> None:
        """Let no call start for `seconds`: the answer was 429."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock.now() + seconds)

    def wait_told(self, headers: Mapping[str, str]) -> float:
        """Give the seconds that a 429 asks us to wait: `Retry-After`, else the window's end."""
        told = _number(headers.get("Retry-After"))
        if told is not None:
            return max(0.0, told)
        ends = _number(headers.get("X-RateLimit-Reset"))
        if ends is not None:
            return max(0.0, ends - self._clock.now()) + _CLOCK_GRAIN_SECONDS
        return float(WINDOW_SECONDS)


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None
