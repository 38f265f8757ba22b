"""Lists that are asked for several times, that hold one object, or bare values."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from tap_intercom_archive import normalize
from tap_intercom_archive.client import Answer, Request
from tap_intercom_archive.errors import Faulty, Gone
from tap_intercom_archive.listing import Lists
from tap_intercom_archive.paging import read_page
from tap_intercom_archive.payload import parse_as
from tap_intercom_archive.resources import RESOURCES, Each, Listing
from tap_intercom_archive.settings import Settings

SETTINGS = Settings.read({"access_token": "synthetic"}, "tests")
ATTRIBUTES = next(row for row in RESOURCES if row.name == "data_attributes")
SEGMENTS = next(row for row in RESOURCES if row.name == "segments")
HELP_CENTERS = next(row for row in RESOURCES if row.name == "help_centers")
FEEDS = Each(listing=Listing("/feeds", "data"))


class Lines:
    """Answers by path and parameters, as the API would; what is not among them is gone."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def send(self, request: Request) -> Answer:
        asked = "&".join([request.path, *(f"{k}={v}" for k, v in request.params)])
        self.asked.append(asked)
        if asked not in self.answers:
            raise Gone("gone", 404)
        body = json.dumps(self.answers[asked]).encode()
        return Answer(body, request, 0.0, "application/json")


def read(listing: Listing, lines: Lines) -> list[tuple[str | None, list[Any]]]:
    lists = Lists(lines.send, SETTINGS, listing, "Read")
    return [(page.asked_for, [json.loads(item) for item in page.items]) for page in lists.pages()]


def test_list_is_asked_for_once_with_each_value() -> None:
    lines = Lines({"/x&kind=a": {"data": [{"id": 1}]}, "/x&kind=b/c": {"data": [{"id": 2}]}})
    listing = Listing("/x", "data", params=(("kind", "{each}"),), each=Each(("a", "b/c")))
    assert read(listing, lines) == [("a", [{"id": 1}]), ("b/c", [{"id": 2}])]


def test_list_is_asked_for_once_for_each_object_of_another_list() -> None:
    lines = Lines(
        {
            "/feeds": {"data": [{"id": 7}, {"id": "8/9"}, {"id": 7}]},
            "/feeds/7/items": {"data": [{"id": 1}]},
            "/feeds/8%2F9/items": {"data": []},
        }
    )
    assert read(Listing("/feeds/{each}/items", "data", each=FEEDS), lines) == [
        ("7", [{"id": 1}]),
        ("8/9", []),
    ]


def test_list_of_an_object_that_went_meanwhile_is_empty_and_a_chosen_one_is_named() -> None:
    lines = Lines({"/feeds": {"data": [{"id": 7}]}, "/feeds/a/items": {"data": [{"id": 1}]}})
    assert read(Listing("/feeds/{each}/items", "data", each=FEEDS), lines) == []
    chosen = Listing("/feeds/{each}/items", "data", each=Each(("b", "a")))
    lists = Lists(lines.send, SETTINGS, chosen, "Read")
    assert [page.asked_for for page in lists.pages()] == ["a"]
    assert lists.missing == ["b"]


def test_sample_reads_the_first_list_alone() -> None:
    lines = Lines(
        {"/feeds": {"data": [{"id": 7}, {"id": 8}]}, "/feeds/7/items": {"data": [{"id": 1}]}}
    )
    listing = Listing("/feeds/{each}/items", "data", each=FEEDS)
    page = Lists(lines.send, SETTINGS, listing, "Read").sample(1, tries=1)
    assert page is not None
    assert lines.asked == ["/feeds", "/feeds/7/items"]
    nothing = replace(listing, each=Each(()))
    assert Lists(lines.send, SETTINGS, nothing, "Read").sample(1, tries=1) is None


