"""The help centre: collections, some inside others, and articles, published and draft."""

from __future__ import annotations

import random
from dataclasses import dataclass

from . import prose
from .article_versions import Written, make_version
from .people import Document, workspace_id
from .prose import Body
from .vocabulary import Vocabulary

_DAY = 86_400
_FIRST_COLLECTION = 150
_FIRST_ARTICLE = 8_000


@dataclass
class Article:
    """An article as the API shows it, and its body as a person reads it."""

    document: Document
    text: str | None
    versions: list[Written]


def make_collections(seed: int, count: int, start: int, words: Vocabulary) -> list[Document]:
    """Collections; every third is a section of the one before it."""
    rng = random.Random(f"collections {seed}")
    collections: list[Document] = []
    for index in range(count):
        section = index % 3 == 2
        updated = start - rng.randrange(1, 300) * _DAY
        number = _FIRST_COLLECTION + index
        collection: Document = {
            "id": str(number),
            "workspace_id": workspace_id(seed),
            "name": words.phrase(rng, 4),
            "url": f"https://help.example.com/collections/{number}",
            "order": index,
            "created_at": updated - 90 * _DAY,
            "updated_at": updated,
            "description": None if section else words.sentence(rng),
            "icon": "bookmark",
            "parent_id": str(number - 1) if section else None,
            "help_center_id": None if section else 79,
        }
        if index % 4 == 0:
            collection["default_locale"] = "en"
            collection["translated_content"] = {
                "type": "group_translated_content",
                "fr": {
                    "type": "group_content",
                    "name": f"Catégorie {index}",
                    "description": "Une catégorie inventée",
                },
            }
        collections.append(collection)
    return collections


def _body(rng: random.Random, index: int, words: Vocabulary) -> Body:
    if index % 11 == 3:
        return prose.EMPTY_BODY
    if index % 13 == 5:
        return prose.NO_BODY
    return prose.article(rng, words, rng.randint(1, 6))


def make_article(seed: int, index: int, start: int, words: Vocabulary) -> Article:
    """The article of this index."""
    rng = random.Random(f"article {seed} {index}")
    number = _FIRST_ARTICLE + 7 * index
    draft = index % 5 == 1
    updated = start - 3_600 - rng.randrange(400 * _DAY)
    body = _body(rng, index, words)
    author = 990_100 + index % 14
    collection = _FIRST_COLLECTION + index % 6
    document: Document = {
        "id": str(number),
        "type": "article",
        "workspace_id": workspace_id(seed),
        "parent_id": collection if index % 4 else None,
        "parent_type": "collection" if index % 4 else None,
        "parent_ids": [collection, _FIRST_COLLECTION] if index % 4 else [],
        "tags": {"type": "tag.list", "tags": []},
        "title": words.phrase(rng, 7),
        "description": words.sentence(rng) if index % 3 else "",
        "body": body.html,
        "body_markdown": None,
        "author_id": author,
        "state": "draft" if draft else "published",
        "created_at": updated - rng.randrange(200 * _DAY),
        "updated_at": updated,
        "has_unpublished_changes": index % 7 == 2,
        "draft_updated_at": updated + 60 if index % 7 == 2 else None,
        "url": None if draft else f"https://help.example.com/en/articles/{number}",
        "ai_chatbot_availability": index % 2 == 0,
        "ai_copilot_availability": True,
        "ai_sales_agent_availability": False,
        "created_by_id": author,
        "updated_by_id": author if index % 3 else None,
        "exclude_from_article_suggestions": index % 9 == 0,
        "help_center_audience": "everyone" if index % 6 else None,
        "scheduled_publish_at": start + _DAY if index % 10 == 1 else None,
        "scheduled_unpublish_at": None,
    }
    if index % 6 == 2:
        tag = {"type": "tag", "id": "7700000", "name": words.phrase(rng, 1)}
        document["tags"]["tags"] = [tag]
    if not draft:
        document["statistics"] = {
            "type": "article_statistics",
            "views": rng.randrange(10_000),
            "conversions": rng.randrange(50),
            "reactions": rng.randrange(200),
            "happy_reaction_percentage": rng.randrange(10_000) / 100,
            "neutral_reaction_percentage": 0.0,
            "sad_reaction_percentage": 12.5,
            "fin_involvements": rng.randrange(40),
            "fin_resolutions": rng.randrange(20),
            "fin_resolution_rate": 33.33,
        }
    if index % 3 == 0:
        document["default_locale"] = "en"
        document["translated_content"] = {
            "type": "article_translated_content",
            "fr": {
                "type": "article_content",
                "title": f"Titre {index}",
                "description": "",
                "body": "<p>Un article inventé</p>",
                "author_id": author,
                "state": "draft",
                "created_at": document["created_at"],
                "updated_at": updated,
                "url": f"https://help.example.com/fr/articles/{number}",
            },
        }
    versions = [make_version(document, body.text, index % 3, updated)]
    for earlier in range(index % 3 - 1, -1, -1):
        other = _body(rng, index + earlier + 1, words)
        before = document | {"body": other.html, "title": f"{document['title']} {earlier}"}
        at = updated - (index % 3 - earlier) * _DAY
        versions.append(make_version(before, other.text, earlier, at))
    return Article(document, body.text, versions)
