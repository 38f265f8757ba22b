"""Fetches by several threads: in order, bounded, errors as results, ended by the wish to stop."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tap_intercom_archive.clock import Stop
from tap_intercom_archive.errors import ApiError, Faulty, Stopped
from tap_intercom_archive.hydration import Workers


@pytest.fixture
def stop() -> Stop:
    return Stop()


@pytest.fixture
def workers(stop: Stop) -> Iterator[Workers]:
    pool = Workers(4, stop)
    yield pool
    pool.close()


def test_results_come_in_the_order_of_asking(workers: Workers) -> None:
    late = threading.Event()

    def fetch(number: int) -> int:
        if number == 0:
            assert late.wait(10)
        if number == 3:
            late.set()
        return number * 2

    assert list(workers.in_order(fetch, range(50))) == [(n, n * 2) for n in range(50)]


def test_no_more_is_asked_for_than_twice_the_workers(workers: Workers) -> None:
    asked: list[int] = []

    def source() -> Iterator[int]:
        for number in range(1_000):
            asked.append(number)
            yield number

    for given, (number, _) in enumerate(workers.in_order(lambda n: n, source())):
        assert number == given
        assert len(asked) <= given + 1 + 8
        if given == 100:
            break


def test_error_of_one_fetch_is_its_result(workers: Workers) -> None:
    def fetch(number: int) -> int:
        if number % 2:
            raise Faulty("broken", 500)
        return number

    found = list(workers.in_order(fetch, range(6)))
    assert [number for number, got in found if isinstance(got, ApiError)] == [1, 3, 5]


def test_error_that_is_a_bug_is_not_hidden(workers: Workers) -> None:
    with pytest.raises(ZeroDivisionError):
        list(workers.in_order(lambda n: 1 // n, [1, 0, 1]))


def test_nothing_asked_gives_nothing(workers: Workers) -> None:
    assert list(workers.in_order(lambda n: n, [])) == []


def test_wish_to_end_is_seen_while_a_fetch_hangs(workers: Workers, stop: Stop) -> None:
    hanging = threading.Event()
    stop.set(15)
    try:
        with pytest.raises(Stopped):
            list(workers.in_order(lambda _: hanging.wait(30), [1]))
    finally:
        hanging.set()
