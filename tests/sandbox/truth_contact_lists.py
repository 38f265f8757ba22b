"""The rows that an archive must hold of what belongs to contacts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

from .contact_lists import ContactLists
from .people import INLINE_LIMIT, Document
from .truth_companies import note_row
from .truth_values import as_time

Rows = Callable[[str, ContactLists], list[Document]]


def tag_rows(contact_id: str, lists: ContactLists) -> list[Document]:
    """The rows of `contact_tags`; who applied a tag is told only where a contact has many."""
    tells = len(lists.tags) > INLINE_LIMIT
    return [
        {
            "contact_id": contact_id,
            "tag_id": tag["id"],
            "name": tag["name"] if tells else None,
            "applied_at": as_time(tag["applied_at"]) if tells else None,
            "applied_by_type": tag["applied_by"]["type"] if tells else None,
            "applied_by_id": tag["applied_by"]["id"] if tells else None,
        }
        for tag in lists.tags
    ]


def company_rows(contact_id: str, lists: ContactLists) -> list[Document]:
    """The rows of `contact_companies`."""
    return [{"contact_id": contact_id, "company_id": each} for each in lists.company_ids]


def note_rows(contact_id: str, lists: ContactLists) -> list[Document]:
    """The rows of `contact_notes`."""
    return [note_row(note) | {"contact_id": contact_id} for note in lists.notes]


def segment_rows(contact_id: str, lists: ContactLists) -> list[Document]:
    """The rows of `contact_segments`."""
    return [{"contact_id": contact_id, "segment_id": each["id"]} for each in lists.segments]


def subscription_rows(contact_id: str, lists: ContactLists) -> list[Document]:
    """The rows of `contact_subscriptions`."""
    return [
        {
            "contact_id": contact_id,
            "subscription_type_id": each["id"],
            "consent_type": each["consent_type"],
        }
        for each in lists.subscriptions
    ]


def merge_rows(contact_id: str, lists: ContactLists) -> list[Document]:
    """The rows of `contact_merge_history`."""
    return [
        {
            "contact_id": contact_id,
            "source_contact_id": each["source_contact_id"],
            "source_contact_role": each["source_contact_role"],
            "merged_at": as_time(each["merged_at"]),
        }
        for each in lists.merges
    ]


def event_rows(contact_id: str, lists: ContactLists) -> list[Document]:
    """The rows of `data_events`, named by a hash of what tells them apart."""
    rows = []
    for event in lists.events:
        at = as_time(event["created_at"])
        told = [contact_id, event["event_name"], at, event["id"], event["metadata"]]
        content = json.dumps(told, sort_keys=True).encode()
        rows.append(
            {
                "id": hashlib.blake2b(content, digest_size=12).hexdigest(),
                "contact_id": contact_id,
                "event_name": event["event_name"],
                "created_at": at,
                "user_id": event["user_id"],
                "given_id": event["id"],
                "email": event["email"],
                "metadata": event["metadata"],
            }
        )
    return rows


ROWS: dict[str, Rows] = {
    "contact_tags": tag_rows,
    "contact_companies": company_rows,
    "contact_notes": note_rows,
    "contact_segments": segment_rows,
    "contact_subscriptions": subscription_rows,
    "contact_merge_history": merge_rows,
    "data_events": event_rows,
}
