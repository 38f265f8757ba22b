"""Pagers: small objects that own both halves of paging, reading the next page's token from an
answer and writing it into the next request.

Lists are paged in many ways (docs/intercom-api.md): not at all, by page number, by a cursor in
the query string or in a search's body, by a link. A page's objects are exact bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tap_intercom_archive.client import Answer, Request
from tap_intercom_archive.errors import BadRequest, Faulty, Gone, LostPlace
from tap_intercom_archive.payload import elements, members, parse_any

_SMALLER_PAGES = (50, 10, 1)
_TRIES_OF_LARGE_PAGES = 4
_READINGS = 4
_READINGS_TO_GROWTH = 3
# Of paging, what some lists say beside `pages`.
_SAID_BESIDE = ("total_pages", "scroll_param", "next_cursor", "has_more")

Send = Callable[[Request], Answer]
Next = Callable[[Request, "Page"], Request | None]


@dataclass(frozen=True)
class Page:
    """One page: its objects' exact bytes, the list's size where told, what was said of pages.

    `asked_for` is the value that the list was asked for with, where it is asked for several times.
    """

    items: list[bytes]
    total_count: int | None
    pages: dict[str, Any]
    answer: Answer
    asked_for: str | None = None


def read_page(answer: Answer, member: str, *, holds_one: bool = False) -> Page:
    """Cut a page out of an answer, the whole of which is meant where `member` is empty.

    `member` may name several of which one is there, separated by bars.
    `holds_one` says that an object stands there, not a list. Raises Faulty where neither does.
    """
    found = answer.members
    items: list[bytes] = []
    try:
        wanted = _member(found, member) if member else answer.body
        items = [wanted] if holds_one else elements(wanted)
        if holds_one:
            members(wanted)
    except (StopIteration, ValueError):
        what = "object" if holds_one else "list"
        raise Faulty(f"Intercom's answer to {answer.request.spoken} holds no {what}.") from None
    total = parse_any(found.get("total_count", b"null"))
    pages = parse_any(found.get("pages", b"null"))
    beside = {name: parse_any(found[name]) for name in _SAID_BESIDE if name in found}
    return Page(
        items,
        total if isinstance(total, int) else None,
        {**beside, **(pages if isinstance(pages, dict) else {})},
        answer,
    )


def _member(found: dict[str, bytes], names: str) -> bytes:
    return next(found[name] for name in names.split("|") if name in found)


def single(request: Request, page: Page) -> Request | None:
    """A list that comes whole; should it say that it goes on, it is followed."""
    return as_told(request, page) if page.pages.get("next") else None


def one_object(request: Request, page: Page) -> Request | None:
    """No list but a single object."""
    return None


def by_page_number(request: Request, page: Page) -> Request | None:
    """`page=2`, until `total_pages`; without that number, until a page is empty."""
    number = int(dict(request.params).get("page", "1"))
    total_pages = page.pages.get("total_pages")
    if not page.items or (isinstance(total_pages, int) and number >= total_pages):
        return None
    return _with_param(request, "page", str(number + 1))


def as_told(request: Request, page: Page) -> Request | None:
    """What `pages.next` says, in whatever form: a link, a cursor or a page number.

    Where it is not there, by page number up to `total_pages`.
    """
    following = page.pages.get("next")
    if not page.items or ("next" in page.pages and not following):
        return None
    if isinstance(following, str):
        for name, value in parse_qsl(urlsplit(following).query):
            request = _with_param(request, name, value)
        return request
    if _cursor(page) is not None:
        return by_cursor(request, page)
    return by_page_number(request, page) if following or "total_pages" in page.pages else None


def by_cursor(request: Request, page: Page) -> Request | None:
    """`starting_after=…`, until no further cursor is given."""
    token = _cursor(page)
    return None if token is None else _with_param(request, "starting_after", token)


def by_next_cursor(request: Request, page: Page) -> Request | None:
    """`cursor=…`, until no `next_cursor` is given."""
    token = page.pages.get("next_cursor")
    if not isinstance(token, str) or not token or page.pages.get("has_more") is False:
        return None
    return _with_param(request, "cursor", token)


def by_search_cursor(request: Request, page: Page) -> Request | None:
    """`pagination.starting_after` in the body, until no further cursor is given."""
    token = _cursor(page)
    if token is None:
        return None
    pagination = {**request.json["pagination"], "starting_after": token}
    return replace(request, json={**request.json, "pagination": pagination})


PAGERS: dict[str, Next] = {
    "single": single,
    "object": one_object,
    "page": by_page_number,
    "told": as_told,
    "cursor": by_cursor,
    "next_cursor": by_next_cursor,
}


def read_pages(send: Send, request: Request, member: str, following: Next) -> Iterator[Page]:
    """Give the pages of a list, one request each.

    The provider's cursor is only a hint: where it comes back to a page already asked for, or is
    refused, the list ends with LostPlace rather than going round for ever or ending early in
    silence.
    """
    asked: set[str] = set()
    upcoming: Request | None = request
    while upcoming is not None:
        key = repr((upcoming.params, upcoming.json))
        if key in asked:
            raise LostPlace(
                f"Intercom's cursor for {request.spoken} came round in a circle: run again."
            )
        asked.add(key)
        try:
            answer = send(upcoming)
        except (BadRequest, Gone):
            if len(asked) == 1:
                raise
            raise LostPlace(
                f"Intercom's cursor for {request.spoken} is no longer known: run again."
            ) from None
        page = read_page(answer, member, holds_one=following is one_object)
        yield page
        upcoming = following(upcoming, page)


class PatientList:
    """Reads a list again where a reading breaks off, with smaller pages where pages fail.

    Some lists answer at 10 a page where they time out at 150 (docs/intercom-api.md). A size that
    worked is kept for the next readings; larger pages are tried again after some of them, and
    after twice as many each time that fails. Pages may come twice, never not at all.
    """

    def __init__(self, send: Send, member: str, following: Next, per_page: int) -> None:
        """Read with `send`; `per_page` is the size to begin with."""
        self._send = send
        self._member = member
        self._following = following
        self._sizes = [per_page, *(size for size in _SMALLER_PAGES if size < per_page)]
        self._size = 0
        self._readings_to_growth = self._patience = _READINGS_TO_GROWTH

    def pages(self, ask: Callable[[int], Request]) -> Iterator[Page]:
        """Give the list's pages; `ask` makes the first request for a page size.

        Raises Faulty where even the smallest pages fail.
        """
        lost = 0
        self._grow()
        while True:
            try:
                request = self._limited(ask(self._sizes[self._size]))
                yield from read_pages(self._send, request, self._member, self._following)
                return
            except LostPlace:
                lost += 1
                if lost >= _READINGS:
                    raise
            except Faulty:
                if self._is_smallest:
                    raise
                self._size += 1
                self._readings_to_growth = self._patience

    def _grow(self) -> None:
        if self._size and self._readings_to_growth <= 0:
            self._size -= 1
            self._patience *= 2
        self._readings_to_growth -= 1

    @property
    def _is_smallest(self) -> bool:
        return self._size == len(self._sizes) - 1

    def _limited(self, request: Request) -> Request:
        """Give large pages up early: smaller ones come next."""
        return request if self._is_smallest else replace(request, tries=_TRIES_OF_LARGE_PAGES)


def _cursor(page: Page) -> str | None:
    following = page.pages.get("next")
    token = following.get("starting_after") if isinstance(following, dict) else None
    return token if isinstance(token, str) and token else None


def _with_param(request: Request, name: str, value: str) -> Request:
    kept = tuple(pair for pair in request.params if pair[0] != name)
    return replace(request, params=(*kept, (name, value)))
