"""The shared limiter under a clock that only waiting moves."""

from __future__ import annotations

from contextlib import ExitStack
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_intercom_archive.clock import ServerClock, Stop
from tap_intercom_archive.errors import Stopped
from tap_intercom_archive.pacing import Limiter

BEGIN = 1_700_000_000


class Time:
    """A monotonic clock that only waiting moves, and the provider's windows on it."""

    def __init__(self, limit: int) -> None:
        self.seconds = 100.0
        self.limit = limit
        self.used: dict[int, int] = {}
        self.stop = Stop()
        self.stop.wait = self.wait  # type: ignore[method-assign]

    def wait(self, seconds: float) -> None:
        assert seconds > 0
        self.seconds += seconds

    def monotonic(self) -> float:
        return self.seconds

    def headers(self) -> dict[str, str]:
        """Count a call and give the provider's headers."""
        now = BEGIN + self.seconds
        window = int(now // 10)
        self.used[window] = self.used.get(window, 0) + 1
        return {
            "Date": formatdate(int(now), usegmt=True),
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.limit - self.used[window]),
            "X-RateLimit-Reset": str((window + 1) * 10),
        }


def call(limiter: Limiter, clock: ServerClock, time: Time, took: float) -> None:
    with limiter.call():
        sent = time.monotonic()
        headers = time.headers()
        time.seconds += took
        clock.read(headers, sent)
        limiter.learn(headers)


@given(
    limit=st.integers(5, 200),
    reserve=st.integers(0, 90),
    took=st.sampled_from([0.001, 0.05, 0.7]),
    calls=st.integers(1, 400),
)
def test_no_window_is_ever_overdrawn(limit: int, reserve: int, took: float, calls: int) -> None:
    time = Time(limit)
    clock = ServerClock(time.monotonic)
    limiter = Limiter(clock, time.stop, reserve)
    for _ in range(calls):
        call(limiter, clock, time, took)
    ours = max(1, limit - -(-limit * reserve // 100))
    assert max(time.used.values()) <= ours + 1


@pytest.mark.parametrize(
    "odd",
    [
        {"X-RateLimit-Reset": "nan"},
        {"X-RateLimit-Limit": "inf"},
        {"X-RateLimit-Remaining": "-inf", "X-RateLimit-Reset": "7"},
        {"X-RateLimit-Limit": "0", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "0"},
        {"X-RateLimit-Limit": "ten"},
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str((BEGIN + 109) * 1000)},
        {},
    ],
)
def test_odd_headers_neither_crash_nor_hold_for_ever(odd: dict[str, str]) -> None:
    time = Time(50)
    clock = ServerClock(time.monotonic)
    limiter = Limiter(clock, time.stop, 10)
    call(limiter, clock, time, 0.01)
    for _ in range(100):
        with limiter.call():
            limiter.learn(odd)
    assert time.seconds < 1_000


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"Retry-After": "3"}, 3, 3),
        ({"Retry-After": "0"}, 0, 0),
        ({"Retry-After": "-1"}, 0, 0),
        ({"X-RateLimit-Reset": str(BEGIN + 109)}, 9, 11),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, 10, 10),
        ({"Retry-After": "inf"}, 10, 10),
        ({"Retry-After": "nan"}, 10, 10),
        ({"X-RateLimit-Reset": "1"}, 0, 2),
        ({"X-RateLimit-Reset": str((BEGIN + 109) * 1000)}, 10, 10),
        ({"Retry-After": "86400"}, 300, 300),
        ({}, 10, 10),
    ],
)
def test_a_429_waits_as_told(headers: dict[str, str], least: float, most: float) -> None:
    time = Time(50)
    clock = ServerClock(time.monotonic)
    clock.read({"Date": formatdate(BEGIN + 100, usegmt=True)}, 100.0)
    limiter = Limiter(clock, time.stop, 10)
    assert least <= limiter.wait_told(headers) <= most


def test_answers_counted_in_the_window_before_are_no_calls_of_others() -> None:
    time = Time(100)
    clock = ServerClock(time.monotonic)
    limiter = Limiter(clock, time.stop, 0)
    for _ in range(60):
        call(limiter, clock, time, 0.01)
    under_way = ExitStack()
    answers = []
    for _ in range(5):
        under_way.enter_context(limiter.call())
        answers.append((time.monotonic(), time.headers()))
    time.seconds += 10
    with limiter.call():
        # The next window has begun for us; what comes now was counted in the one before.
        for sent, headers in answers:
            clock.read(headers, sent)
            limiter.learn(headers)
    under_way.close()
    before = time.seconds
    for _ in range(80):
        call(limiter, clock, time, 0.01)
    assert time.seconds - before < 10


def test_calls_wanted_at_once_follow_the_latency() -> None:
    time = Time(1_000)
    clock = ServerClock(time.monotonic)
    limiter = Limiter(clock, time.stop, 0)
    wanted = []
    for took in (0.01, 0.3, 0.01):
        for _ in range(200):
            call(limiter, clock, time, took)
        wanted.append(limiter.wanted)
    # A hundred calls a second, twice: 2, 60, 2 and one more, rounded up.
    assert wanted[0] == wanted[2] <= 4
    assert 55 <= wanted[1] <= 62


def test_calls_that_only_wait_for_each_other_are_not_wanted() -> None:
    time = Time(1_000_000)
    clock = ServerClock(time.monotonic)
    limiter = Limiter(clock, time.stop, 0)
    for number in range(200):
        # An answer takes 2 ms; most wait for their turn in this process.
        call(limiter, clock, time, 0.03 if number % 10 else 0.002)
    assert 3 <= limiter.wanted <= 4
    for _ in range(1_000):
        call(limiter, clock, time, 0.15)
    assert limiter.wanted >= 150


def test_clock_ahead_of_the_servers_holds_no_call_for_longer_than_a_window() -> None:
    time = Time(50)
    clock = ServerClock(time.monotonic)  # the server's time is years behind ours
    limiter = Limiter(clock, time.stop, 10)
    begun = time.seconds
    for _ in range(400):
        with limiter.call():
            clock.read({"Date": formatdate(int(BEGIN + time.seconds), usegmt=True)}, time.seconds)
            limiter.learn({})
    assert 20 <= time.seconds - begun <= 40


def test_hold_keeps_every_call_back() -> None:
    time = Time(50)
    clock = ServerClock(time.monotonic)
    limiter = Limiter(clock, time.stop, 0)
    call(limiter, clock, time, 0.01)
    before = time.seconds
    limiter.hold(30)
    with limiter.call():
        assert time.seconds >= before + 30


def test_wish_to_end_ends_the_waiting() -> None:
    stop = Stop()
    stop.set(15)
    with pytest.raises(Stopped) as stopped:
        stop.wait(1_000)
    assert stopped.value.signum == 15
