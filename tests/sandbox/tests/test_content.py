"""The workspace holds every special case: each is counted in its truth or on the wire."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from tests.sandbox.parts import KINDS
from tests.sandbox.process import Sandbox
from tests.sandbox.tests.client import call

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def conversations(sandbox: Sandbox) -> Rows:
    return sandbox.truth("conversations")


@pytest.fixture(scope="module")
def parts(sandbox: Sandbox) -> Rows:
    return sandbox.truth("conversation_parts")


@pytest.fixture(scope="module")
def smallest() -> Rows:
    """The conversations of the smallest workspace that is allowed, of another seed."""
    with Sandbox.start(seed=2, conversations=60) as started:
        return started.truth("conversations")


def test_more_than_a_page_was_updated_in_one_second(conversations: Rows) -> None:
    ((_, most),) = Counter(row["updated_at"] for row in conversations).most_common(1)
    assert most > 150


@pytest.mark.parametrize(("total", "shown"), [(0, 0), (500, 500), (501, 500), (560, 500)])
def test_conversations_have_none_to_more_parts_than_are_shown(
    conversations: Rows, smallest: Rows, total: int, shown: int
) -> None:
    for rows in (conversations, smallest):
        found = [row for row in rows if row["parts_total_count"] == total]
        assert found
        assert {row["parts_returned"] for row in found} == {shown}
        assert {row["parts_truncated"] for row in found} == {total > shown}


def test_the_mean_conversation_has_about_twelve_parts(conversations: Rows) -> None:
    usual = [row["parts_total_count"] for row in conversations if row["parts_total_count"] < 500]
    assert 8 < sum(usual) / len(usual) < 16


def test_the_oldest_parts_are_the_ones_held_back(sandbox: Sandbox, conversations: Rows) -> None:
    (row,) = [row for row in conversations if row["parts_total_count"] == 560]
    shown = call(sandbox, f"/conversations/{row['id']}").json["conversation_parts"]
    assert shown["total_count"] == 560
    assert len(shown["conversation_parts"]) == 500
    assert shown["conversation_parts"][-1]["created_at"] == max(
        part["created_at"] for part in shown["conversation_parts"]
    )
    assert row["statistics_count_conversation_parts"] == 561
    changes = sandbox.truth("conversation_state_changes")
    hidden = [c for c in changes if c["conversation_id"] == row["id"] and c["from_statistics"]]
    assert {change["transition"] for change in hidden} == {"assigned", "closed"}


def test_every_kind_of_part_occurs(parts: Rows) -> None:
    assert {part["part_type"] for part in parts} == KINDS.keys()


def test_every_transition_occurs(sandbox: Sandbox) -> None:
    transitions = {row["transition"] for row in sandbox.truth("conversation_state_changes")}
    assert transitions == {"created", "opened", "closed", "snoozed", "unsnoozed", "assigned"}


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("state", {"open", "closed", "snoozed"}),
        ("priority", {"none", "urgent"}),
        ("sla_applied_sla_status", {"hit", "missed", "active", "cancelled", None}),
        ("ai_agent_resolution_state", {"escalated", "confirmed_resolution", None}),
        ("ai_agent_participated", {True, False}),
        ("sales_agent_participated", {True, None}),
        ("source_redacted", {True, False}),
        ("source_author_type", {"user", "lead", "admin"}),
        ("read", {True, False}),
        ("open", {True, False}),
    ],
)
def test_a_column_takes_every_value(conversations: Rows, column: str, values: set[object]) -> None:
    assert {row[column] for row in conversations} == values


@pytest.mark.parametrize(
    "column",
    [
        "title",
        "company_id",
        "conversation_rating_rating",
        "conversation_rating_remark",
        "sales_agent_collected_data",
        "ai_agent_content_sources",
        "source_recipients",
        "source_reply_to",
        "source_email_message_metadata_history",
        "source_body",
        "source_url",
        "statistics_count_conversation_parts",
        "admin_assignee_id",
        "team_assignee_id",
        "snoozed_until",
        "waiting_since",
        "first_contact_reply_created_at",
    ],
)
def test_a_column_is_filled_here_and_null_there(
    conversations: Rows, smallest: Rows, column: str
) -> None:
    for rows in (conversations, smallest):
        assert any(row[column] for row in rows)
        assert any(row[column] is None for row in rows) or column == "conversation_rating_remark"


def test_first_messages_may_be_empty_or_null(conversations: Rows) -> None:
    texts = [row["source_body_text"] for row in conversations]
    assert "" in texts
    assert None in texts


def test_assignees_are_numbers_zero_or_null_on_the_wire(sandbox: Sandbox) -> None:
    kinds = set()
    for conversation_id in sandbox.ids("conversations"):
        assignee = json.loads(sandbox.payload("conversations", conversation_id))[
            "admin_assignee_id"
        ]
        kinds.add("null" if assignee is None else "zero" if assignee == 0 else "number")
    assert kinds == {"null", "zero", "number"}


def test_conversations_have_none_one_and_three_contacts(conversations: Rows) -> None:
    assert {len(row["contact_ids"]) for row in conversations} == {0, 1, 3}


def test_parts_are_redacted_attached_external_and_sent_by_fin(parts: Rows) -> None:
    assert any(part["redacted"] and part["body"] is None for part in parts)
    assert any(part["attachments"] for part in parts)
    assert any(part["external_id"] for part in parts)
    assert any(part["app_package_code"] for part in parts)
    assert any(part["author_is_ai_answer"] for part in parts)
    assert any(part["body"] == "" for part in parts)
    assert any(part["tags"] for part in parts)
    assert any(part["event_details"] for part in parts)
    assert any("quick_reply_options" in part["metadata"] for part in parts)


def test_texts_hold_emoji_right_to_left_links_images_and_lists(parts: Rows) -> None:
    texts = "\n".join(part["body_text"] or "" for part in parts)
    for wanted in ("😀", "שלום", "مرحبا", "[image]", "[image: ", "- ", " (https://", "&", "<"):
        assert wanted in texts
    assert "  " not in texts
    assert "\n\n" not in "".join(part["body_text"] or "" for part in parts)


def test_custom_attributes_are_of_every_kind(conversations: Rows) -> None:
    values = [v for row in conversations for v in row["custom_attributes"].values()]
    kinds = {type(value) for value in values}
    assert kinds == {str, int, float, bool, type(None), list, dict}
    assert any(isinstance(value, int) and value.bit_length() > 64 for value in values)
    assert any(not name.isascii() for row in conversations for name in row["custom_attributes"])


def test_json_is_written_in_odd_but_valid_ways(sandbox: Sandbox) -> None:
    served = b"\n".join(
        sandbox.payload("conversations", conversation_id)
        for conversation_id in sandbox.ids("conversations")
    )
    for spelling in (rb"\u003cp", rb"\/", b'" : ', b"1.10", rb"\ud83d", b"<p>"):
        assert spelling in served
    assert b"field_of_the_future" in served


def test_addresses_of_files_are_signed_anew_at_every_fetch(sandbox: Sandbox, parts: Rows) -> None:
    attached = next(part for part in parts if part["attachments"])
    path = f"/conversations/{attached['conversation_id']}"
    first, second = call(sandbox, path), call(sandbox, path)
    assert first.body != second.body
    assert first.json["updated_at"] == second.json["updated_at"]
    assert second.body == sandbox.payload("conversations", attached["conversation_id"])
    now = [p for p in sandbox.truth("conversation_parts") if p["id"] == attached["id"]]
    assert now[0]["attachments"][0]["url"].encode() in second.body.replace(rb"\/", b"/").replace(
        rb"\u0026", b"&"
    )


def test_contacts_hold_their_special_cases(sandbox: Sandbox) -> None:
    contacts = sandbox.truth("contacts")
    cut = [row for row in contacts if row["tags_has_more"]]
    assert cut
    assert {(len(row["tag_ids"]), row["tags_total_count"]) for row in cut} == {(10, 13)}
    assert {row["role"] for row in contacts} == {"user", "lead"}
    assert any(row["social_profiles"] for row in contacts)
    assert any(row["notes_total_count"] for row in contacts)
    assert any(row["email"] is None for row in contacts)
    assert any(row["custom_attributes"].get("born_at", 0) < 0 for row in contacts)
    payloads = [sandbox.payload("contacts", row["id"]) for row in contacts]
    in_milliseconds = [p for p in payloads if (json.loads(p)["signed_up_at"] or 0) > 10**11]
    assert in_milliseconds
    assert all(row["signed_up_at"] is None or row["signed_up_at"] < "2100" for row in contacts)
    assert any(b"field_of_the_future" in payload for payload in payloads)


def test_calls_and_their_transcripts_come_in_every_form(sandbox: Sandbox) -> None:
    calls = sandbox.truth("calls")
    lone = [row["id"] for row in calls if row["conversation_id"] is None]
    answers = [call(sandbox, f"/calls/{call_id}/transcript") for call_id in lone]
    forms = {(answer.headers.get_content_type(), answer.body == b"[{}]") for answer in answers}
    assert forms == {("text/plain", False), ("application/json", False), ("application/json", True)}
    assert 0 < len(sandbox.truth("call_transcriptions")) < len(calls)
    spellings = {
        type(json.loads(sandbox.payload("calls", row["id"]))["updated_at"]) for row in calls
    }
    assert spellings == {int, str}
    assert all(row["created_at"].endswith("Z") for row in calls)
    assert {row["answered_at"] is None for row in calls} == {True, False}


def test_transcripts_last_beyond_the_hour(sandbox: Sandbox) -> None:
    starts = [
        line["start_time"]
        for row in sandbox.truth("call_transcriptions")
        for line in row["transcript"]
    ]
    assert max(starts) > 3_600


def test_the_help_centre_has_sections_drafts_and_translations(sandbox: Sandbox) -> None:
    collections = sandbox.truth("collections")
    ids = {row["id"] for row in collections}
    assert {row["parent_id"] for row in collections if row["parent_id"]} <= ids
    assert len({row["parent_id"] for row in collections}) > 1
    articles = sandbox.truth("articles")
    assert {row["state"] for row in articles} == {"published", "draft"}
    assert any(row["translated_content"] for row in articles)
    assert any(row["statistics_views"] for row in articles)
    assert {"", None} <= {row["body_text"] for row in articles}


def test_deleted_conversations_are_gone_from_the_living(sandbox: Sandbox) -> None:
    deleted = sandbox.truth("deleted_conversations")
    assert {row["metrics_retained"] for row in deleted} == {True, False}
    assert not {row["id"] for row in deleted} & set(sandbox.ids("conversations"))
    assert call(sandbox, f"/conversations/{deleted[0]['id']}").status == 404


def test_people_have_teams_and_teams_have_people(sandbox: Sandbox) -> None:
    assert {len(row["team_ids"]) for row in sandbox.truth("admins")} == {0, 1, 2}
    counts = [row["admin_count"] for row in sandbox.truth("teams")]
    assert min(counts) == 0
    assert max(counts) > 1


def test_admins_have_pictures_where_they_are_asked_for() -> None:
    with Sandbox.start(conversations=60) as started:
        assert not any(row["avatar_image_url"] for row in started.truth("admins"))
        call(started, "/admins?display_avatar=true")
        assert any(row["avatar_image_url"] for row in started.truth("admins"))
