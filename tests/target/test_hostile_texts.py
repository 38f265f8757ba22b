"""What any text may do in a document, however hostile: be read, and nothing else."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from target_sqlite_archive.documents.model import Attachment, Document, Entry, Role
from target_sqlite_archive.output import clean
from target_sqlite_archive.rendering.html import as_html
from target_sqlite_archive.rendering.markdown import as_markdown
from target_sqlite_archive.rendering.terminal import as_text
from tests.target.harness import Archive
from tests.target.reading_harness import read
from tests.target.telling import conversation, declare, told

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "javascript:alert(1)",
    "</style></title><!--",
    "&lt;b&gt; &#60;",
    "\x1b[2J\x1b]0;owned\x07 \x9b31m",
    "\u202egnp.exe",
    "[click](javascript:alert(1)) ![x](https://example.com/x.png)",
    "# heading\n- list\n1. one\n---\n===\n> quote\n```\ncode",
    "\x00 \ud800 \r\n \u2028 \x85",
)
# fmt: off
TAGS = {
    "a", "article", "dd", "dl", "dt", "h1", "header", "html", "li", "main", "meta", "p", "small",
    "strong", "style", "time", "title", "ul",
}
ATTRIBUTES = {
    ("html", "lang"), ("meta", "charset"), ("meta", "http-equiv"), ("meta", "content"),
    ("meta", "name"), ("article", "class"), ("a", "rel"), ("a", "href"),
}
# fmt: on
COLOURS = ("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[33m", "\x1b[35m")
texts = st.one_of(st.sampled_from(HOSTILE), st.text(), st.text("<>&'\"`*_[]()!#-=+1.\n \\/:a"))


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """A document with any text wherever a text can be."""
    file = Attachment(draw(texts), draw(texts), draw(texts), 1)
    entry = Entry(draw(texts), draw(texts), Role.BOT, draw(texts), draw(texts), (file,), True)
    return Document(
        "conversation",
        draw(texts),
        draw(texts),
        ((draw(texts), draw(texts)),),
        (entry,),
        (draw(texts),),
    )


class _Page(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str | None]] = []
        self.paragraphs: list[str] = []
        self._inside = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        self._inside = tag == "p"
        if self._inside:
            self.paragraphs.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.paragraphs[-1] += data


@given(documents())
def test_no_text_becomes_markup_of_a_page(document: Document) -> None:
    page = _Page(as_html(document))
    [entry] = document.entries
    assert page.tags <= TAGS
    for tag, name, value in page.attributes:
        assert (tag, name) in ATTRIBUTES
        if name == "href":
            assert value is not None
            assert value.startswith(("http://", "https://"))
    if entry.text:
        assert page.paragraphs[-1] == clean(entry.text)
    policies = [value for _, name, value in page.attributes if name == "content"]
    assert any(policy and policy.startswith("default-src 'none'") for policy in policies)


@pytest.mark.parametrize(
    ("address", "linked"),
    [
        ("https://example.com/a?b=1&c='2'", True),
        ("http://example.com", True),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)//https://", False),
        ("data:text/html,x", False),
        ("https:javascript", False),
        ("//example.com", False),
        ("https://exa\nmple.com", False),
        (" https://example.com", False),
    ],
)
def test_only_addresses_of_the_web_are_links(address: str, linked: bool) -> None:
    entry = Entry(None, "Sam", Role.BOT, attachments=(Attachment("file", address, None, None),))
    page = _Page(as_html(Document("call", "1", None, (), (entry,))))
    assert [value for _, name, value in page.attributes if name == "href"] == (
        [address] if linked else []
    )


@given(documents())
def test_no_text_becomes_markup_of_markdown(document: Document) -> None:
    plain = MarkdownIt("commonmark").enable("strikethrough").enable("table")
    kinds: list[str] = []
    for token in plain.parse(as_markdown(document)):
        kinds += [token.type, *(child.type for child in token.children or ())]
    assert not {
        kind for kind in kinds if kind.startswith(("html", "link", "image", "code", "fence"))
    }
    assert not {
        kind for kind in kinds if kind.startswith(("table", "hr", "s_", "ordered", "em_"))
    } - {
        "em_open",
        "em_close",
    }
    assert kinds.count("heading_open") == 1
    assert kinds.count("em_open") == 1  # "(internal)"
    assert kinds.count("blockquote_open") <= 1


@given(documents(), st.integers(0, 300))
def test_no_text_reaches_a_terminal_as_a_command(document: Document, width: int) -> None:
    text = "\n".join(as_text(document, width))
    for code in COLOURS:
        text = text.replace(code, "")
    assert not _obeyed(text)


def _obeyed(text: str) -> set[str]:
    bidirectional = {chr(n) for n in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
    controls = {chr(n) for n in (*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000))}
    return set(text) & (bidirectional | controls - {"\n"})


def test_hostile_texts_of_an_archive_are_harmless_everywhere(archive: Archive) -> None:
    evil = " ".join(text for text in HOSTILE if "\ud800" not in text)
    hostile: dict[str, Any] = {
        "title": evil,
        "source_subject": evil,
        "source_author_name": evil,
        "source_attachments": [{"name": evil, "url": "javascript:alert(1)"}],
        "contact_ids": [evil],
    }
    told(archive, declare("conversations"), conversation("666", evil, evil, **hostile))
    for form in ([], ["--json"], ["--nl"], ["--markdown", "-"], ["--html", "-"]):
        done = read("show", str(archive.path), "666", *form)
        assert (done.returncode, done.stderr) == (0, "")
        assert not _obeyed(done.stdout), form
    page = _Page(done.stdout)
    assert "script" not in page.tags
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
