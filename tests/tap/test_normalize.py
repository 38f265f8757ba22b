"""Any JSON in any column: the right type, or null and counted, and never a crash."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator, FormatChecker

from tap_intercom_archive import normalize
from tap_intercom_archive.columns import stream_schema, value_at
from tap_intercom_archive.payload import Payload
from tap_intercom_archive.resources import RESOURCES, Cut, Resource
from tests.examples import examples
from tests.tap.strategies import VALUES

CUTS = [(resource, cut) for resource in RESOURCES for cut in resource.cuts]
KEYS = {
    key
    for row in RESOURCES
    for keys in (row.keys, *(cut.keys for cut in (*row.cuts, *row.fed)))
    for key in keys
}
STREAMS = [*(row.name for row in RESOURCES), *(cut.name for _, cut in CUTS)]


def validator(stream: str) -> Draft7Validator:
    return Draft7Validator(stream_schema(stream).schema, format_checker=FormatChecker())


def document_with(path: tuple[str, ...], value: Any) -> Any:
    """Put a value where a column's path looks for it."""
    for name in reversed(path):
        value = {name[:-2]: [value]} if name.endswith("[]") else {name: value}
    return value


def payload_of(document: Any, stream: str = "conversations") -> Payload:
    body = json.dumps(document).encode()
    return Payload(stream, "1", body, "2024-01-01T00:00:00Z", "2.16", "GET /x")


@pytest.mark.parametrize("stream", STREAMS)
@given(value=VALUES)
@examples(12)
def test_any_value_in_any_column_is_valid_or_null(stream: str, value: Any) -> None:
    check = {
        name: Draft7Validator(declared, format_checker=FormatChecker())
        for name, declared in stream_schema(stream).schema["properties"].items()
    }
    for column in stream_schema(stream).columns:
        document = document_with(column.path, value)
        unfits: Counter[tuple[str, str]] = Counter()
        parent = document if column.from_parent else {}
        own = {} if column.from_parent else document
        record = normalize.record_of(stream, own, "p", unfits, parent)
        if record[column.name] is None and column.name in KEYS:
            continue  # a row without its key is left out elsewhere
        written = msgspec.json.decode(msgspec.json.encode(record[column.name]))
        errors = list(check[column.name].iter_errors(written))
        assert not errors, (column.name, errors[0].message)


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda row: row.name)
@given(document=st.dictionaries(st.sampled_from(["id", "type", "tags", "source", "x"]), VALUES))
@examples(25)
def test_any_object_gives_a_record_with_every_column(
    resource: Resource, document: dict[str, Any]
) -> None:
    payload = payload_of(document, resource.name)
    record = normalize.main_record(resource, payload, Counter())
    assert set(record) == set(stream_schema(resource.name).schema["properties"])
    assert record["payload_id"] == payload.id


@pytest.mark.parametrize(("resource", "cut"), CUTS, ids=lambda row: row.name)
@given(items=st.lists(st.dictionaries(st.sampled_from(["id", "type", "part_type"]), VALUES)))
@examples(40)
def test_rows_cut_from_odd_items_have_all_columns_and_their_keys(
    resource: Resource, cut: Cut, items: list[Any]
) -> None:
    document: dict[str, Any] = {"id": "7", "conversation_parts": {"conversation_parts": items}}
    document.update(contacts={"contacts": items}, teammates={"teammates": items})
    document["tags"] = {"tags": items}
    for record in normalize.cut_records(cut, payload_of(document), Counter()):
        assert set(record) == set(stream_schema(cut.name).schema["properties"])
        assert all(record[key] is not None for key in cut.keys)


@pytest.mark.parametrize("shape", [None, [], "x", 7, {"conversation_parts": {}}, {"tags": [3]}])
@pytest.mark.parametrize(("resource", "cut"), CUTS, ids=lambda row: row.name)
def test_lists_of_another_shape_give_no_rows(resource: Resource, cut: Cut, shape: Any) -> None:
    document = {"id": "7", "conversation_parts": shape, "tags": shape, "contacts": shape}
    document["teammates"] = shape
    rows = list(normalize.cut_records(cut, payload_of(document), Counter()))
    assert [row["id"] for row in rows if "at" in row] == ["7:created:first"] * bool(cut.derive)
    assert not [row for row in rows if "at" not in row]


def test_row_without_its_key_is_counted_and_left_out() -> None:
    parts = [{"id": None, "part_type": "close"}, {"id": "9", "part_type": "close"}]
    payload = payload_of({"id": "7", "conversation_parts": {"conversation_parts": parts}})
    for name in ("conversation_parts", "conversation_state_changes"):
        cut = next(cut for _, cut in CUTS if cut.name == name)
        unfits: Counter[tuple[str, str]] = Counter()
        ids = [row["id"] for row in normalize.cut_records(cut, payload, unfits)]
        assert ids[-1] == "9"
        assert None not in ids
        assert unfits == {(name, "id"): 1}


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("admin_assignee_id", 0, None),
        ("admin_assignee_id", "0", None),
        ("admin_assignee_id", 814860, "814860"),
        ("team_assignee_id", "5017691", "5017691"),
        ("created_at", 1_700_000_000, "2023-11-14T22:13:20Z"),
        ("created_at", "1700000000", "2023-11-14T22:13:20Z"),
        ("created_at", 1_700_000_000_000, "2023-11-14T22:13:20Z"),
        ("open", 1, True),
        ("open", "false", False),
        ("read", None, None),
        ("custom_attributes", {"a": {"b": [1.10, None]}}, {"a": {"b": [1.1, None]}}),
        ("title", 12, "12"),
        ("title", True, "true"),
    ],
)
def test_mixed_types_become_the_columns_own(column: str, value: Any, expected: Any) -> None:
    unfits: Counter[tuple[str, str]] = Counter()
    record = normalize.record_of("conversations", {"id": "1", column: value}, "p", unfits)
    assert record[column] == expected
    assert not unfits


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("open", 2),
        ("open", "yes"),
        ("title", {}),
        ("custom_attributes", []),
        *(("created_at", value) for value in ("soon", True, 10**15, 10**400)),
    ],
)
def test_value_that_does_not_fit_is_null_and_counted(column: str, value: Any) -> None:
    unfits: Counter[tuple[str, str]] = Counter()
    record = normalize.record_of("conversations", {"id": "1", column: value}, "p", unfits)
    assert record[column] is None
    assert unfits == {("conversations", column): 1}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"id": "a"}, "a"),
        ({"id": 7}, "7"),
        ({"id": 0}, "0"),
        ({"id": ""}, None),
        ({"id": None}, None),
        ({"id": True}, None),
        ({"id": 1.5}, None),
        ({"id": []}, None),
        ({}, None),
    ],
)
def test_id_is_text_or_none(document: dict[str, Any], expected: str | None) -> None:
    assert normalize.record_id(document) == expected


def test_payload_record_has_every_column_of_raw_payloads() -> None:
    record = normalize.payload_record(payload_of({"id": "1"}), 1_700_000_000)
    assert set(record) == set(stream_schema("raw_payloads").schema["properties"])
    assert validator("raw_payloads").is_valid(record)
    assert record["payload"] == '{"id": "1"}'


def test_value_is_followed_through_lists_and_ends_in_null() -> None:
    document = {"a": {"b": [{"c": 1}, {}, 3]}}
    assert value_at(document, ("a", "b[]", "c")) == [1, None, None]
    assert value_at(document, ("a", "x", "c")) is None
    assert value_at(document, ("a[]", "c")) is None
