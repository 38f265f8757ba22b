"""The pure parts: JSON written in many ways means the same; every page holds its rows once."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sandbox import prose, serialise
from tests.sandbox.cursors import cursor_page
from tests.sandbox.errors import RefusedError
from tests.sandbox.limits import RateLimit
from tests.sandbox.paging import Cursor, numbered_page, read_cursor
from tests.sandbox.parts import EXPIRES, SIGNATURE
from tests.sandbox.reading import SearchRequest
from tests.sandbox.vocabulary import make_vocabulary

WAYS = [f"object {number}" for number in range(60)]

# Whole numbers within 64 bits: beyond them only the odd way writes, which has its own test.
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=12,
)


@given(json_values, st.sampled_from(WAYS), st.booleans())
def test_every_way_of_writing_means_the_same(value: Any, name: str, odd: bool) -> None:
    assert json.loads(serialise.encode(value, name, odd)) == value


def test_the_ways_of_writing_differ() -> None:
    value = {"b": "<p>a/é & b</p>", "a": [1.5, 2.0, 1e-07, 1e21, -0.0]}
    spellings = {serialise.encode(value, name) for name in WAYS}
    assert spellings == {
        '{"b":"<p>a/é & b</p>","a":[1.5,2.0,1e-7,1e21,-0.0]}'.encode(),
        '{"b":"\\u003cp\\u003ea/é \\u0026 b\\u003c/p\\u003e",'
        '"a":[1.5,2.0,1e-7,1e21,-0.0]}'.encode(),
        b'{ "a" : [1.50 , 2.00 , 1.0E-07 , 1.0E+21 , -0.00], "b" : "<p>a\\/\\u00e9 & b<\\/p>" }',
    }


def test_numbers_beyond_64_bits_keep_their_digits() -> None:
    assert serialise.encode(10**30, odd=True) == b"1" + b"0" * 30


def test_signing_closes_every_address_the_same_way_for_the_same_fetch() -> None:
    template = (
        f'{{"url":"https://x.example.com/?expires={EXPIRES}&signature={SIGNATURE}"}}'.encode()
    )
    first = serialise.sign(template, "object", 1, 1_000)
    assert first == serialise.sign(template, "object", 1, 1_000)
    assert first != serialise.sign(template, "object", 2, 1_000)
    assert not serialise.is_signed(first)
    assert serialise.sign(b"{}", "object", 1, 1_000) == b"{}"


rows_of_ties = st.lists(
    st.tuples(st.integers(0, 5), st.text("abc", min_size=1, max_size=3)), unique=True
).map(sorted)


@given(rows_of_ties, st.integers(1, 7), st.booleans())
def test_cursor_pages_give_each_row_once_in_order(
    rows: list[tuple[int, str]], per_page: int, descending: bool
) -> None:
    seen: list[tuple[int, str]] = []
    cursor: str | None = None
    for number in range(1, len(rows) + 2):
        wanted = SearchRequest(None, "updated_at", descending, per_page, cursor)
        page = cursor_page(rows, wanted)
        assert (page.number, page.total) == (number, len(rows))
        seen.extend(page.rows)
        cursor = page.cursor
        if cursor is None:
            break
    assert seen == (rows[::-1] if descending else rows)


@given(rows_of_ties, st.integers(1, 4), st.tuples(st.integers(0, 5), st.text("abc", min_size=1)))
def test_a_row_that_comes_meanwhile_moves_no_other_row(
    rows: list[tuple[int, str]], per_page: int, new: tuple[int, str]
) -> None:
    first = cursor_page(rows, SearchRequest(None, "updated_at", False, per_page, None))
    if first.cursor is None:
        return
    grown = sorted({*rows, new})
    rest = cursor_page(grown, SearchRequest(None, "updated_at", False, len(grown), first.cursor))
    assert set(rows) <= {*first.rows, *rest.rows}


@given(st.lists(st.integers()), st.integers(1, 9))
def test_numbered_pages_give_each_row_once(rows: list[int], per_page: int) -> None:
    pages = numbered_page(rows, 1, per_page).total_pages
    found = [numbered_page(rows, number, per_page) for number in range(1, pages + 1)]
    assert [row for page in found for row in page.rows] == rows
    assert [page.is_last for page in found] == [n == pages for n in range(1, pages + 1)]
    assert list(numbered_page(rows, pages + 1, per_page).rows) == []


@given(st.integers(0, 2**40), st.text("0123456789abcdef"), st.integers(1, 10**6))
def test_cursors_survive_the_way_to_the_client_and_back(value: int, row: str, page: int) -> None:
    cursor = Cursor(value, row, page)
    assert read_cursor(cursor.encode()) == cursor


@given(st.text())
def test_any_other_text_is_no_cursor(text: str) -> None:
    with pytest.raises(RefusedError):
        read_cursor(f"!{text}")


def test_the_limit_begins_anew_with_each_window_of_ten_seconds() -> None:
    limit = RateLimit(2)
    limit.take(100.0)
    limit.take(109.9)
    with pytest.raises(RefusedError, match="rate limit of 2 in 10_seconds"):
        limit.take(109.99)
    assert limit.headers(109.99) == {
        "X-RateLimit-Limit": "2",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": "110",
    }
    limit.take(110.0)
    assert limit.headers(110.0)["X-RateLimit-Remaining"] == "1"


@pytest.mark.parametrize(
    ("block", "html", "text"),
    [
        (prose.paragraph("a < b & c"), "<p>a &lt; b &amp; c</p>", "a < b & c"),
        (prose.broken_lines(["one", "", "two"]), "<div>one<br><br>two</div>", "one\ntwo"),
        (prose.bullets(["x", "y"]), "<ul><li>x</li><li>y</li></ul>", "- x\n- y"),
        (
            prose.link("see", "https://e.example.com", "https://e.example.com", "now"),
            '<p>see <a href="https://e.example.com" rel="nofollow">https://e.example.com</a>'
            " now</p>",
            "see https://e.example.com now",
        ),
        (
            prose.link("see", "here", "https://e.example.com", "now"),
            '<p>see <a href="https://e.example.com" rel="nofollow">here</a> now</p>',
            "see here (https://e.example.com) now",
        ),
        (
            prose.image("https://e.example.com/i.png", "a cat"),
            '<div class="intercom-container"><img src="https://e.example.com/i.png" alt="a cat">'
            "</div>",
            "[image: a cat]",
        ),
    ],
)
def test_bodies_and_their_texts(block: tuple[str, list[str]], html: str, text: str) -> None:
    assert prose.join(block) == prose.Body(html, text)


def test_white_space_and_entities_of_untidy_html_are_one_space_in_the_text() -> None:
    body = prose.join(prose.untidy("one two three four"))
    assert body.html == "\n<p>  one\n  two&nbsp; three four&nbsp;</p>\n"
    assert body.text == "one two three four"


def test_the_vocabulary_is_large_and_uneven() -> None:
    words = make_vocabulary(1)
    counts = Counter(words.some(random.Random(1), 50_000))
    assert len(counts) > 4_000
    assert max(counts.values()) > 500
