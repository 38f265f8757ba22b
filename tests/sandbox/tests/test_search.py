"""Search: operators, groups, sorts, and the contacts' calendar days."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sandbox import dialects, search
from tests.sandbox.errors import RefusedError
from tests.sandbox.process import Sandbox
from tests.sandbox.tests.client import call, search_pages

HIT: dict[str, Any] = {
    "id": "215",
    "updated_at": 1_000,
    "state": "open",
    "open": True,
    "admin_assignee_id": 7,
    "source": {"body": "<p>Needs help now</p>", "author": {"email": "sam@example.com"}},
    "tags": {"tags": [{"id": "t1"}, {"id": "t2"}]},
    "contacts": {"contacts": []},
    "conversation_rating": None,
}


def matches(field: str, operator: str, value: object) -> bool:
    query = search.parse(
        {"field": field, "operator": operator, "value": value}, dialects.CONVERSATIONS
    )
    return search.matches(query, HIT, dialects.CONVERSATIONS)


@pytest.mark.parametrize(
    ("field", "operator", "value", "expected"),
    [
        ("updated_at", "=", 1_000, True),
        ("updated_at", "!=", 1_000, False),
        ("updated_at", ">", 999, True),
        ("updated_at", ">", 1_000, False),
        ("updated_at", ">=", 1_000, True),
        ("updated_at", "<", 1_000, False),
        ("updated_at", "<=", "1000", True),
        ("updated_at", "IN", [1, 1_000], True),
        ("updated_at", "NIN", [1, 1_000], False),
        ("admin_assignee_id", ">", 6, True),
        ("state", "=", "open", True),
        ("state", "NIN", ["closed"], True),
        ("open", "=", False, False),
        ("open", "!=", "false", True),
        ("source.author.email", "~", "SAM@", True),
        ("source.author.email", "!~", "sam", False),
        ("source.author.email", "^", "sam", True),
        ("source.author.email", "$", "example.com", True),
        ("source.author.email", "$", "example.org", False),
        ("source.body", "=", "help", True),
        ("source.body", "=", "Needs help", False),
        ("tag_ids", "=", "t2", True),
        ("tag_ids", "!=", "t2", False),
        ("tag_ids", "NIN", ["t3"], True),
        ("contact_ids", "=", "c", False),
        ("contact_ids", "=", None, True),
        ("conversation_rating.score", ">", 1, False),
        ("conversation_rating.remark", "!~", "bad", True),
    ],
)
def test_operators_compare(field: str, operator: str, value: object, expected: bool) -> None:
    assert matches(field, operator, value) is expected


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"field": "nonsense", "operator": "=", "value": 1}, "invalid_field"),
        ({"field": "state", "operator": ">", "value": "open"}, "invalid_operator"),
        ({"field": "updated_at", "operator": "~", "value": 1}, "invalid_operator"),
        ({"field": "updated_at", "operator": ">", "value": "soon"}, "parameter_invalid"),
        ({"field": "open", "operator": "=", "value": "perhaps"}, "parameter_invalid"),
        ({"field": "state", "operator": "IN", "value": "open"}, "parameter_invalid"),
        ({"field": "state", "operator": "=", "value": ["open"]}, "parameter_invalid"),
        ({"operator": "AND", "value": []}, "parameter_invalid"),
        ({"operator": "=", "value": 1}, "parameter_invalid"),
        ("updated_at > 0", "bad_request"),
    ],
)
def test_wrong_queries_are_refused(query: object, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        search.parse(query, dialects.CONVERSATIONS)
    assert (refused.value.status, refused.value.code) == (400, code)


SINGLE = {"field": "updated_at", "operator": ">", "value": 0}


def nested(levels: int) -> dict[str, Any]:
    query: dict[str, Any] = SINGLE
    for _ in range(levels):
        query = {"operator": "AND", "value": [query]}
    return query


def test_groups_nest_two_levels_and_hold_fifteen() -> None:
    search.parse(nested(2), dialects.CONVERSATIONS)
    search.parse({"operator": "OR", "value": [SINGLE] * 15}, dialects.CONVERSATIONS)
    with pytest.raises(RefusedError, match="nested"):
        search.parse(nested(3), dialects.CONVERSATIONS)
    with pytest.raises(RefusedError, match="15"):
        search.parse({"operator": "OR", "value": [SINGLE] * 16}, dialects.CONVERSATIONS)


@st.composite
def queries(draw: st.DrawFn) -> dict[str, Any]:
    single = st.fixed_dictionaries(
        {
            "field": st.just("updated_at"),
            "operator": st.sampled_from(["=", "!=", ">", "<", ">=", "<="]),
            "value": st.integers(0, 12),
        }
    )
    group = st.fixed_dictionaries(
        {
            "operator": st.sampled_from(["AND", "OR"]),
            "value": st.lists(single, min_size=1, max_size=3),
        }
    )
    return draw(
        st.fixed_dictionaries(
            {
                "operator": st.sampled_from(["AND", "OR"]),
                "value": st.lists(single | group, min_size=1, max_size=4),
            }
        )
    )


@given(queries(), st.integers(0, 12))
def test_bounds_taken_from_a_query_leave_what_it_matches(raw: dict[str, Any], at: int) -> None:
    query = search.parse(raw, dialects.CONVERSATIONS)
    document = {"updated_at": at}
    span, rest = search.updated_span(query)
    within = (span.first is None or at >= span.first) and (span.last is None or at <= span.last)
    by_parts = within and all(
        search.matches(member, document, dialects.CONVERSATIONS) for member in rest
    )
    assert by_parts == search.matches(query, document, dialects.CONVERSATIONS)


DAY = 86_400
EVENING = 1_767_297_600  # 2026-01-01 20:00 UTC


@pytest.mark.parametrize(
    ("zone", "hours_since_midnight"),
    [
        ("UTC", 20),
        ("Pacific/Tongatapu", 9),  # UTC+13: nine in the morning of the next day
        ("Pacific/Pago_Pago", 9),  # UTC-11: nine in the morning of the same day
        ("Asia/Kolkata", 1.5),
    ],
)
def test_contact_dates_compare_by_the_workspaces_day_up_to_2_16(
    zone: str, hours_since_midnight: float
) -> None:
    dialect = dialects.contacts((2, 16), zone)

    def found(operator: str, at: int) -> bool:
        query = search.Filter("updated_at", operator, EVENING)
        return search.matches(query, {"updated_at": at}, dialect)

    start = EVENING - int(3_600 * hours_since_midnight)
    edges = (start - 1, start, start + DAY - 1, start + DAY)
    assert [found("=", at) for at in edges] == [False, True, True, False]
    assert [found(">", at) for at in edges] == [False, False, False, True]
    assert [found("<", at) for at in edges] == [True, False, False, False]


@pytest.mark.parametrize("operator", [">=", "<=", "!=", "IN", "NIN"])
def test_contact_dates_take_fewer_operators_up_to_2_16(sandbox: Sandbox, operator: str) -> None:
    value: object = [5] if operator.endswith("IN") else 5
    body = {"query": {"field": "updated_at", "operator": operator, "value": value}}
    old = call(sandbox, "/contacts/search", body)
    assert (old.status, old.code) == (400, "invalid_operator")
    assert call(sandbox, "/contacts/search", body, Intercom_Version="2.17").status == 200


def test_contacts_are_found_by_the_second_from_2_17(sandbox: Sandbox) -> None:
    contact = call(sandbox, "/contacts").json["data"][0]
    body = {"query": {"field": "updated_at", "operator": "=", "value": contact["updated_at"]}}
    found = call(sandbox, "/contacts/search", body, Intercom_Version="2.17").json["data"]
    assert [row["id"] for row in found] == [contact["id"]]


def test_contacts_search_finds_all_once_by_pages(sandbox: Sandbox) -> None:
    query = {"field": "custom_attributes.trial", "operator": "!=", "value": "x"}
    pages = search_pages(sandbox, "/contacts/search", query, 13)
    seen = [contact["id"] for page in pages for contact in page["data"]]
    assert sorted(seen) == sorted(sandbox.ids("contacts"))


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"sort": {"field": "updated_at", "order": "desc"}}, "invalid_sort_order"),
        ({"sort": {"field": "state", "order": "ascending"}}, "parameter_invalid"),
        ({"pagination": {"per_page": 151}}, "parameter_invalid"),
        ({"pagination": {"per_page": "many"}}, "parameter_invalid"),
        ({"pagination": {"starting_after": "nonsense"}}, "client_error"),
    ],
)
def test_wrong_sorts_and_pages_are_refused(
    sandbox: Sandbox, more: dict[str, object], code: str
) -> None:
    reply = call(sandbox, "/conversations/search", {"query": SINGLE, **more})
    assert (reply.status, reply.code) == (400, code)


@pytest.mark.parametrize("field", ["created_at", "id", "statistics.count_reopens"])
@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_sorting_by_other_fields_gives_each_once(sandbox: Sandbox, field: str, order: str) -> None:
    sort = {"field": field, "order": order}
    pages = search_pages(sandbox, "/conversations/search", SINGLE, 70, sort=sort)
    seen = [hit["id"] for page in pages for hit in page["conversations"]]
    assert sorted(seen) == sorted(sandbox.ids("conversations"))
    if field == "id":
        assert seen == sorted(seen, reverse=order == "descending")


def test_search_by_other_fields_agrees_with_the_truth(sandbox: Sandbox) -> None:
    query = {
        "operator": "AND",
        "value": [SINGLE, {"field": "state", "operator": "=", "value": "snoozed"}],
    }
    pages = search_pages(sandbox, "/conversations/search", query)
    seen = {hit["id"] for page in pages for hit in page["conversations"]}
    truth = sandbox.truth("conversations")
    assert seen == {row["id"] for row in truth if row["state"] == "snoozed"}


def test_a_body_that_is_no_query_is_refused(sandbox: Sandbox) -> None:
    assert call(sandbox, "/conversations/search", {}).code == "parameter_not_found"
    assert call(sandbox, "/conversations/search", [1]).code == "bad_request"
