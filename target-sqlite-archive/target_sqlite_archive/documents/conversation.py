"""A conversation as a document: who, when, what was said and what happened, ratings, Fin's part.

Takes rows as an archive has them, or as ``payload_rows.py`` makes them of an older version.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from target_sqlite_archive.documents.fields import (
    Row,
    attachments,
    duration,
    is_true,
    items,
    nested,
    text,
    time,
)
from target_sqlite_archive.documents.model import Document, Entry, Role, given
from target_sqlite_archive.documents.people import People, role_of
from target_sqlite_archive.documents.wording import INTERNAL, told

_NO_PRIORITY = frozenset({None, "none", "not_priority"})


@dataclass(frozen=True, slots=True)
class Conversation:
    """What an archive has of one conversation.

    ``changes`` are changes of its state that no part tells; ``calls`` have their `transcript_text`.
    """

    row: Row
    parts: Sequence[Row]
    tags: Sequence[str]
    changes: Sequence[Row] = ()
    calls: Sequence[Row] = ()
    deleted_at: str | None = None


def conversation_document(conversation: Conversation, people: People) -> Document:
    """Make the document of a conversation."""
    row = conversation.row
    entries = sorted(_entries(conversation, people), key=lambda entry: entry.at or "")
    return Document(
        kind="conversation",
        id=text(row, "id") or "?",
        title=text(row, "title"),
        facts=given(_facts(conversation, people)),
        entries=tuple(entries),
        notes=tuple(_notes(conversation)),
    )


def _facts(conversation: Conversation, people: People) -> Iterator[tuple[str, str | None]]:
    row = conversation.row
    priority = text(row, "priority")
    yield "state", text(row, "state")
    yield "contact", _contacts(row, people)
    yield "company", text(row, "company_name")
    yield "teammate", people.name("admin", text(row, "admin_assignee_id"))
    yield "team", people.name("team", text(row, "team_assignee_id"))
    yield "tags", ", ".join(conversation.tags)
    yield "priority", None if priority in _NO_PRIORITY else priority
    yield (
        "subject",
        text(row, "source_subject") or text(row, "source_email_message_metadata_subject"),
    )
    yield "channel", text(row, "channel_current") or text(row, "source_type")
    yield "opened", time(row, "created_at")
    yield "last change", time(row, "updated_at")
    yield "waiting since", time(row, "waiting_since")
    yield "snoozed until", time(row, "snoozed_until")
    yield "deleted in Intercom", time({"at": conversation.deleted_at}, "at")
    yield "first reply after", duration(row, "statistics_time_to_admin_reply")
    yield "first closed after", duration(row, "statistics_time_to_first_close")
    yield "SLA", _together(text(row, "sla_applied_sla_name"), text(row, "sla_applied_sla_status"))
    yield "rating", _rating(row, "conversation_rating_rating", "conversation_rating_remark")
    yield "Fin", _fin(row)
    yield "Fin's rating", _rating(row, "ai_agent_rating", "ai_agent_rating_remark")
    yield "Fin's sources", _sources(row)


def _contacts(row: Row, people: People) -> str | None:
    named = [people.name("contact", str(item)) for item in items(row, "contact_ids")]
    return ", ".join(name for name in named if name) or text(row, "source_author_name")


def _together(*told_values: str | None) -> str | None:
    return ", ".join(value for value in told_values if value) or None


def _rating(row: Row, number: str, remark: str) -> str | None:
    rated = text(row, number)
    if rated is None:
        return None
    words = text(row, remark)
    return f"{rated} of 5: {words}" if words else f"{rated} of 5"


def _fin(row: Row) -> str | None:
    if not is_true(row, "ai_agent_participated"):
        return None
    state = text(row, "ai_agent_resolution_state")
    return _together("took part", state.replace("_", " ") if state else None)


def _sources(row: Row) -> str | None:
    sources = items(row, "ai_agent_content_sources")
    named = [text(item, "title") for item in sources if isinstance(item, Mapping)]
    return _together(*named)


def _notes(conversation: Conversation) -> Iterator[str]:
    row = conversation.row
    if is_true(row, "parts_truncated"):
        total, returned = text(row, "parts_total_count"), text(row, "parts_returned")
        yield (
            f"Intercom counts {total} parts and shows the newest {returned}; "
            f"{len(conversation.parts)} are archived."
        )


def _entries(conversation: Conversation, people: People) -> Iterator[Entry]:
    row = conversation.row
    yield Entry(
        at=text(row, "created_at"),
        who=_who(row, people, "source_author"),
        role=_role(row, "source_author"),
        event=_redacted(row, "source_redacted"),
        text=text(row, "source_body_text"),
        attachments=attachments(row, "source_attachments"),
    )
    for part in conversation.parts:
        yield part_entry(part, people)
    for change in conversation.changes:
        yield Entry(
            at=text(change, "at"),
            who=_who(change, people, "author"),
            role=_role(change, "author"),
            event=f"{(text(change, 'transition') or 'changed').replace('_', ' ')}"
            f"{_assignee(change, people)}",
        )
    if text(row, "conversation_rating_rating"):
        yield Entry(
            at=text(row, "conversation_rating_created_at"),
            who=people.name("contact", text(row, "conversation_rating_contact_id")) or "contact",
            role=Role.CUSTOMER,
            event=f"rated {text(row, 'conversation_rating_rating')} of 5",
            text=text(row, "conversation_rating_remark"),
        )
    for call in conversation.calls:
        yield _call_entry(call, people)
    if conversation.deleted_at:
        yield Entry(
            at=conversation.deleted_at,
            who="Intercom",
            role=Role.SYSTEM,
            event="the conversation was deleted",
        )


def part_entry(part: Row, people: People) -> Entry:
    """Make the entry of a part of a conversation or a ticket."""
    kind = text(part, "part_type")
    said = _together(told(kind), _redacted(part, "redacted"))
    details = f"{_assignee(part, people)}{_event_details(part)}"
    return Entry(
        at=text(part, "created_at"),
        who=_who(part, people, "author"),
        role=_role(part, "author"),
        event=f"{said or ''}{details}".strip() or None,
        text=text(part, "body_text"),
        attachments=attachments(part, "attachments"),
        internal=kind in INTERNAL,
    )


def _call_entry(call: Row, people: People) -> Entry:
    outbound = text(call, "direction") == "outbound"
    caller = (
        ("admin", text(call, "admin_id")) if outbound else ("contact", text(call, "contact_id"))
    )
    facts = _together(text(call, "direction"), text(call, "state"))
    return Entry(
        at=text(call, "initiated_at") or text(call, "created_at"),
        who=people.name(*caller) or "caller",
        role=Role.TEAMMATE if outbound else Role.CUSTOMER,
        event=f"called: call {text(call, 'id')}{f', {facts}' if facts else ''}",
        text=text(call, "transcript_text"),
    )


def _who(row: Row, people: People, prefix: str) -> str:
    kind = text(row, f"{prefix}_type")
    return (
        text(row, f"{prefix}_name")
        or people.name(kind, text(row, f"{prefix}_id"))
        or text(row, f"{prefix}_email")
        or kind
        or "Intercom"
    )


def _role(row: Row, prefix: str) -> Role:
    if is_true(row, f"{prefix}_from_ai_agent"):
        return Role.AGENT
    return role_of(text(row, f"{prefix}_type"))


def _redacted(row: Row, name: str) -> str | None:
    return "redacted" if is_true(row, name) else None


def _assignee(row: Row, people: People) -> str:
    name = people.name(text(row, "assigned_to_type"), text(row, "assigned_to_id"))
    return f" to {name}" if name else ""


def _event_details(part: Row) -> str:
    """What a part says of its event: `: attribute Plan: gold`."""
    found = []
    for label, value in nested(part, "event_details").items():
        named = value.get("name") if isinstance(value, Mapping) else value
        if isinstance(named, str | int | float):
            found.append(f"{label} {named}")
    return f": {', '.join(found)}" if found else ""
