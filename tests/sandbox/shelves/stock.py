"""The objects that lie on shelves, as they stand now; what happens to them is in `stocktaking`."""

from __future__ import annotations

from ..people import Document
from ..vocabulary import Vocabulary
from . import labels, office, ticketing, writings
from .writings import Texts


class Stock(dict[str, list[Document]]):
    """Lists of objects by stream, and the words behind the HTML in them."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self.texts: Texts = {}


def make_stock(seed: int, words: Vocabulary, start: int, admins: list[Document]) -> Stock:
    """All of it, for a workspace of this seed."""
    stock = Stock()
    states = ticketing.make_ticket_states(seed, words)
    stock |= {
        "segments": labels.make_segments(seed, words, start),
        "subscription_types": labels.make_subscription_types(seed, words),
        "data_attributes": labels.make_data_attributes(seed, words, start, admins),
        "conversation_attributes": labels.make_conversation_attributes(seed, words, start),
        "ticket_types": ticketing.make_ticket_types(seed, words, start, states),
        "ticket_states": states,
        "brands": office.make_brands(seed, words, start),
        "emails": office.make_emails(start),
        "away_status_reasons": office.make_away_reasons(seed, words, start),
        "custom_object_instances": office.make_custom_objects(seed, words, start),
    }
    schedules = office.make_schedules(seed, words, start)
    stock |= {
        "office_hours_schedules": schedules,
        "office_hours_exceptions": office.make_exceptions(seed, words, start, schedules),
    }
    return _with_writings(stock, seed, words, start)


def _with_writings(stock: Stock, seed: int, words: Vocabulary, start: int) -> Stock:
    texts = stock.texts
    help_centers = writings.make_help_centers(seed, words, start)
    sources = writings.make_import_sources(seed, start)
    feeds = writings.make_newsfeeds(seed, words, start)
    stock |= {
        "internal_articles": writings.make_internal_articles(seed, words, start, texts),
        "help_centers": help_centers,
        "help_center_redirects": writings.make_redirects(seed, start, help_centers),
        "content_snippets": writings.make_content_snippets(seed, words, start),
        "audiences": writings.make_audiences(seed, words, start),
        "content_import_sources": sources,
        "external_pages": writings.make_external_pages(seed, words, start, texts, sources),
        "macros": writings.make_macros(seed, words, start),
        "newsfeeds": feeds,
        "news_items": writings.make_news_items(seed, words, start, texts, feeds),
    }
    return stock
