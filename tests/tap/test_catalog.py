"""What the tap announces, and that users may choose from it as from any SDK tap."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import tap_intercom_archive
from tap_intercom_archive.columns import stream_schema
from tap_intercom_archive.resources import RESOURCES
from tests.sandbox.process import Sandbox
from tests.tap import running

PACKAGE = Path(tap_intercom_archive.__file__).parent
# Whole, so that a change is seen in review: stream, key, replication key.
CATALOG = {
    "activity_log_event_types": (["event_type"], None),
    "activity_logs": (["id"], "created_at"),
    "admins": (["id"], None),
    "article_drafts": (["id"], None),
    "article_versions": (["id"], None),
    "articles": (["id"], "updated_at"),
    "audiences": (["id"], None),
    "away_status_reasons": (["id"], None),
    "brands": (["id"], None),
    "call_transcriptions": (["call_id"], None),
    "calls": (["id"], "updated_at"),
    "collections": (["id"], None),
    "companies": (["id"], None),
    "company_notes": (["id"], None),
    "company_segments": (["company_id", "segment_id"], None),
    "contact_companies": (["contact_id", "company_id"], None),
    "contact_merge_history": (["contact_id", "source_contact_id"], None),
    "contact_notes": (["id"], None),
    "contact_segments": (["contact_id", "segment_id"], None),
    "contact_subscriptions": (["contact_id", "subscription_type_id"], None),
    "contact_tags": (["contact_id", "tag_id"], None),
    "contacts": (["id"], "updated_at"),
    "content_import_sources": (["id"], None),
    "content_snippets": (["id"], None),
    "conversation_attributes": (["id"], None),
    "conversation_participants": (["conversation_id", "type", "id"], None),
    "conversation_parts": (["id"], None),
    "conversation_state_changes": (["id"], None),
    "conversation_tags": (["conversation_id", "tag_id"], None),
    "conversations": (["id"], "updated_at"),
    "custom_object_instances": (["type", "id"], None),
    "data_attributes": (["model", "full_name"], None),
    "data_events": (["id"], None),
    "deleted_conversations": (["id"], "deleted_at"),
    "emails": (["id"], None),
    "external_pages": (["id"], None),
    "handling_events": (["id"], None),
    "help_center_redirects": (["id"], None),
    "help_centers": (["id"], None),
    "internal_articles": (["id"], None),
    "macros": (["id"], None),
    "news_items": (["id"], None),
    "newsfeed_items": (["newsfeed_id", "id"], None),
    "newsfeeds": (["id"], None),
    "office_hours_exceptions": (["id"], None),
    "office_hours_schedules": (["id"], None),
    "raw_payloads": (["id"], None),
    "segments": (["id"], None),
    "side_conversations": (["id"], None),
    "subscription_types": (["id"], None),
    "tags": (["id"], None),
    "teams": (["id"], None),
    "ticket_parts": (["id"], None),
    "ticket_states": (["id"], None),
    "ticket_types": (["id"], None),
    "tickets": (["id"], "updated_at"),
    "workspaces": (["id"], None),
}
# The others cost more calls than most need, or serve few: one rule in the catalog away.
DESELECTED = {
    "activity_log_event_types",
    "activity_logs",
    "article_drafts",
    "article_versions",
    "audiences",
    "away_status_reasons",
    "brands",
    "company_notes",
    "company_segments",
    "contact_companies",
    "contact_merge_history",
    "contact_notes",
    "contact_segments",
    "contact_subscriptions",
    "contact_tags",
    "content_import_sources",
    "content_snippets",
    "custom_object_instances",
    "data_events",
    "emails",
    "external_pages",
    "handling_events",
    "help_center_redirects",
    "help_centers",
    "internal_articles",
    "macros",
    "news_items",
    "newsfeed_items",
    "newsfeeds",
    "office_hours_exceptions",
    "office_hours_schedules",
    "side_conversations",
    "subscription_types",
    "workspaces",
}


@pytest.fixture(scope="module")
def catalog() -> dict[str, Any]:
    return running.discover()


def test_catalog_is_the_one_that_others_rely_on(catalog: dict[str, Any]) -> None:
    found = {
        entry["tap_stream_id"]: (entry["key_properties"], entry.get("replication_key"))
        for entry in catalog["streams"]
    }
    assert found == CATALOG


def test_costly_streams_are_not_selected_by_default(catalog: dict[str, Any]) -> None:
    roots = {
        entry["tap_stream_id"]: metadata["metadata"]
        for entry in catalog["streams"]
        for metadata in entry["metadata"]
        if not metadata["breadcrumb"]
    }
    for word in ("selected", "selected-by-default"):
        assert {name for name, root in roots.items() if not root[word]} == DESELECTED


@pytest.mark.parametrize("stream", CATALOG)
def test_every_column_is_described_and_keys_are_never_null(stream: str) -> None:
    schema = stream_schema(stream).schema
    assert schema["description"]
    for name, column in schema["properties"].items():
        assert column.get("description", "").endswith("."), name
    for key in CATALOG[stream][0]:
        assert "null" not in schema["properties"][key]["type"]


def test_private_hints_of_the_schema_files_are_not_announced(catalog: dict[str, Any]) -> None:
    assert "x-from" not in json.dumps(catalog)
    assert "x-as" not in json.dumps(catalog)
    assert "x-left-out" not in json.dumps(catalog)


def test_endpoints_stand_in_the_table_alone() -> None:
    paths = {row.source.path for row in RESOURCES} | {"/calls/search", "/contacts"}
    quoted = re.compile("|".join(rf"[\"']{re.escape(path)}[\"'/{{?]" for path in paths))
    for module in PACKAGE.glob("*.py"):
        assert not quoted.search(module.read_text("utf-8")), module.name


def test_every_schema_file_is_a_stream() -> None:
    assert {path.stem for path in (PACKAGE / "schemas").glob("*.json")} == set(CATALOG)


@pytest.mark.parametrize("args", [("--about",), ("--about", "--format=json"), ("--version",)])
def test_about_needs_neither_token_nor_network(tmp_path: Path, args: tuple[str, ...]) -> None:
    done = running.run(*args, cwd=tmp_path)
    assert done.code == 0, done.err
    assert "tap-intercom-archive" in done.out


def test_about_describes_every_setting_in_both_formats(tmp_path: Path) -> None:
    about = json.loads(running.run("--about", "--format=json", cwd=tmp_path).out)
    markdown = running.run("--about", "--format=markdown", cwd=tmp_path).out
    assert about["settings"]["required"] == ["access_token"]
    assert about["settings"]["properties"]["access_token"]["secret"] is True
    for name, setting in about["settings"]["properties"].items():
        assert setting["description"], name
        assert name in markdown


def test_settings_come_from_the_environment(sandbox: Sandbox, tmp_path: Path) -> None:
    env = {
        "TAP_INTERCOM_ARCHIVE_ACCESS_TOKEN": sandbox.token,
        "TAP_INTERCOM_ARCHIVE_API_URL": sandbox.url,
        "TAP_INTERCOM_ARCHIVE_PAGE_SIZE": "50",
    }
    selected = running.select(running.discover(), "tags")
    args = running.arguments(tmp_path, catalog=selected)
    done = running.run("--config=ENV", *args, env=env, cwd=tmp_path)
    assert done.code == 0, done.err
    assert len(done.records("tags")) == len(sandbox.ids("tags"))


def sync(sandbox: Sandbox, folder: Path, *streams: str, **more: Any) -> running.Ended:
    without = more.pop("without", ())
    selected = running.select(running.discover(), *streams, without=without)
    done = running.sync(folder, running.config(sandbox, **more), catalog=selected)
    assert done.code == 0, done.err
    return done


def test_child_comes_without_its_parent_and_payloads(sandbox: Sandbox, tmp_path: Path) -> None:
    done = sync(sandbox, tmp_path, "conversation_parts")
    assert set(done.counts) == {"conversation_parts"}
    assert [message["stream"] for message in done.of_type("SCHEMA")] == ["conversation_parts"]
    assert done.counts["conversation_parts"] == len(sandbox.truth("conversation_parts"))
    assert all(row["payload_id"] for row in done.records("conversation_parts"))


def test_nothing_selected_costs_no_call_but_the_first(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.reset_requests()
    done = sync(sandbox, tmp_path)
    assert done.of_type("RECORD") == []
    assert sandbox.requests()["total"] <= 1


def test_payloads_alone_archive_nothing_by_themselves(sandbox: Sandbox, tmp_path: Path) -> None:
    assert sync(sandbox, tmp_path, "raw_payloads").of_type("RECORD") == []


def test_deselected_column_is_in_neither_schema_nor_record(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    done = sync(sandbox, tmp_path, "conversations", "tags", without=("source_body", "name"))
    assert all("source_body" not in row for row in done.records("conversations"))
    assert all(set(row) == {"id", "applied_at", "payload_id"} or "name" not in row
               for row in done.records("tags"))  # fmt: skip
    for message in done.of_type("SCHEMA"):
        assert not {"source_body", "name"} & set(message["schema"]["properties"])


def test_stream_maps_and_flattening_work(sandbox: Sandbox, tmp_path: Path) -> None:
    maps = {"tags": {"__alias__": "labels", "loud": "name.upper()"}}
    mapped = sync(sandbox, tmp_path, "tags", stream_maps=maps)
    assert set(mapped.counts) == {"labels"}
    assert all(row["loud"] == row["name"].upper() for row in mapped.records("labels"))
    flat = sync(sandbox, tmp_path, "contacts", flattening_enabled=True, flattening_max_depth=1)
    assert flat.counts["contacts"] >= len(sandbox.ids("contacts"))


def test_activate_version_is_emitted_after_its_rows_or_not_at_all(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    loud = sync(sandbox, tmp_path, "tags")
    kinds = [message["type"] for message in loud.messages if message["type"] != "STATE"]
    assert kinds == ["SCHEMA", *["RECORD"] * len(sandbox.ids("tags")), "ACTIVATE_VERSION"]
    quiet = sync(sandbox, tmp_path, "tags", emit_activate_version_messages=False)
    assert quiet.of_type("ACTIVATE_VERSION") == []
    assert len(quiet.records("tags")) == len(sandbox.ids("tags"))
