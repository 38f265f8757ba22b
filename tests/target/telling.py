"""A small support archive in words that a person can read. No test lives here.

Its streams have the columns of the tap that it stands for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from tests.target.harness import Archive, bookmark, record, state

SCHEMAS = Path(__file__).resolve().parents[2] / "tap-intercom-archive/tap_intercom_archive/schemas"
KEYS = {
    "conversation_participants": ["conversation_id", "type", "id"],
    "conversation_tags": ["conversation_id", "tag_id"],
    "call_transcriptions": ["call_id"],
}
DAY = 86_400
JANUARY = 1_767_225_600  # the first of January 2026, 00:00 UTC
ADMINS = {"a1": "Mock Mia", "a2": "Synthetic Sam"}
CONTACTS = {"k1": "Specimen Sven", "k2": "Invented Ines"}


def properties(stream: str) -> dict[str, Any]:
    """The properties of a stream's schema."""
    declared = json.loads((SCHEMAS / f"{stream}.json").read_text("utf-8"))
    found: dict[str, Any] = declared["properties"]
    return found


def declare(stream: str) -> str:
    """A stream's SCHEMA line."""
    message = {
        "type": "SCHEMA",
        "stream": stream,
        "schema": {"type": "object", "properties": properties(stream)},
        "key_properties": KEYS.get(stream, ["id"]),
    }
    return json.dumps(message)


def row(stream: str, /, **values: Any) -> str:
    """A RECORD line; what is not given is null."""
    columns = properties(stream)
    assert values.keys() <= columns.keys(), values.keys() - columns.keys()
    return record(stream, {**dict.fromkeys(columns), **values})


def person(kind: str, number: str, prefix: str = "author") -> dict[str, Any]:
    """The columns of an author."""
    name = {**ADMINS, **CONTACTS}.get(number, "Fin")
    return {
        f"{prefix}_type": kind,
        f"{prefix}_id": number,
        f"{prefix}_name": name,
        f"{prefix}_email": f"{number}@example.com",
    }


def conversation(number: str, text: str, at: str, contact: str = "k1", **more: Any) -> str:
    """A conversation that a contact began with this text."""
    return row(
        "conversations",
        **{
            "id": number,
            "created_at": at,
            "updated_at": at,
            "state": "closed",
            "open": False,
            "source_body_text": text,
            **person("user", contact, "source_author"),
            "payload_id": f"payload-{number}",
            **more,
        },
    )


def part(number: str, parent: str, text: str | None, at: str, author: str, **more: Any) -> str:
    """A part of a conversation."""
    kind = "admin" if author in ADMINS else "user" if author in CONTACTS else "bot"
    return row(
        "conversation_parts",
        **{
            "id": number,
            "conversation_id": parent,
            "part_type": "comment",
            "created_at": at,
            "body_text": text,
            **person(kind, author),
            "payload_id": f"payload-{parent}",
            **more,
        },
    )


def tagged(parent: str, name: str, payload: str | None = None) -> str:
    """A tag on a conversation."""
    return row(
        "conversation_tags",
        conversation_id=parent,
        tag_id=f"tag-{name}",
        name=name,
        payload_id=payload or f"payload-{parent}",
    )


def people() -> Iterator[str]:
    """The teammates and the contacts."""
    yield declare("admins")
    for number, name in ADMINS.items():
        yield row("admins", id=number, name=name, email=f"{number}@example.com")
    yield declare("contacts")
    for number, name in CONTACTS.items():
        yield row("contacts", id=number, name=name, email=f"{number}@example.com", role="user")


