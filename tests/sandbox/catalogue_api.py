"""The other endpoints: people and groups, contacts, calls, the help centre."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from . import dialects, pages, people, search, serialise, telephony
from .errors import RefusedError, not_found
from .messages import Answer, Request
from .paging import Page, numbered_page, whole_number
from .people import Document
from .reading import SearchRequest, read_object, read_search
from .serving import Serving
from .telephony import Call
from .workspace import Workspace

_CONTACTS_DEFAULT, _CONTACTS_MOST = 50, 150
_MOST_CALLS_SEARCHED = 20
_ANY_PAGE = 10**9


def item(document: Document) -> bytes:
    """An object's own bytes, the same in every page that holds it."""
    return serialise.encode(document, str(document["id"]))


def _tells(request: Request) -> bool:
    return request.query.get("include_merge_history") == "true"


def searched_call(call: Call) -> Document:
    """A call as the calls search gives it: with its transcript."""
    return call.document | {
        "transcript": telephony.transcript_objects(call),
        "transcript_status": "completed" if call.speaks else None,
    }


class CatalogueApi:
    """Answers everything but conversations from a workspace."""

    def __init__(self, workspace: Workspace, serving: Serving) -> None:
        """Serve this workspace in this manner."""
        self._workspace = workspace
        self._serving = serving
        self._pictures = False

    def admin_documents(self) -> list[Document]:
        """The admins as last served: with pictures where they were asked for."""
        admins = self._workspace.admins
        return [people.with_avatar(admin) for admin in admins] if self._pictures else admins

    def admins(self, request: Request) -> Answer:
        """`GET /admins`; `display_avatar` adds the pictures."""
        self._pictures = request.query.get("display_avatar") == "true"
        items = [item(admin) for admin in self.admin_documents()]
        return pages.whole("admin.list", "admins", items)

    def teams(self) -> Answer:
        """`GET /teams`."""
        items = [item(team) for team in self._workspace.teams]
        return pages.whole("team.list", "teams", items)

    def tags(self) -> Answer:
        """`GET /tags`."""
        return pages.whole("list", "data", self._items("tags", self._workspace.tags))

    def _items(self, stream: str, documents: Sequence[Document]) -> list[bytes]:
        """The bytes of what one page holds; one poisoned object spoils them all."""
        self._serving.poisoned.check(stream, *(str(document["id"]) for document in documents))
        return [item(document) for document in documents]

    def _numbered(
        self, stream: str, request: Request, documents: list[Document], default: int, most: int
    ) -> Answer:
        number = whole_number(request.query.get("page"), "page", 1, _ANY_PAGE)
        per_page = whole_number(request.query.get("per_page"), "per_page", default, most)
        self._serving.check_page_size(per_page)
        page = numbered_page(documents, number, per_page)
        items = self._items(stream, page.rows)
        return pages.by_number(Page(items, number, per_page, page.total))

    def collections(self, request: Request) -> Answer:
        """`GET /help_center/collections`: the last changed first."""
        documents = sorted(
            self._workspace.collections, key=lambda c: (c["updated_at"], c["id"]), reverse=True
        )
        return self._numbered("collections", request, documents, default=20, most=150)

    def articles(self, request: Request) -> Answer:
        """`GET /articles`: the last changed first."""
        documents = [article.document for article in self._workspace.articles]
        documents.sort(key=lambda a: (a["updated_at"], a["id"]), reverse=True)
        return self._numbered("articles", request, documents, default=25, most=250)

    def article(self, article_id: str) -> Answer:
        """`GET /articles/{id}`."""
        article = self._workspace.article(article_id)
        if article is None:
            raise not_found()
        return Answer(item(article.document))

    def calls(self, request: Request) -> Answer:
        """`GET /calls`: the last changed first, or the last begun."""
        created = self._serving.modes.call_order == "created"
        calls = sorted(
            self._workspace.calls,
            key=lambda c: (c.created_at if created else c.updated_at, c.id),
            reverse=True,
        )
        documents = [call.document for call in calls]
        return self._numbered("calls", request, documents, default=25, most=25)

    def _call(self, call_id: str) -> Call:
        call = self._workspace.call(call_id)
        if call is None:
            raise not_found("Not Found")
        return call

    def call(self, call_id: str) -> Answer:
        """`GET /calls/{id}`."""
        return Answer(item(self._call(call_id).document))

    def transcript(self, call_id: str) -> Answer:
        """`GET /calls/{id}/transcript`: a text download, or JSON, or `[{}]` for nothing."""
        call = self._call(call_id)
        if call.form == "text":
            return Answer(telephony.transcript_text(call).encode(), content_type="text/plain")
        objects = telephony.transcript_objects(call) or [{}]
        return Answer(serialise.encode(objects, call.id))

    def search_calls(self, request: Request) -> Answer:
        """`POST /calls/search`."""
        ids = read_object(request.body).get("conversation_ids")
        if not isinstance(ids, list) or not 1 <= len(ids) <= _MOST_CALLS_SEARCHED:
            message = f"A list of up to {_MOST_CALLS_SEARCHED} conversation IDs is required"
            raise RefusedError(400, "conversation_id_limit_exceeded", message)
        wanted = {str(conversation_id) for conversation_id in ids}
        found = [c for c in self._workspace.calls if c.document["conversation_id"] in wanted]
        return pages.whole("list", "data", [item(searched_call(call)) for call in found])

    def contact(self, request: Request, contact_id: str, version: tuple[int, int]) -> Answer:
        """`GET /contacts/{id}`; one that was merged is gone and leads to the other from 2.16 on."""
        for contact in self._workspace.contacts:
            if contact["id"] == contact_id:
                return Answer(item(self.with_merges(contact) if _tells(request) else contact))
        target = self._workspace.merged.get(contact_id)
        if target is None or version < (2, 16):
            raise not_found("User Not Found")
        message = "This contact has been merged. See the 'Link' header for the canonical contact."
        headers = {"Link": f'</contacts/{target}>; rel="canonical"'}
        raise RefusedError(410, "contact_merged", message, headers)

    def contacts(self, request: Request) -> Answer:
        """`GET /contacts`: the last created first, by cursor."""
        query = request.query
        per_page = whole_number(
            query.get("per_page"), "per_page", _CONTACTS_DEFAULT, _CONTACTS_MOST
        )
        wanted = SearchRequest(None, "created_at", True, per_page, query.get("starting_after"))
        return self._contact_page(request, wanted, self._workspace.contacts)

    def search_contacts(self, request: Request, version: tuple[int, int]) -> Answer:
        """`POST /contacts/search`; dates compare by day up to version 2.16."""
        zone, inclusive = self._workspace.timezone, self._serving.inclusive
        dialect = replace(dialects.contacts(version, zone), inclusive=inclusive)
        wanted = read_search(request.body, dialect, _CONTACTS_DEFAULT, _CONTACTS_MOST)
        query, hidden = wanted.query, self._serving.hidden()
        found = [
            contact
            for contact in self._workspace.contacts
            if (query is None or search.matches(query, contact, dialect))
            and contact["id"] not in hidden
        ]
        return self._contact_page(request, wanted, found)

    def with_merges(self, contact: Document) -> Document:
        """A user with what was merged into it, where that is told: not of every third one."""
        contact_id = str(contact["id"])
        if contact["role"] != "user" or int(contact_id[-2:], 16) % 3 == 0:
            return contact
        return contact | {"merge_history": self._workspace.contact_lists[contact_id].merges}

    def _contact_page(
        self, request: Request, wanted: SearchRequest, found: list[Document]
    ) -> Answer:
        self._serving.check_page_size(wanted.per_page)
        by_id = {str(contact["id"]): contact for contact in found}
        field = wanted.sort_field
        rows = sorted(
            (0 if field == "id" else int(dialects.read_field(contact, field) or 0), contact_id)
            for contact_id, contact in by_id.items()
        )
        page = self._serving.page(rows, wanted)
        shown = [by_id[contact_id] for _, contact_id in page.rows]
        if _tells(request):
            shown = [self.with_merges(contact) for contact in shown]
        items = self._items("contacts", shown)
        served = Page(items, page.number, page.per_page, page.total, page.cursor)
        return pages.by_cursor("list", "data", served)
