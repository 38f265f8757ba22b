"""The conversation endpoints: one conversation, the list, the search, the deleted ones."""

from __future__ import annotations

import bisect
from collections.abc import Iterable

from . import dialects, pages, search, serialise
from .errors import RefusedError, not_found
from .messages import Answer, Request
from .paging import Cursor, Page, numbered_page, read_cursor, whole_number
from .reading import SearchRequest, read_search
from .search import Document, Query
from .workspace import Workspace, full_document

_LIST_DEFAULT, _LIST_MOST = 20, 150
_DELETED_DEFAULT, _DELETED_MOST = 20, 60

_Row = tuple[int, str]  # sort value, id


class ConversationApi:
    """Answers the conversation endpoints from a workspace and counts fetches, which sign URLs."""

    def __init__(self, workspace: Workspace) -> None:
        """Serve this workspace."""
        self._workspace = workspace
        self._fetches: dict[str, int] = {}
        self._listings = 0

    def one(self, request: Request, conversation_id: str) -> Answer:
        """`GET /conversations/{id}`."""
        if self._workspace.index_of(conversation_id) is None:
            raise not_found()
        self._fetches[conversation_id] = self._fetches.get(conversation_id, 0) + 1
        plain = request.query.get("display_as") == "plaintext"
        return Answer(self.last_served(conversation_id, plain))

    def fetch_count(self, conversation_id: str) -> int:
        """How often a conversation was fetched; at least 1, for its first fetch to come."""
        return self._fetches.get(conversation_id, 1)

    def last_served(self, conversation_id: str, plain: bool = False) -> bytes:
        """The bytes of the last fetch, or of the first to come."""
        workspace = self._workspace
        index = workspace.index_of(conversation_id)
        if index is None:
            raise not_found()
        if plain:
            conversation = workspace.conversation(index)
            document = full_document(conversation, plain=True)
            template = serialise.encode(document, conversation_id, conversation.odd)
        else:
            template = workspace.full_template(index)
        fetch = self.fetch_count(conversation_id)
        return serialise.sign(template, conversation_id, fetch, workspace.start)

    def listed(self, request: Request) -> Answer:
        """`GET /conversations`: the last changed first."""
        per_page = whole_number(
            request.query.get("per_page"), "per_page", _LIST_DEFAULT, _LIST_MOST
        )
        cursor = request.query.get("starting_after")
        wanted = SearchRequest(None, "updated_at", True, per_page, cursor)
        return self._page(wanted, self._workspace.by_update)

    def search(self, request: Request) -> Answer:
        """`POST /conversations/search`."""
        wanted = read_search(request.body, dialects.CONVERSATIONS, _LIST_DEFAULT, _LIST_MOST)
        return self._page(wanted, self._found(wanted))

    def _found(self, wanted: SearchRequest) -> list[_Row]:
        workspace = self._workspace
        if wanted.query is None:
            return workspace.by_update
        span, rest = search.updated_span(wanted.query)
        first = 0
        last = len(workspace.by_update)
        if span.first is not None:
            first = bisect.bisect_left(workspace.by_update, (span.first, ""))
        if span.last is not None:
            last = bisect.bisect_left(workspace.by_update, (span.last + 1, ""))
        rows = workspace.by_update[first : max(first, last)]
        if rest:
            rows = [row for row in rows if self._matches(row[1], rest)]
        return rows

    def _matches(self, conversation_id: str, queries: Iterable[Query]) -> bool:
        document = self._document(conversation_id)
        return all(search.matches(query, document, dialects.CONVERSATIONS) for query in queries)

    def _document(self, conversation_id: str) -> Document:
        index = self._workspace.index_of(conversation_id)
        if index is None:
            raise not_found()
        return self._workspace.conversation(index).document

    def _page(self, wanted: SearchRequest, found: list[_Row]) -> Answer:
        rows = found
        if wanted.sort_field == "id":
            rows = sorted((0, row_id) for _, row_id in found)
        elif wanted.sort_field != "updated_at":
            read = dialects.CONVERSATIONS.read
            rows = sorted(
                (int(read(self._document(row_id), wanted.sort_field) or 0), row_id)
                for _, row_id in found
            )
        page = cursor_page(rows, wanted)
        self._listings += 1
        workspace = self._workspace
        items: list[bytes] = []
        for _, row_id in page.rows:
            index = workspace.index_of(row_id)
            if index is not None:
                template = workspace.hit_template(index)
                items.append(
                    serialise.sign(template, f"{row_id} hit", self._listings, workspace.start)
                )
        served = Page(items, page.number, page.per_page, page.total, page.cursor)
        return pages.by_cursor("conversation.list", "conversations", served)

    def deleted(self, request: Request, version: tuple[int, int]) -> Answer:
        """`GET /conversations/deleted`, from version 2.16 on."""
        if version < (2, 16):
            message = "Requested resource is not available in current API version."
            raise RefusedError(400, "intercom_version_invalid", message)
        query = request.query
        per_page = whole_number(query.get("per_page"), "per_page", _DELETED_DEFAULT, _DELETED_MOST)
        number = whole_number(query.get("page"), "page", 1, 10**9)
        order = query.get("order", "desc")
        if order not in ("asc", "desc"):
            raise RefusedError(400, "parameter_invalid", "order must be asc or desc")
        rows = sorted(
            self._workspace.deleted,
            key=lambda row: (row["deleted_at"], row["id"]),
            reverse=order == "desc",
        )
        page = numbered_page(
            [serialise.encode(row, str(row["id"])) for row in rows], number, per_page
        )
        link: dict[str, str | int] = {"per_page": per_page, "order": order}
        return pages.by_link(
            "conversations.list", "conversations", page, "/conversations/deleted", link
        )


def cursor_page(rows: list[_Row], wanted: SearchRequest) -> Page[_Row]:
    """The page after the cursor of ascending rows, in the wanted direction."""
    number = 1
    first, last = 0, len(rows)
    if wanted.starting_after is not None:
        cursor = read_cursor(wanted.starting_after)
        number = cursor.page
        if wanted.descending:
            last = bisect.bisect_left(rows, (cursor.value, cursor.id))
        else:
            first = bisect.bisect_right(rows, (cursor.value, cursor.id))
    if wanted.descending:
        taken = rows[max(first, last - wanted.per_page) : last][::-1]
    else:
        taken = rows[first : min(last, first + wanted.per_page)]
    following = None
    if taken and last - first > len(taken):
        following = Cursor(taken[-1][0], taken[-1][1], number + 1).encode()
    return Page(taken, number, wanted.per_page, len(rows), following)
