"""A conversation's statistics block, computed from its first message and its parts.

Parts that the API no longer returns count too. Times are epoch seconds, durations seconds.
"""

from __future__ import annotations

from statistics import median
from typing import Any

from .parts import KINDS, Part

Document = dict[str, Any]

_OPENINGS = ("open", "assign_and_reopen")
_WRITTEN = ("comment", "quick_reply", "conversation_rating_remark_added")


def _reply_times(source: Document, created_at: int, parts: list[Part]) -> list[int]:
    waiting = created_at if source["author"]["type"] in ("user", "lead") else None
    times: list[int] = []
    for part in parts:
        if part.document["part_type"] not in _WRITTEN:
            continue
        author = part.document["author"]["type"]
        if author == "admin" and waiting is not None:
            times.append(part.document["created_at"] - waiting)
            waiting = None
        elif author in ("user", "lead") and waiting is None:
            waiting = part.document["created_at"]
    return times


def make_statistics(source: Document, created_at: int, parts: list[Part]) -> Document:
    """The block as the API shows it; null where nothing of the kind has happened."""
    documents = [part.document for part in parts]
    written = [d for d in documents if d["part_type"] in _WRITTEN]
    admin_replies = [d["created_at"] for d in written if d["author"]["type"] == "admin"]
    contact_replies = [d["created_at"] for d in written if d["author"]["type"] in ("user", "lead")]
    if source["author"]["type"] in ("user", "lead"):
        contact_replies.insert(0, created_at)
    assigned = [d for d in documents if KINDS[d["part_type"]].assigns]
    assignments = [d["created_at"] for d in assigned]
    closes = [d for d in documents if d["part_type"] == "close"]
    after_assignment = [t for t in admin_replies if assignments and t >= assignments[-1]]
    replies = _reply_times(source, created_at, parts)
    teams = [d for d in assigned if d["assigned_to"] and d["assigned_to"]["type"] == "team"]
    response_times = [
        {"team_id": int(d["assigned_to"]["id"]), "team_name": "Team", "response_time": 60 + 7 * n}
        for n, d in enumerate(teams[:2])
    ]

    def first(times: list[int]) -> int | None:
        return times[0] if times else None

    def last(times: list[int]) -> int | None:
        return times[-1] if times else None

    def since_creation(time: int | None) -> int | None:
        return None if time is None else time - created_at

    close_times = [d["created_at"] for d in closes]
    handling = None
    if assignments and close_times:
        handling = max(0, close_times[-1] - assignments[0])
    return {
        "type": "conversation_statistics",
        "time_to_assignment": since_creation(first(assignments)),
        "time_to_admin_reply": since_creation(first(admin_replies)),
        "time_to_first_close": since_creation(first(close_times)),
        "time_to_last_close": since_creation(last(close_times)),
        "median_time_to_reply": int(median(replies)) if replies else None,
        "first_contact_reply_at": first(contact_replies),
        "first_assignment_at": first(assignments),
        "first_admin_reply_at": first(admin_replies),
        "first_close_at": first(close_times),
        "last_assignment_at": last(assignments),
        "last_assignment_admin_reply_at": first(after_assignment),
        "last_contact_reply_at": last(contact_replies),
        "last_admin_reply_at": last(admin_replies),
        "last_close_at": last(close_times),
        "last_closed_by_id": closes[-1]["author"]["id"] if closes else None,
        "count_reopens": sum(d["part_type"] in _OPENINGS for d in documents),
        "count_assignments": len(assignments),
        # The provider counts the first message here, though it is not among the parts.
        "count_conversation_parts": len(parts) + 1,
        "assigned_team_first_response_time": response_times,
        "assigned_team_first_response_time_in_office_hours": response_times[:1],
        "handling_time": handling,
        "adjusted_handling_time": handling // 2 if handling is not None else None,
    }
