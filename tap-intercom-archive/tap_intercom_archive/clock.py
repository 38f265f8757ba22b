"""The server's time, and the wish to stop: what waiting needs to know.

The only clock that counts is the server's (`Date`): windows, bookmarks and rate limits are in
its time. Ours is only used to measure what passes between two answers.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from functools import lru_cache

from tap_intercom_archive.errors import Stopped


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
    """The server's time from its `Date` headers, never ahead of it.

    `Date` tells whole seconds, so each answer bounds the difference between the server's clock
    and ours from both sides; the bounds narrow with every answer. The lower one is used: what
    seems over by it is over.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Begin without knowledge; `monotonic` gives seconds."""
        self.monotonic = monotonic
        self._lock = threading.Lock()
        self._least: float | None = None
        self._most = 0.0

    def read(self, headers: Mapping[str, str], sent_at: float) -> float | None:
        """Learn from the `Date` of an answer whose request was sent at `sent_at` (monotonic).

        Gives that `Date` as epoch seconds, None where there is none.
        """
        try:
            told = _epoch_of_date(headers["Date"])
        except (KeyError, TypeError, ValueError):
            return None
        least, most = told - self.monotonic(), told + 1 - sent_at
        with self._lock:
            if self._least is None or least > self._most or most < self._least:
                # The first answer, or one of our clocks was set: begin anew.
                self._least, self._most = least, most
            else:
                self._least, self._most = max(self._least, least), min(self._most, most)
        return told

    def now(self) -> float:
        """Give the server's time in epoch seconds; ours until the server has told its own."""
        if self._least is None:
            return time.time()
        return self._least + self.monotonic()


# The answers of one second all tell the same.
@lru_cache(maxsize=64)
def _epoch_of_date(text: str) -> float:
    return parsedate_to_datetime(text).timestamp()
