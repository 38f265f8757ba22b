"""Answers gone wrong: tried again where that helps, owed by name where it does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.process import Sandbox
from tests.tap import running
from tests.tap.loopback import Bad, Loopback, Spoil

MARKER = b"the words of Synthetic Sam"


def once(target: str, bad: Bad, times: int = 1) -> Spoil:
    """Spoil the first answers to one request."""

    def spoil(method: str, path: str, before: int) -> Bad | None:
        hit = f"{method} {path.partition('?')[0]}" == target
        return bad if hit and before < times else None

    return spoil


def sync(
    sandbox: Sandbox, folder: Path, spoil: Spoil, *streams: str, state: Any = None, **more: Any
) -> tuple[running.Ended, Loopback]:
    """Run through the proxy with only these streams selected."""
    catalog = running.select(running.discover(), *streams)
    with Loopback(sandbox.url, spoil) as proxy:
        settings = running.config(sandbox, **{"api_url": proxy.url, **more})
        return running.sync(folder, settings, state, catalog), proxy


@pytest.mark.parametrize(
    "bad",
    [
        Bad(500, MARKER),
        Bad(503, b"<html>" + MARKER, content_type="text/html"),
        Bad(429, b"{}", {"Retry-After": "0"}),
        Bad(429, b"{}", {"Retry-After": "1"}),
        Bad(200, b""),
        Bad(200, b'{"data": [{"id": "1", "na'),
        Bad(200, b'{"data": []} {"data": []}'),
        Bad(200, b"<html>" + MARKER, content_type="text/html"),
        Bad(200, b'{"data": []}', content_type=""),
        Bad(408, b""),
    ],
    ids=lambda bad: f"{bad.status} {bad.body[:12].decode()}",
)
def test_answer_that_goes_wrong_once_is_asked_for_again(
    sandbox: Sandbox, tmp_path: Path, bad: Bad
) -> None:
    done, proxy = sync(sandbox, tmp_path, once("GET /tags", bad), "tags")
    assert done.code == 0, done.err
    assert len({row["id"] for row in done.records("tags")}) == len(sandbox.ids("tags"))
    assert proxy.asked["GET /tags"] == 3
    assert MARKER.decode() not in done.err


def test_search_is_tried_again_too(sandbox: Sandbox, tmp_path: Path) -> None:
    spoil = once("POST /conversations/search", Bad(502, b""), times=2)
    done, _ = sync(sandbox, tmp_path, spoil, "conversations")
    assert done.code == 0, done.err
    assert len(done.records("conversations")) == len(sandbox.ids("conversations"))


def test_request_that_hangs_is_given_up_and_asked_again(sandbox: Sandbox, tmp_path: Path) -> None:
    spoil = once("GET /tags", Bad(hang=True))
    done, proxy = sync(sandbox, tmp_path, spoil, "tags", request_timeout=1)
    assert done.code == 0, done.err
    assert proxy.asked["GET /tags"] == 3


def test_token_refused_midway_is_no_missing_scope(sandbox: Sandbox, tmp_path: Path) -> None:
    def spoil(method: str, path: str, before: int) -> Bad | None:
        late = path.startswith("/help_center") or (path == "/me" and before > 0)
        return Bad(401, b'{"errors": [{"code": "unauthorized"}]}') if late else None

    done, _ = sync(sandbox, tmp_path, spoil, "tags", "collections")
    running.assert_one_clear_line(done, "access_token", "401")
    assert done.records("tags")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (Bad(404, b"{}"), "not found"),
        (Bad(200, b"{}"), "failed"),
        (Bad(200, b'{"id": "another", "updated_at": 1}'), "failed"),
        (Bad(200, b'{"id": "\xff"}'), "failed"),
    ],
    ids=["404", "no object", "another object", "not UTF-8"],
)
def test_object_that_cannot_be_had_is_owed_by_name_and_asked_first(
    sandbox: Sandbox, tmp_path: Path, bad: Bad, reason: str
) -> None:
    poisoned = sandbox.ids("conversations")[20]
    route = f"GET /conversations/{poisoned}"
    streams = ("conversations", "tags", "articles")
    done, _ = sync(sandbox, tmp_path, once(route, bad, 99), *streams)
    running.assert_one_clear_line(done, "owed", poisoned, reason)
    ids = {row["id"] for row in done.records("conversations")}
    assert ids == set(sandbox.ids("conversations")) - {poisoned}
    assert done.records("articles")
    owed = done.bookmark("conversations")["owed"]
    assert [(entry["stream"], entry["id"]) for entry in owed] == [("conversations", poisoned)]
    assert all(row["id"] for row in done.records("conversations"))

    cured, proxy = sync(sandbox, tmp_path, once("", bad), *streams, state=done.state)
    assert cured.code == 0, cured.err
    fetched = [name for name in proxy.order if name.startswith("GET /conversations/")]
    assert fetched == [route]
    assert [row["id"] for row in cured.records("conversations")] == [poisoned]
    assert "owed" not in cured.bookmark("conversations")


@pytest.mark.parametrize("body", [b"", b'[{"content": "cut of'], ids=["empty", "cut"])
def test_transcript_that_comes_broken_is_asked_for_again(
    sandbox: Sandbox, tmp_path: Path, body: bytes
) -> None:
    def spoil(method: str, path: str, before: int) -> Bad | None:
        if path.startswith("/calls/search"):
            return Bad(200, b'{"data": []}')
        return Bad(200, body) if path.endswith("/transcript") and not before else None

    done, _ = sync(sandbox, tmp_path, spoil, "calls", "call_transcriptions")
    assert done.code == 0, done.err
    there = {row["call_id"] for row in sandbox.truth("call_transcriptions")}
    assert {row["call_id"] for row in done.records("call_transcriptions")} == there


def test_object_that_hangs_holds_nothing_back_but_itself(tmp_path: Path) -> None:
    with Sandbox.start(seed=6, conversations=400) as sandbox:
        sandbox.change(0, seconds=60)
        hanging = sandbox.ids("conversations")[0]
        spoil = once(f"GET /conversations/{hanging}", Bad(hang=True))
        done, proxy = sync(sandbox, tmp_path, spoil, "conversations", request_timeout=5)
        others = set(sandbox.ids("conversations")) - {hanging}
    assert done.code == 0, done.err
    assert {row["id"] for row in done.records("conversations")} == {hanging, *others}
    again = len(proxy.order) - proxy.order[::-1].index(f"GET /conversations/{hanging}")
    assert {f"GET /conversations/{one}" for one in others} <= set(proxy.order[:again])
    owed = [
        entry["reason"]
        for message in done.messages
        if message["type"] == "STATE"
        for entry in message["value"]["bookmarks"].get("conversations", {}).get("owed", ())
    ]
    assert set(owed) == {"not answered yet"}
    assert "owed" not in done.bookmark("conversations")


def test_proxys_path_is_kept(sandbox: Sandbox, tmp_path: Path) -> None:
    catalog = running.select(running.discover(), "tags", "conversations")
    with Loopback(sandbox.url, lambda *_: None, "/behind/a/proxy") as proxy:
        settings = running.config(sandbox, api_url=proxy.url + "/")
        done = running.sync(tmp_path, settings, catalog=catalog)
    assert done.code == 0, done.err
    assert len(done.records("conversations")) == len(sandbox.ids("conversations"))


def test_workspace_with_odd_names_is_no_crash(sandbox: Sandbox, tmp_path: Path) -> None:
    body = b'{"type": "admin", "name": "Synthetic \\ud83d", "app": {"id_code": "w", "name": 7}}'
    done, _ = sync(sandbox, tmp_path, once("GET /me", Bad(200, body), 9), "tags")
    assert done.code == 0, done.err
    assert done.bookmark("tags")["scope"]["workspace_id"] == "w"
