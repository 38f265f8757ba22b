"""THE TABLE: one row per thing Intercom serves; the only place that names endpoints.

A row says where the objects are listed, which pager reads the list, whether each object is
fetched whole, which streams are cut out of its payload, and what to tell a person whose token
may not read it. Facts and sources: docs/intercom-api.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tap_intercom_archive.cuts import conversation_state_changes, parts_truncated

Record = dict[str, Any]
REFERENCE = "https://developers.intercom.com/docs/references/rest-api/api.intercom.io"


@dataclass(frozen=True)
class Listing:
    """A list that one request or pages of it give.

    `items` is the member that holds the objects; `pager` is one of `paging.PAGERS`;
    `per_page` the API's own maximum.
    """

    path: str
    items: str
    pager: str = "single"
    per_page: int = 150
    params: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Search:
    """A list filtered and sorted by `updated_at` on the server.

    `widen_seconds` is added to both ends of a window, because operators may be strict or
    inclusive, or compare by day in a time zone that may change its clocks; `window_seconds`
    is the shortest window worth asking for.
    """

    path: str
    items: str
    per_page: int = 150
    widen_seconds: int = 1
    window_seconds: int = 1


@dataclass(frozen=True)
class Items:
    """Where in a payload the items of a cut stream stand, and what they lack."""

    path: str
    defaults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Cut:
    """A stream cut out of another one's payload: by listed items, or by a function."""

    name: str
    keys: tuple[str, ...]
    items: tuple[Items, ...] = ()
    derive: Callable[[Mapping[str, Any]], Iterable[Record]] | None = None


@dataclass(frozen=True)
class Resource:
    """One thing Intercom serves.

    `method` is how it is kept current: `full` (the whole list every run), `windows` (server
    search, window protocol) or `walk` (list without a search). `time_field` is the object's
    time of change. `hydrate` is the path of the whole object where the list gives less.
    `cost` says in words what calls it takes. `retires` says whether a row that a sweep does not
    find is gone; `tombstones_of` names the stream whose deletions the rows are;
    `shown_by_search` members that a search hit and the whole object both show.
    """

    name: str
    method: str
    scope: str
    cost: str
    docs: str
    listing: Listing
    search: Search | None = None
    hydrate: str | None = None
    keys: tuple[str, ...] = ("id",)
    time_field: str | None = "updated_at"
    cuts: tuple[Cut, ...] = ()
    fed: tuple[Cut, ...] = ()
    finish: Callable[[Record], None] | None = None
    since: str = "2.11"
    overlap_setting: str | None = None
    retires: bool = True
    tombstones_of: str | None = None
    shown_by_search: tuple[str, ...] = ()

    def is_served_by(self, api_version: str) -> bool:
        """Say whether that version of the API has it; `Preview` and `Unstable` have everything."""
        return not api_version[:1].isdigit() or _version(api_version) >= _version(self.since)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in text.split("."))


RESOURCES: tuple[Resource, ...] = (
    Resource(
        "admins",
        method="full",
        listing=Listing("/admins", "admins", params=(("display_avatar", "true"),)),
        time_field=None,
        scope="Read admins",
        cost="2 a run",
        docs=f"{REFERENCE}/admins/listadmins",
    ),
    Resource(
        "teams",
        method="full",
        listing=Listing("/teams", "teams"),
        time_field=None,
        scope="Read admins",
        cost="2 a run",
        docs=f"{REFERENCE}/teams/listteams",
    ),
    Resource(
        "tags",
        method="full",
        listing=Listing("/tags", "data"),
        time_field=None,
        scope="Read tags",
        cost="2 a run",
        docs=f"{REFERENCE}/tags/listtags",
    ),
    Resource(
        "collections",
        method="full",
        listing=Listing("/help_center/collections", "data", "page", 150),
        scope="Read and list articles",
        cost="2 a run for each 150",
        docs=f"{REFERENCE}/help-center/listallcollections",
    ),
    Resource(
        "articles",
        method="walk",
        listing=Listing("/articles", "data", "page", 150),
        overlap_setting="articles_overlap_pages",
        scope="Read and list articles",
        cost="1 for each 150 read",
        docs=f"{REFERENCE}/articles/listarticles",
    ),
    Resource(
        "contacts",
        method="windows",
        listing=Listing("/contacts", "data", "cursor", 150),
        # Dates are compared by calendar day in the workspace's zone up to 2.16: a day each
        # side, and an hour for a zone that changes its clocks (docs/intercom-api.md).
        search=Search("/contacts/search", "data", 150, widen_seconds=90_000, window_seconds=86_400),
        scope="Read and list users and companies",
        cost="1 for each 150 listed",
        docs=f"{REFERENCE}/contacts/searchcontacts",
    ),
    Resource(
        "conversations",
        method="windows",
        listing=Listing("/conversations", "conversations", "cursor", 150),
        search=Search("/conversations/search", "conversations", 150),
        hydrate="/conversations/{id}",
        cuts=(
            Cut("conversation_parts", ("id",), (Items("conversation_parts.conversation_parts"),)),
            Cut(
                "conversation_participants",
                ("conversation_id", "type", "id"),
                (
                    Items("contacts.contacts", {"type": "contact"}),
                    Items("teammates.teammates", {"type": "admin"}),
                ),
            ),
            Cut("conversation_tags", ("conversation_id", "tag_id"), (Items("tags.tags"),)),
            Cut("conversation_state_changes", ("id",), derive=conversation_state_changes),
        ),
        finish=parts_truncated,
        shown_by_search=(
            "open",
            "state",
            "priority",
            "admin_assignee_id",
            "team_assignee_id",
            "tags",
            "conversation_rating",
            "statistics",
        ),
        scope="Read conversations",
        cost="1 for each changed conversation, 2 for each 150 listed",
        docs=f"{REFERENCE}/conversations/searchconversations",
    ),
    Resource(
        "calls",
        method="walk",
        listing=Listing("/calls", "data", "page", 25),
        fed=(Cut("call_transcriptions", ("call_id",)),),
        overlap_setting="calls_overlap_pages",
        scope="Read conversations",
        cost="1 for each 25 read; transcripts: 1 for each 20 conversations",
        docs=f"{REFERENCE}/calls/listcalls",
        since="2.14",
    ),
    Resource(
        "deleted_conversations",
        method="walk",
        listing=Listing(
            "/conversations/deleted", "conversations", "page", 60, (("order", "desc"),)
        ),
        time_field="deleted_at",
        # The list is itself what remains of the deleted; none of it is ever retired.
        retires=False,
        tombstones_of="conversations",
        scope="Read conversations",
        cost="1 for each 60 read",
        docs=f"{REFERENCE}/conversations/listdeletedconversationids",
        since="2.16",
    ),
)


def object_path(template: str, record_id: str) -> str:
    """Give the path of one object; an id from a state or an answer stays one path segment."""
    return template.format(id=quote(record_id, safe=""))


RAW_PAYLOADS = "raw_payloads"
TRANSCRIPT_SEARCH = "/calls/search"
TRANSCRIPT_SEARCH_MAXIMUM = 20
TRANSCRIPT = "/calls/{id}/transcript"
WORKSPACE = "/me"