def story() -> Iterator[str]:
    """Conversations, a call with its transcript and an article, most of them about refunds."""
    yield from people()
    for stream in ("conversations", "conversation_parts", "conversation_tags"):
        yield declare(stream)
    yield conversation("101", "My refund from Stripe is missing", "2026-01-05T10:00:00Z")
    yield part("1011", "101", "Stripe refunds take five days", "2026-01-05T11:00:00Z", "a1")
    yield tagged("101", "Billing")
    yield tagged("101", "vip", "payload-101-before")
    yield conversation(
        "102",
        "Refund, please!",
        "2026-02-10T10:00:00Z",
        contact="k2",
        state="open",
        open=True,
        ai_agent_participated=True,
        ai_agent_resolution_state="escalated",
    )
    yield part("1021", "102", "A refund is on its way", "2026-03-01T09:00:00Z", "a2")
    yield tagged("102", "vip")
    yield conversation(
        "103",
        "How do I reset a password?",
        "2025-12-31T23:59:59Z",
        ai_agent_participated=True,
        ai_agent_resolution_state="assumed_resolution",
    )
    yield part("1031", "103", "Use the link; no refund needed", "2026-01-01T00:00:00Z", "fin")
    yield declare("deleted_conversations")
    yield row("deleted_conversations", id="103", deleted_at="2026-02-02T00:00:00Z")
    yield declare("calls")
    yield row(
        "calls",
        id="501",
        conversation_id="101",
        admin_id="a1",
        contact_id="k1",
        state="completed",
        direction="inbound",
        initiated_at="2026-01-06T10:00:00Z",
    )
    yield declare("call_transcriptions")
    yield row("call_transcriptions", call_id="501", transcript_text="I called about the refund")
    yield declare("articles")
    yield row(
        "articles",
        id="701",
        title="Getting your money back",
        body_text="A refund takes five days.",
        state="published",
        author_id="a2",
        tag_names=["billing"],
        created_at="2024-01-01T00:00:00Z",
        updated_at="2025-01-01T00:00:00Z",
    )
    yield state(bookmark("conversations", 1))


def told(archive: Archive, *lines: str, without: Collection[str] = ()) -> Archive:
    """Make the archive of the story and of these lines, without some of its streams."""
    kept = [line for line in story() if json.loads(line).get("stream") not in without]
    archive.feed(*kept, *lines)
    return archive


def payload(stream: str, number: str, text: str, fetched_at: str, updated_at: str | None) -> str:
    """An object's exact text as it was fetched."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    return row(
        "raw_payloads",
        id=f"payload-{digest[:12]}",
        sha256=digest,
        stream=stream,
        record_id=number,
        payload=text,
        fetched_at=fetched_at,
        updated_at=updated_at,
    )


def version(number: int, state_now: str, *parts: dict[str, Any], **more: Any) -> str:
    """Conversation 101 as Intercom tells it, changed on the `number`th of January 2026."""
    return json.dumps(
        {
            "type": "conversation",
            "id": "101",
            "created_at": JANUARY + 10 * 3600,
            "updated_at": JANUARY + (number - 1) * DAY + 12 * 3600,
            "state": state_now,
            "title": None,
            "source": {
                "type": "email",
                "subject": "Money",
                "body": "<p>My refund from <b>Stripe</b> is missing</p>",
                "author": {"type": "user", "id": "k1", "name": "Specimen Sven"},
                "attachments": [],
            },
            "contacts": {"type": "contact.list", "contacts": [{"type": "contact", "id": "k1"}]},
            "tags": {"type": "tag.list", "tags": [{"type": "tag", "id": "t1", "name": "Billing"}]},
            "ai_agent_participated": False,
            "conversation_parts": {
                "type": "conversation_part.list",
                "conversation_parts": list(parts),
                "total_count": len(parts),
            },
            **more,
        }
    )


def said(
    number: int, day: int, body: str | None, kind: str = "comment", **more: Any
) -> dict[str, Any]:
    """A part as Intercom tells it, of noon on that day of January 2026."""
    return {
        "type": "conversation_part",
        "id": str(number),
        "part_type": kind,
        "body": body,
        "created_at": JANUARY + (day - 1) * DAY + 12 * 3600,
        "author": {"type": "admin", "id": "a1", "name": "Mock Mia"},
        "attachments": [],
        "redacted": False,
        **more,
    }


# Three versions of one conversation: of the 1st, the 3rd and the 5th of January.
FIRST = version(1, "open")
SECOND = version(3, "open", said(1, 2, "<p>Which one?</p>"), said(2, 3, "<p>Found it</p>"))
THIRD = version(5, "closed", said(1, 2, "<p>Which one?</p>"), said(3, 5, None, kind="close"))


def with_history() -> Iterator[str]:
    """The three versions as they were fetched, each an hour after its change, and one return."""
    yield from people()
    yield declare("raw_payloads")
    for text, day in ((FIRST, 1), (SECOND, 3), (THIRD, 5), (SECOND, 7)):
        changed = {FIRST: 1, SECOND: 3, THIRD: 5}[text]
        yield payload(
            "conversations",
            "101",
            text,
            f"2026-01-0{day}T13:00:00Z",
            f"2026-01-0{changed}T12:00:00Z",
        )
    yield declare("conversations")
    yield conversation("101", "My refund from Stripe is missing", "2026-01-01T10:00:00Z")
