"""The edges at which public targets crash or silently lose a row: case by case, what this one does.

What stands behind a case, and the cases that only this target has, are in the other modules.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.target.harness import Archive, bookmark, record, schema, state

S = schema("t", {"id": "string", "s": ["string", "null"], "o": ["object", "array", "null"]})
N = schema("t", {"id": "string", "n": ["integer", "null"]})
ONE, STATE = record("t", {"id": "1", "s": "a"}), state(bookmark("t", 1))
LARGE = "Synthetic Sam says hello. " * 800_000


@dataclass(frozen=True)
class Case:
    """Runs of lines, and what is in the file and told afterwards.

    ``rows`` are tables' contents as (columns, rows); ``quarantined`` is how many records were kept
    aside, ``says`` what the last run says about it. Every STATE that was sent must come out.
    """

    runs: tuple[tuple[str, ...], ...]
    rows: Mapping[str, tuple[str, list[tuple[Any, ...]]]]
    quarantined: int = 0
    code: int = 0
    says: str = ""


def text(value: str) -> tuple[str, ...]:
    return (S, record("t", {"id": "1", "s": value}), STATE)


def nested(depth: int) -> str:
    lists = "[" * depth + "]" * depth
    return f'{{"type": "RECORD", "stream": "t", "record": {{"id": "{depth}", "o": {lists}}}}}'


CASES = {
    "the same stream again": Case(
        runs=((S, ONE, STATE), (S, ONE, STATE)),
        rows={"t": ("id, s", [("1", "a")])},
    ),
    "one key twice in a batch": Case(
        runs=((S, ONE, record("t", {"id": "1", "s": "b"}), STATE),),
        rows={"t": ("id, s", [("1", "b")])},
    ),
    "the first row of an all-text batch": Case(
        runs=((S, record("t", {"id": "id", "s": "s"}), ONE, STATE),),
        rows={"t": ("id, s", [("id", "s"), ("1", "a")])},
    ),
    "a null key": Case(
        runs=((S, ONE, record("t", {"id": None, "s": "b"}), STATE),),
        rows={"t": ("id, s", [("1", "a")])},
        quarantined=1,
        says="1 records of stream 't' could not be stored",
    ),
    "a field that the schema does not have": Case(
        runs=((S, record("t", {"id": "1", "s": "a", "extra": 1}), STATE),),
        rows={"t": ("id, s", [("1", "a")])},
        says="'extra'",
    ),
    "a field that a later record does not have": Case(
        runs=((S, record("t", {"id": "1", "s": "a", "o": [1]}), ONE.replace('"a"', '"b"'), STATE),),
        rows={"t": ("id, s, o", [("1", "b", "[1]")])},
    ),
    "a column added": Case(
        runs=((S, ONE, STATE), (N, record("t", {"id": "2", "n": 5}), STATE)),
        rows={"t": ("id, s, n", [("1", "a", None), ("2", None, 5)])},
    ),
    "a column lost": Case(
        runs=((S, ONE, STATE), (schema("t", {"id": "string"}), record("t", {"id": "1"}), STATE)),
        rows={"t": ("id, s", [("1", "a")])},
    ),
    "a column of another type": Case(
        runs=(
            (N, record("t", {"id": "1", "n": 7}), STATE),
            (N.replace("integer", "string"), record("t", {"id": "2", "n": "007"}), STATE),
            (N.replace("integer", "number"), record("t", {"id": "3", "n": 7.5}), STATE),
            (N.replace("integer", "object"), record("t", {"id": "4", "n": {"a": 1}}), STATE),
        ),
        rows={"t": ("id, n", [("1", 7), ("2", "007"), ("3", 7.5), ("4", '{"a": 1}')])},
    ),
    "ACTIVATE_VERSION": Case(
        runs=(
            (S, ONE, record("t", {"id": "2"}), STATE),
            (
                S,
                record("t", {"id": "1", "s": "a"}, version=5),
                json.dumps({"type": "ACTIVATE_VERSION", "stream": "t", "version": 5}),
                STATE,
            ),
        ),
        rows={"t": ("id, _sdc_deleted_at IS NULL", [("1", 1), ("2", 0)])},
    ),
    "an unknown type of message": Case(
        runs=((S, '{"type": "GREETING"}', ONE, '{"type": "GREETING"}', STATE),),
        rows={"t": ("id, s", [("1", "a")])},
        says="'GREETING'",
    ),
    "an integer of 2^63 and more": Case(
        runs=(
            (
                N,
                record("t", {"id": "1", "n": 2**63 - 1}),
                record("t", {"id": "2", "n": 2**63}),
                record("t", {"id": "3", "n": -(2**80)}),
                STATE,
            ),
        ),
        rows={"t": ("id, n", [("1", 2**63 - 1), ("2", str(2**63)), ("3", str(-(2**80)))])},
    ),
    "1.0 in an integer column": Case(
        runs=((N, record("t", {"id": "1", "n": 1.0}), STATE),),
        rows={"t": ("n, typeof(n)", [(1, "integer")])},
    ),
    "NUL in a text": Case(runs=(text("a\0b"),), rows={"t": ("s", [("a\0b",)])}),
    "emoji, separators, line ends of Windows": Case(
        runs=(text("😀 \u2028 \r\n"),), rows={"t": ("s", [("😀 \u2028 \r\n",)])}
    ),
    "a lone surrogate": Case(runs=(text("a\ud83d"),), rows={"t": ("s", [("a\ufffd",)])}),
    "nesting 900 deep": Case(
        runs=((S, nested(900), STATE),),
        rows={"t": ("id, o", [("900", "[" * 900 + "]" * 900)])},
    ),
    "nesting 200,000 deep": Case(
        runs=((S, ONE, nested(200_000), STATE),),
        rows={"t": ("id", [("1",)])},
        quarantined=1,
        says="nested too deeply",
    ),
    "a number inside an object": Case(
        runs=((S, '{"type":"RECORD","stream":"t","record":{"id":"1","o":{"n":1.10}}}', STATE),),
        rows={"t": ("o", [('{"n":1.10}',)])},
    ),
    "nested objects under names of any kind": Case(
        runs=(
            (
                schema("T", {"id": "string", "Issue type": "object", "日本": ["array"]}),
                record("T", {"id": "1", "Issue type": {"A": {"b": [1]}}, "日本": ["x"]}),
                STATE,
            ),
        ),
        rows={"T": ('"Issue type", "日本"', [('{"A": {"b": [1]}}', '["x"]')])},
    ),
    "quotes and more in names": Case(
        runs=(
            (
                schema("odd 't'; --", {'a"b': "string"}, keys=['a"b']),
                record("odd 't'; --", {'a"b': "x"}),
                STATE,
            ),
        ),
        rows={"odd 't'; --": ('"a""b"', [("x",)])},
    ),
    "columns that differ in case": Case(
        runs=(
            (
                schema("t", {"id": "string", "a": "string", "A": "string"}),
                record("t", {"id": "1", "a": "small", "A": "large"}),
                STATE,
            ),
        ),
        rows={"t": ("a, A_2", [("small", "large")])},
    ),
    "a date-time that is none": Case(
        runs=(
            (
                schema("t", {"id": "string", "at": {"type": "string", "format": "date-time"}}),
                record("t", {"id": "1", "at": "0000-00-00"}),
                record("t", {"id": "2", "at": "2026-01-02T03:04:05.123456789Z"}),
                STATE,
            ),
        ),
        rows={"t": ("at", [("0000-00-00",), ("2026-01-02T03:04:05.123456789Z",)])},
    ),
    "blank lines": Case(
        runs=((S + "\r", "", "   ", ONE + "\r", "\r", STATE),), rows={"t": ("id, s", [("1", "a")])}
    ),
    "a string of 20 MB": Case(runs=(text(LARGE),), rows={"t": ("s", [(LARGE,)])}),
    "a last line that is cut": Case(
        runs=((S, ONE, STATE, record("t", {"id": "2", "s": "b"})[:-9]),),
        rows={"t": ("id, s", [("1", "a")])},
        code=1,
        says="Line 4 of the input is not a JSON object",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_at_the_edge_nothing_is_lost(archive: Archive, name: str) -> None:
    case = CASES[name]
    *earlier, last = case.runs
    for run in earlier:
        archive.feed(*run)
    outcome = archive.run(*last)
    assert outcome.code == case.code, outcome.err
    assert outcome.states == [bookmark("t", 1)]
    assert case.says in outcome.err
    for table, (columns, rows) in case.rows.items():
        assert archive.dump(table, columns) == rows
    assert archive.query("SELECT count(*) FROM _quarantine") == [(case.quarantined,)]
