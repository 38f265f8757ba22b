"""What a user does to the file between two runs: a VACUUM moves everything and changes nothing."""

from __future__ import annotations

import json
import sqlite3

import pytest

from tests.target.harness import Archive, bookmark, record, schema, state
from tests.target.reading_harness import SCHEMAS, conversation, verified
from tests.target.test_payloads import SCHEMA as PAYLOADS
from tests.target.test_payloads import payload, texts

WORDS = schema(
    "t", {"id": "string", "s": {"type": ["string", "null"], "contentMediaType": "text/plain"}}
)
KEYLESS = schema("u", {"n": "integer"}, keys=())


def vacuum(archive: Archive) -> None:
    """Rewrite the whole file, as a user does to make it small."""
    connection = sqlite3.connect(archive.path)
    connection.execute("VACUUM")
    connection.close()


def seen(version: int, ids: str) -> list[str]:
    return [record("t", {"id": i, "s": f"word{i}"}, version=version) for i in ids]


def activate(stream: str, version: int) -> str:
    return json.dumps({"type": "ACTIVATE_VERSION", "stream": stream, "version": version})


@pytest.fixture
def sparse(archive: Archive) -> Archive:
    """An archive whose row ids have gaps, which a VACUUM could close."""
    archive.configure(hard_delete=True)
    archive.feed(WORDS, *seen(1, "abcdefgh"), activate("t", 1))
    archive.feed(WORDS, *seen(2, "bdfh"), activate("t", 2))
    archive.feed(KEYLESS, *(record("u", {"n": n}, version=1) for n in range(4)), activate("u", 1))
    archive.feed(
        KEYLESS, *(record("u", {"n": n}, version=2) for n in range(6, 9)), activate("u", 2)
    )
    return archive


def test_after_a_vacuum_the_index_finds_what_it_found(sparse: Archive) -> None:
    vacuum(sparse)
    sparse.check_index("t")
    sparse.feed(WORDS, record("t", {"id": "d", "s": "other"}), *seen(3, "i"))
    sparse.check_index("t")
    found = "SELECT t.id FROM t_fts JOIN t ON t.rowid = t_fts.rowid WHERE t_fts MATCH ?"
    assert sparse.query(found, "other") == [("d",)]
    assert sparse.query(found, "wordh") == [("h",)]
    assert sparse.query(found, "wordd") == []


def test_after_a_vacuum_it_is_known_what_a_version_has_shown(sparse: Archive) -> None:
    sparse.feed(WORDS, *seen(3, "df"), KEYLESS, record("u", {"n": 6}, version=3))
    vacuum(sparse)
    sparse.feed(WORDS, *seen(3, "x"), activate("t", 3))
    sparse.feed(KEYLESS, record("u", {"n": 7}, version=3), activate("u", 3))
    assert sorted(sparse.dump("t", "id")) == [("d",), ("f",), ("x",)]
    assert sparse.dump("u", "n") == [(6,), (7,)]


def test_after_a_vacuum_the_return_of_an_older_payload_is_noticed(archive: Archive) -> None:
    archive.configure(hard_delete=True)
    gone = json.loads(payload("gone"))
    gone["record"]["_sdc_deleted_at"] = "2026-01-02T03:04:05Z"
    archive.feed(PAYLOADS, payload("gone"), payload("old"), json.dumps(gone), payload("new"))
    archive.feed(PAYLOADS, payload("old", fetched_at="t2"))
    vacuum(archive)
    archive.feed(PAYLOADS, payload("old", fetched_at="t3"), payload("new", fetched_at="t4"))
    assert archive.dump("_sightings", "fetched_at") == [("t2",), ("t4",)]
    assert sorted(str(text) for text in texts(archive)) == ["new", "old"]


def test_after_a_vacuum_the_archive_is_whole_and_private(archive: Archive) -> None:
    lines = [line for number in range(1, 4) for line in conversation(number, parts=number)]
    archive.feed(*SCHEMAS, *lines, state(bookmark("t", 1)))
    vacuum(archive)
    assert verified(archive)["well"]
    assert archive.path.stat().st_mode & 0o777 == 0o600
    archive.feed(*SCHEMAS, *conversation(2, parts=2, version=2), state(bookmark("t", 2)))
    assert verified(archive)["well"]
