"""Whether an object's payload holds all of a list, or its follow-up must be asked for.

Lists inside objects are cut at ten, with or without saying so (docs/intercom-api.md). Pure: rows
of the table pick from these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Document = Mapping[str, Any]
Needed = Callable[[Document], bool]

_CUT_AT = 10


def always(document: Document) -> bool:
    """No payload ever holds it."""
    return True


def is_true(member: str) -> Needed:
    """The payload says that there is one."""
    return lambda document: document.get(member) is True


def cut_short(member: str, items: str = "data") -> Needed:
    """The list is absent, says that there is more, or ends where lists are cut without a word."""

    def needed(document: Document) -> bool:
        holder = document.get(member)
        listed = holder.get(items) if isinstance(holder, dict) else None
        if not isinstance(holder, dict) or not isinstance(listed, list):
            return True
        more, total = holder.get("has_more"), holder.get("total_count")
        if more is True or (isinstance(total, int) and total > len(listed)):
            return True
        return more is None and not isinstance(total, int) and len(listed) >= _CUT_AT

    return needed


def any_cut_short(*members: str) -> Needed:
    """One of the lists is cut short."""
    checks = [cut_short(member) for member in members]
    return lambda document: any(check(document) for check in checks)


def absent_of(role: str, member: str) -> Needed:
    """It is absent, although the object has the role that has it."""
    return lambda document: (
        document.get("role") == role and not isinstance(document.get(member), list)
    )


def not_empty(member: str) -> Needed:
    """There are objects, which the list only points at; or the list is absent."""

    def needed(document: Document) -> bool:
        holder = document.get(member)
        return not (isinstance(holder, dict) and holder.get("total_count") == 0)

    return needed
