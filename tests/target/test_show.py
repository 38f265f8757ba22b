"""Documents to read: what they say in each form, and what of a text they let through."""

from __future__ import annotations

import json
import stat
from html.parser import HTMLParser
from pathlib import Path
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
from tests.target.harness import Archive, record, schema
from tests.target.reading_harness import read
from tests.target.telling import conversation, declare, part, row, told

CONVERSATION = """\
Conversation 101
  state              closed
  contact            Specimen Sven
  teammate           Mock Mia
  tags               Billing
  opened             2026-01-05 10:00
  last change        2026-01-05 10:00
  first reply after  1 h 1 min
  rating             4 of 5: Thanks
  Fin                took part, escalated

2026-01-05 10:00  Specimen Sven (customer)
    My refund from Stripe is missing

2026-01-05 10:01  Fin (AI agent) redacted

2026-01-05 11:00  Mock Mia (teammate) wrote an internal note
    │ Ask Sam.
    │ Now.
    │ attached: bill.pdf (application/pdf, 12.3 kB) https://example.com/bill.pdf

2026-01-05 12:00  Mock Mia (teammate) assigned to Synthetic Sam

2026-01-05 13:00  Specimen Sven (customer) rated 4 of 5
    Thanks

2026-01-05 14:00  Intercom (system) frobnicated: plan gold

2026-01-06 10:00  Specimen Sven (customer) called: call 501, inbound, completed
    I called about the refund
"""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    at = "2026-01-05T{}:00Z".format
    bill = {
        "name": "bill.pdf",
        "url": "https://example.com/bill.pdf",
        "content_type": "application/pdf",
        "filesize": 12_345,
    }
    return told(
        Archive(tmp_path_factory.mktemp("show")),
        declare("conversations"),
        declare("conversation_parts"),
        conversation(
            "101",
            "My refund from Stripe is missing",
            at("10:00"),
            contact_ids=["k1"],
            admin_assignee_id="a1",
            statistics_time_to_admin_reply=3_660,
            conversation_rating_rating=4,
            conversation_rating_remark="Thanks",
            conversation_rating_contact_id="k1",
            conversation_rating_created_at=at("13:00"),
            ai_agent_participated=True,
            ai_agent_resolution_state="escalated",
        ),
        part("1010", "101", None, at("10:01"), "fin", redacted=True, author_from_ai_agent=True),
        part(
            "1011", "101", "Ask Sam.\nNow.", at("11:00"), "a1", part_type="note", attachments=[bill]
        ),
        part(
            "1012",
            "101",
            None,
            at("12:00"),
            "a1",
            part_type="assignment",
            assigned_to_type="admin",
            assigned_to_id="a2",
        ),
        row(
            "conversation_parts",
            id="1013",
            conversation_id="101",
            part_type="frobnicated",
            created_at=at("14:00"),
            event_details={"plan": {"name": "gold"}, "previous": None},
        ),
    )


def shown(archive: Archive, *arguments: str) -> str:
    done = read("show", str(archive.path), *arguments)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def test_a_conversation_reads_as_a_transcript(story: Archive) -> None:
    assert shown(story, "101") == CONVERSATION


def test_machines_get_the_whole_or_its_entries(story: Archive) -> None:
    document = json.loads(shown(story, "101", "--json"))
    assert document["facts"]["teammate"] == "Mock Mia"
    entries = document["entries"]
    assert [json.loads(line) for line in shown(story, "101", "--nl").splitlines()] == entries
    assert entries[2]["attachments"] == [
        {
            "name": "bill.pdf",
            "url": "https://example.com/bill.pdf",
            "content_type": "application/pdf",
            "bytes": 12_345,
        }
    ]
    assert len(shown(story, "101", "--csv").splitlines()) == len(entries) + 2  # one has two lines


def test_a_deleted_conversation_says_so(story: Archive) -> None:
    text = shown(story, "103")
    assert "deleted in Intercom  2026-02-02 00:00" in text
    assert text.endswith("2026-02-02 00:00  Intercom (system) the conversation was deleted\n")


def test_a_call_reads_as_its_transcript(archive: Archive) -> None:
    lines = [
        {"start_time": 3, "speaker": "Teammate 1", "content": "Hello"},
        {"start_time": 65, "speaker": "User", "content": "My refund"},
    ]
    told(
        archive,
        declare("call_transcriptions"),
        row("call_transcriptions", call_id="501", transcript=lines, transcript_text="both"),
    )
    text = shown(archive, "501")
    assert "teammate      Mock Mia" in text
    assert "2026-01-06 10:00  Teammate 1 (teammate)\n    Hello\n" in text
    assert "2026-01-06 10:01  User (customer)\n    My refund\n" in text


