"""Two keys that differ never share a row: one that a column would alter is kept aside."""

from __future__ import annotations

from typing import Any

import pytest
from backports import zstd

from tests.target.harness import Archive, record, schema

GOOD = record("t", {"id": "good"})
ANY: dict[str, Any] = {}


def line(key: bytes) -> bytes:
    """A RECORD with this JSON text as its key."""
    return b'{"type": "RECORD", "stream": "t", "record": {"id": ' + key + b', "s": "x"}}'


def kept_aside(archive: Archive) -> list[bytes]:
    return [zstd.decompress(row[0]) for row in archive.query("SELECT line FROM _quarantine")]


@pytest.mark.parametrize(
    "keys",
    [(rb'"a\ud83d"', rb'"a\ude00"'), (b'"a\xff"', b'"a\xfe"'), (rb'"\uDBFFa"', b'"\xe2\x82a"')],
    ids=["lone surrogates", "broken UTF-8", "both"],
)
@pytest.mark.parametrize("validate", [True, False])
def test_keys_that_only_a_repair_makes_equal_are_kept_aside(
    archive: Archive, keys: tuple[bytes, bytes], validate: bool
) -> None:
    archive.configure(validate_records=validate)
    lines = [line(key) for key in keys]
    outcome = archive.load(schema("t", {"id": "string", "s": "string"}), GOOD, *lines)
    assert archive.dump("t", "id") == [("good",)]
    assert kept_aside(archive) == lines
    assert "2 records of stream 't' could not be stored" in outcome.err
    assert "a key property is no valid Unicode text (2)" in outcome.err


def test_one_broken_key_of_several_is_enough(archive: Archive) -> None:
    key = {"id": "string", "part": "string"}
    broken = rb'{"type": "RECORD", "stream": "t", "record": {"id": "1", "part": "\ud83d"}}'
    archive.feed(
        schema("t", key, keys=("id", "part")), record("t", {"id": "1", "part": "\ufffd"}), broken
    )
    assert archive.dump("t", "id, part") == [("1", "\ufffd")]
    assert kept_aside(archive) == [broken]


def test_whole_unicode_makes_a_key(archive: Archive) -> None:
    keys = ["\ufffd", "\U0001f600", "é", "e\u0301", "a\0b", r"\ud83d", ""]
    archive.feed(
        schema("t", {"id": "string", "s": ["string", "null"]}),
        *(record("t", {"id": key}) for key in keys),
        *(record("t", {"id": f"{key}-", "s": "\ud83d"}) for key in keys),
    )
    assert {row[0] for row in archive.dump("t", "id")} == {*keys, *(f"{key}-" for key in keys)}
    assert kept_aside(archive) == []


MIXED = {
    "a truth value among integers": (["boolean", "integer"], [b"1", b"0"], [b"true", b"false"]),
    "a truth value where no type is given": (ANY, [b"1", b'"true"', b'"1"'], [b"true"]),
    "digits beyond 64 bits among texts": (
        ["integer", "string"],
        [b'"99999999999999999999"', b'"7"', b"7"],
        [b"99999999999999999999"],
    ),
    "a list among texts": (["array", "string"], [b'"[1]"'], [b"[1]"]),
    "digits that a double does not have": (
        ["number"],
        [b"0.1", b"3", b"1e2"],
        [b"0.10000000000000001"],
    ),
}


@pytest.mark.parametrize("name", MIXED)
@pytest.mark.parametrize("backwards", [True, False])
def test_values_that_a_column_stores_alike_are_told_apart(
    archive: Archive, name: str, backwards: bool
) -> None:
    types, stored, aside = MIXED[name]
    keys = [*stored, *aside]
    archive.feed(
        schema("t", {"id": types, "s": "string"}),
        *(line(key) for key in (reversed(keys) if backwards else keys)),
    )
    assert len(archive.dump("t")) == len(stored)
    assert set(kept_aside(archive)) == {line(key) for key in aside}


def test_keys_of_one_type_are_all_stored(archive: Archive) -> None:
    for stream, types, keys in (
        ("truth", "boolean", [True, False]),
        ("whole", "integer", [0, 1, -1, 2**63 - 1, 2**63, 2**80]),
        ("either", ["string", "integer"], ["1", 1, "01", 0, ""]),
        ("lists", "array", [[1], [1, 1], []]),
        ("real", "number", [0.1, 1.5, 2**53, 2**53 + 1, 1e300]),
    ):
        archive.feed(schema(stream, {"id": types}), *(record(stream, {"id": key}) for key in keys))
        assert len(archive.dump(stream)) == len(keys), stream
    assert kept_aside(archive) == []


def test_a_key_is_seen_before_a_stream_map_can_hide_what_is_broken_in_it(archive: Archive) -> None:
    archive.configure(stream_maps={"t": {"copy": "s"}})
    archive.feed(schema("t", {"id": "string", "s": "string"}), line(b'"ok"'), line(rb'"\ud83d"'))
    assert archive.dump("t", "id, copy") == [("ok", "x")]
    assert kept_aside(archive) == [line(rb'"\ud83d"')]
