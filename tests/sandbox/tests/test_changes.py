"""Changes: what happens over time, seeded, seen by searches as soon as it has happened."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import pytest

from tests.sandbox.process import Sandbox
from tests.sandbox.tests.client import ASCENDING, call, search_pages


@pytest.fixture
def changing() -> Iterator[Sandbox]:
    with Sandbox.start(seed=3, conversations=80) as started:
        yield started


def test_changed_conversations_and_no_others_are_found_since(changing: Sandbox) -> None:
    before = int(parsedate_to_datetime(call(changing, "/me").headers["Date"]).timestamp())
    changed = changing.change(40, seconds=600)
    query = {"field": "updated_at", "operator": ">", "value": before}
    pages = search_pages(changing, "/conversations/search", query, sort=ASCENDING)
    found = [hit for page in pages for hit in page["conversations"]]
    assert sorted(hit["id"] for hit in found) == sorted(changed["conversations"])
    now = parsedate_to_datetime(call(changing, "/me").headers["Date"]).timestamp()
    assert all(before < hit["updated_at"] <= now - 2 for hit in found)


def test_truth_and_payloads_move_with_the_changes(changing: Sandbox) -> None:
    streams = ("conversations", "contacts", "articles", "calls")
    before = {stream: {r["id"]: r for r in changing.truth(stream)} for stream in streams}
    payloads = {i: changing.payload("conversations", i) for i in changing.ids("conversations")}
    changed = changing.change(120, seconds=900)
    assert changed.keys() >= set(streams)
    for stream in streams:
        after = {row["id"]: row for row in changing.truth(stream)}
        moved = {i for i, row in after.items() if before[stream].get(i) != row}
        assert moved == set(changed[stream])
        times = [before[stream][i]["updated_at"] for i in moved if i in before[stream]]
        assert all(time < after[i]["updated_at"] for time, i in zip(times, moved, strict=False))
    for conversation_id, payload in payloads.items():
        same = changing.payload("conversations", conversation_id) == payload
        assert same == (conversation_id not in changed["conversations"])


def test_same_seed_and_same_questions_same_changes() -> None:
    def after() -> tuple[dict[str, list[str]], list[str]]:
        with Sandbox.start(seed=4, conversations=60) as started:
            changed = started.change(30, seconds=100)
            return changed, sorted(row["id"] for row in started.truth("conversation_parts"))

    assert after() == after()


def test_new_conversations_appear_and_can_be_fetched(changing: Sandbox) -> None:
    before = set(changing.ids("conversations"))
    changing.change(100, seconds=500)
    new = set(changing.ids("conversations")) - before
    assert new
    for conversation_id in new:
        assert call(changing, f"/conversations/{conversation_id}").status == 200


def test_late_transcripts_are_found_and_told(changing: Sandbox) -> None:
    before = set(changing.ids("call_transcriptions"))
    changing.change(150, seconds=500)
    late = set(changing.ids("call_transcriptions")) - before
    assert late
    rows = {row["call_id"]: row for row in changing.truth("call_transcriptions")}
    for call_id in late:
        assert rows[call_id]["transcript"]
        assert b"transcript" in changing.payload("call_transcriptions", call_id) or (
            changing.payload("call_transcriptions", call_id).startswith(b"[")
        )
