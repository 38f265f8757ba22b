"""Readable text from whatever a customer's mail program calls HTML."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_intercom_archive.text import readable


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("two\nlines", "two\nlines"),
        ("a &amp; b\nc", "a & b\nc"),
        ("<p>a</p><p>b</p>", "a\nb"),
        ("<p>a<br>b<br/>c</p>", "a\nb\nc"),
        ("<p>  much \n\t space </p>", "much space"),
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
def test_text_as_a_person_reads_it(html: str, text: str) -> None:
    assert readable(html) == text


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
