"""Runs from a state: unchanged objects cost no fetch, changed ones cost one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.process import Sandbox
from tests.tap import running


@pytest.fixture(scope="module")
def own() -> Iterator[Sandbox]:
    with Sandbox.start(seed=6, conversations=60) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def state(own: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    done = running.sync(tmp_path_factory.mktemp("first"), running.config(own))
    assert done.code == 0, done.err
    return done.state


def test_first_message_is_the_starting_state(
    own: Sandbox, state: dict[str, Any], tmp_path: Path
) -> None:
    done = running.sync(tmp_path, running.config(own), state)
    assert done.code == 0, done.err
    bookmarks = {"bookmarks": state["bookmarks"]}
    assert done.messages[0] == {"type": "STATE", "value": bookmarks}


def test_unchanged_then_changed(own: Sandbox, state: dict[str, Any], tmp_path: Path) -> None:
    own.reset_requests()
    same = running.sync(tmp_path, running.config(own), state)
    assert same.code == 0, same.err
    assert "GET /conversations/{id}" not in own.requests()["by_route"]
    assert same.records("conversations") == []
    changed = set(own.change(12, seconds=2_000)["conversations"])
    own.reset_requests()
    later = running.sync(tmp_path, running.config(own), same.state)
    assert later.code == 0, later.err
    assert {row["id"] for row in later.records("conversations")} == changed
    assert own.requests()["by_route"]["GET /conversations/{id}"] == len(changed)


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"bookmarks": {}},
        {"bookmarks": {"tags": {}}},
        {"bookmarks": {"conversations": {"high_water_mark": "nonsense", "owed": [3, {}]}}},
        {"bookmarks": {"conversations": {"scope": [], "window": 3, "settled": []}}},
    ],
)
def test_state_of_odd_shape_is_read_as_no_state(own: Sandbox, tmp_path: Path, odd: Any) -> None:
    catalog = running.select(running.discover(), "conversations")
    done = running.sync(tmp_path, running.config(own), odd, catalog)
    assert done.code == 0, done.err
    assert len(done.records("conversations")) == len(own.ids("conversations"))


def test_newly_selected_sibling_is_read_from_the_start(own: Sandbox, tmp_path: Path) -> None:
    catalog = running.discover()
    settings = running.config(own)
    first = running.sync(tmp_path, settings, catalog=running.select(catalog, "conversations"))
    both = running.select(catalog, "conversations", "conversation_parts")
    done = running.sync(tmp_path, settings, first.state, both)
    assert done.code == 0, done.err
    parts = {row["id"] for row in own.truth("conversation_parts")}
    assert {row["id"] for row in done.records("conversation_parts")} == parts
