"""The ticket endpoints: the search, which shows some tickets without all their parts, and one."""

from __future__ import annotations

from dataclasses import replace

from . import dialects, pages, search, serialise
from .errors import not_found
from .features import SHOWN_PARTS
from .messages import Answer, Request
from .paging import Page
from .people import Document
from .reading import read_search
from .serving import Serving
from .tickets import Ticket
from .workspace import Workspace

_DEFAULT, _MOST = 20, 150
_FEW_PARTS = 3


def _with_parts(ticket: Ticket, shown: int) -> Document:
    parts = ticket.parts[-shown:]
    listed = {"type": "ticket_part.list", "ticket_parts": parts, "total_count": len(ticket.parts)}
    return ticket.document | {"ticket_parts": listed}


def full(ticket: Ticket) -> bytes:
    """A ticket with the parts that the API shows."""
    return serialise.encode(_with_parts(ticket, SHOWN_PARTS), ticket.id)


def hit(ticket: Ticket) -> bytes:
    """A ticket as the search shows it: of every six one without parts, one with few of them."""
    if ticket.index % 6 == 2:
        return serialise.encode(ticket.document, ticket.id)
    if ticket.index % 6 == 4:
        return serialise.encode(_with_parts(ticket, _FEW_PARTS), ticket.id)
    return full(ticket)


class TicketApi:
    """Answers the ticket endpoints from a workspace."""

    def __init__(self, workspace: Workspace, serving: Serving) -> None:
        """Serve this workspace in this manner."""
        self._workspace = workspace
        self._serving = serving
        self._dialect = replace(dialects.TICKETS, inclusive=serving.inclusive)

    def ticket(self, ticket_id: str) -> Ticket:
        """A ticket by its id; 404 where there is none."""
        for ticket in self._workspace.tickets:
            if ticket.id == ticket_id:
                return ticket
        raise not_found("Ticket not found")

    def one(self, ticket_id: str) -> Answer:
        """`GET /tickets/{id}`."""
        return Answer(full(self.ticket(ticket_id)))

    def search(self, request: Request) -> Answer:
        """`POST /tickets/search`."""
        wanted = read_search(request.body, self._dialect, _DEFAULT, _MOST)
        self._serving.check_page_size(wanted.per_page)
        query, hidden = wanted.query, self._serving.hidden()
        found = {
            ticket.id: ticket
            for ticket in self._workspace.tickets
            if (query is None or search.matches(query, ticket.document, self._dialect))
            and ticket.id not in hidden
        }
        field = wanted.sort_field
        rows = sorted(
            (0 if field == "id" else int(self._dialect.read(t.document, field) or 0), t.id)
            for t in found.values()
        )
        page = self._serving.page(rows, wanted)
        items = [hit(found[ticket_id]) for _, ticket_id in page.rows]
        served = Page(items, page.number, page.per_page, page.total, page.cursor)
        return pages.by_cursor("ticket.list", "tickets", served)
