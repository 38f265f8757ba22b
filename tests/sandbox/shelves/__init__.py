"""Shelves: the lists that the API gives as they stand, one row for each.

A new list is a row here, its objects in `stock`, and a function for its rows.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ..errors import RefusedError
from ..people import Document
from . import label_rows, office, office_rows, ticket_rows, ticketing, writing_rows
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


class _Entries:
    """What lies on shelves that hold more than a plain list of objects."""

    def __init__(self, stock: Stock, me: Document) -> None:
        self._stock = stock
        self._me = me

    def plain(self, stream: str) -> Callable[[], list[Entry]]:
        return lambda: by_id(self._stock[stream])

    def below(self, stream: str, member: str) -> Callable[[], list[Entry]]:
        """Objects that say whose they are."""
        return lambda: [Entry(str(one["id"]), one, str(one[member])) for one in self._stock[stream]]

    def ids(self, stream: str) -> Callable[[], set[str]]:
        return lambda: {str(one["id"]) for one in self._stock[stream]}

    def workspaces(self) -> list[Entry]:
        return [Entry(str(self._me["app"]["id_code"]), self._me["app"])]

    def attributes(self) -> list[Entry]:
        listed = self._stock["data_attributes"]
        return [Entry(f"{one['model']}:{one['full_name']}", one) for one in listed]

    def states(self) -> list[Entry]:
        types = self._stock["ticket_types"]
        states = self._stock["ticket_states"]
        return by_id([ticketing.with_types(state, types) for state in states])

    def custom_objects(self) -> list[Entry]:
        listed = self._stock["custom_object_instances"]
        return [Entry(f"{one['type']}:{one['id']}", one, str(one["type"])) for one in listed]

    def live_news(self) -> list[Entry]:
        feeds = self.ids("newsfeeds")()
        return [
            Entry(f"{feed}:{item['id']}", item, feed)
            for item in self._stock["news_items"]
            if item["state"] == "live"
            for feed in (str(one["newsfeed_id"]) for one in item["newsfeed_assignments"])
            if feed in feeds
        ]

    def event_types(self) -> list[Entry]:
        return [Entry(name, name) for name in office.EVENT_TYPES]


def make_shelves(stock: Stock, me: Document) -> tuple[Shelf, ...]:
    """All shelves over this stock; `me` is what `GET /me` answers."""
    entries = _Entries(stock, me)
    return (
        Shelf(
            "workspaces",
            "/me",
            "app",
            entries.workspaces,
            label_rows.workspace,
            around={name: value for name, value in me.items() if name != "app"},
        ),
        *_labels(entries),
        *_office(entries),
        *_writings(entries, stock),
    )


def _labels(entries: _Entries) -> tuple[Shelf, ...]:
    plain = entries.plain
    return (
        Shelf(
            "segments",
            "/segments",
            "segments",
            plain("segments"),
            label_rows.segment,
            shown=_counted,
            kind="segment.list",
        ),
        Shelf(
            "subscription_types",
            "/subscription_types",
            "data",
            plain("subscription_types"),
            label_rows.subscription_type,
        ),
        Shelf(
            "data_attributes",
            "/data_attributes",
            "data",
            entries.attributes,
            label_rows.data_attribute,
            shown=_of_model,
            check=_check_model,
        ),
        Shelf(
            "conversation_attributes",
            "/conversations/attributes",
            "data",
            plain("conversation_attributes"),
            label_rows.conversation_attribute,
            shown=_with_archived,
            since=(2, 16),
        ),
        Shelf(
            "ticket_types", "/ticket_types", "data", plain("ticket_types"), ticket_rows.ticket_type
        ),
        Shelf(
            "ticket_states",
            "/ticket_states",
            "data",
            entries.states,
            ticket_rows.ticket_state,
            since=(2, 12),
        ),
    )


def _office(entries: _Entries) -> tuple[Shelf, ...]:
    plain = entries.plain
    return (
        Shelf("brands", "/brands", "data", plain("brands"), office_rows.brand, since=(2, 15)),
        Shelf("emails", "/emails", "data", plain("emails"), office_rows.email, since=(2, 15)),
        Shelf(
            "away_status_reasons",
            "/away_status_reasons",
            "data",
            plain("away_status_reasons"),
            office_rows.away_reason,
            since=(2, 14),
        ),
        Shelf(
            "office_hours_schedules",
            "/office_hours_schedules",
            "data",
            plain("office_hours_schedules"),
            office_rows.schedule,
            since=(2, 16),
            kind="office_hours_schedule.list",
        ),
        Shelf(
            "office_hours_exceptions",
            "/office_hours_schedules/{id}/office_hours_exceptions",
            "data",
            entries.below("office_hours_exceptions", "office_hours_schedule_id"),
            office_rows.exception,
            since=(2, 16),
            kind="office_hours_exception.list",
            parents=entries.ids("office_hours_schedules"),
        ),
        Shelf(
            "custom_object_instances",
            "/custom_object_instances/{id}",
            "data",
            entries.custom_objects,
            office_rows.custom_object,
            Paging("link"),
            since=(2, 13),
            parents=lambda: set(office.CUSTOM_OBJECT_TYPES),
        ),
        Shelf(
            "activity_log_event_types",
            "/admins/activity_log_event_types",
            "event_types",
            entries.event_types,
            office_rows.event_type,
            kind="activity_log_event_type.list",
        ),
    )


def _writings(entries: _Entries, stock: Stock) -> tuple[Shelf, ...]:
    plain, texts, rows = entries.plain, stock.texts, writing_rows
    fixed = Paging("number", 25, None)
    return (
        Shelf(
            "internal_articles",
            "/internal_articles",
            "data",
            plain("internal_articles"),
            partial(rows.internal_article, texts),
            fixed,
            since=(2, 13),
        ),
        Shelf(
            "help_centers",
            "/help_center/help_centers",
            "data",
            plain("help_centers"),
            rows.help_center,
        ),
        Shelf(
            "help_center_redirects",
            "/help_center/help_centers/{id}/redirects",
            "data",
            entries.below("help_center_redirects", "help_center_id"),
            rows.redirect,
            Paging("number", 50, 250),
            since=(2, 16),
            parents=entries.ids("help_centers"),
        ),
        Shelf(
            "content_snippets",
            "/content_snippets",
            "data",
            plain("content_snippets"),
            rows.content_snippet,
            Paging("beside", 50, 50),
            since=(2, 16),
        ),
        Shelf(
            "audiences",
            "/audiences",
            "data",
            plain("audiences"),
            rows.audience,
            Paging("beside", 50, 50),
            since=(2, 16),
        ),
        Shelf(
            "content_import_sources",
            "/ai/content_import_sources",
            "data",
            plain("content_import_sources"),
            rows.import_source,
            Paging("number", 50, None),
            since=(2, 12),
        ),
        Shelf(
            "external_pages",
            "/ai/external_pages",
            "data",
            plain("external_pages"),
            partial(rows.external_page, texts),
            Paging("link", 50, None),
            since=(2, 12),
        ),
        Shelf(
            "macros",
            "/macros",
            "data",
            plain("macros"),
            rows.macro,
            Paging("cursor", 50, 150),
            since=(2, 16),
        ),
        Shelf(
            "news_items",
            "/news/news_items",
            "data",
            plain("news_items"),
            partial(rows.news_item, texts),
            Paging("number", 10, None),
        ),
        Shelf(
            "newsfeeds",
            "/news/newsfeeds",
            "data",
            plain("newsfeeds"),
            rows.newsfeed,
            Paging("number", 10, None),
        ),
        Shelf(
            "newsfeed_items",
            "/news/newsfeeds/{id}/items",
            "data",
            entries.live_news,
            rows.newsfeed_item,
            Paging("number", 20, None),
            parents=entries.ids("newsfeeds"),
        ),
    )
