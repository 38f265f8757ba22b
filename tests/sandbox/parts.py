"""Conversation parts: one of every kind that the API shows, with what each does to a conversation.

A part's kind decides who writes it, whether it carries a body, an assignee or event details, and
which state it leaves behind. Which parts a conversation gets is decided in `conversations`.
"""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from typing import Any

from . import prose
from .prose import NO_BODY, Body
from .vocabulary import Vocabulary

Document = dict[str, Any]

# What stands where a signed address is valid until, and its signature: both new at every fetch.
EXPIRES = "@EXPIRES@"
SIGNATURE = "@SIGNATURE@"


@dataclass
class Part:
    """One part as the API shows it, and its body as a person reads it."""

    document: Document
    text: str | None


@dataclass(frozen=True)
class Kind:
    """What is true of every part of one `part_type`."""

    author: str  # "anyone", "user", "admin" or "bot"
    body: float = 0.0  # how often it carries a message
    state: str | None = None  # the conversation's state after it
    assigns: bool = False
    weight: int = 1  # how often it happens


KINDS: dict[str, Kind] = {
    "comment": Kind("anyone", body=1.0, weight=60),
    "note": Kind("admin", body=1.0, weight=8),
    "assignment": Kind("admin", body=0.2, assigns=True, weight=8),
    "close": Kind("admin", body=0.3, state="closed", weight=6),
    "open": Kind("user", body=0.3, state="open", weight=3),
    "snoozed": Kind("admin", state="snoozed", weight=2),
    "unsnoozed": Kind("admin", state="open", weight=1),
    "timer_unsnooze": Kind("bot", state="open", weight=1),
    "assign_and_reopen": Kind("admin", state="open", assigns=True, weight=2),
    "assign_and_unsnooze": Kind("admin", state="open", assigns=True),
    "away_mode_assignment": Kind("bot", assigns=True),
    "default_assignment": Kind("bot", assigns=True, weight=2),
    "participant_added": Kind("admin"),
    "participant_removed": Kind("admin"),
    "conversation_attribute_updated_by_admin": Kind("admin", weight=2),
    "conversation_attribute_updated_by_user": Kind("user"),
    "conversation_attribute_updated_by_workflow": Kind("bot", weight=2),
    "custom_action_started": Kind("bot"),
    "custom_action_finished": Kind("bot"),
    "operator_workflow_event": Kind("bot", weight=2),
    "quick_reply": Kind("bot", body=1.0, weight=2),
    "language_detection_details": Kind("bot"),
    "conversation_rating_changed": Kind("user"),
    "conversation_rating_remark_added": Kind("user", body=1.0),
    "channel_and_reply_time_expectation": Kind("bot", body=1.0),
    "ticket_state_updated_by_admin": Kind("admin"),
    "ticket_attribute_updated_by_admin": Kind("admin"),
    "merged_primary_conversation": Kind("admin"),
    "cross_post": Kind("bot"),
    "kind_of_the_future": Kind("bot"),
}
KIND_NAMES = tuple(KINDS)
KIND_WEIGHTS = tuple(kind.weight for kind in KINDS.values())


@dataclass(frozen=True)
class Cast:
    """Who can appear in one conversation: contacts, admins, teams, as API objects."""

    contacts: tuple[Document, ...]
    admins: tuple[Document, ...]
    teams: tuple[Document, ...]


def _person(document: Document, kind: str) -> Document:
    return {
        "type": kind,
        "id": document["id"],
        "name": document["name"],
        "email": document["email"] or "",
    }


def bot_author(answers: bool) -> Document:
    """The automated author; `answers` where Fin wrote the words."""
    return {
        "type": "bot",
        "id": "990001",
        "name": "Synthetic Operator",
        "email": "operator@example.com",
        "from_ai_agent": answers,
        "is_ai_answer": answers,
    }


def contact_author(contact: Document) -> Document:
    """A contact as an author: the API names leads and users apart."""
    return _person(contact, contact["role"])


def admin_author(admin: Document) -> Document:
    """A teammate as an author."""
    return _person(admin, "admin")


def make_author(rng: random.Random, kind: str, cast: Cast) -> Document:
    """Somebody of the wanted kind from the cast."""
    if kind == "anyone":
        kind = rng.choices(("user", "admin", "bot"), (5, 5, 1))[0]
    if kind == "user" and cast.contacts:
        return contact_author(rng.choice(cast.contacts))
    if kind == "bot":
        return bot_author(rng.random() < 0.5)
    return admin_author(rng.choice(cast.admins))


def make_attachment(rng: random.Random, words: Vocabulary) -> Document:
    """A file whose address is signed and expires."""
    file_id = rng.randrange(10**9)
    kind, suffix = rng.choice(
        (("image/png", "png"), ("application/pdf", "pdf"), ("text/plain", "txt"))
    )
    name = f"{words.phrase(rng, 2)} {file_id % 100}.{suffix}"
    attachment: Document = {
        "type": "upload",
        "name": name,
        "url": f"https://downloads.example.com/i/o/{file_id}/file.{suffix}"
        f"?expires={EXPIRES}&signature={SIGNATURE}&req={file_id:x}",
        "content_type": kind,
        "filesize": rng.randrange(100, 9_000_000),
    }
    if suffix == "png":
        attachment |= {"width": rng.randrange(10, 4_000), "height": rng.randrange(10, 4_000)}
    return attachment


