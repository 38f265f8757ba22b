"""The HTTP server: endpoints, errors, paging, limits, scopes, time, its own control."""

from __future__ import annotations

import base64
import json
import re
import signal
import time
from email.utils import parsedate_to_datetime

import pytest

from tests.sandbox.process import Sandbox, SandboxError
from tests.sandbox.tests.client import (
    ASCENDING,
    UPDATED_SINCE_EVER,
    call,
    numbered_pages,
    search_pages,
)


def test_same_seed_same_bytes_and_another_seed_other_bytes() -> None:
    def everything(seed: int) -> list[bytes]:
        with Sandbox.start(seed=seed, conversations=60) as started:
            return [
                started.payload(stream, record_id)
                for stream in ("conversations", "contacts", "articles", "calls")
                for record_id in started.ids(stream)
            ]

    once = everything(5)
    assert everything(5) == once
    assert set(everything(6)).isdisjoint(once)


@pytest.mark.parametrize("per_page", [7, 150])
def test_ascending_search_gives_each_conversation_once_in_order(
    sandbox: Sandbox, per_page: int
) -> None:
    pages = list(
        search_pages(sandbox, "/conversations/search", UPDATED_SINCE_EVER, per_page, sort=ASCENDING)
    )
    found = [hit for page in pages for hit in page["conversations"]]
    times = [hit["updated_at"] for hit in found]
    assert times == sorted(times)
    assert sorted(hit["id"] for hit in found) == sorted(sandbox.ids("conversations"))
    assert {page["total_count"] for page in pages} == {320}
    assert pages[0]["pages"]["total_pages"] == len(pages) == -(-320 // per_page)
    assert not any("conversation_parts" in hit for hit in found)


def test_search_cursor_names_the_last_row_and_the_next_page(sandbox: Sandbox) -> None:
    page = next(search_pages(sandbox, "/conversations/search", UPDATED_SINCE_EVER, 10))
    cursor = json.loads(base64.b64decode(page["pages"]["next"]["starting_after"]))
    last = page["conversations"][-1]
    assert cursor == [last["updated_at"] * 1_000, last["id"], 2]


def test_contacts_are_listed_by_cursor_each_once(sandbox: Sandbox) -> None:
    seen: list[str] = []
    path = "/contacts?per_page=9"
    while True:
        page = call(sandbox, path).json
        seen += [contact["id"] for contact in page["data"]]
        following = page["pages"].get("next")
        if following is None:
            break
        path = f"/contacts?per_page=9&starting_after={following['starting_after']}"
    assert sorted(seen) == sorted(sandbox.ids("contacts"))


@pytest.mark.parametrize(
    ("path", "items", "per_page", "stream"),
    [
        ("/articles", "data", 25, "articles"),
        ("/calls", "data", 25, "calls"),
        ("/help_center/collections", "data", 20, "collections"),
        ("/conversations/deleted", "conversations", 20, "deleted_conversations"),
    ],
)
def test_numbered_lists_give_each_row_once(
    sandbox: Sandbox, path: str, items: str, per_page: int, stream: str
) -> None:
    default = call(sandbox, path).json
    assert default["pages"]["per_page"] == per_page
    seen = [row["id"] for page in numbered_pages(sandbox, path, 11) for row in page[items]]
    assert sorted(seen) == sorted(sandbox.ids(stream))
    beyond = call(sandbox, f"{path}?page=999").json
    assert beyond[items] == []


@pytest.mark.parametrize(
    "path",
    [
        "/calls?per_page=26",
        "/conversations/deleted?per_page=61",
        "/conversations?per_page=151",
        "/contacts?per_page=151",
        "/contacts?per_page=0",
        "/articles?page=x",
        "/conversations/deleted?order=sideways",
        "/contacts?starting_after=nonsense",
    ],
)
def test_a_page_that_is_asked_for_wrongly_is_refused(sandbox: Sandbox, path: str) -> None:
    assert call(sandbox, path).status == 400


def test_deleted_conversations_go_both_ways_and_need_version_2_16(sandbox: Sandbox) -> None:
    down = call(sandbox, "/conversations/deleted?per_page=60").json
    up = call(sandbox, "/conversations/deleted?per_page=60&order=asc").json
    assert up["conversations"] == down["conversations"][::-1]
    assert down["pages"]["next"] is None
    old = call(sandbox, "/conversations/deleted", Intercom_Version="2.15")
    assert (old.status, old.code) == (400, "intercom_version_invalid")


def test_pages_hold_each_item_exactly_as_its_payload(sandbox: Sandbox) -> None:
    page = call(sandbox, "/contacts?per_page=150").body
    for contact_id in sandbox.ids("contacts"):
        assert sandbox.payload("contacts", contact_id) in page


def test_fetched_conversation_is_the_payload_byte_for_byte(sandbox: Sandbox) -> None:
    for conversation_id in sandbox.ids("conversations")[:40]:
        served = call(sandbox, f"/conversations/{conversation_id}").body
        assert served == sandbox.payload("conversations", conversation_id)


def test_plaintext_shows_the_texts_and_nothing_else_changes(sandbox: Sandbox) -> None:
    texts = {row["id"]: row["body_text"] for row in sandbox.truth("conversation_parts")}
    conversation_id = sandbox.ids("conversations")[3]
    html = call(sandbox, f"/conversations/{conversation_id}").json
    plain = call(sandbox, f"/conversations/{conversation_id}?display_as=plaintext").json
    shown = plain["conversation_parts"]["conversation_parts"]
    assert [part["body"] for part in shown] == [texts[part["id"]] for part in shown]
    assert plain["statistics"] == html["statistics"]


def test_calls_are_found_by_up_to_twenty_conversations(sandbox: Sandbox) -> None:
    calls = [row for row in sandbox.truth("calls") if row["conversation_id"]]
    ids = list({row["conversation_id"]: None for row in calls})[:20]
    found = call(sandbox, "/calls/search", {"conversation_ids": ids}).json["data"]
    assert {c["id"] for c in found} == {c["id"] for c in calls if c["conversation_id"] in ids}
    for wrong in ([], [str(n) for n in range(21)], None):
        reply = call(sandbox, "/calls/search", {"conversation_ids": wrong})
        assert (reply.status, reply.code) == (400, "conversation_id_limit_exceeded")


@pytest.mark.parametrize("token", ["wrong", ""])
def test_a_wrong_token_gets_401_without_limit_headers(sandbox: Sandbox, token: str) -> None:
    reply = call(sandbox, "/me", token=token)
    assert (reply.status, reply.code) == (401, "unauthorized")
    assert reply.json["type"] == "error.list"
    assert reply.json["request_id"] == reply.headers["X-Request-Id"]
    assert "X-RateLimit-Limit" not in reply.headers


@pytest.mark.parametrize(
    "path", ["/nothing", "/conversations/1", "/calls/1", "/calls/1/transcript", "/articles/1"]
)
def test_what_is_not_there_is_404(sandbox: Sandbox, path: str) -> None:
    reply = call(sandbox, path)
    assert (reply.status, reply.code) == (404, "not_found")


def test_version_is_echoed_and_an_unknown_one_refused(sandbox: Sandbox) -> None:
    assert call(sandbox, "/me").headers["Intercom-Version"] == "2.16"
    assert call(sandbox, "/me", Intercom_Version="2.17").headers["Intercom-Version"] == "2.17"
    assert call(sandbox, "/me", Intercom_Version="1999").code == "intercom_version_invalid"


def test_denied_resources_are_refused_and_the_others_answer() -> None:
    deny = ("calls", "articles:401", "call_transcriptions")
    with Sandbox.start(conversations=60, deny=deny) as started:
        assert (call(started, "/calls").status, call(started, "/articles").status) == (403, 401)
        assert call(started, "/calls/search", {"conversation_ids": ["1"]}).status == 403
        assert call(started, "/me").status == 200
        assert call(started, "/conversations").status == 200


def test_limit_headers_count_down_and_the_rest_is_429_until_the_window_ends() -> None:
    with Sandbox.start(conversations=60, rate_limit=3) as started:
        # Begin at the start of a window, however long starting up took.
        now = parsedate_to_datetime(call(started, "/x").headers["Date"]).timestamp()
        started.change(0, seconds=int(10 - now % 10))
        replies = [call(started, "/me") for _ in range(5)]
        assert [reply.status for reply in replies] == [200, 200, 200, 429, 429]
        remaining = [reply.headers["X-RateLimit-Remaining"] for reply in replies]
        assert remaining == ["2", "1", "0", "0", "0"]
        assert {reply.headers["X-RateLimit-Limit"] for reply in replies} == {"3"}
        assert replies[3].code == "rate_limit_exceeded"
        reset = int(replies[3].headers["X-RateLimit-Reset"])
        served = parsedate_to_datetime(replies[3].headers["Date"]).timestamp()
        assert 0 < reset - served <= 10
        started.change(0, seconds=10)
        assert call(started, "/me").status == 200


def test_date_begins_with_the_seed_and_jumps_when_told() -> None:
    with Sandbox.start(seed=9, conversations=60) as started:
        before = parsedate_to_datetime(call(started, "/me").headers["Date"])
        assert before.strftime("%Y-%m-%d %H:%M") == "2026-03-11 09:17"
        started.change(0, seconds=3_600)
        after = parsedate_to_datetime(call(started, "/me").headers["Date"])
        assert 3_600 <= (after - before).total_seconds() < 3_660


def test_requests_are_counted_and_control_is_not(sandbox: Sandbox) -> None:
    sandbox.reset_requests()
    call(sandbox, "/me")
    call(sandbox, f"/conversations/{sandbox.ids('conversations')[0]}")
    call(sandbox, "/conversations/1")
    call(sandbox, "/me?x=1", token="wrong")
    counts = sandbox.requests()
    assert counts["total"] == 4
    assert counts["by_route"] == {"GET /me": 2, "GET /conversations/{id}": 2}
    assert counts["status"] == {"200": 2, "404": 1, "401": 1}
    assert counts["conversations"] == {"gets": 2, "distinct": 2, "answered": 1, "more_than": {}}
    assert (counts["faults"], counts["others"]) == ({}, 0)
    assert sandbox.log(after=2) == [
        ["GET", "/conversations/1", 404, ""],
        ["GET", "/me?x=1", 401, ""],
    ]


def test_unknown_control_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="404"):
        sandbox.truth("nothing")
    with pytest.raises(SandboxError, match="404"):
        sandbox.payload("conversations", "1")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_when_asked_to(number: signal.Signals) -> None:
    assert Sandbox.start(conversations=60).close(number) == 0


def test_answers_come_after_the_latency() -> None:
    with Sandbox.start(conversations=60, latency_ms=80) as started:
        begun = time.monotonic()
        call(started, "/me")
        assert time.monotonic() - begun >= 0.08


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"conversations": 59}, "at least 60"),
        ({"deny": ("nonsense",)}, "unknown resource"),
        ({"deny": ("calls:500",)}, "401 or 403"),
        ({"timezone": "Mars/Olympus"}, "unknown time zone"),
    ],
)
def test_wrong_options_are_named(options: dict[str, object], complaint: str) -> None:
    with pytest.raises(SandboxError, match=re.escape(complaint)):
        Sandbox.start(**options)  # type: ignore[arg-type]
