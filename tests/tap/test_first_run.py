"""A first run over a workspace: messages, order, calls, and what no log may say."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, FormatChecker

from tests.sandbox.process import Sandbox
from tests.tap import running
from tests.tap.running import Ended

DEBUG = {"TAP_INTERCOM_ARCHIVE_LOGLEVEL": "DEBUG"}


@pytest.fixture(scope="module")
def first(
    sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Ended, dict[str, Any]]:
    """A run at the loudest level, and the calls it took."""
    sandbox.reset_requests()
    folder = tmp_path_factory.mktemp("first")
    done = running.sync(folder, running.config(sandbox, page_size=40), env=DEBUG)
    assert done.code == 0, done.err
    return done, sandbox.requests()


def test_each_stream_is_announced_once_before_its_records(first: tuple[Ended, Any]) -> None:
    announced: Counter[str] = Counter()
    for message in first[0].messages:
        if message["type"] == "SCHEMA":
            announced[message["stream"]] += 1
        elif message["type"] == "RECORD":
            assert announced[message["stream"]] == 1
    assert set(announced.values()) == {1}
    assert len(announced) == 23


def test_each_record_is_valid_against_the_announced_schema(first: tuple[Ended, Any]) -> None:
    checks = {
        message["stream"]: Draft7Validator(message["schema"], format_checker=FormatChecker())
        for message in first[0].of_type("SCHEMA")
    }
    columns = {m["stream"]: set(m["schema"]["properties"]) for m in first[0].of_type("SCHEMA")}
    for message in first[0].of_type("RECORD"):
        error = next(checks[message["stream"]].iter_errors(message["record"]), None)
        assert error is None, (message["stream"], error)
        assert set(message["record"]) == columns[message["stream"]]


def test_states_are_few_and_the_last_message_is_one(first: tuple[Ended, Any]) -> None:
    done = first[0]
    assert done.messages[-1]["type"] == "STATE"
    assert len(done.of_type("STATE")) < 30
    assert all(len(json.dumps(state)) < 64_000 for state in done.of_type("STATE"))


def test_no_more_conversations_than_are_in_flight_go_by_without_a_state(tmp_path: Path) -> None:
    with Sandbox.start(seed=7, conversations=80) as own:
        done = running.sync(tmp_path, running.config(own, concurrency=10))
    behind = most = 0
    for message in done.messages:
        if message["type"] == "STATE":
            behind = 0
        behind += message["type"] == "RECORD" and message["stream"] == "conversations"
        most = max(most, behind)
    assert 0 < most <= 10


def test_no_state_claims_a_conversation_before_its_records(first: tuple[Ended, Any]) -> None:
    written: set[str] = set()
    for message in first[0].messages:
        if message["type"] == "RECORD" and message["stream"] == "conversations":
            written.add(message["record"]["id"])
        if message["type"] == "STATE":
            state = message["value"]["bookmarks"].get("conversations", {})
            known = {*state.get("settled", {}), *state.get("window", {}).get("done", {})}
            assert known <= written


def test_one_get_per_conversation_and_no_call_refused(
    first: tuple[Ended, Any], sandbox: Sandbox
) -> None:
    calls = first[1]
    assert calls["by_route"]["GET /conversations/{id}"] == len(sandbox.ids("conversations"))
    assert set(calls["status"]) == {"200"}


@pytest.mark.parametrize(
    "stream", ["conversations", "contacts", "conversation_parts", "conversation_tags", "calls"]
)
def test_rows_are_the_workspaces_own(
    first: tuple[Ended, Any], sandbox: Sandbox, stream: str
) -> None:
    truth = sorted(json.dumps(row, sort_keys=True) for row in sandbox.truth(stream))
    rows = {
        json.dumps({k: v for k, v in row.items() if k != "payload_id"}, sort_keys=True)
        for row in first[0].records(stream)
    }
    assert sorted(rows) == truth


def test_every_row_names_a_payload_of_the_run(first: tuple[Ended, Any]) -> None:
    payloads = {record["id"] for record in first[0].records("raw_payloads")}
    for message in first[0].of_type("RECORD"):
        if message["stream"] != "raw_payloads":
            assert message["record"]["payload_id"] in payloads


def test_token_and_words_are_in_no_log_and_no_state(
    first: tuple[Ended, Any], sandbox: Sandbox
) -> None:
    done = first[0]
    heap = done.err + json.dumps(done.of_type("STATE"))
    private = {sandbox.token} | {
        str(row[column])[:24]
        for stream, columns in (
            ("conversation_parts", ("body_text", "author_email", "author_name")),
            ("contacts", ("email", "name", "phone")),
            ("call_transcriptions", ("transcript_text",)),
        )
        for row in sandbox.truth(stream)
        for column in columns
        if len(str(row.get(column) or "")) >= 8
    }
    assert len(private) > 100
    assert "DEBUG" in done.err
    assert not [word for word in private if word in heap]


def test_people_read_what_was_found_and_what_it_took(first: tuple[Ended, Any]) -> None:
    err = first[0].err
    assert "Backfill: 60 conversations found" in err
    assert "Total:" in err
    assert "Proven complete: conversations up to" in err


def test_page_size_is_asked_for(first: tuple[Ended, Any], sandbox: Sandbox, tmp_path: Path) -> None:
    settings = running.config(sandbox, page_size=7)
    sandbox.reset_requests()
    catalog = running.select(running.discover(), "contacts")
    done = running.sync(tmp_path, settings, catalog=catalog)
    assert done.code == 0, done.err
    pages = sandbox.requests()["by_route"]["GET /contacts"]
    # Read twice: one reading of a list proves nothing.
    assert pages == 2 * -(-len(sandbox.ids("contacts")) // 7)


def test_plaintext_is_asked_for_and_kept_apart(sandbox: Sandbox, tmp_path: Path) -> None:
    catalog = running.select(running.discover(), "conversations", "conversation_parts")
    settings = running.config(sandbox, display_as="plaintext")
    done = running.sync(tmp_path, settings, catalog=catalog)
    assert done.code == 0, done.err
    assert not [r for r in done.records("conversation_parts") if "<p>" in (r["body"] or "")]
    assert done.bookmark("conversations")["scope"]["display_as"] == "plaintext"


def test_start_and_end_date_bound_what_is_archived(sandbox: Sandbox, tmp_path: Path) -> None:
    times = sorted(row["updated_at"] for row in sandbox.truth("conversations"))
    begin, end = times[len(times) // 4], times[len(times) * 3 // 4]
    expected = sorted(
        row["id"] for row in sandbox.truth("conversations") if begin <= row["updated_at"] <= end
    )
    catalog = running.select(running.discover(), "conversations", "contacts", "articles")
    settings = running.config(sandbox, start_date=begin, end_date=end)
    done = running.sync(tmp_path, settings, catalog=catalog)
    assert done.code == 0, done.err
    assert sorted({row["id"] for row in done.records("conversations")}) == expected
    assert done.bookmark("conversations")["high_water_mark"] == end
    for stream in ("contacts", "articles"):
        assert all(begin <= row["updated_at"] <= end for row in done.records(stream))
    # A later end goes on from there, an earlier start fills the gap: nothing is missing then.
    wider = running.sync(tmp_path, running.config(sandbox), done.state, catalog)
    assert wider.code == 0, wider.err
    both = {row["id"] for run in (done, wider) for row in run.records("conversations")}
    assert both == set(sandbox.ids("conversations"))
