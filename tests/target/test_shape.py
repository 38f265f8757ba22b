"""Views and indexes for reading: made where their tables are, kept through every change of them."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from tests.target.harness import Archive, bookmark, record, schema, state
from tests.target.reading_harness import read

TEXT = {"type": ["string", "null"]}
BODY = {**TEXT, "contentMediaType": "text/plain"}
CONVERSATIONS = schema(
    "conversations",
    {
        "id": "string",
        "created_at": TEXT,
        "state": TEXT,
        "source_author_name": TEXT,
        "source_body_text": BODY,
        "payload_id": TEXT,
    },
)
PARTS = schema(
    "conversation_parts",
    {
        "id": "string",
        "conversation_id": TEXT,
        "part_type": TEXT,
        "created_at": TEXT,
        "author_name": TEXT,
        "body_text": BODY,
        "payload_id": TEXT,
    },
)
TAGS = schema(
    "conversation_tags",
    {"conversation_id": "string", "tag_id": "string", "payload_id": TEXT},
    keys=("conversation_id", "tag_id"),
)
DELETED = schema("deleted_conversations", {"id": "string", "deleted_at": TEXT})
MESSAGES = "SELECT conversation_id, part_type, author_name, body_text FROM messages ORDER BY 1, 2"


def conversation(name: str, state: str = "open", payload: str = "p1", **more: Any) -> str:
    return record(
        "conversations",
        {
            "id": name,
            "created_at": "2026-01-01T00:00:00Z",
            "state": state,
            "source_author_name": "Synthetic Sam",
            "source_body_text": "Hello",
            "payload_id": payload,
            **more,
        },
    )


def part(name: str, parent: str, **more: Any) -> str:
    return record(
        "conversation_parts",
        {
            "id": name,
            "conversation_id": parent,
            "part_type": "comment",
            "created_at": "2026-01-02T00:00:00Z",
            "author_name": "Mock Mia",
            "body_text": "Good day",
            **more,
        },
    )


def tag(name: str, parent: str, payload: str) -> str:
    return record(
        "conversation_tags", {"conversation_id": parent, "tag_id": name, "payload_id": payload}
    )


def deletion(name: str) -> str:
    return record("deleted_conversations", {"id": name, "deleted_at": "2026-02-01T00:00:00Z"})


def views(archive: Archive) -> set[str]:
    return {row[0] for row in archive.query("SELECT name FROM sqlite_master WHERE type = 'view'")}


def test_a_conversation_reads_as_its_first_message_and_its_parts(archive: Archive) -> None:
    archive.feed(CONVERSATIONS, PARTS, conversation("1"), part("a", "1"))
    assert archive.query(MESSAGES) == [
        ("1", "comment", "Mock Mia", "Good day"),
        ("1", "source", "Synthetic Sam", "Hello"),
    ]
    timeline = "SELECT at, event, text FROM conversation_timeline ORDER BY at"
    assert archive.query(timeline) == [
        ("2026-01-01T00:00:00Z", "source", "Hello"),
        ("2026-01-02T00:00:00Z", "comment", "Good day"),
    ]


def test_what_the_archive_lacks_is_left_out(archive: Archive) -> None:
    archive.feed(CONVERSATIONS, conversation("1"), conversation("2", state="closed"))
    assert "messages" not in views(archive)
    assert "current_conversation_tags" not in views(archive)
    columns = "conversation_id, contact_name, admin_name, sla_status"
    assert archive.query(f"SELECT {columns} FROM open_conversations") == [
        ("1", "Synthetic Sam", None, None)
    ]


def test_a_deletion_counts_as_soon_as_the_archive_has_deletions(archive: Archive) -> None:
    archive.feed(CONVERSATIONS, PARTS, conversation("1"), conversation("2"), part("a", "1"))
    deleted = "SELECT conversation_id, conversation_deleted_at FROM messages ORDER BY 1, part_type"
    assert [row[1] for row in archive.query(deleted)] == [None, None, None]
    archive.feed(DELETED, deletion("1"), deletion("9"))
    when = "2026-02-01T00:00:00Z"
    assert archive.query(deleted) == [("1", when), ("1", when), ("2", None)]
    assert archive.query("SELECT conversation_id FROM open_conversations") == [("2",)]
    assert archive.query("SELECT id FROM current_conversations") == [("2",)]
    kept = "SELECT conversation_id, archived FROM conversation_deletions ORDER BY 1"
    assert archive.query(kept) == [("1", 1), ("9", 0)]


def test_a_row_of_a_set_is_current_where_its_parent_has_the_same_payload(archive: Archive) -> None:
    archive.feed(
        *(CONVERSATIONS, TAGS),
        *(conversation("1"), tag("billing", "1", "p1"), tag("vip", "1", "p1")),
        *(conversation("2"), tag("vip", "2", "p1")),
    )
    current = "SELECT conversation_id, tag_id FROM current_conversation_tags ORDER BY 1, 2"
    assert archive.query(current) == [("1", "billing"), ("1", "vip"), ("2", "vip")]
    archive.feed(CONVERSATIONS, TAGS, conversation("1", payload="p2"), tag("vip", "1", "p2"))
    assert archive.query(current) == [("1", "vip"), ("2", "vip")]


def test_every_other_set_has_its_current_rows(archive: Archive) -> None:
    archive.feed(
        schema("contacts", {"id": "string", "payload_id": TEXT}),
        schema(
            "contact_companies",
            {"contact_id": "string", "company_id": "string", "payload_id": TEXT},
            keys=("contact_id", "company_id"),
        ),
        record("contacts", {"id": "sam", "payload_id": "p2"}),
        record("contact_companies", {"contact_id": "sam", "company_id": "a", "payload_id": "p1"}),
        record("contact_companies", {"contact_id": "sam", "company_id": "b", "payload_id": "p2"}),
    )
    assert archive.query("SELECT company_id FROM current_contact_companies") == [("b",)]


def test_views_outlive_new_columns_and_rebuilt_tables(archive: Archive) -> None:
    archive.feed(CONVERSATIONS, PARTS, TAGS, conversation("1"), part("a", "1"))
    archive.feed(tag_schema_with("applied_at", TEXT), tag_with("vip", "1", applied_at="2026"))
    shown = "SELECT tag_id, applied_at FROM current_conversation_tags"
    assert archive.query(shown) == [("vip", "2026")]
    # Another type makes the target build the table anew under its old name.
    archive.feed(tag_schema_with("applied_at", {"type": "integer"}), tag_with("vip", "1", "2", 7))
    archive.feed(CONVERSATIONS, conversation("1", payload="2"))
    assert archive.query(shown) == [("vip", 7)]
    assert len(archive.query(MESSAGES)) == 2
    assert archive.query("PRAGMA integrity_check") == [("ok",)]


def tag_schema_with(name: str, spec: dict[str, Any]) -> str:
    return schema(
        "conversation_tags",
        {"conversation_id": "string", "tag_id": "string", "payload_id": TEXT, name: spec},
        keys=("conversation_id", "tag_id"),
    )


def tag_with(name: str, parent: str, payload: str = "p1", applied_at: Any = None) -> str:
    return record(
        "conversation_tags",
        {
            "conversation_id": parent,
            "tag_id": name,
            "payload_id": payload,
            "applied_at": applied_at,
        },
    )


def test_a_next_run_changes_nothing_of_the_shape(archive: Archive) -> None:
    lines = (CONVERSATIONS, PARTS, TAGS, DELETED, conversation("1"), part("a", "1"))
    archive.feed(*lines)
    before = archive.query("SELECT name, sql, rootpage FROM sqlite_master ORDER BY name")
    [version] = archive.query("PRAGMA schema_version")
    archive.feed(*lines)
    assert archive.query("SELECT name, sql, rootpage FROM sqlite_master ORDER BY name") == before
    assert archive.query("PRAGMA schema_version") == [version]


def test_a_view_of_ones_own_stays_and_a_dropped_one_of_ours_comes_back(archive: Archive) -> None:
    archive.feed(CONVERSATIONS, PARTS, conversation("1"))
    connection = sqlite3.connect(archive.path)
    connection.execute("DROP VIEW messages")
    connection.execute("CREATE VIEW messages AS SELECT 'mine' AS whose")
    connection.execute("DROP VIEW open_conversations")
    connection.close()
    archive.feed(CONVERSATIONS, PARTS, conversation("2"))
    assert archive.query("SELECT * FROM messages") == [("mine",)]
    assert len(archive.query("SELECT * FROM open_conversations")) == 2


def test_streams_of_another_tap_with_these_names_are_stored_as_ever(archive: Archive) -> None:
    archive.feed(
        schema("conversations", {"id": "integer", "topic": "string"}),
        schema("messages", {"id": "integer"}),
        schema("Current_Conversations", {"id": "integer"}),
        schema("_read_conversations", {"id": "integer"}),
        record("conversations", {"id": 1, "topic": "Weather"}),
        record("messages", {"id": 1}),
    )
    assert archive.query("SELECT id, topic FROM conversations") == [(1, "Weather")]
    assert archive.query("SELECT id FROM messages") == [(1,)]
    assert views(archive) == set()


def test_views_of_fivetrans_shape_come_and_go(archive: Archive) -> None:
    archive.feed(CONVERSATIONS, PARTS, conversation("1"), part("a", "1"))
    before = archive.query("SELECT type, name, sql FROM sqlite_master ORDER BY name")
    assert read("views", str(archive.path), "--fivetran").returncode == 0
    assert {"conversation_history", "conversation_part_history"} <= views(archive)
    assert "contact_history" not in views(archive)
    history = "SELECT id, state, conversation_rating_value, _fivetran_active, _fivetran_deleted "
    assert archive.query(f"{history} FROM conversation_history") == [("1", "open", None, 1, 0)]
    assert archive.query("SELECT conversation_id, body FROM conversation_part_history") == [
        ("1", None)
    ]
    # A later run keeps them in shape: here the archive gets bodies.
    archive.feed(PARTS.replace('"body_text"', '"body"'), part("b", "1", body="<p>New</p>"))
    assert ("1", "<p>New</p>") in archive.query(
        "SELECT conversation_id, body FROM conversation_part_history"
    )
    assert read("views", str(archive.path), "--no-fivetran").returncode == 0
    after = archive.query("SELECT type, name, sql FROM sqlite_master ORDER BY name")
    assert [row[:2] for row in after] == [row[:2] for row in before]


def test_views_are_listed(archive: Archive) -> None:
    archive.feed(CONVERSATIONS, PARTS)
    listed = read("views", str(archive.path)).stdout
    assert "messages" in listed
    assert "conversation_history" not in listed
    told = json.loads(read("views", str(archive.path), "--json").stdout)
    made = {view["view"] for view in told if view["made"]}
    assert made == views(archive)
    assert "conversation_history" in {view["view"] for view in told}


def test_views_are_not_added_while_a_run_is_writing_nor_to_what_is_no_archive(
    archive: Archive, tmp_path: Path
) -> None:
    archive.feed(CONVERSATIONS, PARTS)
    with archive.start() as process:
        assert process.stdin
        assert process.stdout
        lines = [CONVERSATIONS, conversation("1"), state(bookmark("conversations", 1))]
        process.stdin.write("\n".join(lines).encode() + b"\n")
        process.stdin.flush()
        assert process.stdout.readline()
        busy = read("views", str(archive.path), "--fivetran")
        process.stdin.close()
        assert process.wait() == 0
    missing = read("views", str(tmp_path / "missing.db"), "--fivetran")
    for done in (busy, missing):
        assert (done.returncode, done.stdout) == (1, "")
        assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "missing.db").exists()
    assert "conversation_history" not in views(archive)
    assert read("views", str(archive.path), "--fivetran", "--no-fivetran").returncode == 2


def test_the_parts_of_a_conversation_are_found_by_an_index(archive: Archive) -> None:
    archive.feed(CONVERSATIONS, PARTS, DELETED, conversation("1"), part("a", "1"))
    plan = archive.query("EXPLAIN QUERY PLAN SELECT * FROM messages WHERE conversation_id = '1'")
    assert not [row for row in plan if row[3].startswith("SCAN") and row[3] != "SCAN messages"]
