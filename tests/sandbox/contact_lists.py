"""What belongs to a contact beside itself: tags, notes, companies, segments, subscriptions, merges.

A contact shows at most ten of some of them, of others none; here they are in full. The rows that an
archive must hold are in `truth_contact_lists`, the endpoints in `contact_list_api`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from .companies import Note, make_note
from .people import Document, References, hex_id, references
from .vocabulary import Vocabulary

_DAY = 86_400
_MANY_MERGES = 155
_SHOWN_CONSENTS = {
    "opt_in": "opted_in_subscription_types",
    "opt_out": "opted_out_subscription_types",
}


@dataclass(frozen=True)
class Shared:
    """What contacts are given of: everything that they have in common."""

    seed: int
    words: Vocabulary
    admins: list[Document]
    tags: list[Document]
    segments: list[Document]
    subscription_types: list[Document]


@dataclass
class ContactLists:
    """The lists of one contact."""

    tags: list[Document]
    notes: list[Note]
    company_ids: list[str]
    segments: list[Document]
    subscriptions: list[Document]
    merges: list[Document]
    events: list[Document]


def applied(tag: Document, at: int, admin_id: str) -> Document:
    """A tag as the list of a contact's tags shows it."""
    by = {"type": "admin", "id": admin_id}
    return {name: tag[name] for name in ("type", "id", "name")} | {
        "applied_at": at,
        "applied_by": by,
    }


def merge(contact_id: str, role: str, at: int) -> Document:
    """A contact that became part of another at second `at`."""
    return {
        "type": "merge_history",
        "source_contact_id": contact_id,
        "source_contact_role": role,
        "merged_at": at,
    }


def make_event(seed: int, number: int, contact: Document, at: int) -> Document:
    """What a contact did at second `at`; every second event is shown with the contact's own id."""
    contact_id = str(contact["id"])
    event_id = hex_id(seed, f"event of {contact_id}", number)
    return {
        "type": "event",
        "created_at": at,
        "event_name": ("placed-order", "invited-friend")[number // 2 % 2],
        "user_id": contact["external_id"],
        "id": event_id if number % 2 else contact_id,
        "intercom_user_id": contact_id,
        "email": contact["email"],
        "metadata": {"order": {"value": f"#{number}"}, "amount": number / 4} if number % 3 else {},
    }


def _merge_count(index: int, role: str) -> int:
    if role != "user":
        return 0
    return _MANY_MERGES if index == 1 else (index % 4) * (index % 8 == 3)


def show_lists(contact: Document, lists: ContactLists) -> None:
    """Bring what a contact shows of its lists in step with them."""
    contact_id = str(contact["id"])
    shown = {
        "tags": ("tag", [str(tag["id"]) for tag in lists.tags]),
        "notes": ("note", [str(note.document["id"]) for note in lists.notes]),
        "companies": ("company", lists.company_ids),
    }
    for consent, name in _SHOWN_CONSENTS.items():
        if name in contact:
            chosen = [s for s in lists.subscriptions if s["consent_type"] == consent]
            shown[name] = ("subscription", [str(each["id"]) for each in chosen])
    for name, (one, ids) in shown.items():
        contact[name] = references(contact_id, name, one, ids)


def make_lists(shared: Shared, index: int, contact: Document, referred: References) -> ContactLists:
    """The lists of the contact of this index, as long as it says they are."""
    rng = random.Random(f"contact lists {shared.seed} {index}")
    updated, role = contact["updated_at"], contact["role"]
    by_id = {str(tag["id"]): tag for tag in shared.tags}
    notes = [
        make_note(rng, shared.words, number, updated - 600 * position, rng.choice(shared.admins),
                  contact)
        for position, number in enumerate(referred.notes)
    ]  # fmt: skip
    return ContactLists(
        tags=[applied(by_id[tag_id], updated - 60, "990100") for tag_id in referred.tags],
        notes=notes,
        company_ids=list(referred.companies),
        segments=rng.sample(shared.segments, index % 4),
        subscriptions=rng.sample(shared.subscription_types, index % 3),
        merges=[
            merge(
                hex_id(shared.seed, f"merged into {index}", number),
                ("lead", "user")[number % 2],
                updated - number * _DAY,
            )
            for number in range(_merge_count(index, role))
        ],
        # Two at a time in one second, the last first.
        events=[
            make_event(shared.seed, number, contact, updated - number // 2 * 3_600)
            for number in range(45 if index == 6 else index % 3)
        ],
    )