@pytest.mark.parametrize(
    "pages",
    [
        {"type": "pages", "next": "https://example.com/segments?page=2", "total_pages": 2},
        {"page": 1, "total_pages": 2},
    ],
)
def test_segments_are_read_to_the_last_page_where_they_come_in_pages(pages: Any) -> None:
    assert SEGMENTS.listing is not None
    first = "/segments&include_count=true"
    lines = Lines(
        {
            first: {"segments": [{"id": "1"}], "pages": pages},
            f"{first}&page=2": {"segments": [{"id": "2"}], "pages": {**pages, "next": None}},
        }
    )
    assert read(SEGMENTS.listing, lines) == [(None, [{"id": "1"}]), (None, [{"id": "2"}])]


def test_help_centers_are_read_to_the_last_page_where_they_come_in_pages() -> None:
    assert HELP_CENTERS.listing is not None
    path, pages = "/help_center/help_centers", {"page": 1, "total_pages": 2}
    lines = Lines(
        {
            path: {"data": [{"id": "1"}], "pages": pages},
            f"{path}&page=2": {"data": [{"id": "2"}], "pages": pages},
        }
    )
    assert read(HELP_CENTERS.listing, lines) == [(None, [{"id": "1"}]), (None, [{"id": "2"}])]


def test_segments_that_come_whole_are_asked_for_once() -> None:
    assert SEGMENTS.listing is not None
    lines = Lines({"/segments&include_count=true": {"segments": [{"id": "1"}], "pages": {}}})
    assert len(read(SEGMENTS.listing, lines)) == len(lines.asked) == 1


def test_list_that_should_come_whole_is_read_on_where_it_says_that_it_goes_on() -> None:
    lines = Lines(
        {
            "/x": {"data": [{"id": 1}], "pages": {"next": {"page": 2, "starting_after": "c"}}},
            "/x&starting_after=c": {"data": [{"id": 2}], "pages": {"next": None}},
        }
    )
    assert read(Listing("/x", "data"), lines) == [(None, [{"id": 1}]), (None, [{"id": 2}])]


def answer(body: str) -> Answer:
    return Answer(body.encode(), Request("GET", "/x"), 0.0, "application/json")


def test_single_object_keeps_its_exact_bytes() -> None:
    page = read_page(answer('{"type":"admin", "app" : { "id_code": "a" , "x":1.0}}'), "app",
                     holds_one=True)  # fmt: skip
    assert page.items == [b'{ "id_code": "a" , "x":1.0}']
    whole = read_page(answer('{ "id": 1}'), "", holds_one=True)
    assert whole.items == [b'{ "id": 1}']


@pytest.mark.parametrize("body", ['{"app": null}', '{"app": []}', '{"app": 3}', "{}"])
def test_missing_object_is_a_fault(body: str) -> None:
    with pytest.raises(Faulty, match="holds no object"):
        read_page(answer(body), "app", holds_one=True)


def test_page_count_beside_the_list_is_read() -> None:
    page = read_page(answer('{"data": [], "total_pages": 3, "total_count": 5}'), "data")
    assert page.pages == {"total_pages": 3}
    assert page.total_count == 5


def test_key_of_several_columns_is_the_payloads_name() -> None:
    document = {"model": "contact", "full_name": "custom_attributes.a", "name": "a"}
    assert normalize.identity(ATTRIBUTES, document) == "contact:custom_attributes.a"
    assert normalize.identity(ATTRIBUTES, {"model": "contact"}) is None


def test_bare_value_is_an_object_with_one_member() -> None:
    body = b'"a\\u0062"'
    assert parse_as(body, "name") == {"name": "ab"}
    with pytest.raises(ValueError, match="not a JSON object"):
        parse_as(body, None)


@pytest.mark.parametrize("options", [["a", "b"], [{"value": "a"}, {"value": "b"}]])
def test_choices_come_as_text_or_as_objects(options: list[Any]) -> None:
    document = {"model": "contact", "full_name": "a", "options": options}
    record = normalize.record_of("data_attributes", document, "p", Counter())
    assert record["options"] == ["a", "b"]


@pytest.mark.parametrize("member", ["data", "ticket_type_attributes"])
def test_attributes_of_ticket_types_come_under_either_name(member: str) -> None:
    document = {"id": "1", "ticket_type_attributes": {"type": "list", member: [{"id": "9"}]}}
    record = normalize.record_of("ticket_types", document, "p", Counter())
    assert record["attributes"] == [{"id": "9"}]
