"""Shelves: the lists that the API gives as they stand, one row for each.

A new list is a row here, its objects in `stock`, and a function for its rows.
"""

from __future__ import annotations

from ..errors import RefusedError
from ..people import Document
from . import label_rows, ticket_rows, ticketing
from .shelf import Entry, Paging, Query, Shelf, by_id
from .stock import Stock, make_stock

__all__ = ["Entry", "Paging", "Shelf", "Stock", "make_shelves", "make_stock"]


def _check_model(query: Query) -> None:
    if query.get("model") not in ("contact", "company"):
        raise RefusedError(422, "unprocessable", "model must be contact or company")


def _with_archived(query: Query, entry: Entry) -> Entry | None:
    is_shown = query.get("include_archived") == "true" or not entry.thing["archived"]
    return entry if is_shown else None


def _of_model(query: Query, entry: Entry) -> Entry | None:
    return _with_archived(query, entry) if query["model"] == entry.thing["model"] else None


def _counted(query: Query, entry: Entry) -> Entry:
    if query.get("include_count") == "true":
        return entry
    return Entry(entry.key, {k: v for k, v in entry.thing.items() if k != "count"})


def make_shelves(stock: Stock, me: Document) -> tuple[Shelf, ...]:
    """All shelves over this stock; `me` is what `GET /me` answers."""

    def attributes() -> list[Entry]:
        return [Entry(f"{a['model']}:{a['full_name']}", a) for a in stock["data_attributes"]]

    def states() -> list[Entry]:
        types = stock["ticket_types"]
        return by_id([ticketing.with_types(state, types) for state in stock["ticket_states"]])

    def workspaces() -> list[Entry]:
        return [Entry(str(me["app"]["id_code"]), me["app"])]

    return (
        Shelf(
            "workspaces",
            "/me",
            "app",
            workspaces,
            label_rows.workspace,
            around={name: value for name, value in me.items() if name != "app"},
        ),
        Shelf(
            "segments",
            "/segments",
            "segments",
            lambda: by_id(stock["segments"]),
            label_rows.segment,
            shown=_counted,
            kind="segment.list",
        ),
        Shelf(
            "subscription_types",
            "/subscription_types",
            "data",
            lambda: by_id(stock["subscription_types"]),
            label_rows.subscription_type,
        ),
        Shelf(
            "data_attributes",
            "/data_attributes",
            "data",
            attributes,
            label_rows.data_attribute,
            shown=_of_model,
            check=_check_model,
        ),
        Shelf(
            "conversation_attributes",
            "/conversations/attributes",
            "data",
            lambda: by_id(stock["conversation_attributes"]),
            label_rows.conversation_attribute,
            shown=_with_archived,
            since=(2, 16),
        ),
        Shelf(
            "ticket_types",
            "/ticket_types",
            "data",
            lambda: by_id(stock["ticket_types"]),
            ticket_rows.ticket_type,
        ),
        Shelf(
            "ticket_states",
            "/ticket_states",
            "data",
            states,
            ticket_rows.ticket_state,
            since=(2, 12),
        ),
    )
