"""Values as rows carry them: ids as strings, times as ISO 8601 in UTC with `Z`."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from .clock import iso
from .people import Document

# No second of our age is as large, no millisecond of it as small.
_MILLISECONDS_FROM = 100_000_000_000


def named(names: str) -> list[str]:
    """Names from one string."""
    return names.split()


def copied(document: Document, names: str) -> Document:
    """The named fields as they are, null where the object lacks one."""
    return {name: document.get(name) for name in named(names)}


def inside(document: Document, *path: str) -> Any:
    """A value further in; null where the way there ends early."""
    found: Any = document
    for name in path:
        if found is None:
            return None
        found = found.get(name)
    return found


def as_id(value: int | str | None) -> str | None:
    """An id as a string, whatever the API sends."""
    return None if value is None else str(value)


def as_assignee(value: int | None) -> str | None:
    """An assignee's id; 0 means nobody."""
    return str(value) if value else None


def as_ids(values: list[int] | None) -> list[str] | None:
    """Ids as strings."""
    return None if values is None else [str(value) for value in values]


def as_time(value: int | str | None) -> str | None:
    """A time, from seconds, milliseconds or ISO 8601."""
    if value is None:
        return None
    if isinstance(value, str):
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
        return iso(int(moment.astimezone(timezone.utc).timestamp()))
    return iso(value // 1_000 if value >= _MILLISECONDS_FROM else value)
