"""Values of an archived row as a document needs them: texts, times, durations, lists. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping

from target_sqlite_archive.documents.model import Attachment

Row = Mapping[str, object]

_DURATIONS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def text(row: Row, name: str) -> str | None:
    """Give a value as text; None where there is none or an empty one."""
    value = row.get(name)
    return None if value is None or value == "" else str(value)


def time(row: Row, name: str) -> str | None:
    """Give a time as people read it, to the minute, UTC."""
    at = text(row, name)
    return at[:16].replace("T", " ") if at else None


def duration(row: Row, name: str) -> str | None:
    """Give seconds as the two largest units that they fill."""
    value = row.get(name)
    if not isinstance(value, int | float):
        return None
    left, parts = round(value), []
    for size, unit in _DURATIONS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def is_true(row: Row, name: str) -> bool:
    """Whether a flag is set."""
    return row.get(name) in (1, True)


def items(row: Row, name: str) -> list[object]:
    """Give a list, stored as JSON text or as it is; empty where it is none."""
    value = _loaded(row.get(name))
    return value if isinstance(value, list) else []


def nested(row: Row, name: str) -> Row:
    """Give an object, stored as JSON text or as it is; empty where it is none."""
    value = _loaded(row.get(name))
    return value if isinstance(value, Mapping) else {}


def _loaded(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def joined(row: Row, name: str) -> str | None:
    """Give a list of plain values in one line."""
    return ", ".join(str(item) for item in items(row, name) if item is not None) or None


def attachments(row: Row, name: str) -> tuple[Attachment, ...]:
    """Give the files that came with a message."""
    found = []
    for item in items(row, name):
        if isinstance(item, Mapping):
            size = item.get("filesize")
            found.append(
                Attachment(
                    name=text(item, "name") or "unnamed file",
                    address=text(item, "url"),
                    media_type=text(item, "content_type"),
                    size_bytes=size if isinstance(size, int) else None,
                )
            )
    return tuple(found)
