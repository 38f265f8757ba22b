"""Ticket types with their attributes, and the states that tickets may be in.

Tickets themselves are in `tickets`; the rows that an archive must hold are in `ticket_rows`.
"""

from __future__ import annotations

import random

from ..people import Document, workspace_id
from ..vocabulary import Vocabulary

_DAY = 86_400
FIRST_TYPE = 60
_FIRST_STATE = 8_200
_CATEGORIES = ("Customer", "Back-office", "Tracker")
STATES = ("submitted", "in_progress", "waiting_on_customer", "resolved")


def make_ticket_states(seed: int, words: Vocabulary) -> list[Document]:
    """The four states that come with a workspace, and two of its own, one of them archived."""
    rng = random.Random(f"ticket states {seed}")
    states: list[Document] = []
    for index, category in enumerate((*STATES, "in_progress", "resolved")):
        label = category.replace("_", " ").capitalize() if index < 4 else words.phrase(rng, 2)
        states.append(
            {
                "type": "ticket_state",
                "id": str(_FIRST_STATE + index),
                "category": category,
                "internal_label": label,
                "external_label": label if index % 2 else words.phrase(rng, 2),
                "archived": index == 5,
            }
        )
    return states


def _attribute(rng: random.Random, words: Vocabulary, number: int, type_id: int) -> Document:
    return {
        "type": "ticket_type_attribute",
        "id": str(number),
        "workspace_id": "synth",
        "name": ("_default_title_", "_default_description_")[number % 2],
        "description": words.sentence(rng) if number % 3 else "",
        "data_type": "string",
        "input_options": {"multiline": True} if number % 2 else None,
        "order": number % 5,
        "required_to_create": False,
        "required_to_create_for_contacts": False,
        "visible_on_create": True,
        "visible_to_contacts": number % 4 == 0,
        "default": number % 3 == 0,
        "ticket_type_id": type_id,
        "archived": False,
        "created_at": 1_700_000_000,
        "updated_at": 1_700_000_000 + number,
    }


def make_ticket_types(
    seed: int, words: Vocabulary, start: int, states: list[Document]
) -> list[Document]:
    """Ticket types; their attributes come under either of two names."""
    rng = random.Random(f"ticket types {seed}")
    types: list[Document] = []
    for index in range(5):
        number = FIRST_TYPE + index
        attributes = [
            _attribute(rng, words, 10 * number + each, number) for each in range(index % 4)
        ]
        member = ("data", "ticket_type_attributes")[index % 2]
        shown = [
            {name: state[name] for name in ("type", "id", "category", "internal_label")}
            for state in states[: 3 + index % 3]
        ]
        types.append(
            {
                "type": "ticket_type",
                "id": str(number),
                "name": words.phrase(rng, 3),
                "description": words.sentence(rng),
                "icon": "🎟️",
                "workspace_id": workspace_id(seed),
                "archived": index == 4,
                "is_internal": index % 2 == 1,
                "created_at": start - 700 * _DAY,
                "updated_at": start - (60 + index) * _DAY,
                "category": _CATEGORIES[index % 3],
                "ticket_type_attributes": {"type": "list", member: attributes},
                "ticket_states": {"type": "list", "data": shown},
            }
        )
    return types


def with_types(state: Document, types: list[Document]) -> Document:
    """A ticket state as its list shows it: with the types that have it."""
    having = [
        {name: kind[name] for name in ("type", "id", "name", "category", "archived")}
        for kind in types
        if any(own["id"] == state["id"] for own in kind["ticket_states"]["data"])
    ]
    return state | {"ticket_types": {"type": "list", "data": having}}
