"""Bounded, ordered, concurrent fetches.

Results come in the order of what was asked, whatever finishes first; at most twice as many
are under way or waiting as there are workers, so memory stays flat. What an error means is
left to the caller: it is given as a result.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from itertools import islice
from typing import TypeVar

from tap_intercom_archive.clock import Stop
from tap_intercom_archive.errors import ApiError

Asked = TypeVar("Asked")
Got = TypeVar("Got")
_LOOK_UP_SECONDS = 0.2


class Workers:
    """A pool of threads for fetching, ended with the run."""

    def __init__(self, count: int, stop: Stop) -> None:
        """Fetch up to `count` at once; `stop` ends the waiting."""
        self._count = count
        self._stop = stop
        self._pool = ThreadPoolExecutor(max_workers=count, thread_name_prefix="fetch")

    def in_order(
        self, fetch: Callable[[Asked], Got], asked: Iterable[Asked]
    ) -> Iterator[tuple[Asked, Got | ApiError]]:
        """Give each asked with what was fetched for it, or with the ApiError that ended it.

        Raises Stopped when the run is asked to end, and whatever else a fetch raises.
        """
        waiting = iter(asked)
        under_way: deque[tuple[Asked, Future[Got]]] = deque()

        def begin(count: int) -> None:
            for one in islice(waiting, count):
                under_way.append((one, self._pool.submit(fetch, one)))

        begin(2 * self._count)
        try:
            while under_way:
                one, future = under_way.popleft()
                got: Got | ApiError = self._result(future)
                yield one, got
                begin(1)
        finally:
            for _, future in under_way:
                future.cancel()

    def _result(self, future: Future[Got]) -> Got | ApiError:
        while True:
            try:
                return future.result(timeout=_LOOK_UP_SECONDS)
            except ApiError as error:
                return error
            except NotYet:
                # Only a wait that ran out, so that a signal is seen while fetches hang.
                if future.done():
                    raise
                self._stop.check()

    def close(self) -> None:
        """Let the threads go without waiting for fetches under way."""
        self._pool.shutdown(wait=False, cancel_futures=True)
