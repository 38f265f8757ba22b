"""The views of an archive of Intercom say what the workspace says."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from target_sqlite_archive.known_columns import KNOWN, SETS
from target_sqlite_archive.known_views import INDEXES, VIEWS
from target_sqlite_archive.sql import METADATA_PROPERTIES
from tests.pipeline import archive, programs
from tests.pipeline.reading.conftest import Told

SCHEMAS = programs.ROOT / "tap-intercom-archive/tap_intercom_archive/schemas"


def test_every_column_that_views_read_is_one_that_the_tap_sends() -> None:
    columns = {
        path.stem: set(json.loads(path.read_text("utf-8"))["properties"])
        for path in SCHEMAS.glob("*.json")
    }
    named = {
        known.table: {*known.keys, *known.others} - METADATA_PROPERTIES for known in KNOWN.values()
    }
    wrong = {
        table: names - columns[table]
        for table, names in named.items()
        if table in columns and not names <= columns[table]
    }
    assert wrong == {}
    for index in INDEXES:
        assert set(index.columns) <= columns.get(index.table, set(index.columns))
    assert len({view.name for view in VIEWS}) == len(VIEWS)


def test_every_view_whose_tables_are_there_is_made(told: Told) -> None:
    tables = archive.tables(told.path)
    made = archive.rows(told.path, "SELECT name FROM sqlite_master WHERE type = 'view'")
    assert {row["name"] for row in made} == {
        view.name for view in VIEWS if set(view.needs) <= tables
    }


# What Fivetran's own dbt package reads of each table, beside `_fivetran_synced`.
FIVETRANS = {
    "admin": "id name email job_title",
    "tag": "id name",
    "team": "id name",
    "team_admin": "team_id admin_id",
    "contact_history": "id updated_at created_at role name email admin_id signed_up_at "
    "last_replied_at last_contacted_at last_email_opened_at last_email_clicked_at "
    "unsubscribed_from_emails",
    "conversation_history": "id updated_at created_at state read snoozed_until waiting_since "
    "assignee_id assignee_type conversation_rating_value conversation_rating_remark "
    "first_contact_reply_created_at first_contact_reply_type sla_name sla_status source_type "
    "source_delivered_as source_subject source_body source_author_type source_author_id",
    "conversation_part_history": "id conversation_id conversation_updated_at part_type created_at "
    "updated_at assigned_to_type assigned_to_id author_type author_id",
    "conversation_tag_history": "conversation_id conversation_updated_at tag_id",
    "conversation_contact_history": "conversation_id conversation_updated_at contact_id",
}


def test_fivetrans_tables_and_columns_are_there_on_demand(told: Told, tmp_path: Path) -> None:
    path = Path(shutil.copy(told.path, tmp_path))
    done = programs.run(programs.program("sqlite-archive"), "views", str(path), "--fivetran")
    assert (done.code, done.err) == (0, "")
    for view, columns in FIVETRANS.items():
        rows = archive.rows(path, f"SELECT * FROM {view}")
        assert rows, view
        assert {*columns.split(), "_fivetran_synced"} <= rows[0].keys()
    counted = archive.rows(path, "SELECT count(*) AS n FROM conversation_tag_history")
    assert counted[0]["n"] == len(told.sandbox.truth("conversation_tags"))


def test_messages_are_all_first_messages_and_all_parts(told: Told) -> None:
    [counted] = archive.rows(
        told.path,
        "SELECT count(*) AS n, count(part_id) AS parts, count(conversation_deleted_at) AS gone "
        "FROM messages",
    )
    [tables] = archive.rows(
        told.path,
        "SELECT (SELECT count(*) FROM conversations) AS conversations, "
        "(SELECT count(*) FROM conversation_parts) AS parts",
    )
    assert counted["parts"] == tables["parts"]
    assert counted["n"] == tables["parts"] + tables["conversations"]


def test_current_rows_of_a_set_are_those_of_the_workspace(told: Told) -> None:
    for table, key in (("conversation_tags", "tag_id"), ("conversation_participants", "id")):
        assert (table, "conversation_id", "conversations") in SETS
        true = {(row["conversation_id"], row[key]) for row in told.sandbox.truth(table)}
        shown = archive.rows(told.path, f"SELECT conversation_id, {key} FROM current_{table}")
        assert {(row["conversation_id"], row[key]) for row in shown} == true
        assert len(shown) >= len(true) > 0
    # The test would prove nothing if no conversation had ever lost a tag.
    [lost] = archive.rows(
        told.path,
        "SELECT count(*) - (SELECT count(*) FROM current_conversation_tags) AS n "
        "FROM conversation_tags",
    )
    assert lost["n"] > 0


def test_open_conversations_and_response_times_are_those_of_the_workspace(told: Told) -> None:
    conversations = told.sandbox.truth("conversations")
    opened = archive.rows(told.path, "SELECT conversation_id FROM open_conversations")
    assert {row["conversation_id"] for row in opened} == {
        row["id"] for row in conversations if row["state"] == "open"
    }
    times = archive.rows(
        told.path, "SELECT conversation_id, seconds_to_first_admin_reply FROM response_times"
    )
    shown = {row["conversation_id"]: row["seconds_to_first_admin_reply"] for row in times}
    for row in conversations:
        if row["statistics_time_to_admin_reply"] is not None:
            assert shown[row["id"]] == row["statistics_time_to_admin_reply"]


def test_a_timeline_has_every_part_rating_and_call_of_its_conversation(told: Told) -> None:
    [missing] = archive.rows(
        told.path,
        "SELECT count(*) AS n FROM conversation_parts WHERE id NOT IN "
        "(SELECT part_id FROM conversation_timeline WHERE part_id IS NOT NULL)",
    )
    assert missing["n"] == 0
    counted = {
        row["event"]: row["n"]
        for row in archive.rows(
            told.path, "SELECT event, count(*) AS n FROM conversation_timeline GROUP BY event"
        )
    }
    for event, sql in (
        ("rating", "conversations WHERE conversation_rating_rating IS NOT NULL"),
        ("call", "calls WHERE conversation_id IS NOT NULL"),
        ("source", "conversations"),
        ("deleted", "deleted_conversations"),
    ):
        [true] = archive.rows(told.path, f"SELECT count(*) AS n FROM {sql}")
        assert counted[event] == true["n"] > 0
