"""Whatever names and values a tap sends, they are in the file afterwards, or in quarantine."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from target_sqlite_archive.jsontext import NotJSONError, NotStorableError, members, outline
from tests.examples import examples
from tests.target.harness import Archive, record, schema

NAMES = st.text(min_size=0, max_size=12)
BROKEN = st.text(st.characters(), max_size=12)  # lone surrogates among them
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
ROWS = st.lists(st.dictionaries(NAMES.filter(lambda n: n != "id"), VALUES, max_size=4), max_size=4)


def as_stored(value: Any) -> Any:
    """What a column without a type holds of a JSON value."""
    if isinstance(value, (dict, list)):
        return json.loads(json.dumps(readable(value)))
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return str(value)
    return readable(value)


def readable(value: Any) -> Any:
    """Lone surrogates cannot be stored as text."""
    text = json.dumps(value).encode()
    return json.loads(members(b'{"v": ' + text + b"}")["v"])


@examples(40)
@given(stream=NAMES.filter(bool), rows=ROWS)
def test_any_names_and_values_make_the_round_trip(stream: str, rows: list[dict[str, Any]]) -> None:
    names = sorted({name for row in rows for name in row})
    with tempfile.TemporaryDirectory() as folder:
        archive = Archive(Path(folder), validate_records=False)
        archive.feed(
            schema(stream, {"id": "integer", **{name: {} for name in names}}),
            *(record(stream, {"id": number, **row}) for number, row in enumerate(rows)),
        )
        table, listed = archive.query("SELECT table_name, columns FROM _streams")[0]
        columns = json.loads(listed)
        assert archive.query("SELECT count(*) FROM _quarantine") == [(0,)]
        for number, row in enumerate(rows):
            for name, value in row.items():
                column = columns[readable(name)].replace('"', '""')
                quoted = table.replace('"', '""')
                ((stored,),) = archive.query(
                    f'SELECT "{column}" FROM "{quoted}" WHERE id = ?', number
                )
                nested = isinstance(value, (dict, list))
                assert (json.loads(stored) if nested else stored) == as_stored(value)


@examples(300)
@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda s: s.encode("utf-8", "replace")))
def test_any_bytes_are_sliced_or_refused(text: bytes) -> None:
    for candidate in (text, b'{"a": ' + text + b"}"):
        try:
            found = members(candidate)
        except (NotJSONError, NotStorableError):
            continue
        for value in found.values():
            json.loads(value)


@examples(200)
@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_slices_are_the_members(value: dict[str, Any]) -> None:
    found = members(json.dumps(value).encode())
    assert {name: json.loads(text) for name, text in found.items()} == {
        readable(name): readable(member) for name, member in value.items()
    }


@examples(200)
@given(st.dictionaries(BROKEN, BROKEN | st.lists(BROKEN) | VALUES, max_size=4))
def test_exact_slices_are_the_members_as_they_came(value: dict[str, Any]) -> None:
    text = json.dumps(value).encode()
    expected = {readable(name): member for name, member in value.items()}
    for found in (members(text, exact=None), outline(text)):
        assert {name: json.loads(member) for name, member in found.items()} == expected
