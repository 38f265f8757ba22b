"""The window protocol over a workspace that stands still, moves, lags, or is cut off."""

from __future__ import annotations

import json
from functools import partial
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_intercom_archive import searching, windows
from tap_intercom_archive.windows import Bookmark, Hit, Listing, Protocol, Rules
from tests.examples import examples
from tests.tap.moving import BEGIN, Archive, Moving, faulty


def world_of(seed: int, count: int, **facts: Any) -> Moving:
    """A workspace with ties: several objects on one second."""
    random = Random(seed)
    world = Moving(random, **facts)
    for number in range(count):
        world.objects[str(number)] = (BEGIN + random.randrange(0, 400, 20), 1)
    return world


@pytest.fixture(autouse=True, scope="module")
def small_windows() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(searching, "Rules", partial(Rules, window_objects=5))
        yield


@pytest.mark.parametrize("inclusive", [False, True])
def test_quiet_workspace_is_fetched_once_and_never_again(inclusive: bool) -> None:
    world = world_of(1, 40, inclusive=inclusive)
    archive, state = Archive(), dict[str, Any]()
    archive.read(world, state)
    assert sorted(world.fetched) == sorted(world.objects)
    assert not archive.missing(world, state)
    world.fetched.clear()
    archive.read(world, state)
    assert world.fetched == []


def test_what_changed_is_fetched_once_in_the_next_run() -> None:
    world = world_of(2, 30)
    archive, state = Archive(), dict[str, Any]()
    archive.read(world, state)
    world.fetched.clear()
    world.touch("3")
    world.touch("new")
    world.clock += 60
    archive.read(world, state)
    assert sorted(world.fetched) == ["3", "new"]
    assert not archive.missing(world, state)


@given(
    seed=st.integers(0, 10**6),
    count=st.integers(0, 40),
    inclusive=st.booleans(),
    lag=st.sampled_from([0.0, 0.3, 1.0]),
    lookback=st.sampled_from([0, 1, 900]),
    kills=st.lists(st.integers(0, 30), max_size=3),
)
@examples(60)
def test_nothing_is_lost_however_it_moves_and_wherever_a_run_is_killed(
    seed: int, count: int, inclusive: bool, lag: float, lookback: int, kills: list[int]
) -> None:
    # A world that changes faster than it can be read has no end.
    restless = 0.03 if lag == 1 else 0.15
    world = world_of(seed, count, inclusive=inclusive, lag=lag, restless=restless)
    archive, state = Archive(), dict[str, Any]()
    for most in kills:
        archive.read(world, state, most, lookback_seconds=lookback)
        state = json.loads(json.dumps(state))  # what another process would read
        world.clock += world.random.choice([0, 1, 100])
    archive.read(world, state, lookback_seconds=lookback)
    world.restless = world.lag = 0
    world.clock += 60
    archive.read(world, state, lookback_seconds=lookback)
    assert not archive.missing(world, state)


def test_replica_that_never_catches_up_is_owed_before_the_mark_passes_it() -> None:
    world = world_of(3, 12)
    for name in ("1", "2"):
        world.objects[name] = (world.objects[name][0], 2)
    world.lag = 1.0
    archive, state = Archive(), dict[str, Any]()
    archive.read(world, state)
    assert {entry["id"] for entry in state["owed"]} == {"1", "2"}


def test_object_that_always_fails_stops_nothing_and_is_asked_first_next_time() -> None:
    world = world_of(4, 20)
    faulty(world, "7")
    faulty(world, "8", gone=True)
    archive, state = Archive(), dict[str, Any]()
    archive.read(world, state)
    assert {(entry["id"], entry["reason"]) for entry in state["owed"]} == {
        ("7", "failed (500)"),
        ("8", "not found"),
    }
    assert set(archive.versions) == set(world.objects) - {"7", "8"}
    since = {entry["id"]: entry["since"] for entry in state["owed"]}
    world.broken.pop("7")
    world.clock += 5_000
    world.fetched.clear()
    archive.read(world, state)
    assert set(world.fetched[:2]) == {"7", "8"}
    assert [(entry["id"], entry["since"]) for entry in state["owed"]] == [("8", since["8"])]


