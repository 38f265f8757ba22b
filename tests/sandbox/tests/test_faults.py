"""Faults: at a rate, fixed by seed and request count; objects and pages that always fail."""

from __future__ import annotations

import http.client
import json
import time
from collections import Counter
from urllib.error import URLError

import pytest

from tests.sandbox.messages import Manner
from tests.sandbox.modes import FAULTS
from tests.sandbox.process import Sandbox, SandboxError
from tests.sandbox.tests.client import call
from tests.sandbox.tests.inside import open_inside


def outcomes(seed: int, rate: float, count: int = 600) -> list[tuple[int, Manner, bytes]]:
    inside = open_inside(seed, fault_rate=rate)
    answers = [inside.ask("/conversations?per_page=1") for _ in range(count)]
    return [(answer.status, answer.manner, answer.body) for answer in answers]


def test_faults_are_fixed_by_seed_and_request_count() -> None:
    assert outcomes(1, 0.2, 200) == outcomes(1, 0.2, 200)
    assert [o[:2] for o in outcomes(1, 0.2, 200)] != [o[:2] for o in outcomes(2, 0.2, 200)]


def test_every_fault_comes_at_its_rate() -> None:
    inside = open_inside(1, fault_rate=0.1)
    for _ in range(2_000):
        inside.ask("/me")
    met = inside.json("/_sandbox/requests")["faults"]
    assert set(met) == set(FAULTS)
    assert 150 < sum(met.values()) < 250


def test_no_faults_without_the_mode() -> None:
    assert {status for status, _, _ in outcomes(1, 0, 100)} == {200}


@pytest.mark.parametrize("fault", ["500", "502", "503", "504"])
def test_server_errors_carry_an_error_list(fault: str) -> None:
    answer = open_inside(fault_rate=1.0, fault_kinds=(fault,)).ask("/me")
    assert answer.status == int(fault)
    assert json.loads(answer.body)["type"] == "error.list"
    assert "X-RateLimit-Limit" in answer.headers


def test_answers_of_200_that_are_none() -> None:
    def one(kind: str, path: str) -> tuple[int, str, bytes]:
        answer = open_inside(fault_rate=1.0, fault_kinds=(kind,)).ask(path)
        return answer.status, answer.content_type, answer.body

    conversation = open_inside().json("/_sandbox/ids/conversations")[5]
    path = f"/conversations/{conversation}"
    status, kind, body = one("truncated", path)
    assert (status, kind.partition(";")[0]) == (200, "application/json")
    assert open_inside().ask(path).body.startswith(body)
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)
    status, kind, body = one("html", path)
    assert (status, kind.partition(";")[0], body[:14]) == (200, "text/html", b"<!DOCTYPE html")
    assert one("empty", path)[::2] == (200, b"")


def test_half_a_text_is_never_served_as_a_whole_one() -> None:
    inside = open_inside(fault_rate=1.0, fault_kinds=("truncated",))
    texts = [c for c in inside.api.workspace.calls if c.form == "text" and c.speaks]
    assert inside.ask(f"/calls/{texts[0].id}/transcript").status == 502


def test_a_fetch_that_is_cut_short_counts_as_no_fetch() -> None:
    inside = open_inside(fault_rate=1.0, fault_kinds=("truncated",))
    target = inside.json("/_sandbox/ids/conversations")[0]
    before = inside.ask(f"/_sandbox/payload/conversations/{target}").body
    for _ in range(3):
        inside.ask(f"/conversations/{target}")
    assert inside.ask(f"/_sandbox/payload/conversations/{target}").body == before
    counts = inside.json("/_sandbox/requests?more_than=2")["conversations"]
    assert counts == {"gets": 3, "distinct": 1, "answered": 0, "more_than": {target: 3}}


def test_connections_are_reset_and_held() -> None:
    with Sandbox.start(conversations=60, fault_rate=1.0, fault_kinds=("reset",)) as broken:
        with pytest.raises((ConnectionResetError, URLError, http.client.RemoteDisconnected)):
            call(broken, "/me")
        assert broken.requests()["faults"] == {"reset": 1}
        assert broken.log() == [["GET", "/me", 0, ""]]
    with Sandbox.start(
        conversations=60, fault_rate=1.0, fault_kinds=("hang",), hang_seconds=0.3
    ) as broken:
        begun = time.monotonic()
        with pytest.raises((ConnectionResetError, URLError, http.client.RemoteDisconnected)):
            call(broken, "/me")
        assert time.monotonic() - begun >= 0.3


def test_a_poisoned_object_always_fails_and_the_others_answer() -> None:
    ids = open_inside().json("/_sandbox/ids/conversations")
    inside = open_inside(always_fail=(f"conversations:{ids[0]}",))
    assert {inside.ask(f"/conversations/{ids[0]}").status for _ in range(5)} == {500}
    assert inside.ask(f"/conversations/{ids[1]}").status == 200
    assert ids[0] in {hit["id"] for hit in inside.hits()}


@pytest.mark.parametrize("stream", ["articles", "calls", "contacts", "tags"])
def test_a_page_that_holds_a_poisoned_object_fails_and_others_answer(stream: str) -> None:
    second = open_inside().json(f"/{stream}")["data"][1]["id"]
    inside = open_inside(always_fail=(f"{stream}:{second}",))
    assert inside.ask(f"/{stream}").status == 500
    # Tags come in one page whatever is asked for.
    assert inside.ask(f"/{stream}?per_page=1").status == (500 if stream == "tags" else 200)


def test_poison_is_set_and_lifted_while_it_runs() -> None:
    with Sandbox.start(conversations=60) as sandbox:
        article, contact = sandbox.ids("articles")[0], sandbox.ids("contacts")[0]
        sandbox.always_fail(f"articles:{article}", f"contacts:{contact}")
        assert call(sandbox, f"/articles/{article}").status == 500
        assert call(sandbox, f"/contacts/{contact}").status == 500
        sandbox.always_fail()
        assert call(sandbox, f"/articles/{article}").status == 200
        with pytest.raises(SandboxError, match="STREAM:ID"):
            sandbox.always_fail("nonsense")


def test_large_pages_fail_and_small_ones_answer() -> None:
    inside = open_inside(pages_fail_above=10)
    statuses: Counter[tuple[str, int]] = Counter()
    for size in (10, 11):
        query = {"field": "updated_at", "operator": ">", "value": 0}
        for path in ("/conversations/search", "/contacts/search"):
            body = {"query": query, "pagination": {"per_page": size}}
            statuses[path, inside.ask(path, body).status] += size
        for path in (
            "/contacts",
            "/conversations",
            "/articles",
            "/calls",
            "/conversations/deleted",
        ):
            statuses[path, inside.ask(f"{path}?per_page={size}").status] += size
    assert set(statuses.values()) == {10, 11}
    assert {status for (_, status), size in statuses.items() if size == 10} == {200}
    assert {status for (_, status), size in statuses.items() if size == 11} == {504}
    assert inside.ask("/contacts").status == 504
    assert inside.ask("/admins").status == 200