def signed_image(rng: random.Random, words: Vocabulary) -> Body:
    """A message that shows an uploaded image: its signed address stands inside the HTML."""
    number = rng.randrange(10**9)
    url = (
        f"https://downloads.example.com/i/o/{number}/inline.png"
        f"?expires={EXPIRES}&signature={SIGNATURE}&req={number:x}"
    )
    return prose.join(prose.paragraph(words.sentence(rng)), prose.image(url, words.phrase(rng, 2)))


def _event_details(rng: random.Random, name: str, words: Vocabulary) -> Document | None:
    previous = words.phrase(rng, 1) if rng.random() < 0.5 else None
    attribute = {"name": words.phrase(rng, 2)}
    value = {"name": words.phrase(rng, 1), "previous": previous}
    details: dict[str, Document] = {
        "conversation_attribute_updated_by_admin": {"attribute": attribute, "value": value},
        "conversation_attribute_updated_by_user": {"attribute": attribute, "value": value},
        "conversation_attribute_updated_by_workflow": {
            "workflow": {"name": words.phrase(rng, 2)},
            "attribute": attribute,
            "value": {"name": value["name"]},
        },
        "custom_action_started": {"action": {"name": words.phrase(rng, 2)}},
        "custom_action_finished": {
            "action": {
                "name": words.phrase(rng, 2),
                "result": rng.choice(("success", "failed")),
            }
        },
        "operator_workflow_event": {
            "workflow": {"name": words.phrase(rng, 2)},
            "event": {"type": "conversation_started", "result": words.phrase(rng, 1)},
        },
    }
    return details.get(name)


_EVENTS = frozenset(name for name in KINDS if "_updated_by_" in name or "_action_" in name) | {
    "operator_workflow_event"
}


def _metadata(rng: random.Random, name: str, words: Vocabulary) -> Document:
    def new_uuid() -> str:
        return str(uuid.UUID(int=rng.getrandbits(128), version=4))

    if name == "quick_reply":
        options = [{"text": words.phrase(rng, 3), "uuid": new_uuid()} for _ in range(2)]
        return {"quick_reply_options": options}
    if name == "comment" and rng.random() < 0.05:
        return {"quick_reply_uuid": new_uuid()}
    if name == "language_detection_details":
        return {"language": "fr", "confidence": 0.75}
    return {}


def _email_metadata(rng: random.Random, author: Document, words: Vocabulary) -> Document:
    return {
        "subject": f"Re: {words.phrase(rng)}",
        "email_address_headers": [
            {"type": "from", "email_address": author["email"], "name": author["name"]},
            {"type": "to", "email_address": "inbox@example.com", "name": None},
        ],
        "message_id": f"<{rng.getrandbits(64):x}@mail.example.com>",
    }


def _body(rng: random.Random, kind: Kind, words: Vocabulary) -> Body:
    if rng.random() >= kind.body:
        return NO_BODY
    chance = rng.random()
    if chance < 0.01:
        return prose.EMPTY_BODY
    if chance < 0.02:
        return signed_image(rng, words)
    return prose.write(rng, words)


def make_part(
    rng: random.Random,
    part_id: str,
    name: str,
    at: int,
    cast: Cast,
    words: Vocabulary,
    state: str,
    email: bool = False,
) -> Part:
    """A part of kind `name` at second `at`; `state` is the conversation's after the part."""
    kind = KINDS[name]
    author = make_author(rng, kind.author, cast)
    body = _body(rng, kind, words)
    assigned_to: Document | None = None
    if kind.assigns:
        if rng.random() < 0.3:
            assigned_to = {"type": "team", "id": rng.choice(cast.teams)["id"]}
        elif rng.random() < 0.9:
            assigned_to = {"type": "admin", "id": rng.choice(cast.admins)["id"]}
    is_message = body.html is not None
    attached = is_message and rng.random() < 0.04
    document: Document = {
        "type": "conversation_part",
        "id": part_id,
        "part_type": name,
        "body": body.html,
        "created_at": at,
        "updated_at": at + (rng.randrange(1, 90) if rng.random() < 0.05 else 0),
        "notified_at": at,
        "assigned_to": assigned_to,
        "author": author,
        "attachments": [make_attachment(rng, words)] if attached else [],
        "external_id": f"ext-{part_id}" if rng.random() < 0.03 else None,
        "redacted": False,
        "email_message_metadata": (
            _email_metadata(rng, author, words) if email and is_message else None
        ),
        "metadata": _metadata(rng, name, words),
        "state": state,
        "tags": [],
        "event_details": _event_details(rng, name, words) if name in _EVENTS else None,
        "app_package_code": "synthetic_app" if rng.random() < 0.02 else None,
    }
    if name == "kind_of_the_future":
        document["field_of_the_future"] = [1, {"two": 3.5}]
    return Part(document, body.text)


def redact(part: Part) -> None:
    """Empty a part as a redaction does: no body, no files."""
    part.document["redacted"] = True
    part.document["body"] = None
    part.document["attachments"] = []
    part.text = None