def test_an_article_and_a_contact_are_read_too(story: Archive) -> None:
    article = shown(story, "701")
    assert article.startswith("Article 701\nGetting your money back\n")
    assert "Synthetic Sam (teammate)\n    A refund takes five days.\n" in article
    contact = shown(story, "k1")
    assert contact.startswith("Contact k1\nSpecimen Sven\n")
    assert "e-mail  k1@example.com" in contact


def test_a_contact_lists_what_it_took_part_in(archive: Archive) -> None:
    told(
        archive,
        declare("conversation_participants"),
        row("conversation_participants", conversation_id="102", type="contact", id="k2"),
    )
    assert "conversation 102, open\n    Refund, please!\n" in shown(archive, "k2")
    assert "call 501, inbound, completed" in shown(archive, "k1")


def test_a_ticket_reads_like_a_conversation(archive: Archive) -> None:
    text = {"type": ["string", "null"]}
    told(
        archive,
        schema(
            "tickets",
            {
                **dict.fromkeys(("id", "title", "description", "created_at"), text),
                "contact_ids": {"type": "array"},
                "ticket_state_internal_label": text,
            },
        ),
        schema(
            "ticket_parts",
            dict.fromkeys(
                ("id", "ticket_id", "part_type", "created_at", "body_text", "author_type"), text
            ),
        ),
        record(
            "tickets",
            {
                "id": "901",
                "title": "Broken",
                "description": "It does not work",
                "created_at": "2026-01-01T00:00:00Z",
                "contact_ids": ["k1"],
                "ticket_state_internal_label": "Waiting",
            },
        ),
        record(
            "ticket_parts",
            {
                "id": "9011",
                "ticket_id": "901",
                "part_type": "comment",
                "created_at": "2026-01-02T00:00:00Z",
                "body_text": "It does",
                "author_type": "admin",
            },
        ),
    )
    assert shown(archive, "901") == (
        "Ticket 901\nBroken\n  state    Waiting\n  contact  Specimen Sven\n"
        "  opened   2026-01-01 00:00\n\n"
        "2026-01-01 00:00  Specimen Sven (customer) opened the ticket\n    It does not work\n\n"
        "2026-01-02 00:00  admin (teammate)\n    It does\n"
    )


def test_ids_that_are_alike_are_told_apart_by_kind(archive: Archive) -> None:
    told(archive, declare("articles"), row("articles", id="101", title="One hundred and one"))
    assert shown(archive, "101").startswith("Conversation 101\n")
    assert shown(archive, "101", "--kind", "article").startswith("Article 101\n")


def test_what_is_not_there_is_one_line_and_exit_1(archive: Archive) -> None:
    told(archive, row("deleted_conversations", id="104", deleted_at="2026-01-01T00:00:00Z"))
    for arguments, says in (
        (["104"], "deleted in Intercom before it could be archived"),
        (["nobody"], "sqlite-archive search"),
        (["101", "--kind", "contact"], "no contact 101"),
        (["101", "--html", str(archive.path.parent / "missing" / "page.html")], "Cannot write"),
        (["101", "--at", "2026-01-01"], "no payload of conversation 101"),
    ):
        done = read("show", str(archive.path), *arguments)
        assert (done.returncode, done.stdout) == (1, "")
        assert says in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_an_archive_that_lacks_tables_is_shown(archive: Archive) -> None:
    told(archive, without=("contacts", "admins", "calls", "call_transcriptions", "articles"))
    assert "Specimen Sven (customer)\n    My refund" in shown(archive, "101")


def test_files_are_for_their_owner_alone(story: Archive, tmp_path: Path) -> None:
    page, text = tmp_path / "page.html", tmp_path / "text.md"
    assert shown(story, "101", "--html", str(page), "--markdown", str(text)) == ""
    assert stat.S_IMODE(page.stat().st_mode) == stat.S_IMODE(text.stat().st_mode) == 0o600
    assert page.read_text("utf-8") == shown(story, "101", "--html", "-")
    assert text.read_text("utf-8") == shown(story, "101", "--markdown", "-")
    assert "**tags:** Billing" in text.read_text("utf-8")


# What texts may do

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
        assert not _obeyed(shown(archive, "666", *form)), form
    page = _Page(shown(archive, "666", "--html", "-"))
    assert "script" not in page.tags
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
