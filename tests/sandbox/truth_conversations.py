"""The truth of the five streams that come from a conversation: itself and what is cut out of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .conversations import Conversation
from .features import SHOWN_PARTS
from .parts import KINDS, Part
from .people import Document
from .truth_values import as_assignee, as_id, as_time, copied, inside, named

_STATISTICS = (
    "time_to_assignment time_to_admin_reply time_to_first_close time_to_last_close "
    "median_time_to_reply last_closed_by_id count_reopens count_assignments "
    "count_conversation_parts assigned_team_first_response_time "
    "assigned_team_first_response_time_in_office_hours handling_time adjusted_handling_time"
)
_STATISTICS_TIMES = (
    "first_contact_reply_at first_assignment_at first_admin_reply_at first_close_at "
    "last_assignment_at last_assignment_admin_reply_at last_contact_reply_at last_admin_reply_at "
    "last_close_at"
)
_SOURCE = "type id delivered_as subject body url redacted attachments recipients reply_to"
_EMAIL = ("message_id", "subject", "email_address_headers")
_AI_AGENT = "source_type source_title last_answer_type resolution_state rating rating_remark"


def _transitions(part_type: str) -> list[str]:
    """What a part of this kind did to its conversation, by what the generator made it do."""
    kind = KINDS.get(part_type)
    if kind is None:
        return []
    opened = "unsnoozed" if "unsnooze" in part_type else "opened"
    left = {"open": opened, "closed": "closed", "snoozed": "snoozed"}.get(kind.state or "")
    return [*(["assigned"] if kind.assigns else []), *([left] if left else [])]


def _shown(conversation: Conversation) -> list[Part]:
    return conversation.parts[-SHOWN_PARTS:]


def _conversation(conversation: Conversation) -> Iterator[Document]:
    document = conversation.document
    source, statistics = document["source"], document["statistics"]
    rating, fin = document["conversation_rating"], document["ai_agent"]
    row = copied(
        document,
        "id title open state read priority ai_agent_participated sales_agent_participated "
        "custom_attributes external_references",
    )
    for name in ("created_at", "updated_at", "waiting_since", "snoozed_until"):
        row[name] = as_time(document[name])
    for name in ("admin_assignee_id", "team_assignee_id"):
        row[name] = as_assignee(document[name])
    row["contact_ids"] = [contact["id"] for contact in document["contacts"]["contacts"]]
    row["tag_names"] = [tag["name"] for tag in document["tags"]["tags"]]
    row |= {f"company_{name}": inside(document, "company", name) for name in ("id", "name")}
    row |= {f"source_{name}": source.get(name) for name in named(_SOURCE)}
    row["source_body_text"] = conversation.source_text
    row |= {f"source_author_{n}": source["author"][n] for n in ("type", "id", "name", "email")}
    for name in (*_EMAIL, "history"):
        column = f"source_email_message_metadata_{name}"
        row[column] = inside(source, "email_message_metadata", name)
    for name in ("rating", "remark"):
        row[f"conversation_rating_{name}"] = inside(document, "conversation_rating", name)
    for name in ("created_at", "updated_at"):
        row[f"conversation_rating_{name}"] = as_time(rating[name]) if rating else None
        row[f"ai_agent_{name}"] = as_time(fin[name]) if fin else None
    row["conversation_rating_contact_id"] = inside(document, "conversation_rating", "contact", "id")
    row["conversation_rating_teammate_id"] = inside(
        document, "conversation_rating", "teammate", "id"
    )
    first = document["first_contact_reply"]
    row["first_contact_reply_created_at"] = as_time(first["created_at"]) if first else None
    for name in ("type", "url"):
        row[f"first_contact_reply_{name}"] = first[name] if first else None
    for name in ("sla_name", "sla_status"):
        row[f"sla_applied_{name}"] = inside(document, "sla_applied", name)
    for name in named(_STATISTICS):
        row[f"statistics_{name}"] = inside(document, "statistics", name)
    for name in named(_STATISTICS_TIMES):
        row[f"statistics_{name}"] = as_time(statistics[name]) if statistics else None
    for name in ("total_count", "has_more", "data"):
        row[f"linked_objects_{name}"] = document["linked_objects"][name]
    for name in named(_AI_AGENT):
        row[f"ai_agent_{name}"] = inside(document, "ai_agent", name)
    row["ai_agent_content_sources_total_count"] = inside(
        fin or {}, "content_sources", "total_count"
    )
    row["ai_agent_content_sources"] = inside(fin or {}, "content_sources", "content_sources")
    for name in ("outcome", "routing_outcome", "collected_data"):
        row[f"sales_agent_{name}"] = inside(document, "sales_agent", name)
    for name in ("initial", "current"):
        row[f"channel_{name}"] = document["channel"][name]
    row["parts_total_count"] = len(conversation.parts)
    row["parts_returned"] = min(len(conversation.parts), SHOWN_PARTS)
    row["parts_truncated"] = len(conversation.parts) > SHOWN_PARTS
    yield row


def _parts(conversation: Conversation) -> Iterator[Document]:
    yield from _part_rows(conversation, _shown(conversation))


def parts_from(conversation: Conversation, first: int) -> Iterator[Document]:
    """The rows of all parts that are shown, and of those before them from place `first` on."""
    hidden = conversation.parts[first : max(first, len(conversation.parts) - SHOWN_PARTS)]
    yield from _part_rows(conversation, [*hidden, *_shown(conversation)])


def _part_rows(conversation: Conversation, own_parts: list[Part]) -> Iterator[Document]:
    for part in own_parts:
        document = part.document
        row = copied(
            document,
            "id part_type body attachments external_id redacted metadata state tags event_details "
            "app_package_code",
        )
        row["conversation_id"] = conversation.id
        row["body_text"] = part.text
        for name in ("created_at", "updated_at", "notified_at"):
            row[name] = as_time(document[name])
        for name in ("type", "id"):
            row[f"assigned_to_{name}"] = inside(document, "assigned_to", name)
        for name in ("type", "id", "name", "email", "from_ai_agent", "is_ai_answer"):
            row[f"author_{name}"] = document["author"].get(name)
        for name in _EMAIL:
            row[f"email_message_metadata_{name}"] = inside(document, "email_message_metadata", name)
        yield row


def _participants(conversation: Conversation) -> Iterator[Document]:
    document = conversation.document
    for contact in document["contacts"]["contacts"]:
        yield {
            "conversation_id": conversation.id,
            "type": "contact",
            "id": contact["id"],
            "external_id": contact["external_id"],
        }
    for teammate in inside(document, "teammates", "teammates") or ():
        yield {
            "conversation_id": conversation.id,
            "type": "admin",
            "id": teammate["id"],
            "external_id": None,
        }


def _tags(conversation: Conversation) -> Iterator[Document]:
    for tag in conversation.document["tags"]["tags"]:
        yield {
            "conversation_id": conversation.id,
            "tag_id": tag["id"],
            "name": tag["name"],
            "applied_at": as_time(tag["applied_at"]),
            "applied_by_type": tag["applied_by"]["type"],
            "applied_by_id": tag["applied_by"]["id"],
        }


def _change(conversation: Conversation, row_id: str, transition: str, at: int) -> Document:
    return {
        "id": row_id,
        "conversation_id": conversation.id,
        "transition": transition,
        "at": as_time(at),
        "author_type": None,
        "author_id": None,
        "assigned_to_type": None,
        "assigned_to_id": None,
        "state": None,
        "priority": None,
        "admin_assignee_id": None,
        "team_assignee_id": None,
        "from_statistics": False,
    }


def _assignee(part: Part) -> Document:
    target = part.document["assigned_to"]
    if target is None:
        return {}
    return {
        "assigned_to_type": target["type"],
        "assigned_to_id": target["id"],
        f"{target['type']}_assignee_id": target["id"],
    }


def _state_changes(conversation: Conversation) -> Iterator[Document]:
    document = conversation.document
    author = document["source"]["author"]
    created = _change(
        conversation, f"{conversation.id}:created:first", "created", document["created_at"]
    )
    yield created | {"author_type": author["type"], "author_id": author["id"]}
    yield from _hidden_changes(conversation)
    for part in _shown(conversation):
        transitions = _transitions(part.document["part_type"])
        for transition in transitions:
            row_id = part.document["id"]
            if len(transitions) > 1:
                row_id = f"{row_id}:{transition}"
            row = _change(conversation, row_id, transition, part.document["created_at"])
            row["author_type"] = part.document["author"]["type"]
            row["author_id"] = part.document["author"]["id"]
            row["state"] = part.document["state"]
            yield row | (_assignee(part) if transition == "assigned" else {})


def _hidden_changes(conversation: Conversation) -> Iterator[Document]:
    """First and last times from before the oldest part shown; one row where both are one time."""
    statistics = conversation.document["statistics"]
    shown = _shown(conversation)
    if statistics is None or len(shown) == len(conversation.parts):
        return
    oldest = shown[0].document["created_at"]
    for transition, noun in (("assigned", "assignment"), ("closed", "close")):
        first, last = statistics[f"first_{noun}_at"], statistics[f"last_{noun}_at"]
        if first is not None and first < oldest:
            row_id = f"{conversation.id}:{transition}:first"
            yield _change(conversation, row_id, transition, first) | {"from_statistics": True}
        if last is not None and last < oldest and last != first:
            row = _change(conversation, f"{conversation.id}:{transition}:last", transition, last)
            if transition == "closed":
                row["author_type"] = "admin"
                row["author_id"] = as_id(statistics["last_closed_by_id"])
            yield row | {"from_statistics": True}


STREAMS: dict[str, Callable[[Conversation], Iterator[Document]]] = {
    "conversations": _conversation,
    "conversation_parts": _parts,
    "conversation_participants": _participants,
    "conversation_tags": _tags,
    "conversation_state_changes": _state_changes,
}


def rows(stream: str, conversation: Conversation) -> Iterator[Document]:
    """The rows of one of `STREAMS` for one conversation."""
    return STREAMS[stream](conversation)
