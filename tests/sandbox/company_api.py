"""The company endpoints: the scroll, of which a workspace has one, and the lists of a company."""

from __future__ import annotations

import uuid

from . import pages, serialise
from .companies import Company
from .errors import RefusedError, not_found
from .messages import Answer, Request
from .paging import numbered_page, whole_number
from .serving import Serving
from .workspace import Workspace

_SCROLL_PAGE = 100
_NOTES_PAGE = 50
_LIST_DEFAULT, _LIST_MOST = 15, 60


def body(company: Company) -> bytes:
    """A company's own bytes, as lists show it."""
    return serialise.encode(company.shown(), company.id)


class _Scroll:
    """An open scroll: the ids still to come, and when it was last asked for."""

    def __init__(self, token: str, ids: list[str], at: float) -> None:
        self.token, self.ids, self.at = token, ids, at


class CompanyApi:
    """Answers the company endpoints from a workspace."""

    def __init__(self, workspace: Workspace, serving: Serving) -> None:
        """Serve this workspace in this manner."""
        self._workspace = workspace
        self._serving = serving
        self._scroll: _Scroll | None = None
        self._scrolls = 0

    def scroll(self, request: Request) -> Answer:
        """`GET /companies/scroll`: the same token with each page, at last an empty page."""
        now, asked = self._serving.clock.now(), request.query.get("scroll_param")
        is_open = self._scroll is not None and (
            now - self._scroll.at <= self._serving.modes.scroll_seconds
        )
        if asked is None:
            if is_open:
                message = "scroll already exists for this workspace"
                raise RefusedError(400, "scroll_exists", message)
            self._scrolls += 1
            token = str(uuid.UUID(int=(self._workspace.seed << 32) + self._scrolls, version=4))
            ids = [company.id for company in self._workspace.companies]
            self._scroll = _Scroll(token, ids, now)
        elif not is_open or self._scroll is None or self._scroll.token != asked:
            raise not_found("scroll parameter not found")
        scroll = self._scroll
        assert scroll is not None
        taken, scroll.ids = scroll.ids[:_SCROLL_PAGE], scroll.ids[_SCROLL_PAGE:]
        scroll.at = now
        if not taken:
            self._scroll = None
        there = {company.id: company for company in self._workspace.companies}
        items = [body(there[company_id]) for company_id in taken if company_id in there]
        fields = {"pages": None, "total_count": None, "scroll_param": scroll.token}
        return pages.whole("list", "data", items, fields)

    def listed(self, request: Request) -> Answer:
        """`POST /companies/list`: those with users alone."""
        query = request.query
        number = whole_number(query.get("page"), "page", 1, 10**9)
        per_page = whole_number(query.get("per_page"), "per_page", _LIST_DEFAULT, _LIST_MOST)
        having = [c for c in self._workspace.companies if c.document["user_count"]]
        page = numbered_page([body(company) for company in having], number, per_page)
        return pages.by_number(page)

    def company(self, company_id: str) -> Company:
        """A company by its id; 404 where there is none."""
        for company in self._workspace.companies:
            if company.id == company_id:
                return company
        raise not_found("Company Not Found")

    def segments(self, company_id: str) -> Answer:
        """`GET /companies/{id}/segments`: all of them."""
        segments = self.company(company_id).segments
        items = [serialise.encode(segment, str(segment["id"])) for segment in segments]
        return pages.whole("list", "data", items)

    def notes(self, request: Request, company_id: str) -> Answer:
        """`GET /companies/{id}/notes`, in pages whose size cannot be chosen."""
        notes = self.company(company_id).notes
        number = whole_number(request.query.get("page"), "page", 1, 10**9)
        items = [serialise.encode(note.document, str(note.document["id"])) for note in notes]
        return pages.by_number(numbered_page(items, number, _NOTES_PAGE))
