"""Calls, tickets, contacts and articles as documents, from rows as an archive has them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from target_sqlite_archive.documents.conversation import part_entry
from target_sqlite_archive.documents.fields import (
    Row,
    attachments,
    is_true,
    items,
    joined,
    nested,
    text,
    time,
)
from target_sqlite_archive.documents.model import Document, Entry, Role, given
from target_sqlite_archive.documents.people import People, role_of

_LONGEST_BEGINNING = 200
_SPEAKERS = {"teammate": Role.TEAMMATE, "user": Role.CUSTOMER, "fin": Role.AGENT}


def call_document(row: Row, transcript: Row | None, people: People) -> Document:
    """Make the document of a call; ``transcript`` is the row of its transcription."""
    facts = (
        ("state", text(row, "state")),
        ("direction", text(row, "direction")),
        ("kind", (text(row, "call_type") or "").replace("_", " ")),
        ("contact", people.name("contact", text(row, "contact_id"))),
        ("phone", text(row, "phone")),
        ("teammate", people.name("admin", text(row, "admin_id"))),
        ("conversation", text(row, "conversation_id")),
        ("initiated", time(row, "initiated_at")),
        ("answered", time(row, "answered_at")),
        ("ended", time(row, "ended_at")),
        ("ended because", (text(row, "ended_reason") or "").replace("_", " ")),
        ("recording", text(row, "recording_url") or text(row, "fin_recording_url")),
    )
    entries = tuple(_said(row, transcript)) if transcript else ()
    notes = () if entries else ("The archive has no transcript of this call.",)
    return Document("call", text(row, "id") or "?", None, given(facts), entries, notes)


def _said(call: Row, transcript: Row) -> Iterator[Entry]:
    begin = text(call, "initiated_at") or text(call, "created_at")
    lines = [line for line in items(transcript, "transcript") if isinstance(line, Mapping)]
    if not lines and text(transcript, "transcript_text"):
        yield Entry(begin, "transcript", Role.SYSTEM, text=text(transcript, "transcript_text"))
    for line in lines:
        speaker = text(line, "speaker") or "somebody"
        role = _SPEAKERS.get(speaker.split()[0].lower(), Role.SYSTEM)
        yield Entry(
            _later(begin, line.get("start_time")), speaker, role, text=text(line, "content")
        )


def _later(begin: str | None, seconds: object) -> str | None:
    if begin is None or not isinstance(seconds, int | float):
        return begin
    try:
        moment = datetime.fromisoformat(begin.replace("Z", "+00:00")) + timedelta(seconds=seconds)
    except (ValueError, OverflowError):
        return begin
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def ticket_document(row: Row, parts: Sequence[Row], people: People) -> Document:
    """Make the document of a ticket."""
    attributes = nested(row, "ticket_attributes")
    named = [people.name("contact", str(item)) for item in items(row, "contact_ids")]
    state = text(row, "ticket_state_internal_label") or text(row, "ticket_state_category")
    facts = (
        ("state", state),
        ("type", text(row, "ticket_type_name")),
        ("category", text(row, "category")),
        ("number", text(row, "ticket_id")),
        ("contact", ", ".join(name for name in named if name)),
        ("teammate", people.name("admin", text(row, "admin_assignee_id"))),
        ("team", people.name("team", text(row, "team_assignee_id"))),
        ("opened", time(row, "created_at")),
        ("last change", time(row, "updated_at")),
        *((name, _plain(value)) for name, value in attributes.items() if name[:1] != "_"),
    )
    description = text(row, "description") or text(attributes, "_default_description_")
    first = Entry(
        at=text(row, "created_at"),
        who=next((name for name in named if name), "contact"),
        role=Role.CUSTOMER,
        event="opened the ticket",
        text=description,
    )
    entries = (first, *(part_entry(part, people) for part in parts))
    return Document(
        kind="ticket",
        id=text(row, "id") or "?",
        title=text(row, "title") or text(attributes, "_default_title_"),
        facts=given(facts),
        entries=tuple(sorted(entries, key=lambda entry: entry.at or "")),
    )


def contact_document(
    row: Row,
    conversations: Sequence[Row],
    calls: Sequence[Row],
    notes: Sequence[Row],
    people: People,
) -> Document:
    """Make the document of a contact: who it is, and all that it took part in."""
    place = (text(row, f"location_{name}") for name in ("city", "region", "country"))
    facts = (
        ("role", text(row, "role")),
        ("e-mail", text(row, "email")),
        ("phone", text(row, "phone")),
        ("external id", text(row, "external_id")),
        ("companies", joined(row, "company_names")),
        ("tags", joined(row, "tag_names")),
        ("segments", joined(row, "segment_names")),
        ("place", ", ".join(part for part in place if part)),
        ("owner", people.name("admin", text(row, "owner_id"))),
        ("created", time(row, "created_at")),
        ("last seen", time(row, "last_seen_at")),
        ("last replied", time(row, "last_replied_at")),
        *((name, _plain(value)) for name, value in nested(row, "custom_attributes").items()),
    )
    entries = [_conversation_entry(conversation, people) for conversation in conversations]
    entries += [_call_entry(call, people) for call in calls]
    entries += [_note_entry(note, people) for note in notes]
    return Document(
        kind="contact",
        id=text(row, "id") or "?",
        title=text(row, "name") or text(row, "email"),
        facts=given(facts),
        entries=tuple(sorted(entries, key=lambda entry: entry.at or "")),
    )


def _conversation_entry(row: Row, people: People) -> Entry:
    first = textwrap.shorten(
        text(row, "source_body_text") or "", _LONGEST_BEGINNING, placeholder=" …"
    )
    return Entry(
        at=text(row, "created_at"),
        who=text(row, "source_author_name")
        or people.name(text(row, "source_author_type"), text(row, "source_author_id"))
        or "conversation",
        role=role_of(text(row, "source_author_type")),
        event=f"conversation {text(row, 'id')}, {text(row, 'state') or 'state unknown'}",
        text=text(row, "title") or first,
        attachments=attachments(row, "source_attachments"),
    )


def _call_entry(row: Row, people: People) -> Entry:
    return Entry(
        at=text(row, "initiated_at") or text(row, "created_at"),
        who=people.name("admin", text(row, "admin_id")) or "call",
        role=Role.TEAMMATE,
        event=f"call {text(row, 'id')}, {text(row, 'direction')}, {text(row, 'state')}",
    )


def _note_entry(row: Row, people: People) -> Entry:
    return Entry(
        at=text(row, "created_at"),
        who=people.name("admin", text(row, "author_id")) or "teammate",
        role=Role.TEAMMATE,
        event="wrote a note",
        text=text(row, "body_text") or text(row, "body"),
        internal=True,
    )


def article_document(row: Row, collection: str | None, people: People) -> Document:
    """Make the document of an article; ``collection`` is the name of the one it is in."""
    author = people.name("admin", text(row, "author_id"))
    facts = (
        ("state", text(row, "state")),
        ("author", author),
        ("collection", collection),
        ("tags", joined(row, "tag_names")),
        ("address", text(row, "url")),
        ("created", time(row, "created_at")),
        ("last change", time(row, "updated_at")),
        ("views", text(row, "statistics_views")),
        ("Fin may use it", "no" if row.get("ai_chatbot_availability") in (0, False) else None),
    )
    body = Entry(
        at=text(row, "updated_at"),
        who=author or "author",
        role=Role.TEAMMATE,
        text=text(row, "body_text"),
    )
    notes = (
        ("It has changes that are not published.",)
        if is_true(row, "has_unpublished_changes")
        else ()
    )
    return Document(
        "article", text(row, "id") or "?", text(row, "title"), given(facts), (body,), notes
    )


def _plain(value: object) -> str | None:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, str | int | float) and value != "" else None
