"""The fast lane and the slow one give equal rows, and take or refuse the same records."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from target_sqlite_archive.fastlane import FastLane
from tests.target.harness import Archive, record, schema

SPECS: dict[str, dict[str, Any]] = {
    "text": {"type": ["string", "null"]},
    "whole": {"type": ["integer", "null"]},
    "number": {"type": "number"},
    "truth": {"type": ["boolean", "null"]},
    "short": {"type": ["string", "null"], "maxLength": 2},
    "object": {"type": ["object", "null"], "additionalProperties": True},
    "closed": {"type": "object", "properties": {"a": {}}, "additionalProperties": False},
    "texts": {"type": ["array", "null"], "items": {"type": "string"}},
    "wholes": {"type": ["array", "null"], "items": {"type": ["integer", "null"]}},
    "objects": {"type": "array", "items": {"type": "object", "additionalProperties": True}},
    "lists": {"type": "array", "items": {"type": "array", "items": {"type": "string"}}},
    "short_list": {"type": ["array", "null"], "maxItems": 1},
    "anything": {},
}
SCALARS = (
    st.none() | st.booleans() | st.integers(-5, 2**64) | st.floats(-9, 9) | st.text(max_size=3)
)
NESTED = st.lists(SCALARS, max_size=2) | st.dictionaries(st.sampled_from("ab"), SCALARS, max_size=2)
VALUES = SCALARS | NESTED | st.lists(NESTED, max_size=2)
# Most are of their type, or all of a stream's records would end in quarantine.
FITTING: dict[str, st.SearchStrategy[Any]] = {
    "text": st.none() | st.text(max_size=3),
    "whole": st.none() | st.integers(-(2**63), 2**63 - 1),
    "number": st.integers(-9, 9) | st.floats(-9, 9),
    "truth": st.none() | st.booleans(),
    "short": st.none() | st.text(max_size=2),
    "object": st.none() | st.dictionaries(st.text(max_size=1), SCALARS, max_size=2),
    "closed": st.fixed_dictionaries({}, optional={"a": SCALARS}),
    "texts": st.none() | st.lists(st.text(max_size=3), max_size=2),
    "wholes": st.none() | st.lists(st.none() | st.integers(0, 9), max_size=2),
    "objects": st.lists(st.dictionaries(st.text(max_size=1), SCALARS, max_size=1), max_size=2),
    "lists": st.lists(st.lists(st.text(max_size=1), max_size=2), max_size=2),
    "short_list": st.none() | st.lists(SCALARS, max_size=1),
    "anything": VALUES,
}
RECORDS = st.lists(
    st.fixed_dictionaries({}, optional=FITTING).flatmap(
        lambda values: (
            st.dictionaries(st.sampled_from(sorted(SPECS)), VALUES, max_size=1).map(
                lambda odd: values | odd
            )
            | st.just(values)
        )
    ),
    min_size=15,
    max_size=25,
)


def stored(folder: Path, lines: list[str]) -> list[list[tuple[Any, ...]]]:
    folder.mkdir()
    archive = Archive(folder, add_record_metadata=False)
    archive.feed(*lines)
    types = ", ".join(f"typeof({name})" for name in SPECS)
    return [archive.dump("t", f"*, {types}"), archive.query("SELECT reason, line FROM _quarantine")]


# Making the smallest example would take minutes of writing files.
@settings(max_examples=25, deadline=None, phases=[Phase.reuse, Phase.generate])
@given(records=RECORDS, metadata=st.booleans())
def test_both_lanes_store_the_same(records: list[dict[str, Any]], metadata: bool) -> None:
    sent = {"_sdc_sequence": 1, "_sdc_deleted_at": None} if metadata else {}
    lines = [
        schema("t", {"id": "integer", **SPECS}),
        *(record("t", {"id": n, **values, **sent}) for n, values in enumerate(records)),
        record("t", {"id": len(records)}),
    ]
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        fast = stored(Path(folder, "fast"), lines)
        for name in ("take_line", "take_record"):
            patch.setattr(FastLane, name, lambda *_: False)
        assert stored(Path(folder, "slow"), lines) == fast


def test_a_list_is_stored_only_with_items_of_the_declared_type(archive: Archive) -> None:
    good = [[], ["a"], None, ["b", "c"]]
    bad = [[1], ["a", None], [["a"]], {}]
    archive.load(
        schema("t", {"id": "integer", "texts": SPECS["texts"]}),
        *(record("t", {"id": n, "texts": texts}) for n, texts in enumerate([*good, *bad])),
    )
    assert archive.dump("t", "id, texts") == [(0, "[]"), (1, '["a"]'), (2, None), (3, '["b", "c"]')]
    assert archive.query("SELECT count(*) FROM _quarantine") == [(len(bad),)]


def test_metadata_that_a_tap_sends_is_not_what_is_stored(archive: Archive) -> None:
    sent = {"_sdc_sequence": 1, "_sdc_received_at": "long ago", "_sdc_deleted_at": None}
    outcome = archive.load(
        schema("t", {"id": "integer"}), *(record("t", {"id": n, **sent}) for n in range(3))
    )
    rows = archive.dump("t", "id, _sdc_sequence > 1, _sdc_received_at, _sdc_deleted_at")
    assert [(row[0], row[1], row[3]) for row in rows] == [(n, 1, None) for n in range(3)]
    assert "long ago" not in {row[2] for row in rows}
    assert "_sdc" not in outcome.err
