"""A person's search query: what it means, and that no text at all is an error."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_sqlite_archive.query import fts5_expression

TEXTS = (
    "the refund went to stripe",
    "refund the customer",
    "stripe is a company",
    "a refunded stripe-payment, by zoë@example.com",
    "nothing AND everything",
)


@pytest.fixture(scope="module")
def index() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.execute(
        'CREATE VIRTUAL TABLE f USING fts5(text, tokenize="unicode61 remove_diacritics 2")'
    )
    connection.executemany("INSERT INTO f (text) VALUES (?)", [(text,) for text in TEXTS])
    yield connection
    connection.close()


def found(index: sqlite3.Connection, query: str) -> list[int]:
    """Give which of the texts a query finds."""
    expression = fts5_expression(query)
    if expression is None:
        return []
    rows = index.execute("SELECT rowid - 1 FROM f WHERE f MATCH ? ORDER BY rowid", (expression,))
    return [row[0] for row in rows]


@pytest.mark.parametrize(
    ("query", "texts"),
    [
        ("refund", [0, 1]),
        ("REFUND", [0, 1]),
        ("refund stripe", [0]),
        ("refund AND stripe", [0]),
        ("refund OR company", [0, 1, 2]),
        ("refund NOT stripe", [1]),
        ("refund NOT stripe NOT customer", []),
        ("stripe NOT (refund OR company)", [3]),
        ("customer OR stripe refund", [0, 1]),
        ("(customer OR stripe) refund", [0, 1]),
        ('"refund the"', [1]),
        ("“refund the”", [1]),
        ('"the refund', [0]),
        ("refund*", [0, 1, 3]),
        ('"refund th"*', [1]),
        ("stripe-payment", [3]),
        ("zoe@example.com", [3]),
        ("text:refund", []),
        ("nothing and everything", [4]),
        ("AND everything", [4]),
        ("everything AND", [4]),
        ("refund !!! 😀", [0, 1]),
        ("refund AND (", [0, 1]),
        ("refund AND ()", [0, 1]),
        (")) refund ((", [0, 1]),
        ("!!! NOT refund", []),
        ("refund NOT !!!", [0, 1]),
        ("", []),
        ("* \0 \ud800", []),
    ],
)
def test_what_a_query_finds(index: sqlite3.Connection, query: str, texts: list[int]) -> None:
    assert found(index, query) == texts


pieces = st.sampled_from(
    ["AND", "OR", "NOT", "(", ")", '"', "*", "refund", "NEAR(", "^", ":", "-", "{", "+", "\0", "é"]
)


@given(st.one_of(st.text(), st.lists(st.one_of(pieces, st.text(max_size=5))).map(" ".join)))
def test_any_text_is_a_query(index: sqlite3.Connection, query: str) -> None:
    found(index, query)


@pytest.mark.parametrize(
    "query",
    [
        "(" * 5_000 + "refund" + ")" * 5_000,
        "(refund OR (stripe " * 1_000,
        "NOT " * 5_000 + "refund",
        " NOT ".join(["refund"] * 2_000),
        " OR ".join(f"word{n}" for n in range(5_000)),
        "refund " * 20_000,
        '"' * 9_999,
    ],
    ids=lambda query: f"{query[:20]} x {len(query)}",
)
def test_so_is_a_text_that_is_too_long_or_too_deep(index: sqlite3.Connection, query: str) -> None:
    found(index, query)


def test_words_said_again_are_looked_for_once() -> None:
    assert fts5_expression("refund stripe refund") == fts5_expression("refund stripe")
    assert fts5_expression("refund NOT stripe NOT stripe") == fts5_expression("refund NOT stripe")
    assert fts5_expression("refund " * 5_000) == fts5_expression("refund")
