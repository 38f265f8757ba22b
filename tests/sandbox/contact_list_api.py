"""The endpoints of what belongs to a contact: lists in one piece, in pages, by a cursor."""

from __future__ import annotations

import base64

from . import company_api, pages, serialise
from .contact_lists import ContactLists
from .errors import RefusedError, not_found
from .messages import Answer, Request
from .paging import Page, numbered_page, whole_number
from .people import Document
from .workspace import Workspace

_PAGE = 50
_EVENTS_PAGE = 20
_MERGES_DEFAULT, _MERGES_MOST = 50, 150
_VERSION_OF_MERGES = (2, 16)


def _encoded(documents: list[Document]) -> list[bytes]:
    return [serialise.encode(document, str(document["id"])) for document in documents]


class ContactListApi:
    """Answers these endpoints from a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        """Serve this workspace."""
        self._workspace = workspace

    def _lists(self, contact_id: str) -> ContactLists:
        if not any(contact["id"] == contact_id for contact in self._workspace.contacts):
            raise not_found("Contact not found")
        return self._workspace.contact_lists[contact_id]

    def tags(self, contact_id: str) -> Answer:
        """`GET /contacts/{id}/tags`."""
        return pages.whole("list", "data", _encoded(self._lists(contact_id).tags))

    def segments(self, contact_id: str) -> Answer:
        """`GET /contacts/{id}/segments`."""
        return pages.whole("list", "data", _encoded(self._lists(contact_id).segments))

    def subscriptions(self, contact_id: str) -> Answer:
        """`GET /contacts/{id}/subscriptions`."""
        return pages.whole("list", "data", _encoded(self._lists(contact_id).subscriptions))

    def notes(self, request: Request, contact_id: str) -> Answer:
        """`GET /contacts/{id}/notes`."""
        notes = [note.document for note in self._lists(contact_id).notes]
        return pages.by_number(self._page(request, _encoded(notes)))

    def companies(self, request: Request, contact_id: str) -> Answer:
        """`GET /contacts/{id}/companies`: under the name that the contact's id chooses."""
        there = {company.id: company for company in self._workspace.companies}
        ids = self._lists(contact_id).company_ids
        items = [company_api.body(there[each]) for each in ids if each in there]
        name = ("data", "companies")[int(contact_id[:2], 16) % 2]
        return pages.by_link("list", name, self._page(request, items), request.path, {})

    def _page(self, request: Request, items: list[bytes]) -> Page[bytes]:
        number = whole_number(request.query.get("page"), "page", 1, 10**9)
        return numbered_page(items, number, _PAGE)

    def events(self, request: Request) -> Answer:
        """`GET /events` of one contact: the last first, further ones by a link."""
        query = request.query
        if query.get("type") != "user" or not query.get("intercom_user_id"):
            raise RefusedError(400, "parameter_not_found", "type and intercom_user_id are missing")
        events = self._lists(query["intercom_user_id"]).events
        first = int(query.get("before", "0"))
        last = first + _EVENTS_PAGE
        link = None
        if last < len(events):
            asked = f"type=user&intercom_user_id={query['intercom_user_id']}&before={last}"
            link = f"https://api.intercom.io/events?{asked}"
        items = [serialise.encode(event) for event in events[first:last]]
        return pages.whole("event.list", "events", items, {"pages": {"next": link}})

    def merges(self, request: Request, contact_id: str, version: tuple[int, int]) -> Answer:
        """`GET /contacts/{id}/merge_history`: of users alone, by a cursor."""
        if version < _VERSION_OF_MERGES:
            message = "Requested resource is not available in current API version."
            raise RefusedError(400, "intercom_version_invalid", message)
        lists = self._lists(contact_id)
        if role_of(self._workspace, contact_id) != "user":
            raise not_found("Contact not found")
        query = request.query
        per_page = whole_number(query.get("per_page"), "per_page", _MERGES_DEFAULT, _MERGES_MOST)
        cursor = query.get("cursor")
        first = int(base64.b64decode(cursor)) if cursor else 0
        last = first + per_page
        more = last < len(lists.merges)
        beside: dict[str, object] = {"has_more": more}
        if more:
            beside["next_cursor"] = base64.b64encode(str(last).encode()).decode()
        items = [serialise.encode(merge) for merge in lists.merges[first:last]]
        return pages.whole("list", "data", items, beside)


def role_of(workspace: Workspace, contact_id: str) -> str:
    """The role of a contact that is there."""
    return next(str(c["role"]) for c in workspace.contacts if c["id"] == contact_id)
