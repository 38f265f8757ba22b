"""Every object of a workspace can be read, and its exact text comes out as it was served."""

from __future__ import annotations

import json
from typing import Any

from click.testing import CliRunner

from target_sqlite_archive.cli import main
from tests.pipeline import archive, programs
from tests.pipeline.reading.conftest import Told

KINDS = {
    "conversations": "conversation",
    "contacts": "contact",
    "calls": "call",
    "articles": "article",
}


def asked(*arguments: str) -> str:
    done = CliRunner().invoke(main, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_everything_is_shown_in_every_form(told: Told) -> None:
    path = str(told.path)
    for table, kind in KINDS.items():
        for row in archive.rows(told.path, f"SELECT id FROM {table} ORDER BY id LIMIT 25"):
            document: dict[str, Any] = json.loads(
                asked("show", path, row["id"], "--kind", kind, "--json")
            )
            assert (document["kind"], document["id"]) == (kind, row["id"])
            assert asked("show", path, row["id"], "--kind", kind)
            assert asked("show", path, row["id"], "--kind", kind, "--html", "-")
            assert asked("show", path, row["id"], "--kind", kind, "--markdown", "-")


def test_a_conversation_has_all_its_messages_now_and_then(told: Told) -> None:
    path = str(told.path)
    for row in archive.rows(told.path, "SELECT id FROM conversations ORDER BY id LIMIT 25"):
        number = row["id"]
        now = json.loads(asked("show", path, number, "--json"))["entries"]
        then = json.loads(asked("show", path, number, "--json", "--at", "2100"))["entries"]
        for entries in (now, then):
            said = [entry["text"] for entry in entries if entry["text"]]
            for part in archive.rows(
                told.path,
                "SELECT p.body_text FROM conversation_parts AS p JOIN conversations AS c "
                "ON c.id = p.conversation_id AND c.payload_id = p.payload_id "
                "WHERE c.id = ? AND p.body_text <> ''",
                number,
            ):
                assert part["body_text"] in said


def test_the_first_message_of_a_payload_reads_like_its_row(told: Told) -> None:
    # The tap reads HTML with a library that the target does not have: words must agree.
    for row in archive.rows(
        told.path, "SELECT id, source_body_text AS text FROM conversations ORDER BY id LIMIT 40"
    ):
        document = json.loads(asked("show", str(told.path), row["id"], "--json", "--at", "2100"))
        said = [(entry["text"] or "").split() for entry in document["entries"]]
        if row["text"] and "(http" not in row["text"]:
            assert row["text"].split() in said


def test_the_newest_text_is_the_one_that_the_workspace_served(told: Told) -> None:
    changed = archive.rows(
        told.path,
        "SELECT stream, record_id, count(*) AS versions FROM raw_payloads "
        "GROUP BY stream, record_id ORDER BY versions DESC, record_id LIMIT 12",
    )
    assert changed[0]["versions"] >= 3
    for row in changed:
        stream, number = row["stream"], row["record_id"]
        arguments = ("raw", str(told.path), number, "--stream", stream)
        done = programs.run(programs.program("sqlite-archive"), *arguments)
        assert (done.code, done.err) == (0, "")
        assert done.out.encode() in told.sandbox.payloads(stream, number)
        steps = json.loads(asked("history", str(told.path), number, "--stream", stream, "--json"))
        assert len(steps) >= row["versions"]
        assert all(step["changes"] for step in steps[1:])
