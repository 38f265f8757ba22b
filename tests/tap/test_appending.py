"""A log that only grows is read span by span, and never asked for twice but for the lookback."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tap_intercom_archive.client import Answer, Request
from tap_intercom_archive.paging import PAGERS, read_pages
from tests.sandbox.process import Sandbox
from tests.tap import running
from tests.tap.loopback import Bad, Loopback


def sync(sandbox: Sandbox, folder: Path, state: Any = None, **more: Any) -> running.Ended:
    catalog = running.select(running.discover(), "activity_logs")
    return running.sync(folder, running.config(sandbox, **more), state, catalog)


def spans(sandbox: Sandbox) -> list[tuple[int, int]]:
    """The bounds that the log was asked for by, each once."""
    found = re.findall(
        r"activity_logs\?created_at_after=(\d+)&created_at_before=(\d+)",
        " ".join(path for _, path, *_ in sandbox.log()),
    )
    return [(int(after), int(before)) for after, before in dict.fromkeys(found)]


@pytest.mark.parametrize("operators", ["strict", "inclusive"])
@pytest.mark.parametrize("seed", [2, 3])
def test_every_entry_comes_once_whatever_the_bounds_and_pages_mean(
    tmp_path: Path, seed: int, operators: str
) -> None:
    with Sandbox.start(seed=seed, conversations=60, operators=operators) as sandbox:
        done = sync(sandbox, tmp_path)
        listed = spans(sandbox)
        ids = sandbox.ids("activity_logs")
    assert done.code == 0, done.err
    assert sorted(row["id"] for row in done.records("activity_logs")) == sorted(ids)
    assert 10 < len(listed) <= 51
    assert [after for after, _ in listed[1:]] == [before - 1 for _, before in listed[:-1]]


def test_next_run_asks_from_the_mark_less_the_lookback(sandbox: Sandbox, tmp_path: Path) -> None:
    first = sync(sandbox, tmp_path)
    sandbox.change(300, seconds=7_200)
    sandbox.reset_requests()
    second = sync(sandbox, tmp_path, first.state)
    new = {row["id"] for row in second.records("activity_logs")}
    known = {row["id"] for row in first.records("activity_logs")}
    assert new
    assert not new & known
    assert new | known == set(sandbox.ids("activity_logs"))
    assert len(spans(sandbox)) == 1


def test_run_that_breaks_off_goes_on_from_the_last_whole_span(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    asked: list[str] = []

    def spoil(method: str, path: str, before: int) -> Bad | None:
        asked.extend([path] if "activity_logs" in path else [])
        return Bad(403, b"{}") if len(asked) > 8 else None

    with Loopback(sandbox.url, spoil) as proxy:
        broken = sync(sandbox, tmp_path, api_url=proxy.url)
    assert broken.code == 1
    assert broken.bookmark("activity_logs")["high_water_mark"]
    rest = sync(sandbox, tmp_path, broken.state)
    ids = [row["id"] for done in (broken, rest) for row in done.records("activity_logs")]
    assert set(ids) == set(sandbox.ids("activity_logs"))


def test_start_date_bounds_the_log(sandbox: Sandbox, tmp_path: Path) -> None:
    done = sync(sandbox, tmp_path, start_date="2026-01-01")
    truth = {
        row["id"] for row in sandbox.truth("activity_logs") if row["created_at"] >= "2026-01-01"
    }
    assert {row["id"] for row in done.records("activity_logs")} == truth
    assert truth


def test_entry_without_a_time_is_kept(sandbox: Sandbox, tmp_path: Path) -> None:
    def spoil(method: str, path: str, before: int) -> Bad | None:
        if "activity_logs" not in path:
            return None
        return Bad(200, b'{"activity_logs": [{"id": "timeless", "created_at": null}]}')

    with Loopback(sandbox.url, spoil) as proxy:
        done = sync(sandbox, tmp_path, api_url=proxy.url, start_date="2026-01-01")
    assert done.code == 0, done.err
    assert {row["id"] for row in done.records("activity_logs")} == {"timeless"}


def pages_of(*told: Any) -> list[Request]:
    """The requests that a pager makes which follows what each page tells."""
    made: list[Request] = []
    answers = iter(told)

    def send(request: Request) -> Answer:
        made.append(request)
        body = b'{"data": [{"id": 1}], "pages": %s}' % next(answers).encode()
        return Answer(body, request, 0.0, "application/json")

    request = Request("GET", "/x", (("a", "1"),))
    assert len(list(read_pages(send, request, "data", PAGERS["told"]))) == len(told)
    return made


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ('{"next": "https://other.example.com/y?a=2&page=2"}', (("a", "2"), ("page", "2"))),
        ('{"next": {"starting_after": "abc"}}', (("a", "1"), ("starting_after", "abc"))),
        ('{"next": {"page": 2, "per_page": 5}, "total_pages": 2}', (("a", "1"), ("page", "2"))),
        ('{"next": {"page": 2}}', (("a", "1"), ("page", "2"))),
        ('{"total_pages": 2}', (("a", "1"), ("page", "2"))),
    ],
)
def test_next_page_is_what_the_page_tells_in_whatever_form(
    told: str, expected: tuple[tuple[str, str], ...]
) -> None:
    first, second = pages_of(told, '{"next": null, "total_pages": 9}')
    assert second.params == expected
    assert (second.method, second.path) == (first.method, first.path) == ("GET", "/x")


@pytest.mark.parametrize("told", ["{}", "null", '{"next": null}', '{"next": ""}'])
def test_page_that_tells_of_no_other_is_the_last(told: str) -> None:
    assert len(pages_of(told)) == 1
