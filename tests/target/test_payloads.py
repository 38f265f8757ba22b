"""Payloads are kept byte for byte, small, once per version, and readable with stock zstd."""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
import sys
from contextlib import closing

import pytest

from target_sqlite_archive.blobs import DamagedBlobError, Dictionaries
from target_sqlite_archive.payloads import count_flags
from tests.pipeline.archive import Texts
from tests.target.compacting import compact, depths
from tests.target.harness import Archive, record, schema
from tests.target.reading_harness import tamper

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TEXT = {"type": ["string", "null"]}
PAYLOAD = {
    **TEXT,
    "contentMediaType": "application/json",
    "x-sql-datatype-properties": {
        "version_of": ["stream", "record_id"],
        "redaction_flag": "redacted",
    },
}
SCHEMA = schema(
    "raw_payloads",
    {"id": "string", "stream": TEXT, "record_id": TEXT, "fetched_at": TEXT, "payload": PAYLOAD},
)


def payload(text: str, record_id: str = "1", fetched_at: str = "t0", kind: str = "notes") -> str:
    name = hashlib.sha256("\0".join([kind, record_id, text]).encode()).hexdigest()
    return record(
        "raw_payloads",
        {
            "id": name,
            "stream": kind,
            "record_id": record_id,
            "fetched_at": fetched_at,
            "payload": text,
        },
    )


def texts(archive: Archive) -> list[str | None]:
    with closing(sqlite3.connect(archive.path)) as connection:
        stored = Texts(connection)
        rows = connection.execute("SELECT rowid FROM raw_payloads ORDER BY rowid").fetchall()
        found = [stored.read(row_id) for (row_id,) in rows]
    return [text if text is None else text.decode() for text in found]


def note(number: int, chance: random.Random) -> str:
    words = " ".join(chance.choice(["alpha", "beta", "gamma", "delta"]) for _ in range(60))
    return json.dumps({"type": "note", "id": str(number), "author": "Synthetic Sam", "text": words})


def test_a_payload_comes_back_byte_for_byte(archive: Archive) -> None:
    odd = '{"price": 1.10,\n "a":\t[ ], "h": "h\\u00e9 é 😀", "a": 2}'
    archive.feed(SCHEMA, payload(odd), payload("not JSON at all", "2"), payload("", "3"))
    assert texts(archive) == [odd, "not JSON at all", ""]


def notes(archive: Archive, chance: random.Random, first: int, count: int) -> list[str]:
    made = [note(number, chance) for number in range(first, first + count)]
    archive.feed(SCHEMA, *(payload(text, str(first + i)) for i, text in enumerate(made)))
    return made


def test_a_dictionary_is_trained_when_there_are_enough_of_a_kind(archive: Archive) -> None:
    chance = random.Random(3)
    wanted = notes(archive, chance, 0, 90)
    assert archive.query("SELECT count(*) FROM _dictionaries") == [(0,)]
    plain = archive.query("SELECT sum(length(payload)) FROM raw_payloads")[0][0] / 90
    wanted += notes(archive, chance, 90, 60)
    assert archive.query("SELECT kind, texts FROM _dictionaries") == [("notes", 100)]
    assert texts(archive) == wanted
    # Those that came before it are compressed anew.
    sizes = [row[0] for row in archive.dump("raw_payloads", "length(payload)")]
    assert max(sizes) < 0.7 * plain


