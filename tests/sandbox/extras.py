"""What a conversation carries beside its parts: source, tags, rating, SLA, agents, attributes.

The order of fields is the order in which the API shows them.
"""

from __future__ import annotations

import random

from . import parts
from .features import Plan
from .parts import Cast, Document, Part
from .vocabulary import Vocabulary

_CHANNELS = ("conversation", "conversation", "conversation", "whatsapp", "facebook", "sms")
_TAGS_BY_CHANCE = (0, 0, 0, 1, 1, 2, 3)


def _source(
    rng: random.Random, plan: Plan, cast: Cast, html: str | None, words: Vocabulary
) -> Document:
    features = plan.features
    email = "email" in features
    by_contact = bool(cast.contacts) and rng.random() < 0.8
    author = (
        parts.contact_author(cast.contacts[0]) if by_contact else parts.admin_author(cast.admins[0])
    )
    source: Document = {
        "type": "email" if email else rng.choice(_CHANNELS),
        "id": str(403_000_000 + plan.index),
        "delivered_as": "customer_initiated" if by_contact else "admin_initiated",
        "subject": words.phrase(rng, 8) if email else "",
        "body": html,
        "author": author,
        "attachments": [parts.make_attachment(rng, words)] if "attachments" in features else [],
        "url": None if email else f"https://app.example.com/{words.phrase(rng, 1).lower()}",
        "redacted": "redacted_source" in features,
    }
    if email:
        headers = [
            {"type": "from", "email_address": author["email"], "name": author["name"]},
            {"type": "to", "email_address": "inbox@example.com", "name": "Synthetic Inbox"},
        ]
        source["recipients"] = [
            {"type": "to", "email": "inbox@example.com", "drop_reason": None},
            {"type": "cc", "email": "copy@example.com", "drop_reason": "not_allowed"},
        ]
        source["reply_to"] = [{"email": "replies@example.com", "name": None}]
        source["email_message_metadata"] = {
            "message_id": f"<{rng.getrandbits(64):x}@mail.example.com>",
            "subject": source["subject"],
            "email_address_headers": headers,
        }
        if "email_history" in features:
            history = f"<blockquote>{words.sentence(rng)}</blockquote>"
            source["email_message_metadata"]["history"] = history
    return source


def make_document(
    rng: random.Random,
    plan: Plan,
    cast: Cast,
    html: str | None,
    tags: list[Document],
    words: Vocabulary,
) -> Document:
    """The conversation object before anything has happened: open, unassigned, unrated."""
    source = _source(rng, plan, cast, html, words)
    contacts = [
        {"type": "contact", "id": contact["id"], "external_id": contact["external_id"]}
        for contact in cast.contacts
    ]
    own_tags = rng.sample(tags, 12 if "many_tags" in plan.features else rng.choice(_TAGS_BY_CHANCE))
    by_contact = source["author"]["type"] != "admin"
    first_reply = {"created_at": plan.created_at, "type": "conversation", "url": source["url"]}
    return {
        "type": "conversation",
        "id": str(plan.number),
        "created_at": plan.created_at,
        "updated_at": plan.updated_at,
        "waiting_since": None,
        "snoozed_until": None,
        "source": source,
        "contacts": {"type": "contact.list", "contacts": contacts},
        "first_contact_reply": first_reply if by_contact else None,
        "admin_assignee_id": None if "unassigned_null" in plan.features else 0,
        "team_assignee_id": None if "unassigned_null" in plan.features else 0,
        "open": True,
        "state": "open",
        "read": rng.random() < 0.7,
        "tags": {
            "type": "tag.list",
            "tags": [make_applied_tag(tag, plan.created_at + 60, cast) for tag in own_tags],
        },
        "priority": "urgent" if "urgent" in plan.features else "none",
        "sla_applied": None,
        "statistics": None,
        "conversation_rating": None,
        "teammates": None,
        "title": None,
        "custom_attributes": {},
        "topics": {},
        "ticket": None,
        "linked_objects": {"type": "list", "data": [], "total_count": 0, "has_more": False},
        "ai_agent": None,
        "ai_agent_participated": False,
    }


def make_applied_tag(tag: Document, at: int, cast: Cast) -> Document:
    """A tag as it appears on a conversation."""
    who = {"type": "admin", "id": cast.admins[0]["id"]}
    return {
        "type": "tag",
        "id": tag["id"],
        "name": tag["name"],
        "applied_at": at,
        "applied_by": who,
    }


def make_rating(rng: random.Random, document: Document, at: int, remark: str) -> Document:
    """A rating of 1 to 5, asked for at `at`."""
    contacts = document["contacts"]["contacts"]
    assignee = document["admin_assignee_id"]
    return {
        "rating": rng.randint(1, 5),
        "remark": remark,
        "created_at": at,
        "updated_at": at,
        "contact": dict(contacts[0]) if contacts else None,
        "teammate": {"type": "admin", "id": str(assignee)} if assignee else None,
    }


