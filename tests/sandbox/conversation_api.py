"""The conversation endpoints: one conversation, the list, the search, the deleted ones."""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from dataclasses import replace

from . import dialects, pages, search, serialise
from .errors import RefusedError, not_found
from .features import SHOWN_PARTS
from .messages import Answer, Request
from .paging import Page, numbered_page, whole_number
from .reading import SearchRequest, read_search
from .search import Document, Query
from .serving import Serving
from .workspace import Workspace, full_document

_LIST_DEFAULT, _LIST_MOST = 20, 150
_DELETED_DEFAULT, _DELETED_MOST = 20, 60

_Row = tuple[int, str]  # sort value, id


class ConversationApi:
    """Answers the conversation endpoints from a workspace and counts fetches, which sign URLs."""

    def __init__(self, workspace: Workspace, serving: Serving) -> None:
        """Serve this workspace in this manner."""
        self._workspace = workspace
        self._serving = serving
        self._dialect = replace(dialects.CONVERSATIONS, inclusive=serving.inclusive)
        self._fetches: dict[str, int] = {}
        self._forms: dict[str, tuple[int, list[int]]] = {}  # a version's hash, its fetches
        self._first_parts: dict[str, int] = {}
        self._listings = 0

    def one(self, request: Request, conversation_id: str) -> Answer:
        """`GET /conversations/{id}`; a replica that lags answers an older version."""
        workspace = self._workspace
        index = workspace.index_of(conversation_id)
        if index is None:
            raise not_found()
        plain = request.query.get("display_as") == "plaintext"
        older = None if plain else self._serving.older(conversation_id)
        if older is not None:
            self._note_parts(conversation_id, older.parts)
            # Signed for this request alone: the version that all others get has its own fetches.
            name = f"{conversation_id} before"
            return Answer(
                serialise.sign(older.template, name, self._serving.number, workspace.start)
            )
        fetch = self._fetches.get(conversation_id, 0) + 1
        self._fetches[conversation_id] = fetch
        template = self._template(index, plain)
        if serialise.is_signed(template):
            version = hash(template)
            known, fetches = self._forms.get(conversation_id, (version, []))
            fetches = [*fetches, fetch] if known == version else [fetch]
            self._forms[conversation_id] = (version, fetches)
        self._note_parts(conversation_id, workspace.part_count(index))
        return Answer(serialise.sign(template, conversation_id, fetch, workspace.start))

    def _note_parts(self, conversation_id: str, count: int) -> None:
        """Remember the oldest part that was ever shown, where not all are."""
        if count > SHOWN_PARTS:
            first = count - SHOWN_PARTS
            self._first_parts[conversation_id] = min(
                first, self._first_parts.get(conversation_id, first)
            )

    def first_part_served(self, conversation_id: str) -> int | None:
        """The place of the oldest part that was ever served; None where none was left out."""
        return self._first_parts.get(conversation_id)

    def fetch_count(self, conversation_id: str) -> int:
        """How often a conversation was fetched; at least 1, for its first fetch to come."""
        return self._fetches.get(conversation_id, 1)

    def _template(self, index: int, plain: bool) -> bytes:
        if not plain:
            return self._workspace.full_template(index)
        conversation = self._workspace.conversation(index)
        document = full_document(conversation, plain=True)
        return serialise.encode(document, conversation.id, conversation.odd)

    def served_forms(self, conversation_id: str) -> list[bytes]:
        """All bytes that the version of now was served as; where it never was, those to come."""
        index = self._workspace.index_of(conversation_id)
        if index is None:
            raise not_found()
        template = self._workspace.full_template(index)
        version, fetches = self._forms.get(conversation_id, (0, []))
        if version != hash(template):
            return [self.last_served(conversation_id)]
        start = self._workspace.start
        return [serialise.sign(template, conversation_id, fetch, start) for fetch in fetches]

    def last_served(self, conversation_id: str, plain: bool = False) -> bytes:
        """The bytes of the last fetch, or of the first to come."""
        index = self._workspace.index_of(conversation_id)
        if index is None:
            raise not_found()
        fetch = self.fetch_count(conversation_id)
        return serialise.sign(
            self._template(index, plain), conversation_id, fetch, self._workspace.start
        )

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
        wanted = read_search(request.body, self._dialect, _LIST_DEFAULT, _LIST_MOST)
        return self._page(wanted, self._found(wanted))

    def _found(self, wanted: SearchRequest) -> list[_Row]:
        workspace = self._workspace
        if wanted.query is None:
            return workspace.by_update
        span, rest = search.updated_span(wanted.query, self._serving.inclusive)
        first = 0
        last = len(workspace.by_update)
        if span.first is not None:
            first = bisect.bisect_left(workspace.by_update, (span.first, ""))
        if span.last is not None:
            last = bisect.bisect_left(workspace.by_update, (span.last + 1, ""))
        rows = workspace.by_update[first : max(first, last)]
        hidden = self._serving.hidden()
        if hidden:
            rows = [row for row in rows if row[1] not in hidden]
        if rest:
            rows = [row for row in rows if self._matches(row[1], rest)]
        return rows

    def _matches(self, conversation_id: str, queries: Iterable[Query]) -> bool:
        document = self._document(conversation_id)
        return all(search.matches(query, document, self._dialect) for query in queries)

    def _document(self, conversation_id: str) -> Document:
        index = self._workspace.index_of(conversation_id)
        if index is None:
            raise not_found()
        return self._workspace.conversation(index).document

    def _page(self, wanted: SearchRequest, found: list[_Row]) -> Answer:
        self._serving.check_page_size(wanted.per_page)
        rows = found
        if wanted.sort_field == "id":
            rows = sorted((0, row_id) for _, row_id in found)
        elif wanted.sort_field != "updated_at":
            read = self._dialect.read
            rows = sorted(
                (int(read(self._document(row_id), wanted.sort_field) or 0), row_id)
                for _, row_id in found
            )
        page = self._serving.page(rows, wanted)
        self._listings += 1
        self._serving.shown = [row_id for _, row_id in page.rows]
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
        self._serving.check_page_size(per_page)
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
