"""Each declared stream against the official API description, where INTERCOM_OPENAPI names its file.

A field of the description is either a column or left out by name in the schema file; a column
stands where the description says, or is named here with who has seen it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tap_intercom_archive.columns import stream_schema, value_at
from tap_intercom_archive.drift import resource_tree, stream_tree, undeclared
from tap_intercom_archive.resources import RESOURCES, Cut, Listing, Resource, Search, requests

NAMED = os.environ.get("INTERCOM_OPENAPI")
pytestmark = pytest.mark.skipif(
    not NAMED, reason="INTERCOM_OPENAPI does not name the API description's file"
)
ROWS = [row for row in RESOURCES if row.bare is None]
# Columns that the description lacks, by stream.
UNDESCRIBED: dict[str, set[str]] = {
    # In its examples.
    "workspaces": {"secure"},
    "ticket_types": {"is_internal"},
    "tickets": {"title", "description"},
    # Only where `display_avatar` is asked for, which is described in words.
    "admins": {"avatar_image_url"},
    # Described with the single article; lists show them, too.
    "articles": {
        column.name
        for column in stream_schema("articles").columns
        if column.path[0] in ("parent_id", "parent_type", "statistics")
    },
    # It describes summaries where the API lists events (docs/intercom-api.md).
    "data_events": {
        column.name for column in stream_schema("data_events").columns if not column.from_parent
    },
}
# Fields that it shows and that are another object's.
_OF_NEWS = {"body", "cover_image_url", "deliver_silently", "labels", "newsfeed_assignments"}
MISPLACED: dict[str, set[str]] = {
    "news_items": {"name"},
    "newsfeed_items": {"name"},
    "newsfeeds": {*_OF_NEWS, "reactions", "sender_id", "state", "title", "workspace_id"},
    "data_events": {"count", "description", "first", "last", "name"},
}
_DEPTH = 9


@cache
def description() -> Any:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(Path(NAMED or "").read_text("utf-8"), Loader=loader)


@cache
def operations() -> dict[tuple[str, str], Any]:
    """The description's operations by method and path, whatever the ids are called there."""
    return {
        (method.upper(), shape(path)): operation
        for path, methods in description()["paths"].items()
        for method, operation in methods.items()
        if method in ("get", "post")
    }


def shape(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


def skeleton(schema: Mapping[str, Any], depth: int = _DEPTH) -> Any:
    """An object with every field that a schema has, at any depth."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return skeleton(description()["components"]["schemas"].get(name, {}), depth)
    found: Any = None
    if depth:
        for one in (*schema.get("allOf", ()), *schema.get("oneOf", ()), *schema.get("anyOf", ())):
            found = joined(found, skeleton(one, depth - 1))
        if "items" in schema:
            found = joined(found, [skeleton(schema["items"], depth - 1)])
        for name, inner in schema.get("properties", {}).items():
            found = joined(found, {name: skeleton(inner, depth - 1)})
    return found


def joined(one: Any, other: Any) -> Any:
    if isinstance(one, dict) and isinstance(other, dict):
        return {name: joined(one.get(name), other.get(name)) for name in {**one, **other}}
    if isinstance(one, list) and isinstance(other, list):
        return [joined(one[0], other[0])]
    return one if other is None else other


def answered(method: str, path: str) -> Any:
    """What an endpoint answers with, as a skeleton."""
    operation = operations()[method, shape(path)]
    return skeleton(operation["responses"]["200"]["content"]["application/json"]["schema"])


def listed(source: Listing | Search) -> Any:
    answer = answered("POST" if isinstance(source, Search) else "GET", source.path)
    if not source.items:
        return answer
    found = next(answer[name] for name in source.items.split("|") if name in answer)
    return found[0] if isinstance(found, list) else found


def object_of(row: Resource) -> Any:
    return answered("GET", row.hydrate) if row.hydrate else listed(row.source)


def followed(cut: Cut) -> Any:
    assert cut.follow_up is not None
    if cut.follow_up.hydrate:
        return answered("GET", cut.follow_up.hydrate)
    return listed(cut.follow_up.listing)


def items_of(row: Resource, cut: Cut) -> Iterator[Any]:
    """What the items of a cut stream look like, inside the object and beside it."""
    whole = object_of(row)
    for items in cut.items:
        found = value_at(whole, tuple(items.path.split(".")))
        if isinstance(found, list):
            yield found[0]
    if cut.follow_up is not None:
        yield followed(cut)


CUTS = [(row, cut) for row in ROWS for cut in row.cuts if not cut.derive]


def test_every_request_is_described() -> None:
    missing = {each for each in requests() if (each[0], shape(each[1])) not in operations()}
    assert not missing


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_described_field_is_declared_or_left_out_by_name(row: Resource) -> None:
    names = set(undeclared(resource_tree(row), object_of(row)))
    assert names == MISPLACED.get(row.name, set())


@pytest.mark.parametrize(("row", "cut"), CUTS, ids=lambda each: each.name)
def test_every_described_field_of_an_item_is_declared_or_left_out_by_name(
    row: Resource, cut: Cut
) -> None:
    shapes = list(items_of(row, cut))
    assert shapes, "the description does not show such items"
    for item in shapes:
        names = set(undeclared(stream_tree(cut.name), item))
        assert names == MISPLACED.get(cut.name, set())


def columns_without_a_place(stream: str, shapes: list[Any]) -> set[str]:
    return {
        column.name
        for column in stream_schema(stream).columns
        if not column.from_parent and not any(is_there(shape, column.path) for shape in shapes)
    }


def is_there(whole: Any, path: tuple[str, ...]) -> bool:
    for position, name in enumerate(path):
        if not isinstance(whole, dict) or name.removesuffix("[]") not in whole:
            return False
        whole = whole[name.removesuffix("[]")]
        if name.endswith("[]"):
            return isinstance(whole, list) and (
                position + 1 == len(path) or is_there(whole[0], path[position + 1 :])
            )
    return True


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_column_stands_where_the_description_says(row: Resource) -> None:
    assert columns_without_a_place(row.name, [object_of(row)]) == UNDESCRIBED.get(row.name, set())


@pytest.mark.parametrize(("row", "cut"), CUTS, ids=lambda each: each.name)
def test_every_column_of_an_item_stands_where_the_description_says(row: Resource, cut: Cut) -> None:
    shapes = list(items_of(row, cut))
    assert columns_without_a_place(cut.name, shapes) == UNDESCRIBED.get(cut.name, set())
