"""State changes from parts, and from the statistics where the oldest parts are out of sight."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_intercom_archive.cuts import conversation_state_changes, parts_truncated
from tests.tap.strategies import VALUES


def conversation(parts: list[Any], **more: Any) -> dict[str, Any]:
    listed = {"conversation_parts": parts, "total_count": more.pop("total", len(parts))}
    return {"id": "7", "created_at": 100, "conversation_parts": listed, **more}


def part(kind: str, at: int = 200, **more: Any) -> dict[str, Any]:
    return {"id": str(at), "part_type": kind, "created_at": at, **more}


def changes(document: dict[str, Any]) -> list[tuple[Any, Any]]:
    return [(row["id"], row["transition"]) for row in conversation_state_changes(document)]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("open", [("200", "opened")]),
        ("close", [("200", "closed")]),
        ("snoozed", [("200", "snoozed")]),
        ("unsnoozed", [("200", "unsnoozed")]),
        ("timer_unsnooze", [("200", "unsnoozed")]),
        ("assignment", [("200", "assigned")]),
        ("default_assignment", [("200", "assigned")]),
        ("away_mode_assignment", [("200", "assigned")]),
        ("assign_and_reopen", [("200:assigned", "assigned"), ("200:opened", "opened")]),
        ("assign_and_unsnooze", [("200:assigned", "assigned"), ("200:unsnoozed", "unsnoozed")]),
        ("comment", []),
        ("note", []),
        ("a_kind_of_next_year", []),
        (None, []),
    ],
)
def test_each_part_type_changes_what_it_names(kind: Any, expected: list[Any]) -> None:
    assert changes(conversation([part(kind)])) == [("7:created:first", "created"), *expected]


@pytest.mark.parametrize(
    ("assigned_to", "admin", "team"),
    [
        ({"type": "admin", "id": 5}, "5", None),
        ({"type": "team", "id": "6"}, None, "6"),
        ({"type": "bot", "id": "9"}, None, None),
        (None, None, None),
        ("nobody", None, None),
    ],
)
def test_assignee_is_an_admin_or_a_team(assigned_to: Any, admin: Any, team: Any) -> None:
    document = conversation([part("assignment", assigned_to=assigned_to)])
    row = list(conversation_state_changes(document))[-1]
    assert (row["admin_assignee_id"], row["team_assignee_id"]) == (admin, team)


STATISTICS = {
    "first_assignment_at": 110,
    "last_assignment_at": 900,
    "first_close_at": 120,
    "last_close_at": 130,
    "last_closed_by_id": 5,
    "count_conversation_parts": 561,
}


def test_statistics_stand_in_for_what_is_out_of_sight_only() -> None:
    parts = [part("comment", at) for at in range(200, 700)]
    rows = list(conversation_state_changes(conversation(parts, total=560, statistics=STATISTICS)))
    assert [(row["id"], row["at"], row["from_statistics"]) for row in rows] == [
        ("7:created:first", "1970-01-01T00:01:40Z", False),
        ("7:assigned:first", "1970-01-01T00:01:50Z", True),
        ("7:closed:first", "1970-01-01T00:02:00Z", True),
        ("7:closed:last", "1970-01-01T00:02:10Z", True),
    ]
    assert rows[-1]["author_id"] == "5"


def test_statistics_are_left_alone_where_every_part_is_shown() -> None:
    parts = [part("close", 200)]
    document = conversation(parts, statistics={**STATISTICS, "count_conversation_parts": 2})
    assert changes(document) == [("7:created:first", "created"), ("200", "closed")]


def test_one_change_told_twice_is_one_row() -> None:
    statistics = {**STATISTICS, "last_close_at": 120, "last_assignment_at": 110}
    parts = [part("comment", at) for at in range(200, 700)]
    rows = changes(conversation(parts, total=560, statistics=statistics))
    assert [row for row, _ in rows] == ["7:created:first", "7:assigned:first", "7:closed:first"]


@pytest.mark.parametrize(
    ("returned", "total", "counted", "truncated"),
    [
        (0, 0, 1, False),
        (0, 0, None, False),
        (None, None, None, False),
        (12, 12, 13, False),
        (12, 13, 14, True),
        (12, 12, 99, False),  # a count alone, below the cap, proves nothing
        (499, 499, 561, False),
        (500, 500, 501, False),
        (500, 500, 502, True),
        (500, 560, 561, True),
        (500, 500, 561, True),
        (500, None, 561, True),
        (500, 560, None, True),
    ],
)
def test_table_of_truncation(returned: Any, total: Any, counted: Any, truncated: bool) -> None:
    record: dict[str, Any] = {"parts_returned": returned, "parts_total_count": total}
    record["statistics_count_conversation_parts"] = counted
    parts_truncated(record)
    assert record["parts_truncated"] is truncated


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "id": VALUES,
            "created_at": VALUES,
            "source": VALUES | st.fixed_dictionaries({"author": VALUES}),
            "statistics": VALUES
            | st.dictionaries(st.sampled_from([*STATISTICS]), VALUES | st.integers(0, 999)),
            "conversation_parts": VALUES
            | st.fixed_dictionaries(
                {
                    "total_count": VALUES | st.integers(0, 900),
                    "conversation_parts": VALUES
                    | st.lists(
                        st.fixed_dictionaries(
                            {"part_type": st.just("assign_and_reopen") | VALUES},
                            optional={"id": VALUES, "created_at": VALUES, "author": VALUES},
                        )
                    ),
                }
            ),
        },
    )
)
def test_any_conversation_gives_rows_and_no_crash(document: dict[str, Any]) -> None:
    for row in conversation_state_changes(document):
        assert isinstance(row["transition"], str)
        assert row["from_statistics"] in (True, False)
