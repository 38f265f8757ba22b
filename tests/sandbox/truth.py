"""The rows that an archive of this workspace must hold, stream by stream.

Written from the tables' descriptions, column by column, and from what the workspace knows of itself
(the words before they became HTML, the lines of a call). Whoever normalises the API's answers does
it in another place and another way; here both meet. Conversations are in `truth_conversations`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

from . import (
    serialise,
    telephony,
    truth_companies,
    truth_contact_lists,
    truth_conversations,
    truth_side,
    truth_tickets,
)
from .conversation_api import ConversationApi
from .conversations import Conversation
from .errors import not_found
from .knowledge import Article
from .people import Document
from .shelves import Shelf
from .telephony import Call
from .truth_values import as_id, as_ids, as_time, copied, inside, named
from .workspace import Workspace

Rows = list[Document]
Made = TypeVar("Made")

_DEVICE_FIELDS = ("app_name", "app_version", "device", "os_version", "sdk_version")


def _admin(admin: Document) -> Document:
    names = "id name email job_title away_mode_enabled away_mode_reassign has_inbox_seat"
    return copied(admin, names) | {
        "away_status_reason_id": as_id(admin["away_status_reason_id"]),
        "team_ids": as_ids(admin["team_ids"]),
        "avatar_image_url": inside(admin, "avatar", "image_url"),
        "team_priority_level_primary_team_ids": as_ids(
            admin["team_priority_level"]["primary_team_ids"]
        ),
        "team_priority_level_secondary_team_ids": as_ids(
            admin["team_priority_level"]["secondary_team_ids"]
        ),
        "role_id": inside(admin, "role", "id"),
        "role_name": inside(admin, "role", "name"),
    }


def _team(team: Document) -> Document:
    level = team["admin_priority_level"]
    return copied(team, "id name assignment_limit distribution_method") | {
        "admin_ids": as_ids(team["admin_ids"]),
        "admin_count": len(team["admin_ids"]),
        "admin_priority_level_primary_admin_ids": as_ids(level["primary_admin_ids"]),
        "admin_priority_level_secondary_admin_ids": as_ids(level["secondary_admin_ids"]),
    }


def _tag(tag: Document) -> Document:
    return copied(tag, "id name")


def _collection(collection: Document) -> Document:
    names = (
        "id workspace_id name description url icon order default_locale parent_id "
        "translated_content"
    )
    return copied(collection, names) | {
        "created_at": as_time(collection["created_at"]),
        "updated_at": as_time(collection["updated_at"]),
        "help_center_id": as_id(collection["help_center_id"]),
    }


def _contact(contact: Document) -> Document:
    plain = (
        "id workspace_id external_id role email email_domain phone name owner_id has_hard_bounced "
        "marked_email_as_spam unsubscribed_from_emails language_override browser browser_version "
        "browser_language os custom_attributes"
    )
    times = (
        "created_at updated_at signed_up_at last_seen_at last_replied_at last_contacted_at "
        "last_email_opened_at last_email_clicked_at android_last_seen_at ios_last_seen_at"
    )
    row = copied(contact, plain)
    row |= {name: as_time(contact[name]) for name in named(times)}
    for platform in ("android", "ios"):
        row |= copied(contact, " ".join(f"{platform}_{field}" for field in _DEVICE_FIELDS))
    row |= {f"location_{n}": contact["location"][n] for n in ("country", "region", "city")}
    for one, many in (("tag", "tags"), ("company", "companies")):
        row[f"{one}_ids"] = [entry["id"] for entry in contact[many]["data"]]
    for many in ("tags", "companies", "notes"):
        row[f"{many}_total_count"] = contact[many]["total_count"]
        row[f"{many}_has_more"] = contact[many]["has_more"]
    row["avatar_image_url"] = inside(contact, "avatar", "image_url")
    row["social_profiles"] = contact["social_profiles"]["data"]
    return row


def _deleted(deleted: Document) -> Document:
    return copied(deleted, "id metrics_retained") | {"deleted_at": as_time(deleted["deleted_at"])}


def _article(article: Article) -> Document:
    document = article.document
    plain = (
        "id workspace_id title description body body_markdown state has_unpublished_changes url "
        "parent_type ai_chatbot_availability ai_copilot_availability ai_sales_agent_availability "
        "exclude_from_article_suggestions help_center_audience default_locale translated_content"
    )
    times = "created_at updated_at draft_updated_at scheduled_publish_at scheduled_unpublish_at"
    figures = (
        "views conversions reactions happy_reaction_percentage neutral_reaction_percentage "
        "sad_reaction_percentage fin_involvements fin_resolutions fin_resolution_rate"
    )
    row = copied(document, plain)
    row |= {name: as_time(document[name]) for name in named(times)}
    row |= {
        name: as_id(document[name])
        for name in ("author_id", "parent_id", "created_by_id", "updated_by_id")
    }
    row |= {f"statistics_{n}": inside(document, "statistics", n) for n in named(figures)}
    row["body_text"] = article.text
    row["parent_ids"] = as_ids(document["parent_ids"])
    row["tag_names"] = [tag["name"] for tag in document["tags"]["tags"]]
    return row


def _call(call: Call) -> Document:
    plain = (
        "id conversation_id admin_id contact_id state recording_url transcription_url call_type "
        "direction ended_reason phone fin_recording_url fin_transcription_url"
    )
    times = ("initiated_at", "answered_at", "ended_at", "created_at", "updated_at")
    return copied(call.document, plain) | {name: as_time(call.document[name]) for name in times}


def _transcription(call: Call) -> Rows:
    """No row for a call without words; the text as it came, or a line for each object."""
    if not call.speaks:
        return []
    # A call with a conversation is read through the search, which always answers in JSON.
    as_text = call.document["conversation_id"] is None and call.form == "text"
    said = [
        {
            "start_time": line.start,
            "end_time": None if as_text else line.end,
            "speaker": line.speaker,
            "content": line.content,
        }
        for line in call.lines
    ]
    lines = [
        f"[{telephony.clock_time(line.start)}] {line.speaker}: {line.content}"
        for line in call.lines
    ]
    return [
        {
            "call_id": call.id,
            "call_updated_at": as_time(call.updated_at),
            "transcript": said,
            "transcript_text": telephony.transcript_text(call) if as_text else "\n".join(lines),
        }
    ]


def _one_row(make: Callable[[Made], Document], source: Made) -> Rows:
    return [make(source)]


def _many_rows(make: Callable[[Made], Rows], source: Made) -> Rows:
    return make(source)


class Truth:
    """States the rows of every stream as they must be now."""

    def __init__(
        self,
        workspace: Workspace,
        conversations: ConversationApi,
        admins: Callable[[], list[Document]],
        shelves: tuple[Shelf, ...],
    ) -> None:
        """Of this workspace; `conversations` and `admins` tell what was served last."""
        self._shelves = {shelf.stream: shelf for shelf in shelves}
        self._workspace = workspace
        self._conversations = conversations
        self._admins = admins

    def object_count(self, stream: str) -> int:
        """How many objects of the API a stream's rows come from; an unknown stream gets 404."""
        if stream in (*truth_conversations.STREAMS, *truth_side.STREAMS):
            return self._workspace.conversation_count()
        return len(self._others(stream))

    def rows(self, stream: str, first: int, count: int) -> Rows:
        """Rows of a stream for `count` objects from the `first` on, without `payload_id`."""
        if stream in truth_side.STREAMS:
            found = self._workspace.conversations(first, count)
            setting = self._workspace.setting
            return [row for each in found for row in truth_side.rows(stream, setting, each)]
        if stream not in truth_conversations.STREAMS:
            made = self._others(stream)[first : first + count]
            return [row for make in made for row in make()]
        rows: Rows = []
        for conversation in self._workspace.conversations(first, count):
            rows.extend(self._signed(conversation, truth_conversations.rows(stream, conversation)))
        return rows

    def parts_served(self, first: int, count: int) -> Rows:
        """The parts that are shown and those that once were, for `count` conversations."""
        rows: Rows = []
        for conversation in self._workspace.conversations(first, count):
            oldest = self._conversations.first_part_served(conversation.id)
            if oldest is None:
                made = truth_conversations.rows("conversation_parts", conversation)
            else:
                made = truth_conversations.parts_from(conversation, oldest)
            rows.extend(self._signed(conversation, made))
        return rows

    def _signed(self, conversation: Conversation, rows: Iterator[Document]) -> Rows:
        """Put in the signed addresses of the last fetch."""
        made = list(rows)
        text = json.dumps(made).encode()
        if not serialise.is_signed(text):
            return made
        fetch = self._conversations.fetch_count(conversation.id)
        signed: Rows = json.loads(
            serialise.sign(text, conversation.id, fetch, self._workspace.start)
        )
        return signed

    def _others(self, stream: str) -> list[Callable[[], Rows]]:
        """One maker of rows for each object of a stream that does not come from conversations."""
        workspace = self._workspace
        if stream in self._shelves:
            shelf = self._shelves[stream]
            return [partial(_one_row, shelf.row, entry) for entry in shelf.entries()]
        one, many = _one_row, _many_rows
        sources: dict[str, tuple[Callable[..., Rows], Callable[..., Any], Sequence[Any]]] = {
            "admins": (one, _admin, self._admins()),
            "teams": (one, _team, workspace.teams),
            "tags": (one, _tag, workspace.tags),
            "collections": (one, _collection, workspace.collections),
            "contacts": (one, _contact, workspace.contacts),
            "deleted_conversations": (one, _deleted, workspace.deleted),
            "articles": (one, _article, workspace.articles),
            "article_versions": (many, truth_side.version_rows, workspace.articles),
            "article_drafts": (many, truth_side.draft_rows, workspace.articles),
            "activity_logs": (one, truth_side.activity_row, workspace.activity),
            "calls": (one, _call, workspace.calls),
            "call_transcriptions": (many, _transcription, workspace.calls),
            "tickets": (one, truth_tickets.ticket_row, workspace.tickets),
            "ticket_parts": (many, truth_tickets.part_rows, workspace.tickets),
            "companies": (one, truth_companies.company_row, workspace.companies),
            "company_segments": (many, truth_companies.segment_rows, workspace.companies),
            "company_notes": (many, truth_companies.note_rows, workspace.companies),
        }
        if stream in truth_contact_lists.ROWS:
            make_rows, lists = truth_contact_lists.ROWS[stream], workspace.contact_lists
            ids = [str(contact["id"]) for contact in workspace.contacts]
            return [partial(make_rows, each, lists[each]) for each in ids]
        if stream in sources:
            shape, make, listed = sources[stream]
            return [partial(shape, make, source) for source in listed]
        raise not_found(f"No truth of {stream}")
