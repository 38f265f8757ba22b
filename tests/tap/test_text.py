"""Readable text from whatever a customer's mail program calls HTML."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_intercom_archive import text
from tap_intercom_archive.text import readable


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("", ""),
        ("plain", "plain"),
        ("two\nlines", "two\nlines"),
        ("a &amp; b\nc", "a & b\nc"),
        ("<p>a</p><p>b</p>", "a\nb"),
        ("<p>a<br>b<br/>c</p>", "a\nb\nc"),
        ("<p>  much \n\t space </p>", "much space"),
        ("<p>much  space</p>", "much space"),
        ("<p>a</p>\n\n<p></p>\n<p>b</p>", "a\nb"),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n- two"),
        ("<b>bo</b>ld <i>and</i> more", "bold and more"),
        ('<a href="https://example.com">here</a>', "here (https://example.com)"),
        ('<a href="https://example.com">https://example.com</a>', "https://example.com"),
        ('<a href="https://example.com"></a>', "https://example.com"),
        ("<a>here</a>", "here"),
        ('see <a href="https://example.com">the <b>page</b></a>.', "see the page (https://example.com)."),
        ('<img src="x" alt="a cat">', "[image: a cat]"),
        ('<img src="x" alt=" ">', "[image]"),
        ('<a href="u"><img alt="x"></a>', "[image: x] (u)"),
        ("<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>", "1 2\n3"),
        ("<script>alert(1)</script><style>p{}</style>seen", "seen"),
        ("<p>unclosed <b>tags", "unclosed tags"),
        ("a < b", "a < b"),
        ("1 &lt; 2 &eacute; &#128512; &nbsp;x", "1 < 2 é 😀 x"),
        ("<p>\u05e9\u05dc\u05d5\u05dd</p>", "\u05e9\u05dc\u05d5\u05dd"),
        ("<!-- hidden --><p>seen</p>", "seen"),
    ],
)  # fmt: skip
def test_text_as_a_person_reads_it(html: str, expected: str) -> None:
    assert readable(html) == expected


@pytest.mark.parametrize(
    "tag", ["div", "blockquote", "b", "ul><li", 'a href="u"><object', "table><td"]
)
def test_nesting_deeper_than_the_stack_is_read(tag: str) -> None:
    assert "the word" in readable(f"<{tag}>" * 3000 + "the word")


PIECES = (
    *("<p>", "</p>", "<li>", "<br", ">", "<td>", "&", "&#0;", "<!--", "<svg>", "<template>"),
    *("w", "\0", "</a>", "</body>", "</html>"),
    "<a href='x'>",
    " ",
    "\n",
)


@given(st.text(max_size=100) | st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
def test_any_text_gives_tidy_lines(html: str) -> None:
    for line in readable(html.encode(errors="replace").decode()).split("\n"):
        assert line == " ".join(line.split())


TAGS = ("p", "div", "li", "ul", "ol", "blockquote", "pre", "h2", "b", "i", "a", "code", "span")
BITS = (
    *("<br>", "<br />", '<img src="x" alt="a  b">', "<img/>", "<img alt='x'>", "<hr>", "<P>"),
    *("w", "two words", " ", "\n", "\t", "\xa0", "\u2028", "\ufeff", "\0", "\r", "é", "😀"),
    *("&amp;", "&amp;lt;", "&lt;", "&nbsp;", "&#39;", "&quot;", "& ", "&a", "&copy", "&#0;"),
    *("<", ">", "<>", "</p>", "</li>", "</b>", "<b>", "<p>", "<!-- -->", "<td>", "<svg>"),
)
OPENINGS = (
    *("{}", '{} class="x"', '{} title=" href=" href=" u "', '{} href="v&amp;w" href="z"'),
    *("{} hidden", '{} href="a>b"', "{}/", '{} dir="rtl"/'),
)
NESTED = st.recursive(
    st.sampled_from(BITS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map("".join),
        st.builds(
            lambda tag, opening, held: f"<{opening.format(tag)}>{held}</{tag}>",
            st.sampled_from(TAGS),
            st.sampled_from(OPENINGS),
            inner,
        ),
    ),
    max_leaves=12,
)


@given(NESTED | st.lists(st.sampled_from((*BITS, *PIECES)), max_size=8).map("".join))
@settings(max_examples=400)
def test_bodies_read_as_they_stand_read_as_parsed(html: str) -> None:
    assert readable(html) == text.parsed(html) or not {"<", "&"} & set(html)


@pytest.mark.parametrize("outer", TAGS)
def test_every_nesting_reads_as_parsed(outer: str) -> None:
    for middle, inner in itertools.product(TAGS, TAGS):
        begun = ["1", f"<{outer}>", "2", f"<{middle}>", "3", f"<{inner}>", "4"]
        nested = [*begun, f"</{inner}>", "5", f"</{middle}>", "6", f"</{outer}>", "7"]
        crossed = [*begun, f"</{middle}>", "5", f"</{inner}>", "6", f"</{outer}>", "7"]
        unfinished = [nested[:place] + nested[place + 1 :] for place in range(len(nested))]
        for html in map("".join, (nested, crossed, *unfinished)):
            assert readable(html) == text.parsed(html), html


@pytest.mark.parametrize(
    "html",
    [
        '<p class="no-margin">Hi <b>there</b>,<br>see <a href="https://x.example">x</a></p>',
        "<ul><li>one</li><li>two<ol><li>three</li></ol></li></ul><h2>a &amp; b</h2>",
        '<div class="c"><img src="https://x.example/i.png" alt="an image"></div>',
        "a &lt; b",
    ],
)
def test_common_bodies_need_no_parser(html: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = text.parsed(html)
    monkeypatch.delattr(text, "LexborHTMLParser")
    assert readable(html) == expected
