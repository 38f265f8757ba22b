"""Each pager reads its list to the end, in exact bytes, and never goes round for ever."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tap_intercom_archive.client import Answer, Request
from tap_intercom_archive.errors import Faulty
from tap_intercom_archive.paging import (
    PAGERS,
    PatientList,
    by_search_cursor,
    read_page,
    read_pages,
)

ROWS = [f'{{"id" : {number}.0}}' for number in range(7)]


def answering(pages: Callable[[Request], dict[str, Any]]) -> Callable[[Request], Answer]:
    def send(request: Request) -> Answer:
        answer = pages(request)
        rows = ", ".join(answer.pop("rows"))
        body = f'{{"data":[ {rows} ],"rest":0,{json.dumps(answer)[1:]}'
        return Answer(body.encode(), request, 1.0, "application/json")

    return send


def ids(pages: Any) -> list[bytes]:
    return [item for page in pages for item in page.items]


EXPECTED = [row.encode() for row in ROWS]


def test_single_page() -> None:
    send = answering(lambda _: {"rows": ROWS, "pages": {"total_pages": 9}})
    assert ids(read_pages(send, Request("GET", "/x"), "data", PAGERS["single"])) == EXPECTED


@pytest.mark.parametrize("told", [True, False])
def test_page_numbers_with_and_without_their_total(told: bool) -> None:
    def pages(request: Request) -> dict[str, Any]:
        number = int(dict(request.params).get("page", "1"))
        rows = ROWS[(number - 1) * 3 : number * 3]
        return {"rows": rows, "pages": {"total_pages": 3} if told else None}

    request = Request("GET", "/x", (("per_page", "3"),))
    assert ids(read_pages(answering(pages), request, "data", PAGERS["page"])) == EXPECTED


def following(begin: int) -> dict[str, Any]:
    more = begin + 3 < len(ROWS)
    token = {"starting_after": str(begin + 3)} if more else None
    return {"rows": ROWS[begin : begin + 3], "pages": {"next": token}, "total_count": len(ROWS)}


def test_cursor_in_the_query_string() -> None:
    send = answering(lambda request: following(int(dict(request.params).get("starting_after", 0))))
    found = list(read_pages(send, Request("GET", "/x"), "data", PAGERS["cursor"]))
    assert ids(found) == EXPECTED
    assert {page.total_count for page in found} == {7}


def test_cursor_in_the_body() -> None:
    send = answering(
        lambda request: following(int(request.json["pagination"].get("starting_after", 0)))
    )
    request = Request("POST", "/x", json={"query": {}, "pagination": {"per_page": 3}})
    assert ids(read_pages(send, request, "data", by_search_cursor)) == EXPECTED
    assert request.json["pagination"] == {"per_page": 3}


@pytest.mark.parametrize("tokens", ["aa", "abab", "abca"])
def test_cursor_that_comes_round_is_an_error(tokens: str) -> None:
    left = iter(tokens * 3)
    send = answering(lambda _: {"rows": ROWS, "pages": {"next": {"starting_after": next(left)}}})
    with pytest.raises(Faulty, match="circle"):
        ids(read_pages(send, Request("GET", "/x"), "data", PAGERS["cursor"]))


def test_pages_grow_again_after_a_fault_and_ever_more_seldom_where_that_fails() -> None:
    sizes: list[int] = []
    most = 10

    def send(request: Request) -> Answer:
        size = int(dict(request.params)["per_page"])
        sizes.append(size)
        if size > most:
            raise Faulty("too large", 504)
        return Answer(b'{"data": []}', request, 1.0, "application/json")

    def ask(per_page: int) -> Request:
        return Request("GET", "/x", (("per_page", str(per_page)),))

    patient = PatientList(send, "data", PAGERS["page"], 150)
    for _ in range(40):
        ids(patient.pages(ask))
    assert sizes[:3] == [150, 50, 10]
    assert 2 <= sizes[3:].count(50) <= 5
    assert 150 not in sizes[1:]
    most = 150
    for _ in range(300):
        ids(patient.pages(ask))
    assert sizes[-1] == 150


@pytest.mark.parametrize(
    "body",
    [b"{}", b'{"data": null}', b'{"data": {}}', b'{"type": "error.list", "errors": []}'],
)
def test_answer_without_the_list_is_a_fault(body: bytes) -> None:
    with pytest.raises(Faulty, match="holds no list"):
        read_page(Answer(body, Request("GET", "/x"), 1.0, "application/json"), "data")


@pytest.mark.parametrize(
    "rest",
    [
        '"pages": 7',
        '"pages": {"next": "https://example.com"}',
        '"pages": {"next": {"starting_after": 7}}',
        r'"pages": {"next": {"starting_after": "\ud800"}}',
        '"total_count": "many"',
    ],
)
def test_odd_words_about_pages_are_no_crash(rest: str) -> None:
    body = f'{{"data": [1], {rest}}}'.encode()
    page = read_page(Answer(body, Request("GET", "/x"), 1.0, "application/json"), "data")
    assert page.items == [b"1"]
    assert page.total_count is None
    PAGERS["cursor"](Request("GET", "/x"), page)
