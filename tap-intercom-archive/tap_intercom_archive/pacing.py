"""The shared limiter: how many calls may start now, from what Intercom says of its budget.

Intercom counts calls in windows of ten seconds and tells limit, remainder and the window's end
with every answer (`X-RateLimit-*`, docs/intercom-api.md). Other apps of the workspace may use
the same budget, so what they took in the last windows is left to them. Sending is left to
`client`, the server's time to `clock`.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from tap_intercom_archive.clock import ServerClock, Stop

WINDOW_SECONDS = 10
# What 1,000 calls a minute are in a window: Intercom's lowest documented limit.
LIMIT_UNTIL_TOLD = 166
# How many past windows say what the workspace's other apps take.
_WINDOWS_REMEMBERED = 12
_SHORTEST_WAIT_SECONDS = 0.02
_LONGEST_WAIT_SECONDS = 300.0
# Part of our share that may start at once; the rest is spread over most of the window, so that
# what others take meanwhile is seen in time.
_AT_ONCE = 0.25
_SPREAD_OVER = 0.9
_SECONDS_PER_CALL_UNTIL_KNOWN = 0.2
_WEIGHT_OF_NEWEST = 0.05
# More than one process takes in, whatever the limit; calls beyond that wait for each other, which
# takes processor time and looks like latency.
_MOST_PER_SECOND = 1_000
_SHORTEST_GROWS_BY = 1.01


@dataclass
class _Window:
    """One window of the provider's: `ends` by the server's clock, epoch seconds.

    `ours` counts the calls we started in it, `others` what else was seen to be used; `is_told`
    says that its end was told, not guessed.
    """

    ends: float
    ours: int = 0
    others: int = 0
    is_told: bool = False

    @property
    def begins(self) -> float:
        return self.ends - WINDOW_SECONDS

    @property
    def earliest_end(self) -> float:
        """What an answer that was counted in this window tells at least as its end."""
        return self.ends - 1 if self.is_told else self.begins + 1


class Limiter:
    """Lets calls start as long as the window's budget is not used up.

    One object serves all threads. `reserve_percent` of the limit is always left over, and so is
    what other apps were seen to take. No more than `at_once` calls are in flight.
    """

    def __init__(
        self, clock: ServerClock, stop: Stop, reserve_percent: int, at_once: int = 1_000
    ) -> None:
        """Begin with a cautious budget until the first answer tells the real one."""
        self._clock = clock
        self._stop = stop
        self._reserve_percent = reserve_percent
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(at_once)
        # One waits for the window's room, the others wait for that one: woken all together they
        # would cost more time than the calls.
        self._turn = threading.Lock()
        self._limit = LIMIT_UNTIL_TOLD
        self._is_told = False
        self._window: _Window | None = None
        self._in_flight = 0
        self._held_until = 0.0
        self._others: deque[int] = deque(maxlen=_WINDOWS_REMEMBERED)
        self._seconds_per_call = _SECONDS_PER_CALL_UNTIL_KNOWN
        self._shortest_call = _SECONDS_PER_CALL_UNTIL_KNOWN
        self.waited_seconds = 0.0

    @property
    def budget(self) -> tuple[int, int]:
        """Calls used in this window, by anyone, and the window's limit."""
        with self._lock:
            window = self._window
            return (0 if window is None else window.ours + window.others), self._limit

    @property
    def limit(self) -> int:
        """Calls allowed in a window of ten seconds, as last told."""
        return self._limit

    @contextmanager
    def call(self) -> Iterator[None]:
        """Wait for a place in the budget and hold it until the answer is there."""
        with self._places:
            with self._turn:
                self._stop.check()
                while (wait := self._take()) > 0:
                    self.waited_seconds += wait
                    self._stop.wait(wait)
            begun_at = self._clock.monotonic()
            try:
                yield
            finally:
                with self._lock:
                    self._in_flight -= 1
                    self._note(self._clock.monotonic() - begun_at)

    @property
    def wanted(self) -> int:
        """How many calls in flight use the budget up, as long as answers take now.

        Little's law: calls a second times seconds a call; of those that are allowed as many
        again, for those that take longer than most.
        """
        allowed = self._limit / WINDOW_SECONDS * self._seconds_per_call
        possible = _MOST_PER_SECOND * self._shortest_call
        return math.ceil(min(2 * allowed, possible)) + 1

    def _note(self, seconds: float) -> None:
        self._seconds_per_call += (seconds - self._seconds_per_call) * _WEIGHT_OF_NEWEST
        self._shortest_call = min(seconds, self._shortest_call * _SHORTEST_GROWS_BY)

    def _take(self) -> float:
        """Take a place and give 0, or give the seconds to wait before asking again."""
        with self._lock:
            now = self._clock.now()
            if now < self._held_until:
                return max(_SHORTEST_WAIT_SECONDS, self._held_until - now)
            window = self._window
            if window is None or now >= window.ends or self._is_of_our_clock(window, now):
                window = self._begin(_Window(now + WINDOW_SECONDS))
            # Before the first answer one call at a time: nothing is known of the budget yet.
            if not self._is_told and self._in_flight:
                return _SHORTEST_WAIT_SECONDS
            wait = self._until_next(window, now)
            if wait == 0.0:
                window.ours += 1
                self._in_flight += 1
            return wait

    def _is_of_our_clock(self, window: _Window, now: float) -> bool:
        """Say whether a window was set before the server told its time, and ours is ahead."""
        return not window.is_told and window.ends > now + WINDOW_SECONDS

    def _until_next(self, window: _Window, now: float) -> float:
        """Give the seconds until the window has room for one more call of ours."""
        share = self._share(window)
        if window.ours >= share:
            return max(_SHORTEST_WAIT_SECONDS, window.ends - now)
        at_once = max(1.0, share * _AT_ONCE)
        if window.ours < at_once:
            return 0.0
        due = (window.ours - at_once) / (share - at_once) * _SPREAD_OVER * WINDOW_SECONDS
        early = due - (now - window.begins)
        return max(_SHORTEST_WAIT_SECONDS, early) if early > 0 else 0.0

    def _share(self, window: _Window) -> int:
        """How many calls of a window may be ours; one always is, else nothing ever ends."""
        reserve = -(-self._limit * self._reserve_percent // 100)
        expected = max(self._others, default=0)
        return max(1, self._limit - reserve - max(window.others, expected))

    def _begin(self, window: _Window) -> _Window:
        if self._window is not None:
            self._others.append(self._window.others)
        window.ours = self._in_flight
        self._window = window
        return window

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take limit, remainder and window's end from an answer's headers."""
        limit = _number(headers.get("X-RateLimit-Limit"))
        remaining = _number(headers.get("X-RateLimit-Remaining"))
        ends = _number(headers.get("X-RateLimit-Reset"))
        with self._lock:
            is_first, self._is_told = not self._is_told, True
            if limit is not None and limit >= 1:
                self._limit = int(limit)
            if remaining is None or ends is None or self._is_far(ends):
                return
            window = self._window
            if window is None or (window.is_told and ends > window.ends + 1):
                window = self._begin(_Window(ends))
            elif not is_first and ends < window.earliest_end:
                return  # Counted in a window gone by.
            window.ends, window.is_told = ends, True
            # Calls of ours under way may not be counted yet, so this is the least that others
            # took; it grows true as our own calls are answered.
            window.others = max(window.others, self._limit - int(remaining) - window.ours)

    def hold(self, seconds: float) -> None:
        """Let no call start for `seconds`: the answer was 429."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock.now() + seconds)

    def wait_told(self, headers: Mapping[str, str]) -> float:
        """Give the seconds that a 429 asks us to wait: `Retry-After`, else the window's end."""
        told = _number(headers.get("Retry-After"))
        if told is not None:
            return min(max(0.0, told), _LONGEST_WAIT_SECONDS)
        ends = _number(headers.get("X-RateLimit-Reset"))
        if ends is not None and not self._is_far(ends):
            return max(_SHORTEST_WAIT_SECONDS, ends - self._clock.now())
        return float(WINDOW_SECONDS)

    def _is_far(self, ends: float) -> bool:
        """A window ends within its own length: what is farther off is no time in seconds."""
        return ends > self._clock.now() + 2 * WINDOW_SECONDS


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None
