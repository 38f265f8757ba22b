"""The rows that an archive must hold of what stands beside conversations and articles."""

from __future__ import annotations

from collections.abc import Iterator

from .article_versions import draft_of
from .conversations import Conversation, Setting
from .knowledge import Article
from .people import Document
from .side import make_handling_events, make_side_conversations
from .truth_values import as_id, as_time, copied

STREAMS = ("side_conversations", "handling_events")


def rows(stream: str, setting: Setting, conversation: Conversation) -> Iterator[Document]:
    """The rows of a stream beside one conversation."""
    if stream == "side_conversations":
        for thread in make_side_conversations(setting, conversation):
            yield {
                "id": thread.document["side_conversation_id"],
                "conversation_id": conversation.id,
                "conversation_parts": thread.document["conversation_parts"],
                "parts_text": "\n".join(thread.texts),
                "parts_total_count": thread.document["total_count"],
            }
        return
    for event in make_handling_events(setting, conversation):
        teammate = event["teammate"]
        at, teammate_id = event["timestamp"], str(teammate["id"])
        yield {
            "id": f"{conversation.id}:{at}:{event['type']}:{teammate['type']}:{teammate_id}",
            "conversation_id": conversation.id,
            "type": event["type"],
            "timestamp": at,
            "reason": event.get("reason"),
            "teammate_type": teammate["type"],
            "teammate_id": teammate_id,
            "teammate_name": teammate["name"],
            "teammate_email": teammate.get("email"),
        }


def version_rows(article: Article) -> list[Document]:
    """The rows of `article_versions`."""
    plain = (
        "id article_id title description body body_markdown author_id created_by_id created_via "
        "from_version_id state"
    )
    return [
        copied(version.document, plain)
        | {
            "body_text": version.text,
            "created_at": as_time(version.document["created_at"]),
            "updated_at": as_time(version.document["updated_at"]),
        }
        for version in article.versions
    ]


def draft_rows(article: Article) -> list[Document]:
    """The row of `article_drafts`, where the article has a draft."""
    draft = draft_of(article)
    if draft is None:
        return []
    plain = "id title description body body_markdown state translated_content"
    return [
        copied(draft.document, plain)
        | {
            "body_text": draft.text,
            "author_id": as_id(draft.document["author_id"]),
            "draft_updated_at": as_time(draft.document["draft_updated_at"]),
        }
    ]


def activity_row(log: Document) -> Document:
    """A row of `activity_logs`."""
    who = log["performed_by"]
    return copied(log, "id activity_type activity_description metadata") | {
        **{f"performed_by_{name}": who.get(name) for name in ("type", "id", "email", "ip")},
        "created_at": as_time(log["created_at"]),
    }
