"""Rows that the tap reports as gone are marked, or removed where that is asked for."""

from __future__ import annotations

import json
from typing import Any

from tests.target.harness import Archive, record, schema, state

PROPERTIES = {
    "id": "string",
    "s": {"type": ["string", "null"], "contentMediaType": "text/plain"},
}
SCHEMA = schema("t", PROPERTIES)


def activate(version: int) -> str:
    return json.dumps({"type": "ACTIVATE_VERSION", "stream": "t", "version": version})


def seen(version: int, *ids: str) -> list[str]:
    return [record("t", {"id": i, "s": f"text of {i}"}, version=version) for i in ids]


def gone(archive: Archive) -> dict[str, bool]:
    return {row[0]: row[1] is not None for row in archive.dump("t", "id, _sdc_deleted_at")}


def test_rows_that_a_version_did_not_show_are_retired(archive: Archive) -> None:
    archive.feed(SCHEMA, *seen(1, "a", "b"), activate(1))
    assert gone(archive) == {"a": False, "b": False}
    archive.feed(SCHEMA, *seen(2, "b", "c"), activate(2))
    assert gone(archive) == {"a": True, "b": False, "c": False}
    archive.check_index("t")


def test_a_retired_row_that_comes_again_is_revived(archive: Archive) -> None:
    archive.feed(SCHEMA, *seen(1, "a", "b"), activate(1), *seen(2, "b"), activate(2))
    archive.feed(SCHEMA, *seen(3, "a"), activate(3))
    assert gone(archive) == {"a": False, "b": True}


def test_what_a_version_showed_is_known_across_runs_and_forgotten_after(archive: Archive) -> None:
    archive.feed(SCHEMA, *seen(1, "a", "b", "c"), activate(1))
    archive.feed(SCHEMA, *seen(2, "a"))
    archive.feed(SCHEMA, *seen(2, "b"), activate(2))
    assert gone(archive) == {"a": False, "b": False, "c": True}
    assert archive.query("SELECT version, row_id FROM _versions_seen") == [(2, -1)]


def test_a_version_of_a_stream_without_key_retires_the_older_rows(archive: Archive) -> None:
    keyless = schema("t", PROPERTIES, keys=())
    archive.feed(keyless, *seen(1, "a"), activate(1))
    archive.feed(keyless, *seen(2, "a", "b"), activate(2))
    rows = archive.dump("t", "id, _sdc_deleted_at IS NOT NULL")
    assert rows == [("a", 1), ("a", 0), ("b", 0)]


def test_hard_delete_removes_rows_and_their_words(archive: Archive) -> None:
    archive.configure(hard_delete=True, add_record_metadata=False)
    archive.feed(SCHEMA, *seen(1, "a", "b"), activate(1))
    archive.feed(SCHEMA, *seen(2, "b"), activate(2), *seen(2, "c"))
    assert archive.dump("t", "id") == [("b",), ("c",)]
    assert archive.query("SELECT count(*) FROM t_fts WHERE t_fts MATCH 'a'") == [(0,)]
    archive.check_index("t")


def deletion(key: str, **values: Any) -> str:
    return record("t", {"id": key, "_sdc_deleted_at": "2026-01-02T03:04:05Z", **values})


def test_a_record_that_says_it_is_deleted_marks_its_row(archive: Archive) -> None:
    archive.feed(SCHEMA, *seen(1, "a", "b"), deletion("a"))
    assert archive.dump("t", "id, s, _sdc_deleted_at") == [
        ("a", "text of a", "2026-01-02T03:04:05Z"),
        ("b", "text of b", None),
    ]
    archive.feed(SCHEMA, *seen(1, "a"))
    assert gone(archive) == {"a": False, "b": False}


def test_with_hard_delete_it_is_removed(archive: Archive) -> None:
    archive.configure(hard_delete=True)
    archive.feed(SCHEMA, *seen(1, "a", "b"), deletion("b"), *seen(1, "c"), state({}))
    assert archive.dump("t", "id") == [("a",), ("c",)]
    archive.check_index("t")
