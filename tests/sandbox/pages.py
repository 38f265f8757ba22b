"""Pages on the wire: items keep their own bytes, what stands around them is written here."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import msgspec

from .messages import Answer
from .paging import Page


def _around(fields: Mapping[str, object], list_name: str, items: list[bytes]) -> Answer:
    head = msgspec.json.encode(fields)[:-1]
    return Answer(head + b',"' + list_name.encode() + b'":[' + b",".join(items) + b"]}")


def whole(
    kind: str, list_name: str, items: list[bytes], beside: Mapping[str, object] | None = None
) -> Answer:
    """A list that comes in one piece, with what is said beside it."""
    return _around({"type": kind, **(beside or {})}, list_name, items)


def by_cursor(kind: str, list_name: str, page: Page[bytes]) -> Answer:
    """A page whose successor is named by a cursor."""
    pages: dict[str, object] = {
        "type": "pages",
        "page": page.number,
        "per_page": page.per_page,
        "total_pages": page.total_pages,
    }
    if page.cursor is not None:
        pages["next"] = {
            "page": page.number + 1,
            "per_page": page.per_page,
            "starting_after": page.cursor,
        }
    fields = {"type": kind, "pages": pages, "total_count": page.total}
    return _around(fields, list_name, list(page.rows))


def around(fields: Mapping[str, object], member: str, body: bytes) -> Answer:
    """One object as a member of the answer, with its own bytes."""
    head = msgspec.json.encode(fields)[:-1]
    return Answer(head + b',"' + member.encode() + b'":' + body + b"}")


def beside(list_name: str, page: Page[bytes]) -> Answer:
    """A numbered page that says how many there are beside its list."""
    fields = {
        "type": "list",
        "total_count": page.total,
        "page": page.number,
        "per_page": page.per_page,
        "total_pages": page.total_pages,
    }
    return _around(fields, list_name, list(page.rows))


def by_number(page: Page[bytes], kind: str = "list", list_name: str = "data") -> Answer:
    """A numbered page; the next page is described, not linked."""
    pages: dict[str, object] = {
        "type": "pages",
        "page": page.number,
        "per_page": page.per_page,
        "total_pages": page.total_pages,
    }
    if not page.is_last:
        pages["next"] = {"page": page.number + 1, "per_page": page.per_page}
    fields = {"type": kind, "pages": pages, "total_count": page.total}
    return _around(fields, list_name, list(page.rows))


def by_link(
    kind: str, list_name: str, page: Page[bytes], path: str, query: Mapping[str, str | int]
) -> Answer:
    """A numbered page whose successor is a link to the real API's host."""
    following = urlencode({**query, "page": page.number + 1})
    link = None if page.is_last else f"https://api.intercom.io{path}?{following}"
    fields = {
        "type": kind,
        "total_count": page.total,
        "pages": {
            "type": "pages",
            "next": link,
            "page": page.number,
            "per_page": page.per_page,
            "total_pages": page.total_pages,
        },
    }
    return _around(fields, list_name, list(page.rows))
