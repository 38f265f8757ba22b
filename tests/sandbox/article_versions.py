"""Versions of articles, and drafts that wait on top of published ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .people import Document

if TYPE_CHECKING:
    from .knowledge import Article

_TEXTS = ("body", "body_markdown", "updated_at")


@dataclass
class Written:
    """An object with a text, as the API shows it, and the words behind its HTML."""

    document: Document
    text: str | None

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.document["id"])

    def summary(self) -> Document:
        """It as lists show it: without its text."""
        return {name: value for name, value in self.document.items() if name not in _TEXTS}


def make_version(document: Document, text: str | None, number: int, at: int) -> Written:
    """The version of this number of an article as it is now; its ids go up with the numbers."""
    first = 100 * int(document["id"])
    return Written(
        {
            "type": "article_version",
            "id": str(first + number),
            "article_id": document["id"],
            "title": document["title"],
            "description": document["description"],
            "body": document["body"],
            "body_markdown": f"*{number}*" if number % 2 else None,
            "author_id": str(document["author_id"]),
            "created_by_id": str(document["author_id"]) if number % 3 else None,
            "created_via": ("web", "api")[number % 2],
            "from_version_id": str(first + number - 1) if number else None,
            "state": "published",
            "created_at": at,
            "updated_at": at,
        },
        text,
    )


def draft_of(article: Article) -> Written | None:
    """The draft that waits on top of an article; None where none does."""
    document = article.document
    if not document["has_unpublished_changes"]:
        return None
    text = f"Draft of {document['id']}"
    draft = {"title": f"{document['title']} (draft)", "body": f"<p>{text}</p>"}
    return Written(document | draft, text)
