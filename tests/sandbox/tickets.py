"""Tickets: what they are about, who works on them, and all that happened to them.

A ticket keeps its parts apart from itself; how much of them is shown where is in `ticket_api`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from . import prose
from .people import Document
from .prose import Body
from .shelves.ticketing import FIRST_TYPE, STATES
from .vocabulary import Vocabulary

_DAY = 86_400
_FIRST_TICKET = 610_000
_FIRST_PART = 9_000_000
_MOST_PARTS = 2_000  # part ids of one ticket lie in a range of this size
_STATE, _ATTRIBUTE = "ticket_state_updated_by_admin", "ticket_attribute_updated_by_admin"
_KINDS = ("comment", "note", "assignment", _STATE, _ATTRIBUTE)


@dataclass
class Ticket:
    """One ticket: the API object without its parts, the parts, the words behind their HTML."""

    index: int
    document: Document
    parts: list[Document]
    texts: list[str | None]

    @property
    def id(self) -> str:
        """Its id, digits."""
        return str(self.document["id"])


@dataclass(frozen=True)
class Desk:
    """What tickets are made from."""

    seed: int
    words: Vocabulary
    admins: list[Document]
    contacts: list[Document]
    types: list[Document]
    states: list[Document]


def _state(desk: Desk, category: str) -> Document:
    state = next(state for state in desk.states if state["category"] == category)
    return {k: state[k] for k in ("type", "id", "category", "internal_label", "external_label")}


def _body(rng: random.Random, kind: str, words: Vocabulary) -> Body:
    if kind not in ("comment", "note"):
        return prose.NO_BODY
    return prose.EMPTY_BODY if rng.random() < 0.05 else prose.write(rng, words)


def add_part(ticket: Ticket, desk: Desk, rng: random.Random, at: int) -> None:
    """Let something happen to a ticket at second `at`."""
    kind = rng.choice(_KINDS)
    document = ticket.document
    before = document["ticket_state"]["category"]
    admin = rng.choice(desk.admins)
    body = _body(rng, kind, desk.words)
    part: Document = {
        "type": "ticket_part",
        "id": str(_FIRST_PART + ticket.index * _MOST_PARTS + len(ticket.parts)),
        "part_type": kind,
        "body": body.html,
        "created_at": at,
        "updated_at": at,
        "author": {
            "id": admin["id"],
            "type": "admin",
            "name": admin["name"],
            "email": admin["email"],
        },
        "attachments": [],
        "redacted": rng.random() < 0.02,
    }
    if kind == "comment" and rng.random() < 0.2:
        part["attachments"] = [
            {"type": "upload", "name": "form.pdf", "url": f"https://files.example.com/{at}.pdf",
             "content_type": "application/pdf", "filesize": 1_000, "width": None, "height": None}
        ]  # fmt: skip
    if kind == _STATE:
        after = rng.choice(STATES)
        document["ticket_state"] = _state(desk, after)
        document["open"] = after != "resolved"
        document["previous_ticket_state_id"] = _state(desk, before)["id"]
        part |= {"previous_ticket_state": before, "ticket_state": after}
    elif kind == "assignment":
        part["assigned_to"] = {"type": "admin", "id": admin["id"]}
        document["admin_assignee_id"] = int(admin["id"])
    elif kind == _ATTRIBUTE:
        value = desk.words.phrase(rng, 3)
        document["ticket_attributes"]["urgency"] = value
        part["updated_attribute_data"] = {
            "attribute": {"type": "attribute", "id": str(FIRST_TYPE * 10), "label": "urgency"},
            "value": {"type": "value", "id": None, "label": value},
        }
    if rng.random() < 0.1:
        part |= {"external_id": f"ext-{part['id']}", "app_package_code": "synthetic_app"}
    document["updated_at"] = at
    ticket.parts.append(part)
    ticket.texts.append(body.text)


def _part_count(rng: random.Random, index: int) -> int:
    if index == 3:
        return 507
    return 0 if index % 9 == 5 else rng.randint(1, 18)


def make_ticket(desk: Desk, index: int, start: int) -> Ticket:
    """The ticket of this index, last changed within the 300 days before `start`."""
    rng = random.Random(f"ticket {desk.seed} {index}")
    words = desk.words
    kind = desk.types[index % len(desk.types)]
    updated = start - 3_600 - rng.randrange(300 * _DAY)
    created = updated - rng.randrange(10_000, 40 * _DAY)
    contacts = rng.sample(desk.contacts, index % 3)
    linked = (
        [{"type": "conversation", "id": str(100 + index), "category": None}]
        if index % 4 == 2
        else []
    )
    shown_contacts = [
        {"type": "contact", "id": contact["id"], "external_id": contact["external_id"]}
        for contact in contacts
    ]
    shown_kind = {k: v for k, v in kind.items() if k != "ticket_states"}
    document: Document = {
        "type": "ticket",
        "id": str(_FIRST_TICKET + index),
        "ticket_id": str(1 + index),
        "ticket_attributes": {
            "_default_title_": words.phrase(rng, 6),
            "_default_description_": words.sentence(rng) if index % 3 else None,
            "größe": rng.randrange(1, 900) / 8,
        },
        "ticket_state": _state(desk, STATES[index % 4]),
        "ticket_type": shown_kind,
        "contacts": {"type": "contact.list", "contacts": shown_contacts},
        "admin_assignee_id": 0 if index % 2 else int(rng.choice(desk.admins)["id"]),
        "team_assignee_id": 4_400 + index % 5 if index % 5 else None,
        "created_at": created,
        "updated_at": updated,
        "open": index % 4 != 3,
        "linked_objects": {
            "type": "list", "data": linked, "total_count": len(linked), "has_more": False
        },
        "category": kind["category"],
        "is_shared": index % 3 == 0,
        "previous_ticket_state_id": None,
    }  # fmt: skip
    if index % 7 == 1:
        document["snoozed_until"] = start + _DAY
    if index % 11 == 6:
        document["field_of_the_future"] = {"value": 1}
    ticket = Ticket(index, document, [], [])
    moments = sorted(rng.randrange(created, updated) for _ in range(_part_count(rng, index)))
    for at in moments:
        add_part(ticket, desk, rng, at)
    document["updated_at"] = updated
    return ticket
