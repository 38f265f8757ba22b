"""The tables that the read side knows by name, as data; whoever reads skips those that are absent.

The write path knows no stream by name. Everything that does is here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Payloads:
    """Where the provider's exact texts are, and how other tables point at them.

    ``sha256`` is the provider side's hash of a text (hex), ``stream`` and ``record_id`` name the
    object that it is of, ``pointer`` is the column that rows of other tables name their payload by.
    """

    table: str
    key: str
    text: str
    sha256: str
    stream: str
    record_id: str
    pointer: str


@dataclass(frozen=True, slots=True)
class Traced:
    """A table whose rows are read from payloads of objects of a stream.

    ``object_id`` is the column that names a row's object. ``deletions`` is the table that lists the
    objects which the provider has deleted.
    """

    table: str
    stream: str
    object_id: str
    deletions: str | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """A table whose rows count their children: how many came, how many there are, and if all."""

    table: str
    key: str
    returned: str
    total: str
    truncated: str
    child: str
    child_key: str


PAYLOADS = Payloads(
    "raw_payloads", "id", "payload", "sha256", "stream", "record_id", pointer="payload_id"
)

TRACED = (
    Traced("admins", "admins", "id"),
    Traced("teams", "teams", "id"),
    Traced("tags", "tags", "id"),
    Traced("collections", "collections", "id"),
    Traced("articles", "articles", "id"),
    Traced("contacts", "contacts", "id"),
    Traced("conversations", "conversations", "id", deletions="deleted_conversations"),
    Traced("conversation_parts", "conversations", "conversation_id"),
    Traced("conversation_participants", "conversations", "conversation_id"),
    Traced("conversation_tags", "conversations", "conversation_id"),
    Traced("conversation_state_changes", "conversations", "conversation_id"),
    Traced("calls", "calls", "id"),
    Traced("call_transcriptions", "call_transcriptions", "call_id"),
    Traced("deleted_conversations", "deleted_conversations", "id"),
)

COUNTED = (
    Counted(
        table="conversations",
        key="id",
        returned="parts_returned",
        total="parts_total_count",
        truncated="parts_truncated",
        child="conversation_parts",
        child_key="conversation_id",
    ),
    Counted(
        table="tickets",
        key="id",
        returned="parts_returned",
        total="parts_total_count",
        truncated="parts_truncated",
        child="ticket_parts",
        child_key="ticket_id",
    ),
)
