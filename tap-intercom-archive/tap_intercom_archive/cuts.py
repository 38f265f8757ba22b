"""What is worked out of a conversation or ticket rather than copied from it; pure functions.

State changes are taken from the parts; where the API no longer shows the oldest parts, the
first and last times in the statistics block stand in for those that are out of sight.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from tap_intercom_archive.columns import value_at
from tap_intercom_archive.times import epoch, iso_of

PARTS_CAP = 500

# Part types as served since 2.6 (docs/intercom-api.md); types not named here change no state.
_TRANSITIONS: dict[str, tuple[str, ...]] = {
    "open": ("opened",),
    "close": ("closed",),
    "snoozed": ("snoozed",),
    "unsnoozed": ("unsnoozed",),
    "timer_unsnooze": ("unsnoozed",),
    "assignment": ("assigned",),
    "default_assignment": ("assigned",),
    "away_mode_assignment": ("assigned",),
    "assign_and_reopen": ("assigned", "opened"),
    "assign_and_unsnooze": ("assigned", "unsnoozed"),
}
_STATISTICS = (
    ("assigned", "first", "first_assignment_at", None),
    ("assigned", "last", "last_assignment_at", None),
    ("closed", "first", "first_close_at", None),
    ("closed", "last", "last_close_at", "last_closed_by_id"),
)


def parts_truncated(record: dict[str, Any]) -> None:
    """Say in `parts_truncated` whether the API held back older parts.

    The provider's own count includes the first message, so it is one more than the parts.
    """
    returned = record["parts_returned"] or 0
    total = record["parts_total_count"] or 0
    counted = (record.get("statistics_count_conversation_parts") or 0) - 1
    record["parts_truncated"] = total > returned or (returned >= PARTS_CAP and counted > returned)


def shows_all_parts(ticket: Mapping[str, Any]) -> bool:
    """Say whether a ticket comes with all parts that the API shows of it, and tells so."""
    parts = value_at(ticket, ("ticket_parts", "ticket_parts"))
    total = _whole(value_at(ticket, ("ticket_parts", "total_count")))
    if not isinstance(parts, list) or total is None:
        return False
    return len(parts) >= min(total, PARTS_CAP)


def name_handling_event(record: dict[str, Any]) -> None:
    """Make up the `id` that the API does not give."""
    parts = ("conversation_id", "timestamp", "type", "teammate_type", "teammate_id")
    record["id"] = ":".join(record[part] or "" for part in parts)


def name_data_event(record: dict[str, Any]) -> None:
    """Make up an `id`: what the API calls so may be the contact's."""
    parts = ("contact_id", "event_name", "created_at", "given_id", "metadata")
    content = json.dumps([record[part] for part in parts], sort_keys=True)
    record["id"] = hashlib.blake2b(content.encode(), digest_size=12).hexdigest()


def conversation_state_changes(conversation: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the rows of `conversation_state_changes`, without `payload_id`, oldest first."""
    conversation_id = _text(conversation.get("id"))
    author = _mapping(value_at(conversation, ("source", "author")))
    yield _row(
        f"{conversation_id}:created:first",
        conversation_id,
        "created",
        iso_of(conversation.get("created_at")),
        author=author,
    )
    parts = [part for part in _parts(conversation) if isinstance(part, dict)]
    yield from _out_of_sight(conversation, conversation_id, parts)
    for part in parts:
        yield from _of_part(conversation_id, part)


def _of_part(conversation_id: str | None, part: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    transitions = _TRANSITIONS.get(str(part.get("part_type")), ())
    part_id = _text(part.get("id"))
    for transition in transitions:
        yield _row(
            part_id if part_id is None or len(transitions) == 1 else f"{part_id}:{transition}",
            conversation_id,
            transition,
            iso_of(part.get("created_at")),
            author=_mapping(part.get("author")),
            assigned_to=_mapping(part.get("assigned_to")) if transition == "assigned" else {},
            state=_text(part.get("state")),
            priority=_text(part.get("priority")),
        )


def _out_of_sight(
    conversation: Mapping[str, Any], conversation_id: str | None, parts: list[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    statistics = _mapping(conversation.get("statistics"))
    if not _is_truncated(conversation, len(parts)):
        return
    shown_from = min(
        (at for part in parts if (at := epoch(part.get("created_at"))) is not None), default=None
    )
    given = set()
    for transition, which, field, closer in _STATISTICS:
        at = epoch(statistics.get(field))
        if at is None or (shown_from is not None and at >= shown_from) or (transition, at) in given:
            continue
        given.add((transition, at))
        closed_by = _text(statistics.get(closer)) if closer else None
        yield _row(
            f"{conversation_id}:{transition}:{which}",
            conversation_id,
            transition,
            iso_of(at),
            author={"type": "admin", "id": closed_by} if closed_by else {},
            from_statistics=True,
        )


def _is_truncated(conversation: Mapping[str, Any], returned: int) -> bool:
    record = {
        "parts_returned": returned,
        "parts_total_count": _whole(value_at(conversation, ("conversation_parts", "total_count"))),
        "statistics_count_conversation_parts": _whole(
            value_at(conversation, ("statistics", "count_conversation_parts"))
        ),
    }
    parts_truncated(record)
    return bool(record["parts_truncated"])


def _row(
    row_id: str | None,
    conversation_id: str | None,
    transition: str,
    at: str | None,
    *,
    author: Mapping[str, Any],
    assigned_to: Mapping[str, Any] | None = None,
    state: str | None = None,
    priority: str | None = None,
    from_statistics: bool = False,
) -> dict[str, Any]:
    assignee = assigned_to or {}
    kind, assignee_id = _text(assignee.get("type")), _text(assignee.get("id"))
    return {
        "id": row_id,
        "conversation_id": conversation_id,
        "transition": transition,
        "at": at,
        "author_type": _text(author.get("type")),
        "author_id": _text(author.get("id")),
        "assigned_to_type": kind,
        "assigned_to_id": assignee_id,
        "state": state,
        "priority": priority,
        "admin_assignee_id": assignee_id if kind == "admin" else None,
        "team_assignee_id": assignee_id if kind == "team" else None,
        "from_statistics": from_statistics,
    }


def _parts(conversation: Mapping[str, Any]) -> list[Any]:
    parts = value_at(conversation, ("conversation_parts", "conversation_parts"))
    return parts if isinstance(parts, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
