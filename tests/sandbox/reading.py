"""Reading what a client asks: API version, token, JSON body, search with sort and pagination."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from . import search
from .errors import RefusedError
from .messages import Request
from .search import Dialect, Query

DEFAULT_VERSION = "2.16"
_NEWEST_MINOR = 17
_UNSTABLE = ("Preview", "Unstable")
_ORDERS = ("ascending", "descending")


@dataclass(frozen=True)
class SearchRequest:
    """A search as it is to be carried out."""

    query: Query | None
    sort_field: str
    descending: bool
    per_page: int
    starting_after: str | None


def api_version(request: Request) -> tuple[int, int]:
    """The version asked for by `Intercom-Version`; an unknown one is refused with 400."""
    text = request.headers.get("intercom-version", DEFAULT_VERSION)
    if text in _UNSTABLE:
        return 2, 99
    major, _, minor = text.partition(".")
    known = major == "2" and minor.isdecimal() and int(minor) <= _NEWEST_MINOR
    if not known:
        raise RefusedError(400, "intercom_version_invalid", f"Unknown version: {text}")
    return 2, int(minor)


def bearer_token(request: Request) -> str:
    """The token of the `Authorization` header, or an empty string."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def read_object(body: bytes) -> dict[str, Any]:
    """A JSON object from a request's body; anything else is refused with 400."""
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError:
        raise RefusedError(400, "bad_request", "The body must be a JSON object.") from None


def read_search(body: bytes, dialect: Dialect, default: int, most: int) -> SearchRequest:
    """A checked search request. Without a sort, the last changed come first."""
    asked = read_object(body)
    if "query" not in asked:
        raise RefusedError(400, "parameter_not_found", "query is missing")
    query = search.parse(asked["query"], dialect)
    sort = asked.get("sort") or {"field": "updated_at", "order": "descending"}
    if not isinstance(sort, dict):
        raise RefusedError(400, "parameter_invalid", "sort must be an object")
    field, order = sort.get("field"), sort.get("order", "ascending")
    if order not in _ORDERS:
        message = f"Invalid sort order '{order}'. Must be one of: {', '.join(_ORDERS)}"
        raise RefusedError(400, "invalid_sort_order", message)
    if not isinstance(field, str) or (
        field != "id" and dialect.kind(field) not in ("date", "integer")
    ):
        raise RefusedError(400, "parameter_invalid", f"Cannot sort by {field}")
    pagination = asked.get("pagination") or {}
    if not isinstance(pagination, dict):
        raise RefusedError(400, "parameter_invalid", "pagination must be an object")
    per_page = pagination.get("per_page", default)
    if not isinstance(per_page, int) or not 1 <= per_page <= most:
        message = f"per_page must be a number between 1 and {most}"
        raise RefusedError(400, "parameter_invalid", message)
    cursor = pagination.get("starting_after")
    if cursor is not None and not isinstance(cursor, str):
        raise RefusedError(400, "parameter_invalid", "starting_after must be a string")
    return SearchRequest(query, field, order == "descending", per_page, cursor)
