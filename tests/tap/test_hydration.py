"""Fetches by several threads: in order, bounded, what is slow apart, ended by the wish to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from tap_intercom_archive import hydration
from tap_intercom_archive.clock import Stop
from tap_intercom_archive.errors import ApiError, Faulty, Stopped
from tap_intercom_archive.hydration import LATE, Ahead, Fetches, Workers

COUNT = 4
PATIENCE_SECONDS = 20


@pytest.fixture
def stop() -> Stop:
    return Stop()


@pytest.fixture
def workers(stop: Stop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workers]:
    # Every look at the clock is a second later, and none of them is waited for.
    monkeypatch.setattr(hydration, "_LOOK_UP_SECONDS", 0.01)
    pool = Workers(COUNT, stop, monotonic=count().__next__)
    yield pool
    pool.close()


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    opened = threading.Event()
    yield opened
    opened.set()


def but_for(slow: set[int], gate: threading.Event) -> Callable[[int], int]:
    """Give a fetch that doubles, and keeps the slow ones until the gate is opened."""

    def fetch(number: int) -> int:
        if number in slow:
            assert gate.wait(PATIENCE_SECONDS)
        return number * 2

    return fetch


def test_results_come_in_the_order_of_asking(workers: Workers) -> None:
    late = threading.Event()

    def fetch(number: int) -> int:
        if number == 0:
            assert late.wait(PATIENCE_SECONDS)
        if number == 3:
            late.set()
        return number * 2

    assert list(Fetches(workers, fetch).of(range(50))) == [(n, n * 2) for n in range(50)]


def test_no_more_is_begun_than_twice_the_workers(workers: Workers) -> None:
    begun: list[int] = []

    def fetch(number: int) -> int:
        begun.append(number)
        return number

    for given, (number, _) in enumerate(Fetches(workers, fetch).of(range(200))):
        assert number == given
        assert len(begun) <= given + 1 + 2 * COUNT


def test_no_more_is_begun_than_is_wanted(stop: Stop) -> None:
    pool = Workers(64, stop, lambda: 2)
    begun: list[int] = []
    for given, _ in enumerate(Fetches(pool, begun.append).of(range(100))):
        assert len(begun) <= given + 1 + 2 * 2
    pool.close()


def test_what_comes_next_is_fetched_while_the_last_are_awaited(
    workers: Workers, gate: threading.Event
) -> None:
    fetched: list[int] = []
    reached = threading.Event()

    def fetch(number: int) -> int:
        if number == 2:
            # The last of the first batch comes when one of the second has been fetched.
            assert reached.wait(PATIENCE_SECONDS)
        fetched.append(number)
        if number == 3:
            reached.set()
        return number

    fetches = Fetches(workers, fetch)
    assert [one for one, _ in fetches.of([0, 1, 2], lambda: [3, 4, 5])] == [0, 1, 2]
    assert [one for one, _ in fetches.of([3, 4, 5])] == [3, 4, 5]
    assert sorted(fetched) == [0, 1, 2, 3, 4, 5]


def test_slow_fetch_keeps_only_its_own_place(workers: Workers, gate: threading.Event) -> None:
    fetches = Fetches(workers, but_for({3}, gate))
    given = []
    for one, got in fetches.of(range(40)):
        given.append((one, got))
        if len(given) == 39:
            gate.set()
    assert sorted(one for one, _ in given) == list(range(40))
    assert [one for one, _ in given][:3] == [0, 1, 2]
    assert given[-1][0] == 3


def test_slowest_of_a_batch_is_late_and_comes_with_a_later_one(
    workers: Workers, gate: threading.Event
) -> None:
    fetches = Fetches(workers, but_for({5}, gate))
    first = dict(fetches.of(range(10)))
    assert first == {n: LATE if n == 5 else n * 2 for n in range(10)}
    assert dict(fetches.of(range(10, 20))) == {n: n * 2 for n in range(10, 20)}
    assert list(fetches.come()) == []
    gate.set()
    assert list(fetches.rest()) == [(5, 10)]
    assert list(fetches.rest()) == []


def test_what_came_too_early_leaves_room_for_what_is_asked_now(
    workers: Workers, gate: threading.Event
) -> None:
    fetches = Fetches(workers, but_for({55}, gate))
    upcoming = list(range(100, 200))
    assert len(list(fetches.of(range(10), lambda: upcoming))) == 10
    given = fetches.of([55, 56, 57], lambda: upcoming)
    assert next(given) == (56, 112)
    assert next(given) == (57, 114)
    gate.set()
    assert [one for one, _ in given] == [55]
    rest = dict(fetches.all(upcoming))
    assert {n: rest[n] for n in upcoming} == {n: n * 2 for n in upcoming}


def test_more_slow_ones_than_there_are_places_are_waited_for(
    workers: Workers, gate: threading.Event
) -> None:
    fetches = Fetches(workers, but_for(set(range(30)), gate))
    timer = threading.Timer(0.2, gate.set)
    timer.start()
    assert dict(fetches.all(range(60))) == {n: n * 2 for n in range(60)}
    timer.join()


def test_error_of_one_fetch_is_its_result(workers: Workers) -> None:
    def fetch(number: int) -> int:
        if number % 2:
            raise Faulty("broken", 500)
        return number

    found = list(Fetches(workers, fetch).all(range(6)))
    assert [number for number, got in found if isinstance(got, ApiError)] == [1, 3, 5]


def test_error_that_is_a_bug_is_not_hidden(workers: Workers) -> None:
    def inverse(number: int) -> int:
        return 1 // number

    with pytest.raises(ZeroDivisionError):
        list(Fetches(workers, inverse).of([1, 0, 1]))


def test_nothing_asked_gives_nothing(workers: Workers) -> None:
    nothing: list[int] = []
    assert list(Fetches(workers, but_for(set(), threading.Event())).of(nothing)) == []


def test_wish_to_end_is_seen_while_a_fetch_hangs(
    workers: Workers, stop: Stop, gate: threading.Event
) -> None:
    stop.set(15)
    with pytest.raises(Stopped):
        list(Fetches(workers, but_for({1}, gate)).of([1]))


def test_next_item_is_made_while_one_is_in_use(workers: Workers) -> None:
    made = threading.Event()

    def items() -> Iterator[str]:
        yield "first"
        made.set()
        yield "second"

    ahead = Ahead(workers, items())
    assert next(ahead) == "first"
    assert made.wait(PATIENCE_SECONDS)
    assert next(ahead) == "second"
    assert list(ahead) == []
    assert ahead.peek() is None


def test_error_in_making_the_next_item_is_raised_in_its_turn(workers: Workers) -> None:
    def items() -> Iterator[int]:
        yield 1
        raise Faulty("broken", 500)

    ahead = Ahead(workers, items())
    assert next(ahead) == 1
    with pytest.raises(Faulty):
        next(ahead)
    assert ahead.peek() is None
