"""Lists that move or tell odd sizes while they are read: read again, never taken for whole."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from random import Random
from typing import Any

import pytest

from tap_intercom_archive import searching
from tap_intercom_archive.client import Answer, Request
from tap_intercom_archive.clock import Stop
from tap_intercom_archive.errors import Faulty, Gone
from tap_intercom_archive.followups import Whole
from tap_intercom_archive.hydrating import Hydrator
from tap_intercom_archive.hydration import LATE, Workers
from tap_intercom_archive.ledger import Ledger
from tap_intercom_archive.readers import WholeReader
from tap_intercom_archive.resources import RESOURCES
from tap_intercom_archive.walks import RowsPage, Sweep
from tap_intercom_archive.windows import Hit, Rules
from tests.tap.moving import Moving
from tests.tap.moving import reader as reader_of
from tests.tap.protocol.harness import Tap
from tests.tap.protocol.model import Workspace

PAGE = 3


def hit(name: str, at: int = 1) -> Hit:
    return Hit(name, at, f"{name} {at}", b"{}")


def paged(rows: list[tuple[str, int]], total: int | None) -> Iterator[RowsPage]:
    for offset in range(0, len(rows), PAGE):
        yield RowsPage([hit(*row) for row in rows[offset : offset + PAGE]], total)


def swept(pages: Callable[[], Iterator[RowsPage]], began_at: float | None = None) -> Sweep:
    sweep = Sweep(pages, began_at)
    for _ in sweep.rows():
        pass
    return sweep


def test_readings_that_saw_fewer_rows_than_there_are_prove_nothing() -> None:
    """A row is made and deleted in each reading, so that the same old row slides past both."""
    rows = [("made 0", 1000), ("a", 5), ("b", 4), ("slides", 3), ("c", 2)]
    readings = 0

    def pages() -> Iterator[RowsPage]:
        nonlocal readings
        if readings:
            rows.insert(0, (f"made {readings}", 1000 + readings))
        readings += 1
        first = True
        offset = 0
        while offset < len(rows):
            yield RowsPage([hit(*row) for row in rows[offset : offset + PAGE]], len(rows))
            offset += PAGE
            if first:
                del rows[0]
                first = False

    assert not swept(pages, began_at=999).proven


def test_size_that_is_told_wrong_does_not_keep_a_list_that_stands_still_from_its_proof() -> None:
    rows = [(str(number), number) for number in range(7)]
    assert swept(lambda: paged(rows, 8)).proven
    assert swept(lambda: paged(rows, None)).proven


def test_list_that_never_holds_still_is_said_to_be_unproven_and_retires_nothing() -> None:
    world = Moving(Random(1))
    run = reader_of(world, {}).run
    numbers = count()

    def another_tag_each_time(request: Request) -> Answer:
        body = f'{{"data": [{{"id": "{next(numbers)}"}}]}}'.encode()
        return Answer(body, request, world.now(), "application/json")

    run.client.send = another_tag_each_time  # type: ignore[method-assign]
    row = next(row for row in RESOURCES if row.name == "tags")
    reading = WholeReader(run, row, Ledger({}), ["tags"])
    retired: list[str] = []
    reading.retire = lambda: retired.append("all")
    assert list(reading.objects())
    assert not retired
    assert "never held still" in str(reading.counted.failed)
    assert reading.counted.proven_until is None


def test_list_that_holds_an_object_without_an_id_retires_nothing() -> None:
    world = Moving(Random(1))
    run = reader_of(world, {}).run
    body = b'{"data": [{"id": "1"}, {"id": null, "name": "has been here before"}]}'
    run.client.send = lambda request: Answer(body, request, world.now(), "application/json")  # type: ignore[method-assign]
    row = next(row for row in RESOURCES if row.name == "tags")
    reading = WholeReader(run, row, Ledger({}), ["tags"])
    retired: list[str] = []
    reading.retire = lambda: retired.append("all")
    assert [fetched.payload.record_id for fetched in reading.objects()] == ["1"]
    assert not retired
    assert "without an id" in str(reading.counted.failed)


def test_object_that_slides_past_a_drifting_cursor_is_found_by_the_next_listing() -> None:
    workspace = Workspace(inclusive=False, drifting=True)
    for _ in range(4):
        workspace.create("conversations")
        workspace.tick(1)
    workspace.tick(100)
    tap = Tap(workspace)
    tap.run()
    workspace.tick(300)
    workspace.change("conversations", 3)
    workspace.tick(2_000)
    send, moved = workspace.send, False

    def send_and_move(request: Any) -> Any:
        nonlocal moved
        answer = send(request)
        first = "search" in request.path and "starting_after" not in request.json["pagination"]
        if first and not moved:
            moved = True
            workspace.tick(5)
            workspace.change("conversations", 0)
        return answer

    workspace.send = send_and_move  # type: ignore[method-assign]
    tap.run()
    assert moved
    newest = workspace.conversations["c4"].version
    assert tap.archive.rows["conversations"]["c4"] == newest


def test_object_indexed_late_in_a_long_run_is_found_in_that_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(searching, "Rules", partial(Rules, window_objects=8))
    workspace = Workspace()
    for _ in range(3):
        workspace.create("conversations")
        workspace.tick(1)
    workspace.tick(50_000)
    tap = Tap(workspace)
    tap.run()
    workspace.tick(86_400)
    # In the first of several windows, and to be found only when the run is past it.
    workspace.create("conversations", delay=240)
    for _ in range(31):
        workspace.tick(1)
        workspace.create("conversations")
    send = workspace.send

    def slowly(request: Request) -> Answer:
        answer = send(request)
        if request.method == "GET" and request.path.startswith("/conversations/c"):
            workspace.tick(60)
        return answer

    workspace.send = slowly  # type: ignore[method-assign]
    tap.run()
    assert "c4" in tap.archive.rows["conversations"]


def test_what_is_owed_is_settled_by_a_good_fetch_in_its_window() -> None:
    workspace = Workspace()
    workspace.create("conversations")
    workspace.tick(3_000)
    tap = Tap(workspace)
    failing, send = True, workspace.send

    def fail(request: Any) -> Any:
        if failing and request.path.endswith("/c1"):
            raise Faulty("broken", 500)
        return send(request)

    workspace.send = fail  # type: ignore[method-assign]
    tap.run()
    assert tap.owed == ["c1"]
    workspace.change("conversations", 0)
    workspace.tick(3_000)
    calls = 0

    def fail_once(request: Any) -> Any:
        nonlocal calls
        if request.path.endswith("/c1"):
            calls += 1
            if calls == 1:
                raise Faulty("broken", 500)
        return send(request)

    workspace.send = fail_once  # type: ignore[method-assign]
    tap.run()
    assert calls == 2
    assert tap.owed == []
    assert tap.archive.rows["conversations"] == {"c1": workspace.conversations["c1"].version}


def test_object_missing_twice_counts_as_gone_where_no_deletions_are_listed() -> None:
    world = Moving(Random(7))
    world.objects = {"1": (1_700_000_000, 1), "2": (1_700_000_001, 1)}
    world.broken["2"] = Gone("gone", 404)
    state: dict[str, Any] = {}
    for expected in (["2"], []):
        reading = reader_of(world, state)
        reading.has_tombstones = False
        for fetched in reading.objects():
            fetched.written()
        assert [entry["id"] for entry in state.get("owed", ())] == expected
        world.clock += 5_000


def test_answer_that_comes_late_is_dropped_when_a_newer_one_is_written() -> None:
    world = Moving(Random(3))
    world.objects = {"1": (1_700_000_000, 1)}
    reading = reader_of(world, {})
    release, hits = threading.Event(), [hit("1", 1_700_000_000), hit("1", 1_700_000_900)]
    send = world.send
    held: list[Answer] = []

    def hold_the_first(request: Request) -> Answer:
        answer = send(request)
        if not held:
            held.append(answer)
            assert release.wait(20)
        return answer

    reading.run.client.send = hold_the_first  # type: ignore[method-assign]
    reading.run.workers = Workers(2, Stop(), monotonic=count(0, 5).__next__)  # type: ignore[misc]
    hydrator = Hydrator(reading)
    assert [got for _, got in hydrator.of(hits[:1], list)] == [LATE]
    world.objects["1"] = (1_700_000_900, 2)
    [(_, newer)] = hydrator.of(hits[1:], list)
    assert isinstance(newer, Whole)
    assert newer.payload.document["version"] == 2
    release.set()
    assert list(hydrator.rest()) == []
