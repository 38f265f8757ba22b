"""Stream maps, flattening and BATCH work as users of SDK targets expect, beside the fast lane."""

from __future__ import annotations

import gzip
import json
from typing import Any

from tests.target.harness import Archive, record, schema

PROPERTIES = {
    "id": "integer",
    "name": ["string", "null"],
    "n": ["integer", "null"],
    "x": ["number", "null"],
    "o": {"type": ["object", "null"], "properties": {"k": {"type": ["integer", "null"]}}},
}
VALUES: list[dict[str, Any]] = [
    {"id": 1, "name": "Synthetic Sam", "n": 2**63, "x": 0.1, "o": {"k": 1}},
    {"id": 2, "name": None, "n": None, "x": 5, "o": None},
]
LINES = [schema("people", PROPERTIES), *(record("people", values) for values in VALUES)]


def test_a_stream_map_changes_records_and_names(archive: Archive) -> None:
    archive.configure(
        stream_maps={
            "people": {"name": "name and name.upper()", "o": None, "twice": "str(id * 2)"},
            "hidden": None,
        }
    )
    archive.feed(*LINES, schema("hidden", {"id": "integer"}), record("hidden", {"id": 1}))
    assert archive.dump("people", "id, name, twice") == [(1, "SYNTHETIC SAM", "2"), (2, None, "4")]
    assert "o" not in {row[1] for row in archive.query("PRAGMA table_info(people)")}
    assert archive.query("SELECT stream FROM _streams") == [("people",)]


def test_a_filter_and_a_second_stream_from_one(archive: Archive) -> None:
    archive.configure(
        stream_maps={
            "copies": {"__source__": "people", "__filter__": "id > 1"},
        }
    )
    archive.feed(*LINES)
    assert archive.dump("people", "id") == [(1,), (2,)]
    assert archive.dump("copies", "id") == [(2,)]


def test_a_stream_map_that_fails_names_no_value(archive: Archive) -> None:
    archive.configure(stream_maps={"people": {"name": "name + 1"}})
    outcome = archive.run(*LINES)
    assert outcome.code == 1
    assert "The stream map of 'people' failed" in outcome.errors[0]
    assert "Synthetic Sam" not in outcome.err


def test_flattening_makes_columns_of_nested_values(archive: Archive) -> None:
    archive.configure(flattening_enabled=True, flattening_max_depth=1)
    archive.feed(*LINES)
    assert archive.dump("people", "id, o__k") == [(1, 1), (2, None)]


def test_the_fast_and_the_slow_lane_give_equal_rows(archive: Archive) -> None:
    archive.configure(add_record_metadata=False)
    archive.feed(*LINES)
    fast = archive.dump("people")
    archive.path.unlink()
    # A map that changes nothing takes every record through the slow lane.
    archive.configure(
        add_record_metadata=False, stream_maps={"people": {"__filter__": "id is not None"}}
    )
    archive.feed(*LINES)
    assert archive.dump("people") == fast


def test_batch_files_are_loaded(archive: Archive) -> None:
    file = archive.path.parent / "batch.jsonl.gz"
    with gzip.open(file, "wt") as out:
        out.writelines(json.dumps(values) + "\n" for values in VALUES)
    message = {
        "type": "BATCH",
        "stream": "people",
        "encoding": {"format": "jsonl", "compression": "gzip"},
        "manifest": [f"file://{file}"],
    }
    archive.feed(LINES[0], json.dumps(message))
    assert archive.dump("people", "id, n, x, o") == [
        (1, str(2**63), 0.1, '{"k":1}'),
        (2, None, 5.0, None),
    ]