def _fin(rng: random.Random, features: frozenset[str], at: int, words: Vocabulary) -> Document:
    answered = "fin_silent" not in features
    confirmed = "fin_confirmed" in features
    kinds = ("article", "external_content", "file", "content_snippet")
    sources = [
        {
            "content_type": rng.choice(kinds),
            "url": f"https://app.example.com/sources/{rng.randrange(999)}",
            "title": words.phrase(rng),
            "locale": "en",
        }
        for _ in range(rng.randint(1, 3) if answered else 0)
    ]
    return {
        "source_type": "workflow" if answered else "essentials_plan_setup",
        "source_title": words.phrase(rng) if answered else None,
        "last_answer_type": "ai_answer" if answered else None,
        "resolution_state": ("confirmed_resolution" if confirmed else "escalated")
        if answered
        else None,
        "rating": rng.randint(1, 5) if confirmed else None,
        "rating_remark": words.sentence(rng) if confirmed else None,
        "created_at": at if confirmed else None,
        "updated_at": at if confirmed else None,
        "content_sources": {
            "type": "content_source.list",
            "total_count": len(sources),
            "content_sources": sources,
        },
    }


def _every_attribute() -> Document:
    return {
        "text": "plain",
        "empty": "",
        "whole": 42,
        "negative": -7,
        "beyond 64 bits": 123456789012345678901234567890,
        "fraction": 1.10,
        "tiny": 1.5e-07,
        "yes": True,
        "no": False,
        "null": None,
        "list": [1, "two", None, [3.25]],
        "nested": {"a": {"b": {"c": "deep/er"}}},
        "Größe in 厘米 📏": 12.5,
        'with "quotes" and \\': "line\nbreak\ttab\u2028separator",
        "before 1970": -86_400,
        "related": {"type": "order.list", "instances": [{"id": "1", "type": "Order"}]},
        "CX Score rating": 4,
    }


def _decorate_agents(
    rng: random.Random, document: Document, at: int, features: frozenset[str], words: Vocabulary
) -> None:
    if features & {"fin_escalated", "fin_confirmed", "fin_silent"}:
        document["ai_agent_participated"] = True
        document["ai_agent"] = _fin(rng, features, at, words)
    if "sales" in features:
        document["sales_agent_participated"] = True
        document["sales_agent"] = {
            "outcome": "qualified",
            "routing_outcome": words.phrase(rng, 1),
            "collected_data": {"team size": "40", "budget": None},
        }


def decorate(
    rng: random.Random,
    document: Document,
    own_parts: list[Part],
    features: frozenset[str],
    words: Vocabulary,
    company: Document | None,
) -> None:
    """Put on the object what its features ask for."""
    at = document["updated_at"]
    if "titled" in features:
        document["title"] = words.phrase(rng, 6)
    if "rated" in features:
        document["conversation_rating"] = make_rating(
            rng, document, at, words.sentence(rng) if "remark" in features else ""
        )
    for status in ("hit", "missed", "active", "cancelled"):
        if f"sla_{status}" in features:
            document["sla_applied"] = {
                "type": "conversation_sla_summary",
                "sla_name": words.phrase(rng, 2),
                "sla_status": status,
            }
    _decorate_agents(rng, document, at, features, words)
    if "every_attribute" in features:
        document["custom_attributes"] = _every_attribute()
    elif rng.random() < 0.5:
        document["custom_attributes"] = {
            "topic": words.phrase(rng, 2),
            "score": rng.randrange(1, 1_000) / 8,
            "escalated": rng.random() < 0.5,
        }
    if "linked" in features:
        data: list[Document] = [
            {"type": "ticket", "id": str(9_000 + rng.randrange(99)), "category": "Customer"}
        ]
        data.append({"type": "conversation", "id": str(document["id"]), "category": None})
        document["linked_objects"] |= {"data": data, "total_count": 2}
    if "unassigned_zero" in features:
        document["admin_assignee_id"] = document["team_assignee_id"] = 0
    elif "unassigned_null" in features:
        document["admin_assignee_id"] = document["team_assignee_id"] = None
    if company is not None:
        document["company"] = company
    kind = document["source"]["type"]
    channel = "messenger" if kind == "conversation" else kind
    document["channel"] = {"initial": channel, "current": channel}
    document["external_references"] = (
        [{"type": "zendesk_ticket", "id": "98765432109876"}] if "external" in features else []
    )
    if own_parts and "many_tags" in features:
        first_tag = document["tags"]["tags"][0]
        own_parts[0].document["tags"] = [{k: first_tag[k] for k in ("type", "id", "name")}]
    if "unknown_fields" in features:
        document["field_of_the_future"] = {"type": "?", "values": [0.10, -0.0, 1e21, True, None]}
        document["another/one"] = "kept in the payload"
