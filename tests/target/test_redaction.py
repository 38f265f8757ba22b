"""Forgotten values are found however they are written, and nothing else is taken for them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_sqlite_archive.redaction import FORGOTTEN, Mentions
from target_sqlite_archive.tombstones import Row, Rule, Shape, Tombstones
from tests.examples import FEW

VALUES = ("jane.quince@example.test", "Jane Quince", "René O'Neil", "64f0c1a2b3c4", "4930123456")


@pytest.fixture(scope="module")
def mentions() -> Mentions:
    """What finds these values."""
    return known().mentions


def known() -> Tombstones:
    tombstones = Tombstones(b"a key")
    tombstones.mention(VALUES)
    return tombstones


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("Ask Jane Quince.", "Ask [forgotten]."),
        ("JANE\u00a0QUINCE, and jane  quince", "[forgotten], and [forgotten]"),
        ("<b>Rene\u0301</b> O&#39;Neil", None),
        ("Ren\u00e9 O&#x27;Neil", "[forgotten]"),
        ("Ren&eacute; O&apos;Neil is here", FORGOTTEN),
        ("mailto:Jane.Quince@Example.test?x=1", "mailto:[forgotten]?x=1"),
        ("/users/jane.quince%40example.test/", "/users/[forgotten]/"),
        ("/%6Aane.quince%40example.test", FORGOTTEN),
        ("id=64F0C1A2B3C4;", "id=[forgotten];"),
        ("mary-jane.quince@example.test", None),
        ("jane.quince@example.test.au", None),
        ("Write to jane.quince@example.test.", "Write to [forgotten]."),
        ("Janet Quince, Jane Quincey, Jane and Quince", None),
        ("64f0c1a2b3c45", None),
        ("", None),
    ],
)
def test_texts(mentions: Mentions, text: str, after: str | None) -> None:
    if after is None:
        assert mentions.redact(text) is text
    else:
        assert mentions.redact(text) == after
        assert not mentions.are_in(after)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ('{ "a": "x\\nJane Quince", "b":1.10 }', '{"a":"x\\n[forgotten]","b":1.10}'),
        ('["\\u004aane Quince", { "n" : 1e2 }]', '["[forgotten]",{ "n" : 1e2 }]'),
        ('{"phone":4930123456,"n":49301234567}', '{"phone":null,"n":49301234567}'),
        ('{"64f0c1a2b3c4":[1]}', '{"[forgotten]":[1]}'),
        ('["Jane","Quince"]', None),
        ("{broken: Jane Quince", "{broken: [forgotten]"),
        ("[\\u004aane Quince", FORGOTTEN),
        ('["\\ud83d Jane Quince"]', '["\ufffd [forgotten]"]'),
        ("[" * 5000 + '"Jane Quince"' + "]" * 5000, "[" * 5000 + '"[forgotten]"' + "]" * 5000),
    ],
)
def test_json_keeps_its_form(mentions: Mentions, text: str, after: str | None) -> None:
    if after is None:
        assert mentions.redact_value(text) is text
    else:
        assert mentions.redact_value(text) == after


def test_numbers_of_columns(mentions: Mentions) -> None:
    assert mentions.redact_value(4930123456) is None
    assert mentions.redact_value(4930123457) == 4930123457


_LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.sampled_from(VALUES))
_VALUES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=FEW
)


@given(_VALUES, st.booleans())
def test_any_json_is_json_without_them(value: object, ascii_only: bool) -> None:
    mentions = known().mentions
    text = json.dumps(value, ensure_ascii=ascii_only)
    after = mentions.redact_json(text)
    held = [leaf for leaf in _leaves(value) if mentions.are_in(leaf)]
    assert (after is text) == (not held)
    assert not any(map(mentions.are_in, _leaves(json.loads(after))))


def _leaves(value: object) -> list[str]:
    if isinstance(value, dict):
        return [leaf for pair in value.items() for part in pair for leaf in _leaves(part)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in _leaves(item)]
    return [str(value)] if isinstance(value, str | int) and not isinstance(value, bool) else []


def test_rules_empty_what_stands_beside_an_id() -> None:
    tombstones = known()
    rule = Rule("texts", ("author.id",), ("body",), "doc")
    tombstones.add(rule, ("64f0c1a2b3c4",))
    columns = ("id", "doc")
    shape = Shape("texts", {n: n for n in columns}, frozenset({"doc"}), frozenset({"id"}))
    sieve = tombstones.sieve(shape)
    doc = '{"parts":[{"author":{"id":"64f0c1a2b3c4"},"body":"words"},{"author":{"id":"7"}}]}'
    assert sieve.sift(columns, ["1", doc]) == [
        "1",
        '{"parts":[{"author":{"id":"[forgotten]"},"body":null},{"author":{"id":"7"}}]}',
    ]
    assert sieve.sift(columns, ["64f0c1a2b3c4", None]) is None
    row: Row = ["2", '{"author": {"id": "7"}, "body": "words"}']
    assert sieve.sift(columns, row) is row


def test_a_state_stays_a_state() -> None:
    tombstones = known()
    text = (
        '{"bookmarks": {"a": {"mark": 1, "done": {"64f0c1a2b3c4": "x", "7": "y"}, '
        '"owed": [{"id": "64f0c1a2b3c4"}, {"id": "7"}], "last": "64f0c1a2b3c4"}}}'
    )
    assert json.loads(tombstones.state_kept(text)) == {
        "bookmarks": {"a": {"mark": 1, "done": {"7": "y"}, "owed": [{"id": "7"}]}}
    }
    other = '{"bookmarks": {"a": {"mark": 1}}}'
    assert tombstones.state_kept(other) is other


def test_lines_of_somebody_forgotten_are_not_kept() -> None:
    tombstones = known()
    tombstones.add(Rule("people", ("id",)), ("7",))
    line = b'{"type":"RECORD","stream":"people","record":{"id":%s,"n":"\xff"}}'
    assert tombstones.line_kept("people", line % b'"7"') is None
    assert tombstones.line_kept("people", line % b"7") is None
    assert tombstones.line_kept("others", line % b"7") == line % b"7"
    kept = tombstones.line_kept("people", b'{"record":{"id":"8","n":"Jane Quince"}}')
    assert kept == b'{"record":{"id":"8","n":"[forgotten]"}}'
