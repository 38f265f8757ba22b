"""`sqlite-archive verify` says that a whole archive is whole, and names each kind of damage."""

from __future__ import annotations

import json

import pytest

from tests.target.harness import Archive, bookmark, record, schema, state
from tests.target.reading_harness import (
    SCHEMAS,
    conversation,
    fill,
    found,
    read,
    tamper,
    verified,
)


def test_a_whole_archive_is_whole(archive: Archive) -> None:
    fill(archive)
    told = verified(archive)
    assert told["well"]
    assert {f["check"] for f in told["findings"]} == {
        "file",
        "keys",
        "index",
        "dictionaries",
        "payloads",
        "traces",
        "objects",
        "references",
        "counters",
        "quarantine",
        "state",
    }
    assert "3 texts" in next(f["what"] for f in told["findings"] if f["check"] == "payloads")


def test_people_get_a_list_and_a_last_line(archive: Archive) -> None:
    fill(archive)
    done = read("verify", str(archive.path))
    assert done.returncode == 0
    assert done.stderr == ""
    *lines, last = done.stdout.splitlines()
    assert last == f"{archive.path}: all well (2 skipped)"
    assert all(line.startswith(("ok ", "skipped ")) for line in lines)


DAMAGE = {
    "a text is another text": (
        "UPDATE raw_payloads SET payload = (SELECT payload FROM raw_payloads WHERE rowid = 2) "
        "WHERE rowid = 1",
        ("payloads", "raw_payloads.payload", 1, ["payload-1-1"]),
    ),
    "a text is cut": (
        "UPDATE raw_payloads SET payload = substr(payload, 1, 20)",
        ("payloads", "raw_payloads.payload", 3, ["payload-1-1", "payload-2-1", "payload-3-1"]),
    ),
    "a text is no frame": (
        "UPDATE raw_payloads SET payload = 'hello' WHERE rowid = 3",
        ("payloads", "raw_payloads.payload", 1, ["payload-3-1"]),
    ),
    "a text is not there": (
        "UPDATE raw_payloads SET payload = NULL WHERE rowid = 3",
        ("payloads", "raw_payloads.payload", 1, ["payload-3-1"]),
    ),
    "the tap's own hash says otherwise": (
        "UPDATE raw_payloads SET sha256 = 'abc' WHERE rowid = 2",
        ("payloads", "raw_payloads.payload", 1, ["payload-2-1"]),
    ),
    "a payload is lost": (
        "DELETE FROM raw_payloads WHERE id = 'payload-1-1'",
        ("traces", "conversations.payload_id", 1, ["1"]),
    ),
    "a row names no payload": (
        "UPDATE conversation_parts SET payload_id = NULL WHERE id = '3-0'",
        ("traces", "conversation_parts.payload_id", 1, ["3-0"]),
    ),
    "a row names another object's payload": (
        "UPDATE conversations SET payload_id = 'payload-1-1' WHERE id = '2'",
        ("objects", "conversations.payload_id", 1, ["2"]),
    ),
    "parts name another object's payload": (
        "UPDATE conversation_parts SET payload_id = 'payload-2-1' WHERE conversation_id = '3'",
        ("objects", "conversation_parts.payload_id", 3, ["3-0", "3-1", "3-2"]),
    ),
    "a payload is of another stream": (
        "UPDATE raw_payloads SET stream = 'calls' WHERE record_id = '3'",
        ("objects", "conversations.payload_id", 1, ["3"]),
    ),
    "a row is lost": (
        "DELETE FROM conversations WHERE id = '3'",
        ("objects", "raw_payloads and conversations", 1, ["payload-3-1"]),
    ),
    "the index has other words": (
        "UPDATE conversation_parts SET body_text = 'other' WHERE id = '3-0'",
        ("index", "conversation_parts_fts", 0, []),
    ),
    "the index lacks a row": (
        "DELETE FROM conversation_parts_fts_docsize WHERE id = 1",
        ("index", "conversation_parts_fts", 0, []),
    ),
    "a part is lost": (
        "DELETE FROM conversation_parts WHERE id = '3-2'",
        ("counters", "conversations and conversation_parts", 1, ["3 (2 of 3)"]),
    ),
    "a part is of an older version": (
        "UPDATE conversation_parts SET payload_id = 'payload-1-1' WHERE id = '3-2'",
        ("counters", "conversations and conversation_parts", 1, ["3 (2 of 3)"]),
    ),
    "a dictionary is none": (
        "INSERT INTO _dictionaries VALUES (5, 'notes', 'then', x'00', 200)",
        ("dictionaries", "_dictionaries", 1, ["5"]),
    ),
    "the state is not JSON": (
        "UPDATE _states SET value = '{'",
        ("state", "_states", 0, []),
    ),
    "the states are lost": (
        "DELETE FROM _states",
        ("state", "_states", 0, []),
    ),
    "a table of the target is lost": (
        "DROP TABLE _sightings",
        ("file", "layout", 1, ["_sightings"]),
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_named_with_its_place_and_keys(archive: Archive, name: str) -> None:
    fill(archive)
    damage, expected = DAMAGE[name]
    tamper(archive, damage)
    wrong = found(archive, "wrong")
    assert expected in [(f["check"], f["where"], f["count"], f["first"]) for f in wrong]
    assert all(f["cure"] for f in wrong)


def test_two_rows_of_one_key_are_found_though_the_index_is_gone(archive: Archive) -> None:
    fill(archive)
    index = archive.query("SELECT name FROM sqlite_master WHERE tbl_name = 'raw_payloads'")[1][0]
    tamper(archive, f'DROP INDEX "{index}"')
    tamper(archive, "UPDATE raw_payloads SET id = 'payload-2-1' WHERE rowid = 3")
    assert ("keys", "raw_payloads", ["payload-2-1"]) in [
        (f["check"], f["where"], f["first"]) for f in found(archive, "wrong")
    ]


def test_a_damaged_page_is_named_and_does_not_stop_the_other_checks(archive: Archive) -> None:
    fill(archive)
    root = archive.query("SELECT rootpage FROM sqlite_master WHERE name = 'conversations'")[0][0]
    content = bytearray(archive.path.read_bytes())
    content[(root - 1) * 16384 : (root - 1) * 16384 + 2000] = b"\xff" * 2000
    archive.path.write_bytes(content)
    checks = {f["check"] for f in found(archive, "wrong")}
    assert {"file", "keys", "counters"} <= checks
    assert {"payloads", "state"} <= {f["check"] for f in found(archive, "ok")}


def test_quarantined_records_are_counted_by_stream_and_reason(archive: Archive) -> None:
    fill(
        archive,
        schema("notes", {"id": "string", "n": "integer"}),
        record("notes", {"id": "1", "n": 1}),
        record("notes", {"id": "2", "n": "Synthetic Sam"}),
        record("notes", {"id": "3", "n": "Synthetic Sue"}),
    )
    (wrong,) = found(archive, "wrong")
    assert (wrong["where"], wrong["count"], wrong["first"]) == ("notes", 2, ["1", "2"])
    assert wrong["what"] == "records could not be stored: /n: type"
    assert "stream = 'notes' AND reason = '/n: type'" in wrong["cure"]
    tamper(archive, wrong["cure"].partition("then ")[2])
    assert verified(archive)["well"]


def test_quarantined_records_can_be_accepted_and_nothing_else(archive: Archive) -> None:
    notes = schema("notes", {"id": "string", "n": "integer"})
    fill(
        archive, notes, record("notes", {"id": "1", "n": 1}), record("notes", {"id": "2", "n": ""})
    )
    assert read("verify", str(archive.path)).returncode == 1
    done = read("verify", str(archive.path), "--accept-quarantine")
    assert done.returncode == 0
    assert "note     quarantine: notes: 1 records could not be stored: /n: type" in done.stdout
    tamper(archive, "DELETE FROM conversations WHERE id = '3'")
    assert read("verify", str(archive.path), "--accept-quarantine").returncode == 1


def test_no_word_of_a_text_is_shown(archive: Archive) -> None:
    fill(archive)
    for damage, _ in DAMAGE.values():
        tamper(archive, damage)
    for flags in ((), ("--json",)):
        done = read("verify", str(archive.path), *flags)
        assert done.returncode == 1
        assert "Synthetic Sam" not in done.stdout + done.stderr


def test_parts_past_the_cap_are_named_and_not_wrong(archive: Archive) -> None:
    fill(archive, *conversation(4, parts=5, total=9))
    assert verified(archive)["well"]
    (note,) = found(archive, "note")
    assert note["first"] == ["4 (5 of 9)"]


def test_lost_parts_of_the_newest_version_are_missed_past_the_cap_too(archive: Archive) -> None:
    fill(archive, *conversation(4, parts=6, total=9), *conversation(4, 6, 9, version=2))
    # What the first version had alone stays in the archive and must not stand for the second's.
    fill(
        archive, *(line.replace('"id": "4-', '"id": "old-4-') for line in conversation(4, 6, 9)[2:])
    )
    tamper(
        archive, "DELETE FROM conversation_parts WHERE id IN ('4-0', '4-1', '4-2', '4-3', '4-4')"
    )
    (wrong,) = [f for f in found(archive, "wrong") if f["check"] == "counters"]
    assert wrong["first"] == ["4 (1 of 6)"]
    assert "fewer conversation_parts" in wrong["what"]


def test_parts_of_older_versions_are_kept_and_not_counted(archive: Archive) -> None:
    fill(archive, *conversation(4, parts=3), *conversation(4, parts=2, version=2))
    assert verified(archive)["well"]
    assert archive.query("SELECT count(*) FROM conversation_parts WHERE conversation_id = 4") == [
        (3,)
    ]


def test_a_deleted_conversation_is_not_counted(archive: Archive) -> None:
    gone = json.loads(conversation(4, parts=3)[1])
    gone["record"]["_sdc_deleted_at"] = "2026-01-02T03:04:05Z"
    fill(archive, conversation(4, parts=3)[0], json.dumps(gone))
    assert verified(archive)["well"]


def test_orphans_are_named_and_not_wrong(archive: Archive) -> None:
    lines = conversation(4, parts=2)
    fill(
        archive,
        schema("admins", {"id": "string"}),
        record("admins", {"id": "7"}),
        schema("deleted_conversations", {"id": "string"}),
        record("deleted_conversations", {"id": "4"}),
        lines[0],
        *lines[2:],
        record("conversations", {"id": "1", "admin_id": "7"}),
        record("conversations", {"id": "2", "admin_id": "8"}),
    )
    assert verified(archive)["well"]
    assert [(f["where"], f["count"], f["first"]) for f in found(archive, "note")] == [
        ("conversation_parts.conversation_id", 2, ["4-0", "4-1"]),
        ("conversations.admin_id", 1, ["2"]),
    ]


def test_of_an_object_with_several_payloads_the_newest_is_named(archive: Archive) -> None:
    fill(archive, *conversation(4, parts=3), *conversation(4, parts=2, version=2))
    tamper(archive, "DELETE FROM conversations WHERE id = '4'")
    (wrong,) = found(archive, "wrong")
    assert wrong["first"] == ["payload-4-2"]


def test_a_payload_that_is_retired_needs_no_row(archive: Archive) -> None:
    gone = json.loads(conversation(4, parts=0)[0])
    fill(archive, json.dumps(gone))
    assert not verified(archive)["well"]
    gone["record"]["_sdc_deleted_at"] = "2026-01-02T03:04:05Z"
    fill(archive, json.dumps(gone))
    assert verified(archive)["well"]


def test_rows_removed_on_request_are_no_loss(archive: Archive) -> None:
    archive.configure(hard_delete=True)
    gone = json.loads(conversation(3, parts=0)[1])
    gone["record"]["_sdc_deleted_at"] = "2026-01-02T03:04:05Z"
    fill(archive, json.dumps(gone))
    assert verified(archive)["well"]
    (note,) = [f for f in found(archive, "note") if f["check"] == "objects"]
    assert note["first"] == ["payload-3-1"]
    assert "`hard_delete`" in note["what"]


def test_rows_kept_out_by_a_stream_map_are_no_loss(archive: Archive) -> None:
    archive.configure(stream_maps={"conversations": {"__filter__": "id != '2'"}})
    fill(archive)
    assert verified(archive)["well"]
    (note,) = [f for f in found(archive, "note") if f["check"] == "objects"]
    assert note["first"] == ["payload-2-1"]


@pytest.mark.parametrize("where", ["after its payload", "before its row", "before its new row"])
def test_an_object_in_the_middle_of_its_records_is_no_loss(archive: Archive, where: str) -> None:
    fill(archive)
    begun = conversation(9, parts=2)
    changed = conversation(3, parts=4, version=2)
    lines = {
        "after its payload": begun[:1],
        "before its row": [begun[0], *begun[2:]],
        "before its new row": [changed[0], *changed[2:]],
    }[where]
    with archive.start() as process:
        assert process.stdin
        assert process.stdout
        text = "\n".join([*SCHEMAS, *lines, state(bookmark("conversations", 9))])
        process.stdin.write(text.encode() + b"\n")
        process.stdin.flush()
        assert process.stdout.readline()
        process.kill()
    assert verified(archive)["well"]
    assert "is being written" in str([f["what"] for f in found(archive, "note")])
    fill(archive, *begun, *changed)
    assert verified(archive)["well"]
    tamper(archive, "DELETE FROM conversations WHERE id = '3'")
    assert not verified(archive)["well"]


def test_an_archive_of_a_tap_without_states_is_well(archive: Archive) -> None:
    archive.feed(schema("t", {"id": "string"}), record("t", {"id": "1"}))
    assert verified(archive)["well"]
    (note,) = found(archive, "note")
    assert (note["check"], note["what"]) == (
        "state",
        "no run has committed a state: every run begins from nothing",
    )


def test_what_is_absent_is_skipped_and_said(archive: Archive) -> None:
    archive.feed(SCHEMAS[2], conversation(1, parts=1)[2], state(bookmark("t", 1)))
    skipped = {f["where"]: f["what"] for f in found(archive, "skipped")}
    assert skipped == {
        "raw_payloads": "the archive has no payloads that name their objects",
        "conversation_parts.conversation_id": "points at conversations.id, which the archive does "
        "not have",
        "conversations and conversation_parts": "cannot be counted without conversations",
        "tickets and ticket_parts": "cannot be counted without tickets, ticket_parts",
    }


def test_an_archive_of_any_tap_can_be_verified(archive: Archive) -> None:
    archive.feed(
        schema('odd "t"', {'a "b"': "string", "s": {"type": "string"}}, keys=['a "b"']),
        record('odd "t"', {'a "b"': "1", "s": "x"}),
        schema("u", {"s": {"type": "string", "contentMediaType": "application/json"}}, keys=()),
        *(record("u", {"s": "[1]"}) for _ in range(450)),
        state(bookmark("t", 1)),
    )
    assert verified(archive)["well"]
    assert any("450 texts" in f["what"] for f in found(archive, "ok"))


def test_payloads_dropped_by_a_setting_are_no_loss(archive: Archive) -> None:
    archive.configure(payload_history="latest")
    fill(archive, *conversation(4, parts=3), *conversation(4, parts=2, version=2))
    assert verified(archive)["well"]
    (note,) = found(archive, "note")
    assert (note["where"], note["first"]) == ("conversation_parts.payload_id", ["4-2"])
    assert "payload_history" in note["what"]


def test_texts_emptied_for_a_redaction_are_named_and_not_wrong(archive: Archive) -> None:
    archive.configure(honour_redactions=True)
    later = json.loads(conversation(3, parts=0, version=2)[0])
    later["record"].update(payload='{"redacted": true}', sha256=None)
    fill(archive, json.dumps(later))
    assert verified(archive)["well"]
    assert [f["what"] for f in found(archive, "note")] == [
        "texts were emptied for a redaction; their hashes are kept"
    ]


def test_an_index_of_somebody_else_is_left_to_them(archive: Archive) -> None:
    fill(archive)
    tamper(archive, "CREATE VIRTUAL TABLE conversations_fts USING fts5(id, content='')")
    assert "conversations_fts" in {f["where"] for f in found(archive, "skipped")}
