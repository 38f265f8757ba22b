"""What a Datasette site says of an archive's tables and columns, as data.

A label is the column that stands for a row where another table points to it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shown:
    """How a table is shown: what a row is, its label, and how rows are sorted and counted."""

    about: str
    label: str | None = None
    newest_first: str | None = None
    facets: tuple[str, ...] = ()


TABLES = {
    "conversations": Shown(
        "A conversation, with its first message and Intercom's own statistics.",
        "title",
        "updated_at",
        ("state", "channel_current", "ai_agent_resolution_state"),
    ),
    "conversation_parts": Shown(
        "A message, note or event of a conversation, after its first message.",
        None,
        "created_at",
        ("part_type", "author_type"),
    ),
    "conversation_participants": Shown("Somebody who takes, or once took, part.", None),
    "conversation_tags": Shown("A tag that a conversation has, or once had.", "name"),
    "conversation_state_changes": Shown(
        "A change of a conversation's state.", None, "at", ("transition",)
    ),
    "contacts": Shown("A user or lead.", "name", "updated_at", ("role",)),
    "companies": Shown("A company that contacts belong to.", "name", "updated_at"),
    "calls": Shown("A phone call.", None, "initiated_at", ("state", "direction")),
    "call_transcriptions": Shown("What was said in a call.", None),
    "tickets": Shown("A ticket.", "title", "updated_at", ("ticket_state_category",)),
    "ticket_parts": Shown("A message or event of a ticket.", None, "created_at", ("part_type",)),
    "articles": Shown("An article of the help center.", "title", "updated_at", ("state",)),
    "collections": Shown("A collection of articles.", "name"),
    "admins": Shown("A teammate.", "name"),
    "teams": Shown("A team.", "name"),
    "tags": Shown("A tag.", "name"),
    "segments": Shown("A segment of contacts or companies.", "name"),
    "data_attributes": Shown("An attribute of contacts or companies.", "label"),
    "conversation_attributes": Shown("An attribute of conversations.", "name"),
    "ticket_types": Shown("A type of tickets.", "name"),
    "ticket_states": Shown("A state that tickets can be in.", "internal_label"),
    "deleted_conversations": Shown(
        "A conversation that was deleted in Intercom.", None, "deleted_at"
    ),
    "raw_payloads": Shown(
        "The exact text of an object as Intercom sent it, compressed; one row for each version.",
        "record_id",
        "fetched_at",
        ("stream",),
    ),
}

# Of every table that has a column of this name; the target's own columns are in `glossary.py`.
COLUMNS = {
    "payload_id": "The payload that this row was read from, in raw_payloads.",
    "body": "As Intercom sent it, HTML or plain text.",
    "body_text": "The readable text; searchable.",
    "source_body_text": "The readable text of the first message; searchable.",
    "transcript_text": "The words of the call; searchable.",
    "parts_truncated": "Whether Intercom has more parts than it gives out.",
    "custom_attributes": "The workspace's own attributes, as JSON.",
    "statistics_time_to_admin_reply": "Seconds until a teammate first answered.",
    "statistics_time_to_first_close": "Seconds until it was first closed.",
    "statistics_median_time_to_reply": "Median seconds until an answer.",
    "from_statistics": "Whether it is known only from the conversation's statistics.",
}
