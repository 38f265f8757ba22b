"""What stands beside a conversation: internal threads, and pauses of those who handle it.

Made from the conversation's index alone, so it is the same whenever it is asked for. The rows that
an archive must hold are in `truth_side`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from . import prose
from .clock import iso
from .conversations import Conversation, Setting
from .people import Document

_FIRST = 456_000
_MANY = 55  # more than a page of threads


@dataclass
class SideConversation:
    """A thread as the API shows it, and the words of its messages."""

    document: Document
    texts: list[str]


def _message(rng: random.Random, number: int, at: int, admin: Document, body: str) -> Document:
    return {
        "type": "conversation_part",
        "id": str(7_000_000 + number),
        "part_type": "comment",
        "body": body,
        "author": {"type": "admin", "id": admin["id"], "name": admin["name"]},
        "created_at": at,
        "updated_at": at,
    }


def make_side_conversations(setting: Setting, conversation: Conversation) -> list[SideConversation]:
    """The threads beside a conversation, begun with it; most have none."""
    index, at = conversation.index, conversation.document["created_at"]
    rng = random.Random(f"side {setting.seed} {index}")
    count = _MANY if index == 11 else (index % 5 == 2) * (1 + index % 2)
    threads: list[SideConversation] = []
    for number in range(count):
        first = 100 * index + number
        bodies = [prose.write(rng, setting.words, 1) for _ in range(number % 3)]
        messages = [
            _message(
                rng, 10 * first + place, at + place, rng.choice(setting.admins), str(body.html)
            )
            for place, body in enumerate(bodies)
        ]
        document: Document = {
            "side_conversation_id": str(_FIRST + first),
            "conversation_parts": messages,
            "total_count": len(messages),
        }
        threads.append(SideConversation(document, [body.text for body in bodies if body.text]))
    return threads


def make_handling_events(setting: Setting, conversation: Conversation) -> list[Document]:
    """When a conversation was paused and resumed, from its beginning on."""
    index, at = conversation.index, conversation.document["created_at"]
    rng = random.Random(f"handling {setting.seed} {index}")
    events: list[Document] = []
    for number in range((index % 4 == 1) * 2):
        admin = rng.choice(setting.admins)
        event: Document = {
            "teammate": {"type": "admin", "id": int(admin["id"]), "name": admin["name"]},
            "type": ("paused", "resumed")[number % 2],
            "timestamp": iso(at + 600 * number),
        }
        if number % 2 == 0:
            event["teammate"]["email"] = admin["email"]
            event["reason"] = "Paused"
        events.append(event)
    return events
