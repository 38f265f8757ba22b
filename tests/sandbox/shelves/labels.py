"""What a workspace labels and describes its objects with: segments, subscriptions, attributes.

The rows that an archive must hold of them are in `label_rows`.
"""

from __future__ import annotations

import random

from ..people import Document, hex_id
from ..vocabulary import Vocabulary

_DAY = 86_400
_FIRST_ATTRIBUTE = 51_000
_DATA_TYPES = ("string", "integer", "float", "boolean", "date")
_CONVERSATION_TYPES = ("string", "integer", "list", "decimal", "boolean", "datetime", "files")


def make_segments(seed: int, words: Vocabulary, start: int, count: int = 9) -> list[Document]:
    """Segments of users, leads and companies; some are not counted."""
    rng = random.Random(f"segments {seed}")
    segments: list[Document] = []
    for index in range(count):
        segment: Document = {
            "type": "segment",
            "id": hex_id(seed, "segment", index),
            "name": words.phrase(rng, 3),
            "created_at": start - 500 * _DAY + index,
            "updated_at": start - (90 - index) * _DAY,
            "person_type": ("contact", "user")[index % 2],
        }
        if index % 4:
            segment["count"] = rng.randrange(5_000)
        segments.append(segment)
    return segments


def make_subscription_types(seed: int, words: Vocabulary, count: int = 5) -> list[Document]:
    """Subscription types, one in two languages, one without a description."""
    rng = random.Random(f"subscriptions {seed}")
    types: list[Document] = []
    for index in range(count):
        own = {
            "name": words.phrase(rng, 2),
            "description": words.sentence(rng) if index else None,
            "locale": "en",
        }
        other = {"name": f"Bulletin {index}", "description": "Inventé", "locale": "fr"}
        types.append(
            {
                "type": "subscription",
                "id": str(130 + index),
                "state": ("live", "draft", "archived")[index % 3],
                "consent_type": ("opt_out", "opt_in")[index % 2],
                "default_translation": own,
                "translations": [own, other] if index == 2 else [own],
                "content_types": ["email", "sms_message"][: 1 + index % 2],
            }
        )
    return types


def _built_in(model: str, name: str, full_name: str, data_type: str) -> Document:
    return {
        "type": "data_attribute",
        "name": name,
        "full_name": full_name,
        "label": full_name.replace("_", " ").capitalize(),
        "description": "",
        "data_type": data_type,
        "api_writable": model == "contact",
        "ui_writable": False,
        "messenger_writable": True,
        "custom": False,
        "archived": False,
        "model": model,
    }


def make_data_attributes(
    seed: int, words: Vocabulary, start: int, admins: list[Document]
) -> list[Document]:
    """Attributes of contacts and companies: built in without an id, custom, archived."""
    rng = random.Random(f"attributes {seed}")
    attributes = [
        _built_in("contact", "name", "name", "string"),
        _built_in("contact", "last_seen_at", "last_seen_at", "date"),
        _built_in("company", "name", "name", "string"),
        _built_in("company", "name", "plan.name", "string"),
    ]
    for index in range(12):
        model = ("contact", "company")[index % 2]
        name = f"{words.phrase(rng, 1).lower()} {index}"
        attribute: Document = {
            "type": "data_attribute",
            "id": _FIRST_ATTRIBUTE + index,
            "name": name,
            "full_name": f"custom_attributes.{name}",
            "label": name.capitalize(),
            "description": words.sentence(rng) if index % 3 else "",
            "data_type": _DATA_TYPES[index % 5],
            "api_writable": True,
            "ui_writable": index % 2 == 0,
            "messenger_writable": False,
            "custom": True,
            "archived": index % 5 == 4,
            "model": model,
            "created_at": start - 300 * _DAY + index,
            "updated_at": start - 200 * _DAY + index,
            "admin_id": str(admins[index % len(admins)]["id"]),
        }
        if index % 6 == 0:
            attribute["options"] = ["small", "Größe L", "xl"]
        attributes.append(attribute)
    return attributes


def make_conversation_attributes(seed: int, words: Vocabulary, start: int) -> list[Document]:
    """Attributes of conversations, one of every type, one pointing at custom objects."""
    rng = random.Random(f"conversation attributes {seed}")
    attributes: list[Document] = []
    for index, data_type in enumerate((*_CONVERSATION_TYPES, "relationship")):
        attribute: Document = {
            "type": "conversation_attribute",
            "id": 3 + index,
            "name": words.phrase(rng, 2),
            "description": words.sentence(rng) if index % 2 else "",
            "data_type": data_type,
            "required": index % 3 == 0,
            "visible_to_team_ids": ["4400", "4402"] if index % 4 == 1 else [],
            "archived": index % 5 == 2,
            "created_at": start - 120 * _DAY + index,
            "updated_at": start - 100 * _DAY + index,
            "admin_id": "990100",
        }
        if data_type == "string":
            attribute["multiline"] = True
        if data_type == "list":
            attribute["options"] = [
                {
                    "id": f"a1b2-{number:04}",
                    "label": words.phrase(rng, 1),
                    "archived": False,
                }
                for number in range(3)
            ]
        if data_type == "relationship":
            attribute["reference"] = {"type": "many", "object_type_id": "Order"}
        attributes.append(attribute)
    return attributes
