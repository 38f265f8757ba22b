"""Ways in which an archive could come out short without a word, each of them closed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tap_intercom_archive.followups import MISSED_IN_A_ROW
from tap_intercom_archive.resources import object_path
from tests.sandbox.process import Sandbox
from tests.tap import running
from tests.tap.loopback import Bad
from tests.tap.test_faults import sync

WALKED = ("articles", "calls", "deleted_conversations", "contacts", "conversations")


def test_run_without_the_end_date_of_the_last_brings_the_rest(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    catalog = running.select(running.discover(), *WALKED)
    cut = running.config(sandbox, end_date="2025-10-01")
    first = running.sync(tmp_path, cut, catalog=catalog)
    assert first.code == 0, first.err
    rest = running.sync(tmp_path, running.config(sandbox), first.state, catalog)
    assert rest.code == 0, rest.err
    for stream in WALKED:
        short = {row["id"] for row in first.records(stream)}
        assert len(short) < len(sandbox.ids(stream))
        assert short | {row["id"] for row in rest.records(stream)} == set(sandbox.ids(stream))


@pytest.mark.parametrize("stream", ["contacts", "conversation_parts"])
def test_stream_map_that_fails_repeats_nothing_of_the_record(
    sandbox: Sandbox, tmp_path: Path, stream: str
) -> None:
    column = "email" if stream == "contacts" else "body"
    maps: dict[str, Any] = {stream: {"x": f"int({column})"}}
    settings = running.config(sandbox, stream_maps=maps, stream_map_config={})
    done = running.sync(tmp_path, settings)
    running.assert_one_clear_line(done, stream, "stream_maps")
    for row in sandbox.truth(stream):
        value = row[column]
        assert not value or len(value) < 12 or value not in done.err


@pytest.mark.parametrize("stream", WALKED)
def test_mark_in_the_future_proves_nothing(sandbox: Sandbox, tmp_path: Path, stream: str) -> None:
    catalog = running.select(running.discover(), stream)
    ahead = "2099-01-01T00:00:00Z"
    state = {"bookmarks": {stream: {"high_water_mark": ahead, "swept_at": ahead}}}
    done = running.sync(tmp_path, running.config(sandbox), state, catalog)
    assert done.code == 0, done.err
    assert {row["id"] for row in done.records(stream)} == set(sandbox.ids(stream))


def test_fetches_that_all_fail_end_the_stream_instead_of_owing_everything(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    def deny(method: str, path: str, before: int) -> Bad | None:
        is_fetch = method == "GET" and path.startswith("/conversations/")
        return Bad(403, b"{}") if is_fetch and "deleted" not in path else None

    done, _ = sync(sandbox, tmp_path, deny, "conversations", "tags")
    assert done.code == 1
    assert "Read conversations" in done.err
    bookmark = done.state["bookmarks"].get("conversations", {})
    assert "high_water_mark" not in bookmark
    assert len(bookmark.get("owed", ())) < MISSED_IN_A_ROW
    assert len(done.records("tags")) >= len(sandbox.ids("tags"))


@pytest.mark.parametrize("hostile", ["../me", "a/b", "x?y=1", "#", "%2e%2e", "日本"])
def test_id_stays_one_segment_of_the_path(hostile: str) -> None:
    path = object_path("/calls/{id}/transcript", hostile)
    assert path.count("/") == 3
    assert not set("?#") & set(path)


def test_owed_id_of_another_thing_is_not_archived_as_a_call(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    owed = {"stream": "call_transcriptions", "id": "../me", "reason": "transcript missing"}
    state = {"bookmarks": {"calls": {"owed": [{**owed, "since": "2026-03-01T00:00:00Z"}]}}}
    catalog = running.select(running.discover(), "calls", "call_transcriptions")
    done = running.sync(tmp_path, running.config(sandbox), state, catalog)
    assert {row["id"] for row in done.records("calls")} == set(sandbox.ids("calls"))


def test_transcript_that_the_search_leaves_out_is_asked_for_by_its_call(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    def leave_out(method: str, path: str, before: int) -> Bad | None:
        return Bad(200, b'{"type": "list", "data": []}') if path == "/calls/search" else None

    done, proxy = sync(sandbox, tmp_path, leave_out, "calls", "call_transcriptions")
    assert done.code == 0, done.err
    asked = {path for path in proxy.asked if path.endswith("/transcript")}
    ended = [row["id"] for row in sandbox.truth("calls") if row["ended_at"]]
    assert asked == {f"GET /calls/{call_id}/transcript" for call_id in ended}
