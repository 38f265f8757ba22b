"""After `forget` nothing of a person is anywhere in the file, and nothing of them comes back."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from target_sqlite_archive.internal import TABLES
from tests.target.compacting import compact, depths, texts
from tests.target.forgetting import (
    ALIEN,
    COUNTS,
    EMAIL,
    GROWN,
    GUESTED,
    OTHER,
    OWN,
    SCHEMAS,
    WHO,
    WORDS,
    call,
    conversation,
    fill,
    tap_state,
    workspace,
)
from tests.target.harness import Archive, record
from tests.target.reading_harness import read, tamper
from tests.target.scanning import places


def forget(archive: Archive, *arguments: str) -> str:
    """Forget, which must go well; give what was said."""
    done = read("forget", str(archive.path), *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def sound(archive: Archive) -> bool:
    """Verify the archive, but for the records that its tap could not get stored."""
    told = read("verify", str(archive.path), "--json", "--accept-quarantine")
    return bool(json.loads(told.stdout)["well"])


@pytest.mark.parametrize("compacted", [False, True])
@pytest.mark.parametrize("whom", [("--contact", WHO), ("--email", EMAIL.upper())])
def test_nothing_is_left_and_nothing_comes_back(
    archive: Archive, whom: tuple[str, str], compacted: bool
) -> None:
    fill(archive)
    if compacted:
        compact(archive.path)
        assert any(depths(archive))
    # Free pages from long ago, which nobody has wiped.
    tamper(archive, "CREATE TABLE scratch AS SELECT group_concat(body_text) FROM contact_notes")
    tamper(archive, "DROP TABLE scratch")
    first = "SELECT min(rowid), id FROM raw_payloads WHERE record_id = ?"
    [(_, unnamed)] = archive.query(first, GROWN)
    kept = texts(archive.path)[unnamed]
    before = places(archive.path, WORDS)
    assert {where for where, _ in before} >= {
        "raw bytes",
        "full-text index",
        "compressed texts",
        "quarantined lines",
        "contacts",
        "conversation_parts",
        "_states",
    }
    assert archive.query("SELECT count(*) FROM _dictionaries WHERE kind = 'conversations'") == [
        (1,)
    ]
    dictionaries = archive.query("SELECT id FROM _dictionaries")
    forget(archive, *whom)
    assert places(archive.path, WORDS) == set()
    assert not set(dictionaries) & set(archive.query("SELECT id FROM _dictionaries"))
    assert {path.name for path in archive.path.parent.iterdir()} == {"archive.db", "target.json"}
    assert archive.query("PRAGMA freelist_count") == [(0,)]
    assert texts(archive.path)[unnamed] == kept
    assert sound(archive)
    # The same again, then what is new.
    archive.feed(tap_state(2), *SCHEMAS, COUNTS, *workspace(1), *workspace(2), tap_state(3))
    assert places(archive.path, WORDS) == set()
    archive.feed(tap_state(3), *SCHEMAS, COUNTS, *workspace(3), tap_state(4))
    assert places(archive.path, WORDS) == set()
    assert sound(archive)
    assert archive.query("SELECT max(id) FROM _states") == [(4,)]


def test_what_others_have_stays_as_it_was(archive: Archive) -> None:
    fill(archive, 5)
    aliens = "SELECT id FROM raw_payloads WHERE record_id = ?"
    before = {key: texts(archive.path)[key] for (key,) in archive.query(aliens, ALIEN)}
    forget(archive, "--contact", WHO)
    after = texts(archive.path)
    assert {key: after[key] for key in before} == before
    assert archive.query("SELECT id FROM conversations WHERE id LIKE '2154%' ORDER BY id") == [
        (GUESTED,),
        (ALIEN,),
        (GROWN,),
    ]
    assert archive.query("SELECT id, name FROM contacts") == [(OTHER, "Other Olaf")]
    assert archive.query(
        "SELECT body_text, author_id, author_name FROM conversation_parts "
        "WHERE conversation_id = ? ORDER BY rowid",
        GUESTED,
    )[:2] == [
        (
            "[forgotten] and [forgotten] &#38; +[forgotten]; see [forgotten]",
            "admin-1",
            "Synthetic Sam",
        ),
        (None, "[forgotten]", None),
    ]
    [(key,)] = archive.query("SELECT payload_id FROM conversations WHERE id = ?", GUESTED)
    stored = json.loads(after[key] or "")
    assert stored["source"]["author"]["name"] == "Other Olaf"
    assert stored["parts"][1]["body"] is None
    assert stored["parts"][1]["author"]["name"] is None


def test_a_dry_run_says_what_would_go_and_changes_no_byte(archive: Archive) -> None:
    fill(archive, 5)
    content = archive.path.read_bytes()
    told = forget(archive, "--contact", WHO, "--dry-run")
    assert OWN in told
    assert f"conversations {GUESTED}: " in told
    assert ALIEN not in told
    machine = json.loads(forget(archive, "--email", EMAIL, "--dry-run", "--json"))
    assert {"stream": "calls", "id": "call-00001"} in machine["objects"]
    assert machine["removed_rows"]["raw_payloads"] == 7
    assert {entry["id"] for entry in machine["mentions"]} == {GUESTED, GROWN}
    assert (machine["quarantined_lines"], machine["states"]) == (2, 2)
    assert archive.path.read_bytes() == content
    done = json.loads(forget(archive, "--email", EMAIL, "--json"))
    for name in ("objects", "removed_rows", "changed_rows", "mentions", "quarantined_lines"):
        assert done[name] == machine[name]


def test_a_conversation_goes_alone(archive: Archive) -> None:
    fill(archive, 5)
    forget(archive, "--conversation", OWN)
    assert places(archive.path, [OWN, "kumquat is broken", "call-00001"]) == set()
    assert archive.query("SELECT count(*) FROM contacts WHERE id = ?", WHO) == [(1,)]
    assert ("contacts", EMAIL) in places(archive.path, [EMAIL])
    archive.feed(tap_state(2), *SCHEMAS, COUNTS, *workspace(3), tap_state(3))
    assert places(archive.path, [OWN, "kumquat is broken", "call-00001"]) == set()
    assert sound(archive)


def test_a_later_conversation_comes_without_them(archive: Archive) -> None:
    fill(archive, 5)
    forget(archive, "--contact", WHO)
    later = conversation("215400000009", WHO, (WHO, "Kumquat again"), ("admin-1", "An answer"))
    archive.feed(tap_state(2), *SCHEMAS, *later, *call("call-00009", "215400000009"), tap_state(3))
    assert places(archive.path, WORDS) == set()
    assert archive.query(
        "SELECT body_text FROM conversation_parts WHERE conversation_id = '215400000009'"
    ) == [("An answer",)]
    assert archive.query("SELECT id, contact_id, phone FROM calls") == [
        ("call-00009", "[forgotten]", None)
    ]
    assert sound(archive)


@pytest.mark.parametrize("shown", [(WHO, OTHER), (WHO,)])
def test_a_version_retires_what_it_has_not_shown_and_not_who_was_left_out(
    archive: Archive, shown: tuple[str, ...]
) -> None:
    fill(archive, 5)
    forget(archive, "--contact", WHO)
    third = {"id": "another-contact", "name": "Third Theo"}
    archive.feed(tap_state(2), *SCHEMAS, record("contacts", third), tap_state(2))
    seen = [record("contacts", {"id": who, "name": "A Name"}, version=5) for who in shown]
    ends = json.dumps({"type": "ACTIVATE_VERSION", "stream": "contacts", "version": 5})
    archive.feed(tap_state(2), *SCHEMAS, *seen, tap_state(3), ends, tap_state(4))
    there = "SELECT id FROM contacts WHERE _sdc_deleted_at IS NULL"
    assert archive.query(there) == [(who,) for who in shown if who == OTHER]


def test_a_name_that_others_have_stays_theirs(archive: Archive) -> None:
    fill(archive, 5)
    tamper(archive, "UPDATE contacts SET name = 'Jane Quince' WHERE id = ?", OTHER)
    forget(archive, "--contact", WHO)
    assert archive.query("SELECT name FROM contacts") == [("Jane Quince",)]
    assert places(archive.path, [WHO, EMAIL, "kumquat"]) == set()


def test_who_is_not_there_is_not_forgotten(archive: Archive) -> None:
    fill(archive, 5)
    content = {table: archive.query(f"SELECT * FROM {table}") for table in TABLES}
    for more in ((), ("--dry-run",)):
        done = read("forget", str(archive.path), "--email", "nobody@example.test", *more)
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert "has nothing of them. Nothing was changed" in done.stderr
        assert "nobody@" not in done.stderr
    assert {table: archive.query(f"SELECT * FROM {table}") for table in TABLES} == content
    assert read("forget", str(archive.path)).returncode == 2


def test_to_forget_again_changes_nothing(archive: Archive) -> None:
    fill(archive, 5)
    forget(archive, "--contact", WHO)
    rows = archive.query("SELECT * FROM _tombstones")
    assert "forgotten before" in forget(archive, "--contact", WHO)
    assert archive.query("SELECT * FROM _tombstones") == rows
    # A later version that knows more of what is theirs is told so too.
    tamper(archive, "DELETE FROM _tombstones WHERE stream = 'calls'")
    assert "forgotten before" in forget(archive, "--contact", WHO)
    found = archive.query("SELECT stream, within, properties, hash, blanks FROM _tombstones")
    assert found == [row[:5] for row in rows if row[0] != "calls" or "contact_id" in row[2]]


def test_a_reader_that_keeps_old_pages_is_named(archive: Archive) -> None:
    fill(archive, 5)
    # A run that is writing leaves the log on, and so does a kill.
    tamper(archive, "PRAGMA journal_mode = WAL")
    with closing(sqlite3.connect(archive.path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM contacts").fetchone()
        done = read("forget", str(archive.path), "--contact", WHO)
    assert done.returncode == 1
    assert "End it, then run this again." in done.stderr
    assert archive.query("SELECT count(*) FROM contacts") == [(1,)]
    forget(archive, "--contact", WHO)
    assert places(archive.path, WORDS) == set()


def test_a_damaged_text_stops_it_before_anything_changes(archive: Archive) -> None:
    fill(archive, 5)
    tamper(archive, "UPDATE raw_payloads SET payload = x'00' WHERE record_id = ?", ALIEN)
    done = read("forget", str(archive.path), "--contact", WHO)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "damaged" in done.stderr
    assert archive.query("SELECT count(*) FROM contacts") == [(2,)]
