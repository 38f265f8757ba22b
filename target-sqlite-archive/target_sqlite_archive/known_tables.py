"""The tables that the read side knows by name, as data; whoever reads skips those that are absent.

The write path knows no stream by name. What does is here, in the other ``known_….py`` modules, in
``documents/``, ``figures.py`` and ``snapshots/choosing.py``.
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

    ``object_id`` lists the columns that name a row's object. ``deletions`` is the table that lists
    the objects which the provider has deleted.
    """

    table: str
    stream: str
    object_id: tuple[str, ...]
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

# All other tables hold objects that have payloads of their own, named by the tables' keys.
TRACED = (
    Traced("conversations", "conversations", ("id",), deletions="deleted_conversations"),
    Traced("conversation_parts", "conversations", ("conversation_id",)),
    Traced("conversation_participants", "conversations", ("conversation_id",)),
    Traced("conversation_tags", "conversations", ("conversation_id",)),
    Traced("conversation_state_changes", "conversations", ("conversation_id",)),
    Traced("side_conversations", "conversations", ("conversation_id",)),
    Traced("handling_events", "conversations", ("conversation_id",)),
    Traced("ticket_parts", "tickets", ("ticket_id",)),
    Traced("contact_tags", "contacts", ("contact_id",)),
    Traced("contact_companies", "contacts", ("contact_id",)),
    Traced("contact_notes", "contacts", ("contact_id",)),
    Traced("contact_segments", "contacts", ("contact_id",)),
    Traced("contact_subscriptions", "contacts", ("contact_id",)),
    Traced("contact_merge_history", "contacts", ("contact_id",)),
    Traced("data_events", "contacts", ("contact_id",)),
    Traced("company_segments", "companies", ("company_id",)),
    Traced("company_notes", "companies", ("company_id",)),
    Traced("article_versions", "articles", ("article_id",)),
    Traced("article_drafts", "articles", ("id",)),
)

TRACED_BY_TABLE = {traced.table: traced for traced in TRACED}

# Of streams that share an id, whose object a person means.
MEANT_FIRST = ("conversations", "tickets", "calls", "contacts", "articles")

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
