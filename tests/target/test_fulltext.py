"""The full-text index always equals the text in the table, and tools recognise it."""

from __future__ import annotations

import random

from tests.target.harness import Archive, record, schema

WORDS = {"type": ["string", "null"], "contentMediaType": "text/plain"}
SCHEMA = schema("t", {"id": "integer", "body": WORDS, "n": ["integer", "null"]})


def found(archive: Archive, words: str) -> list[int]:
    sql = "SELECT t.id FROM t_fts JOIN t ON t.rowid = t_fts.rowid WHERE t_fts MATCH ? ORDER BY 1"
    return [row[0] for row in archive.query(sql, words)]


def test_text_is_found_updated_and_lost_again(archive: Archive) -> None:
    archive.feed(
        SCHEMA,
        record("t", {"id": 1, "body": "a refund for Synthetic Sam"}),
        record("t", {"id": 2, "body": None}),
        record("t", {"id": 3, "body": "nothing"}),
        record("t", {"id": 3, "body": "a Café refund"}),
    )
    assert found(archive, "refund") == [1, 3]
    assert found(archive, "cafe") == [3]
    assert found(archive, "nothing") == []
    archive.feed(SCHEMA, record("t", {"id": 1, "body": None}), record("t", {"id": 2, "body": "b"}))
    assert found(archive, "refund") == [3]
    archive.check_index("t")


def test_many_random_changes_leave_an_exact_index(archive: Archive) -> None:
    chance = random.Random(11)
    for batch in (1, 3, 1000):
        archive.configure(batch_size_rows=batch)
        lines = [
            record(
                "t",
                {
                    "id": chance.randrange(40),
                    "body": chance.choice([None, "alpha", "beta gamma", "delta alpha"]),
                    "n": chance.randrange(3),
                },
            )
            for _ in range(120)
        ]
        archive.feed(SCHEMA, *lines)
        archive.check_index("t")
    wanted = archive.query("SELECT id FROM t WHERE body LIKE '%alpha%' ORDER BY id")
    assert found(archive, "alpha") == [row[0] for row in wanted]


def test_several_streams_keep_their_own_index_in_later_runs(archive: Archive) -> None:
    lines = [schema(name, {"id": "integer", "body": WORDS}) for name in ("a", "b")]
    for text in ("first", "second", "third"):
        rows = [record(name, {"id": 1, "body": f"{name} {text}"}) for name in ("a", "b")]
        archive.feed(*lines, *rows)
    for name in ("a", "b"):
        archive.check_index(name)
        matches = archive.query(f"SELECT body FROM {name}_fts WHERE {name}_fts MATCH 'third'")
        assert matches == [(f"{name} third",)]


def test_the_index_is_declared_as_sqlite_utils_and_datasette_expect(archive: Archive) -> None:
    archive.feed(SCHEMA)
    sql = archive.query("SELECT sql FROM sqlite_master WHERE name = 't_fts'")[0][0]
    assert 'content="t"' in sql
    assert 'content_rowid="rowid"' in sql


def test_a_text_property_that_comes_later_is_indexed_with_what_is_there(archive: Archive) -> None:
    archive.feed(SCHEMA, record("t", {"id": 1, "body": "early"}))
    wider = schema("t", {"id": "integer", "body": WORDS, "title": WORDS})
    archive.feed(wider, record("t", {"id": 2, "title": "late", "body": "x"}))
    assert found(archive, "early") == [1]
    assert found(archive, "title: late") == [2]
    archive.check_index("t")


def test_rebuilding_a_table_keeps_its_index(archive: Archive) -> None:
    archive.feed(
        SCHEMA,
        record("t", {"id": 1, "body": "before", "n": 1}),
        record("t", {"id": 2, "body": "during", "n": 2**70}),
        record("t", {"id": 1, "body": "after"}),
    )
    assert (found(archive, "before"), found(archive, "after")) == ([], [1])
    archive.check_index("t")


def test_names_that_fts_reserves_are_left_out(archive: Archive) -> None:
    line = schema("t", {"id": "integer", "rank": WORDS, "body": WORDS})
    archive.feed(line, record("t", {"id": 1, "rank": "r", "body": "found"}))
    assert found(archive, "found") == [1]


def test_a_table_that_stands_where_an_index_would_go_is_left_alone(archive: Archive) -> None:
    archive.feed(
        schema("notes", {"id": "integer"}),
        schema("notes_fts", {"id": "integer"}),
        record("notes_fts", {"id": 1}),
        schema("notes", {"id": "integer", "body": WORDS}),
        record("notes", {"id": 1, "body": "kept"}),
    )
    assert archive.dump("notes_fts", "id") == [(1,)]
    assert archive.dump("notes", "body") == [("kept",)]
