"""The versions of an object: what changed, how it looked at a time, and the exact texts."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from target_sqlite_archive.differences import ListChange, ValueChange, differences
from tests.target.harness import Archive
from tests.target.reading_harness import COMMAND, read, tamper
from tests.target.telling import (
    FIRST,
    SECOND,
    THIRD,
    declare,
    payload,
    row,
    said,
    version,
    with_history,
)

VERSIONS = (FIRST, SECOND, THIRD, SECOND)


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    archive = Archive(tmp_path_factory.mktemp("history"))
    archive.feed(*with_history())
    return archive


def raw(archive: Archive, *arguments: str) -> bytes:
    done = subprocess.run(
        [COMMAND, "raw", str(archive.path), *arguments], capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b""), done.stderr
    return done.stdout


def test_history_says_what_changed_from_version_to_version(past: Archive) -> None:
    done = read("history", str(past.path), "101")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "conversations 101: 4 versions\n"
        "  1  2026-01-01 12:00 · first archived · fetched 2026-01-01 13:00\n"
        "  2  2026-01-03 12:00 · fetched 2026-01-03 13:00\n"
        "    updated_at: 2026-01-01T12:00:00Z → 2026-01-03T12:00:00Z\n"
        "    conversation_parts.conversation_parts: 2 new\n"
        "      + 2026-01-02 12:00 Mock Mia Which one?\n"
        "      + 2026-01-03 12:00 Mock Mia Found it\n"
        "    conversation_parts.total_count: 0 → 2\n"
        "  3  2026-01-05 12:00 · fetched 2026-01-05 13:00\n"
        "    updated_at: 2026-01-03T12:00:00Z → 2026-01-05T12:00:00Z\n"
        "    state: open → closed\n"
        "    conversation_parts.conversation_parts: 1 new, 1 gone\n"
        "      + 2026-01-05 12:00 Mock Mia closed\n"
        "      - 2\n"
        "  4  2026-01-07 13:00 · again as version 2\n"
        "    updated_at: 2026-01-05T12:00:00Z → 2026-01-03T12:00:00Z\n"
        "    state: closed → open\n"
        "    conversation_parts.conversation_parts: 1 new, 1 gone\n"
        "      + 2026-01-03 12:00 Mock Mia Found it\n"
        "      - 3\n"
    )


def test_history_for_machines(past: Archive) -> None:
    steps = json.loads(read("history", str(past.path), "101", "--json").stdout)
    assert [(step["version"], step["returns_to"]) for step in steps] == [
        *((1, None), (2, None), (3, None), (4, 2))
    ]
    assert steps[0]["changes"] is None
    assert {"field": "state", "before": "open", "after": "closed"} in steps[2]["changes"]
    parts = "conversation_parts.conversation_parts"
    assert {"field": parts, "new": ["3"], "gone": ["2"], "changed": {}} in steps[2]["changes"]
    lines = read("history", str(past.path), "101", "--nl").stdout.splitlines()
    assert [json.loads(line) for line in lines] == steps
    assert len(read("history", str(past.path), "101", "--csv").stdout.splitlines()) == 5


@pytest.mark.parametrize(
    ("at", "text"),
    [
        ("2026-01-01", FIRST),
        ("2026-01-03T11:59", FIRST),
        ("2026-01-03T12:30", SECOND),  # it looked so, though it was fetched only later
        ("2026-01-04", SECOND),
        ("2026-01-05", THIRD),
        ("2026-01-07T12:59", THIRD),
        ("2026-01-07T13", SECOND),
        ("2027", SECOND),
    ],
)
def test_the_text_of_a_time(past: Archive, at: str, text: str) -> None:
    assert raw(past, "101", "--at", at) == text.encode()


def test_the_texts_are_exact(past: Archive) -> None:
    assert raw(past, "101") == SECOND.encode()
    assert [raw(past, "101", "--version", str(n)) for n in (1, 2, 3, 4)] == [
        text.encode() for text in VERSIONS
    ]
    assert raw(past, "101", "--all") == "".join(f"{text}\n" for text in VERSIONS).encode()


def test_not_a_byte_of_an_odd_text_is_changed(archive: Archive) -> None:
    text = (
        '{"id": "1",\r\n\t"n": 1.10, "big": 12345678901234567890123, "s": "\\u00e9é\\ud83d\u0085"} '
    )
    archive.feed(declare("raw_payloads"), payload("tags", "1", text, "2026", None))
    assert raw(archive, "1") == text.encode()


def test_a_compacted_archive_tells_the_same(archive: Archive) -> None:
    archive.feed(*with_history())
    before = read("history", str(archive.path), "101").stdout
    done = read("compact", str(archive.path))
    assert done.returncode == 0, done.stderr
    assert archive.query("SELECT 1 FROM raw_payloads WHERE _payload_base_rowid IS NOT NULL")
    assert read("history", str(archive.path), "101").stdout == before
    assert raw(archive, "101", "--all") == "".join(f"{text}\n" for text in VERSIONS).encode()
    assert raw(archive, "101", "--version", "1") == FIRST.encode()


def test_where_the_version_did_not_move_its_time_it_counts_from_its_fetch(archive: Archive) -> None:
    at = "2026-01-01T12:00:00Z"
    texts = [version(1, "open"), version(1, "open", title="Late")]
    archive.feed(
        declare("raw_payloads"),
        payload("conversations", "101", texts[0], "2026-01-01T13:00:00Z", at),
        payload("conversations", "101", texts[1], "2026-01-09T13:00:00Z", at),
    )
    assert raw(archive, "101", "--at", "2026-01-08") == texts[0].encode()
    assert raw(archive, "101", "--at", "2026-01-09") == texts[1].encode()


def test_a_conversation_is_shown_as_it_looked(past: Archive) -> None:
    def shown(at: str) -> str:
        done = read("show", str(past.path), "101", "--at", at)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    assert shown("2026-01-05") == (
        "Conversation 101\n"
        "  state        closed\n"
        "  contact      Specimen Sven\n"
        "  tags         Billing\n"
        "  subject      Money\n"
        "  channel      email\n"
        "  opened       2026-01-01 10:00\n"
        "  last change  2026-01-05 12:00\n"
        "! As version 3 of 4 has it, of 2026-01-05T12:00:00Z.\n"
        "\n"
        "2026-01-01 10:00  Specimen Sven (customer)\n"
        "    My refund from Stripe is missing\n"
        "\n"
        "2026-01-02 12:00  Mock Mia (teammate)\n"
        "    Which one?\n"
        "\n"
        "2026-01-05 12:00  Mock Mia (teammate) closed\n"
    )
    assert "Found it" in shown("2026-01-04")
    assert "Which one?" not in shown("2026-01-01")


def test_before_the_first_version_what_came_later_is_left_out(archive: Archive) -> None:
    archive.feed(
        *list(with_history())[:6],
        declare("raw_payloads"),
        payload("conversations", "101", THIRD, "2026-01-05T13:00:00Z", "2026-01-05T12:00:00Z"),
        declare("conversations"),
        row("conversations", id="101", created_at="2026-01-01T10:00:00Z", state="closed"),
    )
    done = read("show", str(archive.path), "101", "--at", "2026-01-03")
    assert "The archive's first version is of 2026-01-05T12:00:00Z." in done.stdout
    assert "Which one?" in done.stdout
    assert "(teammate) closed" not in done.stdout
    early = read("show", str(archive.path), "101", "--at", "2025")
    assert (early.returncode, early.stdout) == (1, "")
    assert "created at 2026-01-01T10:00:00Z" in early.stderr


def test_a_version_emptied_for_a_redaction_is_said(archive: Archive) -> None:
    archive.configure(honour_redactions=True)
    redacted = version(3, "open", said(1, 2, None, redacted=True))
    archive.feed(
        declare("raw_payloads"),
        payload(
            "conversations", "101", version(2, "open", said(1, 2, "Secret")), "2026-01-02", None
        ),
        payload("conversations", "101", redacted, "2026-01-03", None),
    )
    told = read("history", str(archive.path), "101").stdout
    assert "emptied for a redaction" in told
    assert "Secret" not in told
    done = read("raw", str(archive.path), "101", "--version", "1")
    assert (done.returncode, done.stdout) == (1, "")
    assert "emptied for a redaction" in done.stderr
    assert raw(archive, "101") == redacted.encode()


def test_a_damaged_text_is_one_line(archive: Archive) -> None:
    archive.feed(*with_history())
    tamper(archive, "UPDATE raw_payloads SET payload = x'00' WHERE rowid = 1")
    for command in (["raw", "--version", "1"], ["history"]):
        done = read(command[0], str(archive.path), "101", *command[1:])
        assert (done.returncode, done.stdout) == (1, "")
        assert "sqlite-archive verify" in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_a_payload_that_is_no_object_is_compared_as_a_text(archive: Archive) -> None:
    archive.feed(
        declare("raw_payloads"),
        payload("tags", "1", "[" * 100_000, "2026-01-01", None),
        payload("call_transcriptions", "2", "not JSON", "2026-01-01", None),
        payload("call_transcriptions", "2", "nor this", "2026-01-02", None),
    )
    assert raw(archive, "1") == b"[" * 100_000
    assert raw(archive, "2") == b"nor this"
    told = {n: read("history", str(archive.path), n).stdout.splitlines() for n in "12"}
    assert told["1"] == ["tags 1: 1 version", "  1  2026-01-01 · first archived"]
    assert told["2"][-1] == "    text: not JSON → nor this"


def test_where_streams_share_an_id_the_meant_one_is_taken(archive: Archive) -> None:
    archive.feed(
        declare("raw_payloads"),
        payload("call_transcriptions", "5", '{"a":1}', "2026", None),
        payload("calls", "5", '{"b":1}', "2026", None),
    )
    assert raw(archive, "5") == b'{"b":1}'
    assert raw(archive, "5", "--stream", "call_transcriptions") == b'{"a":1}'


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["raw", "999"], "no payload of 999"),
        (["history", "999"], "no payload of 999"),
        (["history", "101", "--stream", "calls"], "There is one of conversations"),
        (["raw", "101", "--version", "9"], "has 4 versions, not 9"),
        (["raw", "101", "--at", "2025"], "its first is of 2026-01-01T12:00:00Z"),
    ],
)
def test_what_is_not_there_is_one_line(past: Archive, arguments: list[str], says: str) -> None:
    done = read(arguments[0], str(past.path), *arguments[1:])
    assert (done.returncode, done.stdout) == (1, "")
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("arguments", [["raw", "101"], ["search", "refund"], ["verify"]])
def test_closed_standard_output_is_one_line(past: Archive, arguments: list[str]) -> None:
    done = subprocess.run(
        ["sh", "-c", '"$0" "$@" >&-', COMMAND, arguments[0], str(past.path), *arguments[1:]],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Standard output is closed" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_ways_to_choose_a_version_exclude_each_other(past: Archive) -> None:
    assert read("raw", str(past.path), "101", "--all", "--version", "1").returncode == 2


# Differences


def changes(before: Any, after: Any) -> list[Any]:
    return list(differences(before, after))


def test_fields_are_compared_by_their_paths() -> None:
    assert changes({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}) == [ValueChange("a.c", 2, 3)]
    assert changes({"a": {"b": 1}}, {"a": None}) == [ValueChange("a", {"b": 1}, None)]
    assert changes({"a": 1}, {"b": 1}) == [ValueChange("b", None, 1), ValueChange("a", 1, None)]
    assert changes({"a": None}, {}) == []


def test_lists_of_things_are_compared_thing_by_thing() -> None:
    before = [{"id": 1, "n": 1}, {"id": 2, "n": 1}]
    after = [{"id": 3}, {"id": 2, "n": 2}]
    assert changes(before, after) == [ListChange("", ({"id": 3},), ("1",), {"2": ("n",)})]
    assert changes(before, list(reversed(before))) == []
    assert changes([1, 2], [2, 1]) == [ValueChange("", [1, 2], [2, 1])]
    assert changes([{"id": 1}, {"id": 1}], []) == [ValueChange("", [{"id": 1}, {"id": 1}], [])]


def test_an_address_that_was_only_signed_anew_is_the_same() -> None:
    before = "https://example.com/f?expires=1&signature=a&req=b&page=2"
    assert changes(before, before.replace("=1", "=9").replace("=a", "=zz")) == []
    assert len(changes(before, before.replace("page=2", "page=3"))) == 1


def test_deep_values_are_compared_without_end_to_the_stack() -> None:
    before: Any = 1
    after: Any = 2
    for _ in range(400):
        before, after = {"x": before}, {"x": after}
    assert len(changes(before, after)) == 1
