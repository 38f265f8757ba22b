"""Bounded, ordered, concurrent fetches.

Results come in the order of what was asked, whatever finishes first, and what comes next is
fetched while the last results are awaited. One that is slow keeps only its own place: others
are given before it, and at last it counts as late. At most twice as many fetches are under way
or waiting to be given as there are workers, so memory stays flat and a killed run has little to
fetch again. What an error means is left to the caller: it is given as a result.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from concurrent.futures import TimeoutError as NotYet
from functools import partial
from typing import Generic, TypeVar

from tap_intercom_archive.clock import Stop
from tap_intercom_archive.errors import ApiError

Asked = TypeVar("Asked", bound=Hashable)
Got = TypeVar("Got")
Item = TypeVar("Item")
# How long the oldest fetch may keep the others from being given while workers stand idle.
PATIENCE_SECONDS = 2.0
_LOOK_UP_SECONDS = 0.2


class Late:
    """Stands for a result that has not come in time: it is given by `come` or `rest`."""


LATE = Late()


class Workers:
    """A pool of threads for calls, ended with the run."""

    def __init__(
        self,
        count: int,
        stop: Stop,
        wanted: Callable[[], int] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make up to `count` calls at once, and no more than `wanted()` where that is given."""
        self._count = count
        self._wanted = wanted
        self._stop = stop
        self.monotonic = monotonic
        self._pool = ThreadPoolExecutor(max_workers=count, thread_name_prefix="fetch")

    @property
    def at_once(self) -> int:
        """How many calls are worth making at once now."""
        return self._count if self._wanted is None else max(1, min(self._count, self._wanted()))

    def begin(self, call: Callable[[], Got]) -> Future[Got]:
        """Let a worker make a call as soon as one is free."""
        return self._pool.submit(call)

    def result(self, future: Future[Got]) -> Got:
        """Wait for a call's result and give it; raises what the call raised.

        Raises Stopped when the run is asked to end.
        """
        while not self.is_done(future, _LOOK_UP_SECONDS):
            pass
        return future.result()

    def is_done(self, future: Future[Got], seconds: float) -> bool:
        """Wait up to `seconds` for a call to end; raises Stopped when the run is to end."""
        if future.done():
            return True
        try:
            future.exception(timeout=seconds)
        except NotYet:
            self._stop.check()
            return False
        return True

    def wait_for_any(self, futures: Iterable[Future[Got]]) -> None:
        """Wait until one of these calls has ended; raises Stopped when the run is to end."""
        waiting = list(futures)
        while not wait(waiting, _LOOK_UP_SECONDS, FIRST_COMPLETED).done:
            self._stop.check()

    def close(self) -> None:
        """Let the threads go without waiting for calls under way."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class Fetches(Generic[Asked, Got]):
    """The fetches of one stream, from one batch of things asked for to the next."""

    def __init__(self, workers: Workers, fetch: Callable[[Asked], Got]) -> None:
        """Fetch by `fetch`, which the workers call."""
        self._workers = workers
        self._fetch = fetch
        self._under_way: dict[Asked, Future[Got]] = {}
        self._ahead: dict[Asked, Future[Got]] = {}
        self._late: dict[Asked, Future[Got]] = {}
        self._slow: set[Asked] = set()

    def of(
        self, asked: Iterable[Asked], upcoming: Callable[[], Sequence[Asked]] = tuple
    ) -> Iterator[tuple[Asked, Got | ApiError | Late]]:
        """Give each asked with what was fetched, the ApiError that ended it, or LATE.

        `upcoming` tells what will be asked for next, as far as it is known: where all that is
        asked for now has begun, those begin. Raises Stopped when the run is asked to end, and
        whatever else a fetch raises.
        """
        due = dict.fromkeys(asked)
        self._under_way = {one: self._ahead.pop(one) for one in due if one in self._ahead}
        waiting = deque(one for one in due if one not in self._under_way)
        next_ones: deque[Asked] = deque()
        while due:
            self._begin(self._under_way, waiting, len(self._under_way))
            if not waiting:
                if not next_ones:
                    next_ones.extend(one for one in upcoming() if one not in self._ahead)
                self._begin(self._ahead, next_ones, len(self._under_way) + len(self._ahead))
            one = self._next(due)
            if one is not None:
                del due[one]
                yield one, self._result(self._under_way.pop(one))
            elif waiting:
                # Full of slow ones: nothing more can begin until one of them has ended.
                self._workers.wait_for_any((*self._under_way.values(), *self._pending_late))
            else:
                one = next(iter(due))
                del due[one]
                self._late[one] = self._under_way.pop(one)
                yield one, LATE
        self._slow.clear()

    def come(self) -> Iterator[tuple[Asked, Got | ApiError]]:
        """Give those that were late and have come by now."""
        for one in [one for one, future in self._late.items() if future.done()]:
            yield one, self._result(self._late.pop(one))

    def rest(self) -> Iterator[tuple[Asked, Got | ApiError]]:
        """Wait for those that were late, and give them."""
        while self._late:
            one = next(iter(self._late))
            yield one, self._result(self._late.pop(one))

    def all(self, asked: Iterable[Asked]) -> Iterator[tuple[Asked, Got | ApiError]]:
        """Give each asked with what was fetched or the ApiError, the late ones at the end."""
        for one, got in self.of(asked):
            if not isinstance(got, Late):
                yield one, got
        yield from self.rest()

    def close(self) -> None:
        """Drop what has begun and is no longer asked for."""
        for future in self._futures:
            future.cancel()

    def _begin(self, begun: dict[Asked, Future[Got]], waiting: deque[Asked], taken: int) -> None:
        """Begin those that wait, as long as fewer places are taken than there are."""
        places = 2 * self._workers.at_once - taken - len(self._pending_late)
        while waiting and places > 0:
            one = waiting.popleft()
            begun[one] = self._workers.begin(partial(self._fetch, one))
            places -= 1

    @property
    def _futures(self) -> Iterator[Future[Got]]:
        for begun in (self._under_way, self._ahead, self._late):
            yield from begun.values()

    @property
    def _pending_late(self) -> list[Future[Got]]:
        return [future for future in self._late.values() if not future.done()]

    def _next(self, due: Iterable[Asked]) -> Asked | None:
        """Give the first that has come, None where all that are under way are slow."""
        for one in due:
            future = self._under_way.get(one)
            if future is None:
                break
            if future.done() or (one not in self._slow and self._comes(future)):
                return one
            self._slow.add(one)
        return None

    def _comes(self, future: Future[Got]) -> bool:
        """Wait for a fetch; False where that has lasted long and leaves workers idle."""
        patient_until = self._workers.monotonic() + PATIENCE_SECONDS
        while not self._workers.is_done(future, _LOOK_UP_SECONDS):
            if self._workers.monotonic() >= patient_until and self._has_idle_workers:
                return False
        return True

    @property
    def _has_idle_workers(self) -> bool:
        return sum(not future.done() for future in self._futures) < self._workers.at_once

    def _result(self, future: Future[Got]) -> Got | ApiError:
        try:
            return self._workers.result(future)
        except ApiError as error:
            return error


class Ahead(Iterator[Item]):
    """Items whose next one is made by a worker while one is in use."""

    def __init__(self, workers: Workers, items: Iterator[Item]) -> None:
        """Take from `items`, which nobody else may use."""
        self._workers = workers
        self._items = items
        self._next: Future[Item | None] | None = None

    def __iter__(self) -> Ahead[Item]:
        """The items themselves."""
        return self

    def __next__(self) -> Item:
        """Give the next item and let the one after it be made; raises what making it raised."""
        item = self._workers.result(self._next or self._make())
        if item is None:
            raise StopIteration
        self._next = self._make()
        return item

    def peek(self) -> Item | None:
        """Give the next item where it is made already and was not refused."""
        future = self._next
        if future is None or not future.done() or future.exception() is not None:
            return None
        return future.result()

    def _make(self) -> Future[Item | None]:
        return self._workers.begin(lambda: next(self._items, None))
