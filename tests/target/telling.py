"""A small support archive in words that a person can read. No test lives here.

Its streams have the columns of the tap that it stands for.
"""

from __future__ import annotations

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


def row(stream: str, **values: Any) -> str:
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