def test_earlier_start_fills_the_gap_and_fetches_the_rest_alone() -> None:
    world = world_of(5, 40)
    middle = BEGIN + 200
    archive, state = Archive(), dict[str, Any]()
    archive.read(world, state, start_date="2023-11-14T22:16:40Z")
    late = {name for name, (at, _) in world.objects.items() if at >= middle}
    assert set(world.fetched) == late
    world.fetched.clear()
    world.clock += 10_000
    archive.read(world, state)
    boundary = {name for name, (at, _) in world.objects.items() if at == middle}
    assert set(world.fetched) - boundary == set(world.objects) - late
    assert not archive.missing(world, state)


def test_end_date_is_the_last_second_read_and_a_later_run_goes_on_from_it() -> None:
    world = world_of(6, 40)
    archive, state = Archive(), dict[str, Any]()
    archive.read(world, state, end_date="2023-11-14T22:16:40Z")
    assert set(world.fetched) == {n for n, (at, _) in world.objects.items() if at <= BEGIN + 200}
    archive.read(world, state)
    assert not archive.missing(world, state)


@pytest.mark.parametrize(
    ("key", "value"),
    [("display_as", "plaintext"), ("api_version", "2.15"), ("streams", ["other"])],
)
def test_another_way_of_asking_reads_everything_anew(key: str, value: Any) -> None:
    world = world_of(7, 10)
    archive, state = Archive(), dict[str, Any]()
    archive.read(world, state)
    state["scope"][key] = value
    world.fetched.clear()
    archive.read(world, state)
    assert set(world.fetched) == set(world.objects)


def test_answer_within_the_second_of_the_change_is_asked_for_again() -> None:
    world = world_of(8, 3, steps=(0.01,))
    world.touch("2")
    archive, state = Archive(), dict[str, Any]()
    archive.read(world, state)
    assert world.fetched.count("2") == 2
    assert world.fetched.count("1") == 1


def hit(number: int, at: int = 5) -> Hit:
    return Hit(f"{number:024x}", at, f"{number:016x}", b"{}")


def test_state_of_a_huge_window_forgets_rather_than_grows() -> None:
    hits = [hit(number) for number in range(5_000)]
    bookmark = Bookmark()
    protocol = Protocol(
        bookmark,
        Rules(900),
        lambda *_: Listing(hits, len(hits)),
        lambda: 100.0,
        lambda _: None,
        lambda _: None,
    )
    batch = next(protocol.rounds(0, None))
    for one in batch:
        protocol.archived(one, 5, 100.0)
    assert len(json.dumps(bookmark.to_state())) < 64_000
    kept = Bookmark.from_state(bookmark.to_state())
    assert len(kept.done) == windows.REMEMBERED_OBJECTS
    assert kept.done.items() <= bookmark.done.items()


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"high_water_mark": 7},
        {"high_water_mark": "soon", "window": [], "settled": "x"},
        {"window": {"from": "2024-01-01"}, "settled": {"a": 1}},
        {"window": {"from": "2024-01-01", "to": 3, "done": []}},
        {"high_water_mark": "9" * 400},
    ],
)
def test_state_that_cannot_be_read_counts_as_unknown(state: dict[str, Any]) -> None:
    bookmark = Bookmark.from_state(state)
    assert (bookmark.mark, bookmark.window, bookmark.settled) == (None, None, {})


FINGERPRINTS = st.dictionaries(st.text("0123456789", min_size=1), st.text("abcdef0123456789"))


@given(
    mark=st.none() | st.integers(-(10**9), 10**10),
    window=st.none() | st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)),
    done=FINGERPRINTS,
    settled=FINGERPRINTS,
)
def test_bookmark_survives_its_state(
    mark: int | None, window: Any, done: dict[str, str], settled: dict[str, str]
) -> None:
    bookmark = Bookmark(mark, window, done if window else {}, settled)
    assert Bookmark.from_state(json.loads(json.dumps(bookmark.to_state()))) == bookmark