def test_a_larger_dictionary_is_trained_when_there_is_more_to_learn_from(archive: Archive) -> None:
    chance = random.Random(4)
    words = [f"{chance.getrandbits(40):x}" for _ in range(4_000)]
    made = [
        json.dumps({"id": i, "text": " ".join(chance.choices(words, k=80))}) for i in range(620)
    ]
    archive.feed(SCHEMA, *(payload(text, str(i)) for i, text in enumerate(made[:400])))
    archive.feed(SCHEMA, *(payload(text, str(i + 400)) for i, text in enumerate(made[400:])))
    first, second = archive.query("SELECT texts, length(dictionary) FROM _dictionaries ORDER BY 1")
    assert (first[0], second[0]) == (100, 500)
    assert second[1] >= 2 * first[1]
    assert texts(archive) == made
    used = {
        zstd.get_frame_info(blob).dictionary_id
        for (blob,) in archive.dump("raw_payloads", "payload")
    }
    assert used == set(archive.query("SELECT id FROM _dictionaries WHERE texts = 500")[0])


def test_a_dictionary_that_is_good_enough_is_kept(archive: Archive) -> None:
    short = [json.dumps({"type": "tag", "id": str(i), "name": f"Tag {i}"}) for i in range(560)]
    archive.feed(SCHEMA, *(payload(text, str(i)) for i, text in enumerate(short)))
    assert archive.query("SELECT texts >= 500 FROM _dictionaries") == [(1,)]


def test_a_damaged_payload_does_not_keep_others_out(archive: Archive) -> None:
    chance = random.Random(3)
    wanted = notes(archive, chance, 0, 90)
    tamper(archive, "UPDATE raw_payloads SET payload = x'00' WHERE rowid = 7")
    wanted += notes(archive, chance, 90, 60)
    assert archive.query("SELECT count(*) FROM _dictionaries") == [(1,)]
    tamper(archive, "DELETE FROM raw_payloads WHERE rowid = 7")
    del wanted[6]
    assert texts(archive) == wanted


def test_a_damaged_payload_is_noticed(archive: Archive) -> None:
    archive.feed(SCHEMA, payload("one"), payload("two", "2"))
    connection = sqlite3.connect(archive.path)
    blobs = [row[0] for row in connection.execute("SELECT payload FROM raw_payloads")]
    sha = connection.execute("SELECT _payload_sha256 FROM raw_payloads").fetchone()[0]
    dictionaries = Dictionaries(connection)
    with pytest.raises(DamagedBlobError, match="does not match its hash"):
        dictionaries.read(blobs[1], sha)
    with pytest.raises(DamagedBlobError, match="cannot be read"):
        dictionaries.read(blobs[0][:-2] + b"xx", sha)
    connection.close()


def test_an_unchanged_payload_stores_nothing(archive: Archive) -> None:
    archive.feed(SCHEMA, payload("one", fetched_at="t0"))
    before = archive.dump("raw_payloads")
    archive.feed(SCHEMA, payload("one", fetched_at="t1"))
    assert archive.dump("raw_payloads") == before
    assert archive.dump("_sightings") == []


def test_a_return_to_an_older_version_is_a_sighting(archive: Archive) -> None:
    archive.feed(
        SCHEMA,
        payload("one", fetched_at="t0"),
        payload("two", fetched_at="t1"),
        payload("one", fetched_at="t2"),
        payload("one", fetched_at="t3"),
        payload("two", fetched_at="t4"),
        payload("other object", "2", fetched_at="t5"),
    )
    assert texts(archive) == ["one", "two", "other object"]
    ids = dict(archive.dump("raw_payloads", "fetched_at, id"))
    assert archive.dump("_sightings", "payload_id, fetched_at") == [
        (ids["t0"], "t2"),
        (ids["t1"], "t4"),
    ]


def test_only_the_latest_version_is_kept_where_that_is_asked_for(archive: Archive) -> None:
    archive.configure(payload_history="latest")
    archive.feed(SCHEMA, payload("one"), payload("two"), payload("else", "2"), payload("one"))
    assert sorted(str(text) for text in texts(archive)) == ["else", "one"]


