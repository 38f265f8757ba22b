"""Tickets: listed whole where the search shows all their parts, fetched where it does not."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tap_intercom_archive import normalize
from tap_intercom_archive.cuts import shows_all_parts
from tests.sandbox.process import Sandbox
from tests.tap import running
from tests.tap.loopback import Bad, Loopback


def sync(sandbox: Sandbox, folder: Path, state: Any = None, **more: Any) -> running.Ended:
    catalog = running.select(running.discover(), "tickets", "ticket_parts")
    return running.sync(folder, running.config(sandbox, **more), state, catalog)


def parts(*kinds: str, total: int | None = None) -> dict[str, Any]:
    listed = [{"id": str(number), "part_type": kind} for number, kind in enumerate(kinds)]
    return {"ticket_parts": {"ticket_parts": listed, "total_count": total}}


@pytest.mark.parametrize(
    ("ticket", "expected"),
    [
        ({}, False),
        ({"ticket_parts": None}, False),
        (parts(), False),
        (parts(total=0), True),
        (parts("note", total=1), True),
        (parts("note", total=2), False),
        (parts("note"), False),
        (parts(*["note"] * 500, total=700), True),
    ],
)
def test_ticket_is_whole_where_it_tells_that_no_part_is_missing_but_past_the_cap(
    ticket: dict[str, Any], expected: bool
) -> None:
    assert shows_all_parts(ticket) is expected


def test_only_tickets_without_all_parts_are_fetched(sandbox: Sandbox, tmp_path: Path) -> None:
    cut = {
        row["id"]
        for index, row in enumerate(sandbox.truth("tickets"))
        if index % 6 == 2 or (index % 6 == 4 and row["parts_total_count"] > 3)
    }
    sandbox.reset_requests()
    done = sync(sandbox, tmp_path)
    fetched = Counter(
        path.rpartition("/")[2] for method, path, *_ in sandbox.log() if method == "GET"
    )
    assert done.code == 0, done.err
    assert {row["id"] for row in done.records("tickets")} == set(sandbox.ids("tickets"))
    assert {i: n for i, n in fetched.items() if i != "me"} == dict.fromkeys(cut, 1)
    assert done.counts["ticket_parts"] == len(sandbox.truth("ticket_parts"))


def test_cap_of_parts_is_marked_and_counted(sandbox: Sandbox, tmp_path: Path) -> None:
    done = sync(sandbox, tmp_path)
    cut = [row for row in done.records("tickets") if row["parts_truncated"]]
    assert [(row["parts_returned"], row["parts_total_count"]) for row in cut] == [(500, 507)]
    assert "1 with parts past the API's cap" in done.err


def test_sweep_that_could_not_fetch_a_ticket_retires_none(sandbox: Sandbox, tmp_path: Path) -> None:
    poisoned = next(
        row["id"] for index, row in enumerate(sandbox.truth("tickets")) if index % 6 == 2
    )

    def spoil(method: str, path: str, before: int) -> Bad | None:
        return Bad(403, b"{}") if path == f"/tickets/{poisoned}" and before < 1 else None

    with Loopback(sandbox.url, spoil) as proxy:
        done = sync(sandbox, tmp_path, api_url=proxy.url)
        assert done.code == 1
        assert f"owed: tickets {poisoned}" in done.err
        assert done.of_type("ACTIVATE_VERSION") == []
        again = sync(sandbox, tmp_path, done.state, api_url=proxy.url)
    assert again.code == 0, again.err
    assert poisoned in {row["id"] for row in again.records("tickets")}


def test_ticket_that_is_gone_twice_is_not_owed_for_ever(sandbox: Sandbox, tmp_path: Path) -> None:
    gone = next(row["id"] for index, row in enumerate(sandbox.truth("tickets")) if index % 6 == 2)

    def spoil(method: str, path: str, before: int) -> Bad | None:
        return Bad(404, b"{}") if path == f"/tickets/{gone}" else None

    with Loopback(sandbox.url, spoil) as proxy:
        done = sync(sandbox, tmp_path, api_url=proxy.url)
        assert [owed["id"] for owed in done.bookmark("tickets")["owed"]] == [gone]
        again = sync(sandbox, tmp_path, done.state, api_url=proxy.url)
    assert again.code == 0, again.err
    assert "owed" not in again.bookmark("tickets")


@pytest.mark.parametrize("state", ["submitted", {"id": "1", "category": "submitted"}])
def test_state_of_older_versions_is_a_word(state: Any) -> None:
    record = normalize.record_of("tickets", {"id": "1", "ticket_state": state}, "p", Counter())
    assert record["ticket_state_category"] == "submitted"
