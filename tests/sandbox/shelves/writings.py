"""What a workspace has written down beside its articles: for teammates, for Fin, as news.

The rows that an archive must hold of them are in `writing_rows`.
"""

from __future__ import annotations

import random

from .. import prose
from ..clock import iso
from ..people import Document, workspace_id
from ..vocabulary import Vocabulary

_DAY = 86_400
_LOCALES = ("en", "fr", "de")
_AVAILABILITY = (
    "ai_chatbot_availability",
    "ai_copilot_availability",
    "ai_sales_agent_availability",
)
Texts = dict[str, str | None]  # HTML, the words that it was made from


def _body(rng: random.Random, words: Vocabulary, texts: Texts) -> str | None:
    body = prose.NO_BODY if rng.random() < 0.08 else prose.write(rng, words, 4)
    if body.html is not None:
        texts[body.html] = body.text
    return body.html


def _available(index: int) -> Document:
    return {name: (index + place) % 3 != 0 for place, name in enumerate(_AVAILABILITY)}


def _times(rng: random.Random, start: int) -> Document:
    updated = start - 3_600 - rng.randrange(300 * _DAY)
    return {"created_at": updated - rng.randrange(90 * _DAY), "updated_at": updated}


def make_internal_articles(
    seed: int, words: Vocabulary, start: int, texts: Texts, count: int = 60
) -> list[Document]:
    """Internal articles, some without times, as the API's own example has one."""
    rng = random.Random(f"internal articles {seed}")
    articles: list[Document] = []
    for index in range(count):
        article: Document = {
            "id": str(39 + index),
            "title": words.phrase(rng, 5),
            "body": _body(rng, words, texts),
            "owner_id": 990_100 + index % 14,
            "author_id": 990_100 + index % 9,
            "locale": _LOCALES[index % 3],
        }
        if index % 7:
            article |= {
                "type": "internal_article",
                "body_markdown": words.sentence(rng),
                "audience_ids": [1, 2] if index % 4 == 0 else None,
                **_available(index),
                **_times(rng, start),
            }
        articles.append(article)
    return articles


def make_help_centers(seed: int, words: Vocabulary, start: int) -> list[Document]:
    """Help centers, one of them with a domain of its own."""
    rng = random.Random(f"help centers {seed}")
    return [
        {
            "id": str(79 + index),
            "workspace_id": workspace_id(seed),
            "identifier": f"synthetic-{index}",
            "website_turned_on": index != 2,
            "display_name": words.phrase(rng, 2),
            "url": f"https://help{index}.example.com",
            "custom_domain": "help.example.com" if index == 0 else None,
            "default": index == 0,
            "locales": list(_LOCALES[: 1 + index]),
            **_times(rng, start),
        }
        for index in range(3)
    ]


def make_redirects(seed: int, start: int, help_centers: list[Document]) -> list[Document]:
    """Redirects of two help centers, more than a page of one; the third has none."""
    rng = random.Random(f"redirects {seed}")
    return [
        {
            "id": str(2_600 + index),
            "type": "help_center_redirect",
            "from_url": f"https://help.example.com/old/{index}",
            "locale": "en",
            "help_center_id": help_centers[0 if index < 160 else 1]["id"],
            "target_type": ("article", "collection")[index % 2],
            "target_id": str(8_000 + 7 * index),
            **_times(rng, start),
        }
        for index in range(165)
    ]


def make_audiences(seed: int, words: Vocabulary, start: int) -> list[Document]:
    """Audiences: more than a page of them, some of everybody."""
    rng = random.Random(f"audiences {seed}")
    role = {"attribute": "role", "type": "role", "comparison": "eq", "value": "user"}
    return [
        {
            "type": "audience",
            "id": str(310 + index),
            "name": words.phrase(rng, 2),
            "predicates": [
                {
                    "attribute": "custom_attributes.plan",
                    "type": "string",
                    "comparison": "eq",
                    "value": words.phrase(rng, 1),
                }
                for _ in range(index % 3)
            ],
            "role_predicates": [role] if index % 2 else [],
            **_times(rng, start),
        }
        for index in range(70)
    ]


