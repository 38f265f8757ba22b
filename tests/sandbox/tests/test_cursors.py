"""Operators and cursors: both readings of > and <, and every way in which cursors fail."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.sandbox import dialects, search
from tests.sandbox.tests.inside import Inside, open_inside


def found(inside: Inside, operator: str, at: int, version: str = "2.17") -> set[str]:
    body = {
        "query": {"field": "updated_at", "operator": operator, "value": at},
        "pagination": {"per_page": 150},
    }
    path = "/contacts/search" if version else "/conversations/search"
    return {row["id"] for row in inside.json(path, body, version or "2.16").get("data", [])}


@pytest.mark.parametrize(("operators", "count"), [("strict", 0), ("inclusive", 7)])
def test_bounds_of_searches_are_left_out_or_taken_in(operators: str, count: int) -> None:
    inside = open_inside(conversations=60, operators=operators)
    # A workspace of this size has seven conversations on one second.
    second = inside.api.workspace.start - 30 * 86_400

    def at_the_second(operator: str) -> int:
        query = {"field": "updated_at", "operator": operator, "value": second}
        body = {"query": query, "pagination": {"per_page": 150}}
        hits = inside.json("/conversations/search", body)["conversations"]
        return sum(hit["updated_at"] == second for hit in hits)

    assert (at_the_second(">"), at_the_second("<")) == (count, count)
    assert (at_the_second(">="), at_the_second("=")) == (7, 7)


def test_inclusive_contact_searches_take_in_the_second_and_the_day() -> None:
    strict, inclusive = open_inside(), open_inside(operators="inclusive")
    contact = strict.json("/contacts")["data"][0]
    at = contact["updated_at"]
    for operator in (">", "<"):
        for version in ("2.16", "2.17"):
            assert contact["id"] not in found(strict, operator, at, version)
            assert contact["id"] in found(inclusive, operator, at, version)


def test_inclusive_bounds_by_span_and_by_match_agree() -> None:
    dialect = search.Dialect({"updated_at": "date"}, dialects.read_field, inclusive=True)
    for operator in (">", "<", ">=", "<=", "="):
        query = search.Filter("updated_at", operator, 5)
        span, rest = search.updated_span(query, inclusive=True)
        assert rest == ()
        for at in (4, 5, 6):
            within = (span.first is None or at >= span.first) and (
                span.last is None or at <= span.last
            )
            assert within == search.matches(query, {"updated_at": at}, dialect)


def cursor_of(page: Any) -> str | None:
    following = page["pages"].get("next")
    return None if following is None else following["starting_after"]


def ids(page: Any) -> list[str]:
    return [hit["id"] for hit in page["conversations"]]


@pytest.mark.parametrize("cursor", ["keyset", "drifting", "expiring", "repeating"])
def test_a_quiet_listing_that_comes_to_its_end_is_whole(cursor: str) -> None:
    inside = open_inside(conversations=90, cursor=cursor)
    for _ in range(10):
        seen: list[str] = []
        page = inside.search(per_page=40)
        given: set[str] = set()
        while True:
            seen += ids(page)
            following = cursor_of(page)
            if following is None or following in given:
                break
            given.add(following)
            answer = inside.ask("/conversations/search", asked(following))
            if answer.status == 400:
                break
            page = inside.search(cursor=following, per_page=40)
        if following is None:
            assert sorted(seen) == sorted(inside.json("/_sandbox/ids/conversations"))
            return
    raise AssertionError("no listing of ten came to its end")


def asked(cursor: str, per_page: int = 40) -> dict[str, object]:
    return {
        "query": {"field": "updated_at", "operator": ">", "value": 0},
        "sort": {"field": "updated_at", "order": "ascending"},
        "pagination": {"per_page": per_page, "starting_after": cursor},
    }


def test_rows_that_move_shift_the_others_under_a_drifting_cursor() -> None:
    inside = open_inside(conversations=90, cursor="drifting")
    first = inside.search(per_page=40)
    whole = inside.search(per_page=150)
    workspace = inside.api.workspace
    index = workspace.index_of(ids(first)[0])
    assert index is not None
    workspace.own(index).document["updated_at"] = inside.now()
    workspace.touch(index)
    second = inside.search(cursor=cursor_of(first), per_page=40)
    # The 41st has slipped to the first page, which is past; nobody tells of it.
    assert ids(whole)[40] not in ids(first) + ids(second)
    assert ids(second)[0] == ids(whole)[41]


def test_an_expiring_cursor_is_refused_when_it_is_old() -> None:
    inside = open_inside(seed=2, conversations=90, cursor="expiring", cursor_life=5)
    cursor = cursor_of(inside.search(per_page=40))
    assert cursor is not None
    assert inside.ask("/conversations/search", asked(cursor)).status == 200
    for _ in range(5):
        inside.ask("/me")
    refused = inside.ask("/conversations/search", asked(cursor))
    assert refused.status == 400
    assert b"error.list" in refused.body
    assert inside.ask("/conversations/search", asked("nonsense")).status == 400


def test_a_few_expiring_cursors_are_refused_at_once() -> None:
    inside = open_inside(seed=2, conversations=60, cursor="expiring")
    statuses = [
        inside.ask(f"/contacts?per_page=20&starting_after={cursor}").status
        for _ in range(200)
        if (cursor := cursor_of(inside.json("/contacts?per_page=20")))
    ]
    assert 0 < statuses.count(400) < 20
    assert statuses.count(200) + statuses.count(400) == 200


@pytest.mark.parametrize("per_page", [20, 40])
def test_a_repeating_cursor_leads_in_circles_until_the_listing_is_begun_afresh(
    per_page: int,
) -> None:
    inside = open_inside(seed=3, conversations=60, cursor="repeating")
    outcomes: list[bool] = []
    for _ in range(60):
        page = inside.search(per_page=per_page)
        path: list[tuple[str, ...]] = []
        for _ in range(8):
            cursor = cursor_of(page)
            if cursor is None:
                break
            page = inside.search(cursor=cursor, per_page=per_page)
            path.append(tuple(ids(page)))
        circled = len(path) == 8
        if circled:
            period = 2 if per_page == 20 else 1
            assert len(set(path)) == period
            assert path[period:] == path[:-period]
        outcomes.append(circled)
    assert any(outcomes)
    assert (True, True) not in set(itertools.pairwise(outcomes))


def test_cursors_of_each_kind_serve_contacts_too() -> None:
    for kind in ("keyset", "drifting", "expiring", "repeating"):
        inside = open_inside(conversations=60, cursor=kind)
        page = inside.json("/contacts?per_page=30")
        following = cursor_of(page)
        rest = inside.json(f"/contacts?per_page=30&starting_after={following}")
        assert {row["id"] for row in page["data"]}.isdisjoint(row["id"] for row in rest["data"])
