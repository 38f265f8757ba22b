"""Records become rows: typed, upserted, guarded, and nothing of a value is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.target.harness import Archive, record, schema, state

NULLABLE = {
    "id": "string",
    "n": ["integer", "null"],
    "x": ["number", "null"],
    "b": ["boolean", "null"],
    "s": ["string", "null"],
    "o": ["object", "null"],
    "a": ["array", "null"],
}


def test_every_kind_of_value_keeps_its_text(archive: Archive) -> None:
    line = (
        '{"type": "RECORD", "stream": "t", "record": {"id": "1", "n": 9223372036854775807, '
        '"x": 1.5, "b": true, "s": "h\\u00e9 \\ud83d\\ude00 \\u2028\\r\\n", '
        '"o": {"price": 1.10, "big": 12345678901234567890123, "price": 2}, "a": [1, 2.50, null]}}'
    )
    archive.feed(schema("t", NULLABLE), line)
    assert archive.dump("t", "id, n, x, b, s, o, a") == [
        (
            "1",
            9223372036854775807,
            1.5,
            1,
            "hé 😀 \u2028\r\n",
            '{"price": 1.10, "big": 12345678901234567890123, "price": 2}',
            "[1, 2.50, null]",
        )
    ]


def test_columns_have_declared_types_and_a_unique_key(archive: Archive) -> None:
    archive.feed(schema("t", {**NULLABLE, "u": ["string", "integer"], "any": {}}))
    types = {row[1]: row[2] for row in archive.query("PRAGMA table_info(t)")}
    assert {k: v for k, v in types.items() if not k.startswith("_sdc_")} == {
        "rowid": "INTEGER",
        "id": "TEXT",
        "n": "INTEGER",
        "x": "REAL",
        "b": "INTEGER",
        "s": "TEXT",
        "o": "TEXT",
        "a": "TEXT",
        "u": "",
        "any": "",
    }
    assert archive.query("PRAGMA index_info('_key_t')") == [(0, 1, "id")]


def test_a_second_run_changes_nothing(archive: Archive) -> None:
    lines = [
        schema("t", NULLABLE),
        *(record("t", {"id": str(i), "n": i, "o": {"k": i}, "s": None}) for i in range(50)),
        state({"bookmarks": {"t": {"at": 1}}}),
    ]
    archive.feed(*lines)
    before = archive.dump("t")
    archive.feed(*lines)
    assert archive.dump("t") == before


def test_a_changed_row_is_updated_and_the_last_of_a_batch_wins(archive: Archive) -> None:
    archive.feed(
        schema("t", NULLABLE),
        record("t", {"id": "1", "s": "first"}),
        record("t", {"id": "1", "s": "second"}),
    )
    archive.feed(schema("t", NULLABLE), record("t", {"id": "1", "s": "third"}))
    assert archive.dump("t", "id, s") == [("1", "third")]


def test_a_property_that_a_record_lacks_is_not_touched(archive: Archive) -> None:
    archive.feed(
        schema("t", NULLABLE),
        record("t", {"id": "1", "s": "kept", "n": 1}),
        record("t", {"id": "1", "n": 2}),
        record("t", {"id": "2", "n": 3, "s": None}),
        record("t", {"n": 4, "id": "1"}),
    )
    assert archive.dump("t", "id, s, n") == [("1", "kept", 4), ("2", None, 3)]


def test_a_new_property_becomes_a_column(archive: Archive) -> None:
    archive.feed(
        schema("t", {"id": "string"}),
        record("t", {"id": "1"}),
        schema("t", {"id": "string", "later": ["integer", "null"]}),
        record("t", {"id": "2", "later": 7}),
    )
    assert archive.dump("t", "id, later") == [("1", None), ("2", 7)]


def test_a_removed_property_keeps_its_column(archive: Archive) -> None:
    archive.feed(
        schema("t", {"id": "string", "gone": ["string", "null"]}),
        record("t", {"id": "1", "gone": "kept"}),
        schema("t", {"id": "string"}),
        record("t", {"id": "1"}),
        record("t", {"id": "2"}),
    )
    assert archive.dump("t", "id, gone") == [("1", "kept"), ("2", None)]


@pytest.mark.parametrize(
    ("before", "after", "old", "new"),
    [
        ("integer", "string", 5, "007"),
        ("string", "integer", "007", 7),
        ("integer", "number", 9007199254740993, 0.5),
        ("number", "integer", 1.5, 9007199254740993),
        ("object", "string", {"a": 1}, "12"),
    ],
)
def test_a_changed_type_keeps_old_and_new_values(
    archive: Archive, before: str, after: str, old: Any, new: Any
) -> None:
    archive.feed(
        schema("t", {"id": "string", "v": before}),
        record("t", {"id": "1", "v": old}),
        schema("t", {"id": "string", "v": after}),
        record("t", {"id": "2", "v": new}),
    )
    stored = json.dumps(old) if isinstance(old, dict) else old
    rows = archive.dump("t", "id, v")
    assert rows == [("1", stored), ("2", new)]
    assert [type(row[1]) for row in rows] == [type(stored), type(new)]


def test_integers_beyond_64_bits_keep_their_digits(archive: Archive) -> None:
    properties = {"id": "integer", "n": "integer", "x": "number"}
    archive.feed(
        schema("t", properties),
        record("t", {"id": 1, "n": 1, "x": 1}),
        record("t", {"id": 2, "n": 2**63, "x": 2**53 + 1}),
        record("t", {"id": 2**70, "n": -(2**63), "x": -(2**80)}),
        record("t", {"id": 2**70, "n": 5, "x": 0.5}),
        '{"type": "RECORD", "stream": "t", "record": {"id": 3, "n": 1.0, "x": 1e400}}',
    )
    archive.feed(schema("t", properties), record("t", {"id": 4, "n": 2**65, "x": 1}))
    assert archive.dump("t", "id, n, x") == [
        (1, 1, 1.0),
        (2, str(2**63), 2**53 + 1),
        (str(2**70), 5, 0.5),
        (3, 1, "1e400"),
        (4, str(2**65), 1),
    ]


def test_a_stream_without_key_appends_every_record(archive: Archive) -> None:
    lines = [schema("t", {"n": "integer"}, keys=()), *[record("t", {"n": 1})] * 3]
    archive.feed(*lines)
    archive.feed(*lines)
    assert archive.query("SELECT count(*) FROM t") == [(6,)]


def test_the_key_of_a_stream_can_change(archive: Archive) -> None:
    properties = {"id": "integer", "mail": "string"}
    archive.feed(schema("t", properties), record("t", {"id": 1, "mail": "sam@example.com"}))
    archive.feed(
        schema("t", properties, keys=("mail",)), record("t", {"id": 2, "mail": "sam@example.com"})
    )
    assert archive.dump("t", "id, mail") == [(2, "sam@example.com")]


def test_a_new_key_that_rows_share_is_refused_by_name(archive: Archive) -> None:
    properties = {"id": "integer", "kind": "string"}
    archive.feed(
        schema("t", properties),
        record("t", {"id": 1, "kind": "a"}),
        record("t", {"id": 2, "kind": "a"}),
    )
    outcome = archive.run(schema("t", properties, keys=("kind",)))
    assert outcome.code == 1
    assert len(outcome.errors) == 1
    assert "'t' now has the key (kind)" in outcome.errors[0]
    assert archive.query("PRAGMA index_info('_key_t')") == [(0, 1, "id")]
    assert archive.query("SELECT count(*) FROM t") == [(2,)]


def test_metadata_says_when_a_row_last_changed(archive: Archive) -> None:
    at = "2026-01-02T03:04:05Z"
    archive.feed(
        schema("t", {"id": "string"}), record("t", {"id": "1"}, time_extracted=at, version=7)
    )
    archive.feed(schema("t", {"id": "string"}), record("t", {"id": "1"}, time_extracted="later"))
    names = "_sdc_extracted_at, _sdc_table_version, _sdc_deleted_at"
    assert archive.dump("t", names) == [(at, 7, None)]
    received = archive.dump("t", "_sdc_received_at, _sdc_batched_at, _sdc_sequence")[0]
    assert all(received)


def test_without_metadata_only_the_mark_of_deletion_is_added(archive: Archive) -> None:
    archive.configure(add_record_metadata=False)
    archive.feed(schema("t", {"id": "string"}), record("t", {"id": "1"}))
    assert [row[1] for row in archive.query("PRAGMA table_info(t)")] == [
        "rowid",
        "id",
        "_sdc_deleted_at",
    ]


def test_references_are_declared_and_not_enforced(archive: Archive) -> None:
    link = {"type": "string", "x-sql-datatype-properties": {"references": "parents.id"}}
    archive.feed(
        schema("children", {"id": "string", "parent_id": link}),
        record("children", {"id": "1", "parent_id": "not there"}),
    )
    assert [row[2:5] for row in archive.query("PRAGMA foreign_key_list(children)")] == [
        ("parents", "parent_id", "id")
    ]


def test_small_batches_give_the_same_rows(archive: Archive) -> None:
    archive.configure(batch_size_rows=1)
    archive.feed(
        schema("t", NULLABLE),
        *(record("t", {"id": str(i % 7), "n": i, "s": f"v{i}"}) for i in range(40)),
    )
    last = {str(i % 7): i for i in range(40)}
    assert sorted(archive.dump("t", "id, n")) == sorted(last.items())
