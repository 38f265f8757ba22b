"""Documents to read: what they say of each kind of object, in each form."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.target.harness import Archive, record, schema
from tests.target.reading_harness import read
from tests.target.telling import conversation, declare, part, payload, row, told

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


def test_a_call_is_shown_as_it_was_whatever_form_its_transcript_came_in(archive: Archive) -> None:
    spoken = '[00:00:03] Teammate 1: "Hello"'
    call = json.dumps({"id": "501", "state": "completed", "initiated_at": 1767693600})
    newest = payload(
        "call_transcriptions", "501", "Hello, and goodbye", "2026-01-09T12:00:00Z", None
    )
    told(
        archive,
        declare("raw_payloads"),
        payload("calls", "501", call, "2026-01-07T12:00:00Z", None),
        payload("call_transcriptions", "501", spoken, "2026-01-07T12:00:00Z", None),
        newest,
        declare("call_transcriptions"),
        row(
            "call_transcriptions",
            call_id="501",
            transcript=[{"start_time": 3, "speaker": "Teammate 1", "content": "Hello, goodbye"}],
            payload_id=json.loads(newest)["record"]["id"],
        ),
    )
    assert spoken in shown(archive, "501", "--at", "2026-01-08")
    read_by_the_tap = "Teammate 1 (teammate)\n    Hello, goodbye\n"
    assert shown(archive, "501", "--at", "2026-01-09").endswith(read_by_the_tap)


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


def test_an_archive_is_not_overwritten_by_what_is_shown_of_it(story: Archive) -> None:
    link = story.path.with_name("link.html")
    link.symlink_to(story.path)
    before = story.path.read_bytes()
    for flag, path in (("--html", story.path), ("--markdown", link)):
        done = read("show", str(story.path), "101", flag, str(path))
        assert (done.returncode, done.stdout) == (1, "")
        assert "is the archive itself" in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert story.path.read_bytes() == before


@pytest.mark.parametrize(
    "flags",
    [
        ("--html", "-", "--markdown", "-"),
        ("--html", "-", "--json"),
        ("--json", "--nl"),
    ],
    ids=" ".join,
)
def test_one_thing_is_printed(story: Archive, flags: tuple[str, ...]) -> None:
    done = read("show", str(story.path), "101", *flags)
    assert (done.returncode, done.stdout) == (2, "")
    assert "exclude each other" in done.stderr


def test_files_are_for_their_owner_alone(story: Archive, tmp_path: Path) -> None:
    page, text = tmp_path / "page.html", tmp_path / "text.md"
    text.touch(0o644)  # what was there is no more open than what is new
    assert shown(story, "101", "--html", str(page), "--markdown", str(text)) == ""
    assert stat.S_IMODE(page.stat().st_mode) == stat.S_IMODE(text.stat().st_mode) == 0o600
    assert page.read_text("utf-8") == shown(story, "101", "--html", "-")
    assert text.read_text("utf-8") == shown(story, "101", "--markdown", "-")
    assert "**tags:** Billing" in text.read_text("utf-8")
