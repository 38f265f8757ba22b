"""The synthetic API: a request in, an answer out, everything counted; no HTTP library here.

In this order: a change may happen, the token is checked, the rate limit taken, a fault met, the
version read, the scope checked, the endpoint asked. `control` stands beside it, never counted.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import msgspec

from .beside import AnswersBeside
from .catalogue_api import CatalogueApi
from .clock import VirtualClock
from .company_api import CompanyApi
from .contact_list_api import ContactListApi
from .conversation_api import ConversationApi
from .errors import RefusedError
from .faults import Faults, meet
from .ledger import Ledger, Served
from .limits import RateLimit
from .live import Live
from .messages import Answer, Request
from .modes import Modes
from .reading import DEFAULT_VERSION, api_version, bearer_token
from .serving import Serving
from .shelves import Shelf, make_shelves
from .side_api import SideApi
from .ticket_api import TicketApi
from .workspace import Workspace

QUIET = Modes()
_FETCH = "/conversations/{id}"
_LISTS = ("/conversations", "/conversations/search")

_Version = tuple[int, int]
_Handler = Callable[[Request, re.Match[str], _Version], Answer]


@dataclass(frozen=True)
class Route:
    """One endpoint: method, path with `{id}`, the stream whose scope it needs, what answers it.

    `beside` says that it tells of an object what the object itself does not.
    """

    method: str
    template: str
    resource: str
    handler: _Handler
    beside: bool = False

    def pattern(self) -> re.Pattern[str]:
        """The path as an expression; an id never contains a slash."""
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.template))


def shelf_routes(shelves: tuple[Shelf, ...], serving: Serving) -> Iterator[Route]:
    """The endpoints of the lists that lie on shelves."""
    for shelf in shelves:

        def answer(
            request: Request, match: re.Match[str], version: _Version, shelf: Shelf = shelf
        ) -> Answer:
            return shelf.answer(request, match.groupdict().get("id"), version, serving)

        yield Route("GET", shelf.path, shelf.stream, answer)


def company_routes(companies: CompanyApi) -> tuple[Route, ...]:
    """The endpoints of companies, and of what belongs to one."""
    get, one = "GET", "/companies/{id}"
    return (
        Route(get, "/companies/scroll", "companies", lambda r, m, v: companies.scroll(r)),
        Route("POST", "/companies/list", "companies", lambda r, m, v: companies.listed(r)),
        Route(
            get,
            f"{one}/segments",
            "company_segments",
            lambda r, m, v: companies.segments(m["id"]),
            beside=True,
        ),
        Route(
            get,
            f"{one}/notes",
            "company_notes",
            lambda r, m, v: companies.notes(r, m["id"]),
            beside=True,
        ),
    )


def contact_list_routes(lists: ContactListApi) -> Iterator[Route]:
    """The endpoints of what belongs to a contact."""
    handlers: dict[str, tuple[str, _Handler]] = {
        "tags": ("contact_tags", lambda r, m, v: lists.tags(m["id"])),
        "notes": ("contact_notes", lambda r, m, v: lists.notes(r, m["id"])),
        "companies": ("contact_companies", lambda r, m, v: lists.companies(r, m["id"])),
        "segments": ("contact_segments", lambda r, m, v: lists.segments(m["id"])),
        "subscriptions": ("contact_subscriptions", lambda r, m, v: lists.subscriptions(m["id"])),
        "merge_history": ("contact_merge_history", lambda r, m, v: lists.merges(r, m["id"], v)),
    }
    for name, (stream, handler) in handlers.items():
        yield Route("GET", f"/contacts/{{id}}/{name}", stream, handler, beside=True)
    yield Route("GET", "/events", "data_events", lambda r, m, v: lists.events(r), beside=True)


def side_routes(side: SideApi) -> tuple[Route, ...]:
    """The endpoints of what stands beside conversations and articles, and of the log."""
    get, conversation, article = "GET", "/conversations/{id}", "/articles/{id}"
    return (
        Route(
            get,
            f"{conversation}/side_conversations",
            "side_conversations",
            lambda r, m, v: side.side_conversations(r, m["id"]),
            beside=True,
        ),
        Route(
            get,
            f"{conversation}/handling_events",
            "handling_events",
            lambda r, m, v: side.handling_events(m["id"]),
            beside=True,
        ),
        Route(
            get,
            f"{article}/versions",
            "article_versions",
            lambda r, m, v: side.versions(r, m["id"]),
        ),
        Route(
            get,
            "/articles/{article}/versions/{id}",
            "article_versions",
            lambda r, m, v: side.version(m["article"], m["id"]),
            beside=True,
        ),
        Route(
            get,
            f"{article}/draft",
            "article_drafts",
            lambda r, m, v: side.draft(m["id"]),
            beside=True,
        ),
        Route(get, "/admins/activity_logs", "activity_logs", lambda r, m, v: side.activity_logs(r)),
    )


def ticket_routes(tickets: TicketApi) -> tuple[Route, ...]:
    """The endpoints of tickets."""
    return (
        Route("POST", "/tickets/search", "tickets", lambda r, m, v: tickets.search(r)),
        Route("GET", "/tickets/{id}", "tickets", lambda r, m, v: tickets.one(m["id"])),
    )


def make_routes(conversations: ConversationApi, catalogue: CatalogueApi) -> tuple[Route, ...]:
    """The other endpoints, fixed paths before those with an id."""
    get, post = "GET", "POST"
    return (
        Route(get, "/admins", "admins", lambda r, m, v: catalogue.admins(r)),
        Route(get, "/teams", "teams", lambda r, m, v: catalogue.teams()),
        Route(get, "/tags", "tags", lambda r, m, v: catalogue.tags()),
        Route(
            get,
            "/help_center/collections",
            "collections",
            lambda r, m, v: catalogue.collections(r),
        ),
        Route(get, "/contacts", "contacts", lambda r, m, v: catalogue.contacts(r)),
        Route(
            post, "/contacts/search", "contacts", lambda r, m, v: catalogue.search_contacts(r, v)
        ),
        Route(get, "/contacts/{id}", "contacts", lambda r, m, v: catalogue.contact(r, m["id"], v)),
        Route(
            get,
            "/conversations/deleted",
            "deleted_conversations",
            lambda r, m, v: conversations.deleted(r, v),
        ),
        Route(
            get,
            "/conversations/{id}",
            "conversations",
            lambda r, m, v: conversations.one(r, m["id"]),
        ),
        Route(get, "/conversations", "conversations", lambda r, m, v: conversations.listed(r)),
        Route(
            post, "/conversations/search", "conversations", lambda r, m, v: conversations.search(r)
        ),
        Route(get, "/calls", "calls", lambda r, m, v: catalogue.calls(r)),
        Route(get, "/calls/{id}", "calls", lambda r, m, v: catalogue.call(m["id"])),
        Route(
            get,
            "/calls/{id}/transcript",
            "call_transcriptions",
            lambda r, m, v: catalogue.transcript(m["id"]),
        ),
        Route(
            post, "/calls/search", "call_transcriptions", lambda r, m, v: catalogue.search_calls(r)
        ),
        Route(get, "/articles", "articles", lambda r, m, v: catalogue.articles(r)),
        Route(get, "/articles/{id}", "articles", lambda r, m, v: catalogue.article(m["id"])),
    )


@dataclass(frozen=True)
class Access:
    """Who may ask for what: the token, and the statuses that refuse single resources."""

    token: str
    denied: Mapping[str, int]  # stream name → 401 or 403

    def check_token(self, request: Request) -> None:
        """Refuse a wrong or missing token with 401."""
        if bearer_token(request) != self.token:
            raise RefusedError(401, "unauthorized", "Access Token Invalid")

    def check_scope(self, resource: str) -> None:
        """Refuse a resource that the token has no scope for."""
        status = self.denied.get(resource)
        if status == 401:
            message = "The token is not authorized for this resource."
            raise RefusedError(401, "token_unauthorized", message)
        if status is not None:
            raise RefusedError(status, "forbidden", "The token lacks the scope for this resource.")


class Api:
    """The whole synthetic API over one workspace."""

    def __init__(
        self,
        workspace: Workspace,
        clock: VirtualClock,
        limit: RateLimit,
        access: Access,
        modes: Modes = QUIET,
    ) -> None:
        """Serve `workspace` by `clock`, within `limit`, to those `access` lets in."""
        self.workspace = workspace
        self.clock = clock
        self.limit = limit
        self.ledger = Ledger()
        self.serving = Serving(modes, clock, workspace.seed)
        self.conversations = ConversationApi(workspace, self.serving)
        self.catalogue = CatalogueApi(workspace, self.serving)
        self.beside = AnswersBeside()
        self.companies = CompanyApi(workspace, self.serving)
        self.tickets = TicketApi(workspace, self.serving)
        self.live = Live(workspace, self.serving)
        self._faults = Faults(workspace.seed, modes.fault_rate, modes.fault_kinds)
        self._access = access
        self.shelves = make_shelves(workspace.stock, workspace.me)
        routes = (
            *shelf_routes(self.shelves, self.serving),
            *company_routes(self.companies),
            *contact_list_routes(ContactListApi(workspace)),
            *ticket_routes(self.tickets),
            *side_routes(SideApi(workspace, self.serving)),
            *make_routes(self.conversations, self.catalogue),
        )
        self._routes = tuple((route, route.pattern()) for route in routes)

    def answer(self, request: Request, shown_path: str) -> Answer:
        """The answer to a request, noted in the ledger under `shown_path` (path with query)."""
        number = self.serving.begin()
        request_id = str(uuid.UUID(int=(self.workspace.seed << 64) + number, version=4))
        version_text = request.headers.get("intercom-version", DEFAULT_VERSION)
        headers = {"X-Request-Id": request_id, "Date": self.clock.http_date()}
        headers["Intercom-Version"] = version_text
        route, match = self._find(request)
        fetched = match["id"] if route and match and route.template == _FETCH else None
        self.live.before(number, fetched)
        fault = ""
        try:
            self._access.check_token(request)
            try:
                self.limit.take(self.clock.now())
            finally:
                headers |= self.limit.headers(self.clock.now())
            fault = self._faults.choose(number)
            if fault:
                answer = meet(fault, lambda: self._asked(request, route, match, fetched))
            else:
                answer = self._asked(request, route, match)
        except RefusedError as refusal:
            body = msgspec.json.encode(refusal.body(request_id))
            answer = Answer(body, refusal.status, headers=refusal.headers)
        listed = route is not None and route.template in _LISTS and answer.status == 200
        self.live.after(listed and not fault)
        template = route.template if route else "unknown"
        asked = request.body.decode("utf-8", "replace")
        self.ledger.note(Served(request.method, shown_path, template, answer.status, fault, asked))
        return replace(answer, headers={**headers, **answer.headers})

    def _asked(
        self,
        request: Request,
        route: Route | None,
        match: re.Match[str] | None,
        uncounted: str | None = None,
    ) -> Answer:
        """What the endpoint answers; `uncounted`: a conversation that is not really fetched."""
        version = api_version(request)
        if route is None or match is None:
            raise RefusedError(404, "not_found", "Resource Not Found")
        self._access.check_scope(route.resource)
        self.serving.poisoned.check(route.resource, *match.groupdict().values())
        if uncounted is not None:
            return Answer(self.conversations.last_served(uncounted))
        answer = route.handler(request, match, version)
        if route.beside:
            # One endpoint is told in its query of whom it is asked.
            object_id = match.groupdict().get("id") or request.query["intercom_user_id"]
            self.beside.note(route.resource, object_id, request.query, answer.body)
        return answer

    def _find(self, request: Request) -> tuple[Route | None, re.Match[str] | None]:
        for route, pattern in self._routes:
            if route.method == request.method and (match := pattern.fullmatch(request.path)):
                return route, match
        return None, None
