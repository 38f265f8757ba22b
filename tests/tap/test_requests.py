"""Every request that the tap can make: by GET, or by a POST that is documented to read."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tap_intercom_archive.resources import RESOURCES, Resource, requests
from tests.sandbox.process import Sandbox
from tests.tap import running

# All that is ever posted to. Whoever adds one here says where it is documented to change nothing.
READING_POSTS = {
    "/calls/search",
    "/companies/list",
    "/contacts/search",
    "/conversations/search",
    "/tickets/search",
}


def shapes(listed: set[tuple[str, str]]) -> set[str]:
    """Method and path, whatever ids are called."""
    return {f"{method} {re.sub(r'{[a-z]+}', '{}', path)}" for method, path in listed}


def test_nothing_is_sent_but_gets_and_reading_posts() -> None:
    listed = requests()
    assert {method for method, _ in listed} == {"GET", "POST"}
    assert {path for method, path in listed if method == "POST"} == READING_POSTS


def test_requests_of_a_whole_run_and_of_the_doctor_are_among_the_listed(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.reset_requests()
    settings = running.config(sandbox)
    done = running.sync(tmp_path, settings, catalog=running.everything())
    assert done.code == 0, done.err
    examined = running.run(*running.arguments(tmp_path, settings), "--test")
    assert examined.code == 0, examined.err
    routes = [route.partition(" ") for route in sandbox.requests()["by_route"]]
    made = shapes({(method, path) for method, _, path in routes})
    assert made <= shapes(requests())
    # Asked for only where something was owed, or is told in another way.
    unmade = {"GET /contacts/{}", "GET /articles/{}", "GET /calls/{}"}
    assert shapes(requests()) - made <= unmade


def test_catalog_holds_the_streams_of_the_table() -> None:
    catalog = running.discover()
    declared = {name for row in RESOURCES for name in (row.name, *(cut.name for cut in row.made))}
    assert {entry["tap_stream_id"] for entry in catalog["streams"]} == declared | {"raw_payloads"}


def paths_for(row: Resource, names: set[str]) -> set[tuple[str, str]]:
    """What may be asked for where these streams of a row are selected."""
    if not names & {row.name, *(cut.name for cut in row.made)}:
        return set()
    wanted = [cut for cut in row.cuts if cut.name in names]
    fed = tuple(cut for cut in row.fed if cut.name in names)
    return requests((replace(row, cuts=tuple(wanted), fed=fed),))


@pytest.mark.parametrize("half", [0, 1])
def test_deselected_streams_cost_no_calls_whichever_they_are(
    sandbox: Sandbox, tmp_path: Path, half: int
) -> None:
    listed = [name for row in RESOURCES for name in (row.name, *(cut.name for cut in row.made))]
    chosen = set(listed[half::2])
    sandbox.reset_requests()
    catalog = running.select(running.discover(), *chosen)
    done = running.sync(tmp_path, running.config(sandbox), catalog=catalog)
    assert done.code == 0, done.err
    assert set(done.counts) == chosen
    allowed = {pair for row in RESOURCES for pair in paths_for(row, chosen)} | {("GET", "/me")}
    routes = [route.partition(" ") for route in sandbox.requests()["by_route"]]
    assert shapes({(method, path) for method, _, path in routes}) <= shapes(allowed)


def bounds(sandbox: Sandbox) -> tuple[int, int]:
    """The earliest and the latest second that contacts were asked for by, in the last request."""
    bodies = [json.loads(body) for _, path, _, body in sandbox.log() if path == "/contacts/search"]
    after, before = (part["value"] for part in bodies[-1]["query"]["value"])
    return after, before


@pytest.mark.parametrize(
    ("version", "widened"),
    [("2.16", 90_000), ("2.17", 1), ("Preview", 90_000)],
)
def test_contacts_are_searched_by_day_up_to_2_16_and_by_the_second_later(
    sandbox: Sandbox, tmp_path: Path, version: str, widened: int
) -> None:
    catalog = running.select(running.discover(), "contacts")
    span = {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-02-01T00:00:00Z"}
    settings: dict[str, Any] = {**span, "api_version": version}
    sandbox.reset_requests()
    done = running.sync(tmp_path, running.config(sandbox, **settings), catalog=catalog)
    assert done.code == 0, done.err
    begin, end = (
        int(datetime.fromisoformat(span[name].replace("Z", "+00:00")).timestamp()) for name in span
    )
    after, before = bounds(sandbox)
    assert before == end + widened
    assert after >= begin - widened
    truth = {row["id"] for row in sandbox.truth("contacts")
             if span["start_date"] <= row["updated_at"] <= span["end_date"]}  # fmt: skip
    assert {row["id"] for row in done.records("contacts")} == truth
    assert truth
