"""A scroll: drained first, begun anew where it breaks off, and only a whole one retires."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tap_intercom_archive.client import Answer, Request, Workspace
from tap_intercom_archive.clock import Stop
from tap_intercom_archive.errors import ApiError, BadRequest, Faulty, Gone
from tap_intercom_archive.ledger import Ledger
from tap_intercom_archive.report import Report
from tap_intercom_archive.resources import RESOURCES
from tap_intercom_archive.scrolling import ScrollReader
from tap_intercom_archive.settings import Settings
from tests.sandbox.process import Sandbox
from tests.tap import running
from tests.tap.loopback import Bad, Loopback

COMPANIES = next(row for row in RESOURCES if row.name == "companies")
EXISTS = BadRequest("another scroll", 400, "scroll_exists")


@dataclass
class Scrolls:
    """A workspace's companies behind a scroll; `spoil` may fail the n-th request of all."""

    ids: list[str]
    spoil: dict[int, ApiError] = field(default_factory=dict)
    stuck: bool = False
    ends_after: tuple[int, ...] = ()
    total: int | None = None
    page: int = 2
    asked: list[str | None] = field(default_factory=list)
    tries: list[int] = field(default_factory=list)
    waited: float = 0.0
    _left: list[str] = field(default_factory=list)

    def send(self, request: Request) -> Answer:
        token = dict(request.params).get("scroll_param")
        self.asked.append(token)
        self.tries.append(request.tries)
        if token is None:
            self._left = list(self.ids)
        taken = [] if len(self.asked) in self.ends_after else self._left[: self.page]
        if not self.stuck:
            self._left = self._left[self.page :]
        if len(self.asked) in self.spoil:
            raise self.spoil[len(self.asked)]
        found = [{"id": i, "updated_at": 1_700_000_000} for i in taken]
        body = {"data": found, "total_count": self.total, "scroll_param": "always the same"}
        return Answer(json.dumps(body).encode(), request, 1_700_000_100.0, "application/json")

    def wait(self, seconds: float) -> None:
        self.waited += seconds


def read(world: Scrolls) -> tuple[list[str], bool, ScrollReader]:
    """Give the ids written, and whether others were retired after them."""
    stop = Stop()
    stop.wait = world.wait  # type: ignore[method-assign]
    client: Any = SimpleNamespace(
        send=world.send,
        now=lambda: 1_700_000_200.0,
        limiter=SimpleNamespace(limit=100, budget=(0, 100), waited_seconds=0.0),
        counts=SimpleNamespace(calls=0, retries=0, throttled=0),
    )
    run: Any = SimpleNamespace(
        settings=Settings.read({"access_token": "synthetic"}, "tests"),
        stop=stop,
        client=client,
        report=Report(logging.getLogger("tests"), client),
        workspace=Workspace("w1", "Synthetic", "US", "UTC", None),
    )
    reader = ScrollReader(run, COMPANIES, Ledger({}), ["companies"])
    written: list[str] = []
    retired: list[int] = []
    reader.retire = lambda: retired.append(len(written))
    for fetched in reader.objects():
        assert reader.sweeping
        written.append(fetched.payload.record_id)
    assert retired in ([], [len(written)])
    return written, bool(retired), reader


def test_whole_scroll_ends_with_an_empty_page_and_retires() -> None:
    world = Scrolls(["a", "b", "c", "d", "e"])
    written, retired, reader = read(world)
    assert written == ["a", "b", "c", "d", "e"]
    assert retired
    assert world.asked == [None, *["always the same"] * 3]
    assert reader.counted.proven_until == 1_700_000_200.0


def test_workspace_without_companies_retires_all() -> None:
    assert read(Scrolls([]))[:2] == ([], True)


@pytest.mark.parametrize(
    "fault", [Faulty("restart the scroll", 500), Gone("expired", 404), BadRequest("bad", 400)]
)
@pytest.mark.parametrize("at", [2, 3, 4])
def test_scroll_that_breaks_off_is_begun_anew_and_never_gone_on_with(
    fault: ApiError, at: int
) -> None:
    world = Scrolls(["a", "b", "c", "d", "e"], {at: fault})
    written, retired, _ = read(world)
    assert written == ["a", "b", "c", "d", "e"]
    assert retired
    assert world.asked[at] is None
    assert {tries for token, tries in zip(world.asked, world.tries, strict=True) if token} == {1}


