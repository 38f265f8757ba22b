"""A workspace of any size, filled in from a pool: what each request is answered with.

HTTP, latency and the rate limit are left to ``__main__``.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass

import msgspec

from tests.benchmarks.made.pool import FIRST_NUMBER, MARK, START, Pool, number_of
from tests.sandbox.people import make_me

_FETCH = b"/conversations/"
_MARK = MARK.encode()
_PAGES = b'"pages":{"type":"pages","page":1,"per_page":150,"total_pages":1},"total_count":0'
_EMPTY = b'{"type":"list",' + _PAGES + b',"data":[]}'


class Refused(Exception):
    """The request asks for something that is not there or not known; the status says which."""

    def __init__(self, status: int) -> None:
        """Answer with this status."""
        super().__init__(status)
        self.status = status


class _Condition(msgspec.Struct):
    field: str
    operator: str
    value: int


class _Group(msgspec.Struct):
    operator: str
    value: tuple[_Condition, ...]


class _Pagination(msgspec.Struct):
    per_page: int
    starting_after: str | None = None


class _Sort(msgspec.Struct):
    field: str
    order: str


class _Search(msgspec.Struct):
    query: _Group
    sort: _Sort
    pagination: _Pagination


@dataclass(frozen=True)
class _Span:
    """The first and the last second that a search asks for, as places in the order of time."""

    first: int
    last: int


class Workspace:
    """Conversations by number, and in the order of their last change; small lists beside them."""

    def __init__(self, pool: Pool, count: int) -> None:
        """Hold `count` conversations; the same template serves many where the pool is smaller."""
        self._pool = pool
        self._size = len(pool.whole)
        self._count = count
        self._order = sorted((pool.updated_at[i % self._size], i) for i in range(count))
        self._decode = msgspec.json.Decoder(_Search).decode
        self._fixed = {
            b"GET /me": msgspec.json.encode(make_me(1, START, "UTC")),
            b"GET /admins": b'{"type":"admin.list","admins":' + pool.admins + b"}",
            b"GET /teams": b'{"type":"team.list","teams":' + pool.teams + b"}",
            b"GET /tags": b'{"type":"list","data":' + pool.tags + b"}",
            b"GET /data_attributes": _EMPTY,
            b"GET /conversations/attributes": _EMPTY,
            b"GET /ticket_types": _EMPTY,
            b"GET /ticket_states": _EMPTY,
            b"GET /segments": b'{"type":"segment.list","segments":[]}',
            b"GET /companies/scroll": _EMPTY,
            b"GET /help_center/collections": _EMPTY,
            b"GET /articles": _EMPTY,
            b"GET /contacts": _EMPTY,
            b"POST /contacts/search": _EMPTY,
            b"GET /calls": _EMPTY,
            b"POST /calls/search": _EMPTY,
            b"POST /tickets/search": b'{"type":"ticket.list",' + _PAGES + b',"tickets":[]}',
            b"GET /conversations/deleted": (
                b'{"type":"conversation.list",' + _PAGES + b',"conversations":[]}'
            ),
        }

    def answer(self, method: bytes, path: bytes, body: bytes) -> bytes:
        """Give the body to answer with; raises Refused."""
        fixed = self._fixed.get(method + b" " + path)
        if fixed is not None:
            return fixed
        if method == b"GET" and path.startswith(_FETCH):
            return self._one(path[len(_FETCH) :])
        if method == b"POST" and path == b"/conversations/search":
            return self._found(body)
        raise Refused(404)

    def _one(self, number: bytes) -> bytes:
        index = int(number) - FIRST_NUMBER if number.isdigit() else -1
        if not 0 <= index < self._count:
            raise Refused(404)
        return self._pool.whole[index % self._size].replace(_MARK, number)

    def _found(self, body: bytes) -> bytes:
        try:
            asked = self._decode(body)
        except msgspec.MsgspecError:
            raise Refused(400) from None
        if asked.sort.field != "updated_at" or asked.sort.order != "ascending":
            raise Refused(400)
        span = self._span(asked.query.value)
        first = span.first
        if asked.pagination.starting_after:
            second, _, index = asked.pagination.starting_after.partition(".")
            first = bisect.bisect_right(self._order, (int(second), int(index)))
        page = self._order[first : min(span.last, first + asked.pagination.per_page)]
        hits, size = self._pool.hits, self._size
        items = b",".join(hits[i % size].replace(_MARK, number_of(i).encode()) for _, i in page)
        following = b""
        if page and first + len(page) < span.last:
            following = b',"next":{"starting_after":"%d.%d"}' % page[-1]
        return (
            b'{"type":"conversation.list","pages":{"type":"pages","per_page":%d%b},'
            b'"total_count":%d,"conversations":[%b]}'
            % (asked.pagination.per_page, following, span.last - span.first, items)
        )

    def _span(self, conditions: tuple[_Condition, ...]) -> _Span:
        first, last = 0, len(self._order)
        for condition in conditions:
            if condition.field != "updated_at" or condition.operator not in ("<", ">"):
                raise Refused(400)
            if condition.operator == ">":
                first = bisect.bisect_left(self._order, (condition.value + 1, 0))
            else:
                last = bisect.bisect_left(self._order, (condition.value, 0))
        return _Span(first, max(first, last))
