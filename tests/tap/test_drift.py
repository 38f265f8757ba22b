"""Fields that no stream declares are named in the run report: their names, never their values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tap_intercom_archive.drift import MOST_NAMES, Drift, resource_tree, undeclared
from tap_intercom_archive.resources import RESOURCES
from tests.sandbox.process import Sandbox
from tests.tap import running

ROWS = {row.name: row for row in RESOURCES}
CONVERSATIONS = ROWS["conversations"]


def looked_at(*documents: dict[str, Any], stream: str = "conversations") -> dict[str, set[str]]:
    drift = Drift()
    for document in documents:
        drift.look(ROWS[stream], document)
    return {name: fields for name, fields in drift.fields.items() if fields}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"id": "1", "type": "conversation", "title": None}, set()),
        ({"id": "1", "new": {"secret": 1}}, {"new"}),
        ({"source": {"type": "email", "author": {"id": "1", "mood": "x"}}}, {"source.author.mood"}),
        ({"custom_attributes": {"anything": 1}}, set()),
        ({"company": {"id": "1", "website": "x"}}, set()),
        ({"a\nb": 1}, {"a?b"}),
        ({"source": "not an object", "tags": []}, set()),
    ],
)
def test_undeclared_fields_are_named_at_any_depth(
    document: dict[str, Any], expected: set[str]
) -> None:
    assert set(undeclared(resource_tree(CONVERSATIONS), document)) == expected


def test_items_are_held_against_their_own_stream() -> None:
    part = {"id": "1", "type": "conversation_part", "part_type": "note", "new": 1}
    found = looked_at({"id": "1", "conversation_parts": {"conversation_parts": [part]}})
    assert found == {"conversation_parts": {"new"}}


def test_members_not_met_together_before_are_looked_at_however_late() -> None:
    usual = [{"id": str(number), "title": None} for number in range(997)]
    assert looked_at(*usual, {"id": "1", "new": 1}) == {"conversations": {"new"}}


def test_new_field_inside_another_is_found_among_many_objects() -> None:
    usual = [{"id": "1", "source": {"type": "email"}} for _ in range(301)]
    changed = [{"id": "1", "source": {"type": "email", "new": 1}} for _ in range(40)]
    assert looked_at(*usual, *changed) == {"conversations": {"source.new"}}


def test_names_are_bounded_in_number_and_length() -> None:
    found = looked_at({f"{number} {'x' * 500}": 1 for number in range(500)})
    assert len(found["conversations"]) == MOST_NAMES
    assert max(map(len, found["conversations"])) <= 80


def test_lists_of_references_are_left_out_whole() -> None:
    drift = Drift()
    [cut] = [cut for cut in ROWS["contacts"].cuts if cut.name == "contact_companies"]
    drift.look_beside(cut, {"companies": [{"id": "1", "name": "x", "website": "y"}]})
    assert not any(drift.fields.values())


def test_drafts_are_no_references_so_what_is_new_in_them_is_named() -> None:
    drift = Drift()
    [cut] = [cut for cut in ROWS["articles"].cuts if cut.name == "article_drafts"]
    drift.look_beside(cut, {"id": "1", "type": "article", "title": "x", "url": "y", "new": 1})
    assert drift.fields == {"article_drafts": {"new"}}


def test_report_names_the_fields_by_stream_and_repeats_no_value(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    catalog = running.select(running.discover(), "contacts", "conversations", "tags")
    done = running.sync(tmp_path, running.config(sandbox), catalog=catalog)
    assert done.code == 0, done.err
    report = json.loads(done.err.rpartition("Run report: ")[2])
    assert "field_of_the_future" in report["undeclared"]["contacts"]
    assert "location.country_code" in report["undeclared"]["contacts"]
    assert {"field_of_the_future", "another/one"} <= set(report["undeclared"]["conversations"])
    assert "tags" not in report["undeclared"]
    running.assert_one_clear_line(done, "contacts: the API sent", "field_of_the_future", code=0)
    assert "kept in the payload" in done.err