def make_content_snippets(seed: int, words: Vocabulary, start: int) -> list[Document]:
    """Snippets: more than a page of them."""
    rng = random.Random(f"snippets {seed}")
    return [
        {
            "type": "content_snippet",
            "id": str(12_300 + index),
            "title": words.phrase(rng, 4) if index % 5 else None,
            "locale": _LOCALES[index % 3],
            "json_blocks": [{"type": "paragraph", "text": words.sentence(rng)}],
            "body_markdown": f"# {words.phrase(rng)}" if index % 6 else None,
            "chatbot_availability": index % 2,
            "copilot_availability": 1,
            **_available(index),
            **_times(rng, start),
            "audience_ids": [1] if index % 4 == 0 else None,
        }
        for index in range(57)
    ]


def make_import_sources(seed: int, start: int) -> list[Document]:
    """Sources of external pages; their ids are numbers."""
    rng = random.Random(f"import sources {seed}")
    return [
        {
            "type": "content_import_source",
            "id": 33 + index,
            "last_synced_at": start - 500 * index,
            "sync_behavior": ("automatic", "api", "manual")[index % 3],
            "status": ("active", "deactivated")[index % 2],
            "url": f"https://support.example.com/{index}",
            **_times(rng, start),
            "audience_ids": [] if index else [5, 6],
        }
        for index in range(4)
    ]


def make_external_pages(
    seed: int, words: Vocabulary, start: int, texts: Texts, sources: list[Document]
) -> list[Document]:
    """Pages from elsewhere: more than a page of the list."""
    rng = random.Random(f"external pages {seed}")
    return [
        {
            "id": str(1_900 + index),
            "type": "external_page",
            "title": words.phrase(rng, 4),
            "html": _body(rng, words, texts),
            "url": f"https://support.example.com/page/{index}" if index % 3 else None,
            "ai_agent_availability": True,
            "ai_copilot_availability": index % 2 == 0,
            "ai_sales_agent_availability": False,
            "fin_availability": index % 2 == 0,
            "locale": "en",
            "source_id": sources[index % len(sources)]["id"],
            "external_id": str(index),
            **_times(rng, start),
            "last_ingested_at": start - 100 * index,
        }
        for index in range(55)
    ]


def make_macros(seed: int, words: Vocabulary, start: int) -> list[Document]:
    """Macros, with ISO times and two ways of writing a placeholder."""
    rng = random.Random(f"macros {seed}")
    macros: list[Document] = []
    for index in range(155):
        times = _times(rng, start)
        has_body = index % 9 != 4
        greeting = words.sentence(rng)
        macros.append(
            {
                "type": "macro",
                "id": str(100 + index),
                "name": words.phrase(rng, 3),
                "body": f'<p>Hi <attribute key="user.name" default="there"/>, {greeting}</p>'
                if has_body
                else None,
                "body_text": f'Hi {{{{user.name|fallback:"there"}}}}, {greeting}'
                if has_body
                else None,
                "created_at": iso(times["created_at"]).replace("Z", ".000Z"),
                "updated_at": iso(times["updated_at"]).replace("Z", ".000Z"),
                "visible_to": ("everyone", "specific_teams")[index % 2],
                "visible_to_team_ids": ["4400"] if index % 2 else [],
                "available_on": ["inbox", "messenger"][: 1 + index % 2],
            }
        )
    return macros


def make_newsfeeds(seed: int, words: Vocabulary, start: int) -> list[Document]:
    """Newsfeeds; nothing is live on the last."""
    rng = random.Random(f"newsfeeds {seed}")
    return [
        {
            "id": str(68 + index),
            "type": "newsfeed",
            "name": words.phrase(rng, 2),
            **_times(rng, start),
        }
        for index in range(12)
    ]


def make_news_items(
    seed: int, words: Vocabulary, start: int, texts: Texts, feeds: list[Document]
) -> list[Document]:
    """News, live and not, some on two feeds."""
    rng = random.Random(f"news {seed}")
    return [
        {
            "id": str(290 + index),
            "type": "news-item",
            "workspace_id": workspace_id(seed),
            "title": words.phrase(rng, 5),
            "body": _body(rng, words, texts) or "",
            "sender_id": 990_100 + index % 14,
            "state": ("live", "draft")[index % 3 == 1],
            "labels": [words.phrase(rng, 1)] if index % 2 else [],
            "cover_image_url": "https://static.example.com/news.png" if index % 4 == 0 else None,
            "reactions": ["😆", None, "😃"] if index % 3 == 0 else [None, None],
            "deliver_silently": index % 5 == 0,
            **_times(rng, start),
            "newsfeed_assignments": [
                {"newsfeed_id": int(feed["id"]), "published_at": start - 1_000 * index}
                for feed in feeds[: (0, 1, 2)[index % 3]]
            ],
        }
        for index in range(26)
    ]