def test_scroll_of_another_client_is_waited_for() -> None:
    world = Scrolls(["a", "b"], {1: EXISTS, 2: EXISTS, 3: EXISTS})
    written, retired, _ = read(world)
    assert (written, retired) == (["a", "b"], True)
    assert world.waited == 1 + 2 + 4


def test_scroll_of_another_client_is_not_waited_for_for_ever() -> None:
    world = Scrolls(["a"], dict.fromkeys(range(1, 100), EXISTS))
    with pytest.raises(BadRequest, match="another scroll"):
        read(world)
    assert 120 < world.waited < 900


def test_refusal_of_the_scroll_as_such_is_no_reason_to_wait() -> None:
    world = Scrolls(["a"], {1: BadRequest("no", 400, "intercom_version_invalid")})
    with pytest.raises(BadRequest, match="no"):
        read(world)
    assert world.waited == 0


def broken_for_ever(ids: list[str]) -> Scrolls:
    return Scrolls(ids, {n: Faulty("broken", 500) for n in range(3, 100, 3)})


@pytest.mark.parametrize("make", [broken_for_ever, lambda ids: Scrolls(ids, stuck=True)])
def test_scroll_that_never_ends_gives_what_it_showed_and_retires_nothing(
    make: Callable[[list[str]], Scrolls],
) -> None:
    written, retired, reader = read(make(["a", "b", "c", "d", "e"]))
    assert written[:2] == ["a", "b"]
    assert not retired
    assert "what is gone is not known" in (reader.counted.failed or "")
    assert reader.counted.proven_until is None


def test_scroll_that_ends_before_all_it_tells_of_is_begun_anew() -> None:
    world = Scrolls(["a", "b", "c", "d", "e"], ends_after=(2,), total=5)
    written, retired, _ = read(world)
    assert (written, retired) == (["a", "b", "c", "d", "e"], True)


def test_scrolls_that_end_early_each_at_another_place_retire_nothing() -> None:
    world = Scrolls(["a", "b", "c", "d", "e"], ends_after=(2, 5, 7, 10, 12), total=5)
    written, retired, reader = read(world)
    assert written[:2] == ["a", "b"]
    assert not retired
    assert "what is gone is not known" in (reader.counted.failed or "")


def test_size_that_is_told_wrong_does_not_keep_scrolls_that_agree_from_their_proof() -> None:
    world = Scrolls(["a", "b", "c"], total=4)
    assert read(world)[:2] == (["a", "b", "c"], True)
    assert world.asked.count(None) == 2


def sync(folder: Path, settings: dict[str, Any]) -> running.Ended:
    catalog = running.select(running.discover(), "companies")
    return running.sync(folder, settings, catalog=catalog)


def test_scroll_is_read_beside_another_and_through_a_fault(tmp_path: Path) -> None:
    def spoil(method: str, path: str, before: int) -> Bad | None:
        return Bad(500, b"{}") if "scroll_param" in path and before == 0 else None

    with Sandbox.start(seed=4, conversations=60, scroll_seconds=0.2) as sandbox:
        with Loopback(sandbox.url, spoil) as proxy:
            done = sync(tmp_path, running.config(sandbox, api_url=proxy.url))
        truth = {row["id"] for row in sandbox.truth("companies")}
    assert done.code == 0, done.err
    assert {row["id"] for row in done.records("companies")} == truth
    assert len(done.of_type("ACTIVATE_VERSION")) == 1


def test_broken_scroll_ends_incomplete_and_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    def spoil(method: str, path: str, before: int) -> Bad | None:
        return Bad(404, b"{}") if path.startswith("/companies/scroll") else None

    with Loopback(sandbox.url, spoil) as proxy:
        done = sync(tmp_path, running.config(sandbox, api_url=proxy.url))
    running.assert_one_clear_line(done, "companies: not finished", "GET /companies/scroll")
    assert done.of_type("ACTIVATE_VERSION") == []