def test_a_redaction_empties_older_versions_where_that_is_asked_for(archive: Archive) -> None:
    before = '{"parts": [{"body": "private"}, {"body": "b"}]}'
    after = '{"parts": [{"body": null, "redacted": true}, {"body": "b"}]}'
    later = '{"parts": [{"body": null, "redacted" : true}, {"body": "c"}]}'
    archive.configure(honour_redactions=True)
    archive.feed(SCHEMA, payload(before), payload("x", "2"), payload(after), payload(later))
    assert texts(archive) == [None, "x", after, later]
    marks = archive.dump("raw_payloads", "_payload_emptied_at IS NOT NULL, length(_payload_sha256)")
    assert marks == [(1, 32), (0, 32), (0, 32), (0, 32)]
    archive.feed(SCHEMA, payload(before))
    assert texts(archive) == [None, "x", after, later]


def test_a_redaction_empties_older_versions_that_are_deltas(archive: Archive) -> None:
    archive.configure(honour_redactions=True)
    private = " ".join(f"{random.Random(5).getrandbits(20):x} private {n}" for n in range(60))
    grown = [json.dumps({"body": private, "n": n}) for n in range(4)]
    archive.feed(SCHEMA, *map(payload, grown))
    compact(archive.path)
    assert depths(archive) == [3, 2, 1, 0]
    after = json.dumps({"body": None, "redacted": True, "n": 4})
    archive.feed(SCHEMA, payload(after))
    assert texts(archive) == [None, None, None, None, after]
    bases = archive.dump("raw_payloads", "payload IS NULL, _payload_base_rowid IS NULL")
    assert bases == [(1, 1)] * 4 + [(0, 1)]
    assert b"private" not in archive.path.read_bytes()


def test_without_it_older_versions_stay(archive: Archive) -> None:
    archive.feed(SCHEMA, payload('{"a": "private"}'), payload('{"a": null, "redacted": true}'))
    assert texts(archive) == ['{"a": "private"}', '{"a": null, "redacted": true}']


def test_flags_are_counted_as_keys_and_not_in_texts() -> None:
    text = json.dumps({"redacted": True, "a": [{"redacted": True}, {"redacted": False}]})
    assert count_flags(text, "redacted") == 2
    assert count_flags(json.dumps({"quoted": text}), "redacted") == 0


def test_a_compressed_column_without_versions_is_updated(archive: Archive) -> None:
    plain = {**TEXT, "contentMediaType": "application/json"}
    line = schema("t", {"id": "string", "doc": plain, "s": TEXT})
    archive.feed(line, record("t", {"id": "1", "doc": "[1]", "s": "a"}))
    archive.feed(line, record("t", {"id": "1", "s": "b"}))
    archive.feed(line, record("t", {"id": "1", "doc": "[2]"}), record("t", {"id": "2"}))
    assert archive.dump("t", "id, s") == [("1", "b"), ("2", None)]
    with closing(sqlite3.connect(archive.path)) as connection:
        docs = Texts(connection, "t", "doc")
        assert [docs.read(1), docs.read(2)] == [b"[2]", None]


def test_a_column_that_becomes_compressed_keeps_its_old_texts(archive: Archive) -> None:
    compressed = {**TEXT, "contentMediaType": "application/json"}
    archive.feed(schema("t", {"id": "string", "d": TEXT}), record("t", {"id": "1", "d": "[1]"}))
    archive.feed(schema("t", {"id": "string", "d": compressed}), record("t", {"id": "2", "d": "2"}))
    assert archive.dump("t", "id, d, d_2 IS NULL") == [("1", "[1]", 1), ("2", None, 0)]


def test_a_payload_said_to_be_deleted_stays_and_is_marked(archive: Archive) -> None:
    archive.feed(SCHEMA, payload("one"))
    gone = json.loads(payload("one"))
    gone["record"]["_sdc_deleted_at"] = "2026-01-02T03:04:05Z"
    archive.feed(SCHEMA, json.dumps(gone))
    assert texts(archive) == ["one"]
    assert archive.dump("raw_payloads", "_sdc_deleted_at") == [("2026-01-02T03:04:05Z",)]
