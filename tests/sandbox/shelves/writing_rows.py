"""The rows that an archive must hold of what a workspace has written down beside its articles."""

from __future__ import annotations

from ..people import Document
from ..truth_values import as_id, as_ids, as_time, copied, named
from .shelf import Entry
from .writings import Texts


def _times(document: Document, names: str = "created_at updated_at") -> Document:
    return {name: as_time(document.get(name)) for name in named(names)}


def _text(texts: Texts, html: str | None) -> str | None:
    return texts.get(html, "") if html is not None else None


def internal_article(texts: Texts, entry: Entry) -> Document:
    """A row of `internal_articles`."""
    article = entry.thing
    plain = (
        "id title body body_markdown locale ai_chatbot_availability ai_copilot_availability "
        "ai_sales_agent_availability"
    )
    return copied(article, plain) | {
        "body_text": _text(texts, article["body"]),
        "owner_id": as_id(article["owner_id"]),
        "author_id": as_id(article["author_id"]),
        "audience_ids": as_ids(article.get("audience_ids")),
        **_times(article),
    }


def help_center(entry: Entry) -> Document:
    """A row of `help_centers`."""
    plain = (
        "id workspace_id identifier display_name website_turned_on url custom_domain default "
        "locales"
    )
    return copied(entry.thing, plain) | _times(entry.thing)


def redirect(entry: Entry) -> Document:
    """A row of `help_center_redirects`."""
    plain = "id help_center_id from_url locale target_type target_id"
    return copied(entry.thing, plain) | _times(entry.thing)


def content_snippet(entry: Entry) -> Document:
    """A row of `content_snippets`."""
    plain = (
        "id title locale body_markdown json_blocks chatbot_availability copilot_availability "
        "ai_chatbot_availability ai_copilot_availability ai_sales_agent_availability"
    )
    own = {"audience_ids": as_ids(entry.thing["audience_ids"])}
    return copied(entry.thing, plain) | own | _times(entry.thing)


def audience(entry: Entry) -> Document:
    """A row of `audiences`."""
    return copied(entry.thing, "id name predicates role_predicates") | _times(entry.thing)


def import_source(entry: Entry) -> Document:
    """A row of `content_import_sources`."""
    source = entry.thing
    return copied(source, "url status sync_behavior") | {
        "id": as_id(source["id"]),
        "audience_ids": as_ids(source["audience_ids"]),
        **_times(source, "last_synced_at created_at updated_at"),
    }


def external_page(texts: Texts, entry: Entry) -> Document:
    """A row of `external_pages`."""
    page = entry.thing
    plain = (
        "id external_id title url html locale fin_availability ai_agent_availability "
        "ai_copilot_availability ai_sales_agent_availability"
    )
    return copied(page, plain) | {
        "source_id": as_id(page["source_id"]),
        "html_text": _text(texts, page["html"]),
        **_times(page, "created_at updated_at last_ingested_at"),
    }


def macro(entry: Entry) -> Document:
    """A row of `macros`."""
    plain = "id name body body_text visible_to visible_to_team_ids available_on"
    return copied(entry.thing, plain) | _times(entry.thing)


def news_item(texts: Texts, entry: Entry) -> Document:
    """A row of `news_items`."""
    item = entry.thing
    plain = (
        "id workspace_id title body state newsfeed_assignments labels cover_image_url "
        "deliver_silently"
    )
    return copied(item, plain) | {
        "body_text": _text(texts, item["body"]),
        "sender_id": as_id(item["sender_id"]),
        "reactions": [reaction for reaction in item["reactions"] if reaction is not None],
        **_times(item),
    }


def newsfeed(entry: Entry) -> Document:
    """A row of `newsfeeds`."""
    return copied(entry.thing, "id name") | _times(entry.thing)


def newsfeed_item(entry: Entry) -> Document:
    """A row of `newsfeed_items`."""
    own = {"newsfeed_id": entry.parent}
    return copied(entry.thing, "id title state") | own | _times(entry.thing)
