"""A shelf: a list that the API gives as it stands, with its objects, its paging and its rows.

What is on which shelf is in the area modules beside this one; what happens to shelves over time is
in `stocktaking`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .. import pages, serialise
from ..errors import RefusedError, not_found
from ..messages import Answer, Request
from ..paging import Page, numbered_page, whole_number
from ..people import Document
from ..serving import Serving

_ANY_PAGE = 10**9
_Version = tuple[int, int]
Query = Mapping[str, str]


@dataclass(frozen=True)
class Entry:
    """One thing on a shelf: its key (several values joined by colons), itself, whose list it is in.

    Most things are objects; some lists hold bare values.
    """

    key: str
    thing: Any
    parent: str = ""

    @property
    def body(self) -> bytes:
        """Its own bytes, the same in every page that holds it."""
        return serialise.encode(self.thing, self.key)


def by_id(documents: list[Document]) -> list[Entry]:
    """Entries of objects that an id tells apart."""
    return [Entry(str(document["id"]), document) for document in documents]


@dataclass(frozen=True)
class Paging:
    """How a list is paged: `whole`, by `number`, `link` or `cursor`, with its counts `beside` it.

    `most` is the largest page that can be asked for; None: the size cannot be chosen.
    """

    kind: str = "whole"
    default: int = 20
    most: int | None = 150


@dataclass(frozen=True)
class Shelf:
    """One list: the stream it is for, where it is (with `{id}` for one per parent), what is on it.

    `parents` are the ids that have such a list, `shown` gives an entry as a query gets it, None
    where it does not, `check` refuses a query that asks in a wrong way. `around` is what stands
    around a single object, where there is no list.
    """

    stream: str
    path: str
    member: str
    entries: Callable[[], list[Entry]]
    row: Callable[[Entry], Document]
    paging: Paging = Paging()
    since: _Version = (2, 11)
    kind: str = "list"
    parents: Callable[[], set[str]] | None = None
    shown: Callable[[Query, Entry], Entry | None] | None = None
    check: Callable[[Query], None] | None = None
    around: Mapping[str, object] | None = None

    def answer(
        self, request: Request, parent: str | None, version: _Version, serving: Serving
    ) -> Answer:
        """The list, or the page of it that is asked for."""
        if version < self.since:
            message = "Requested resource is not available in current API version."
            raise RefusedError(400, "intercom_version_invalid", message)
        if self.parents is not None and parent not in self.parents():
            raise not_found()
        if self.check is not None:
            self.check(request.query)
        entries = [entry for entry in self.entries() if entry.parent == (parent or "")]
        if self.shown is not None:
            seen = (self.shown(request.query, entry) for entry in entries)
            entries = [entry for entry in seen if entry is not None]
        if self.around is not None:
            return pages.around(self.around, self.member, entries[0].body)
        if self.paging.kind == "whole":
            return pages.whole(self.kind, self.member, [entry.body for entry in entries])
        return self._page(request, entries, serving)

    def _page(self, request: Request, entries: list[Entry], serving: Serving) -> Answer:
        paging, query = self.paging, request.query
        per_page = paging.default
        if paging.most is not None:
            per_page = whole_number(query.get("per_page"), "per_page", per_page, paging.most)
        serving.check_page_size(per_page)
        if paging.kind == "cursor":
            return _after(query.get("starting_after"), entries, per_page)
        number = whole_number(query.get("page"), "page", 1, _ANY_PAGE)
        cut = numbered_page(entries, number, per_page)
        page = Page([entry.body for entry in cut.rows], number, per_page, cut.total)
        if paging.kind == "link":
            asked = {"per_page": per_page}
            return pages.by_link(self.kind, self.member, page, request.path, asked)
        if paging.kind == "beside":
            return pages.beside(self.member, page)
        return pages.by_number(page, self.kind, self.member)


def _position(entry: Entry) -> tuple[str, str]:
    return entry.thing["updated_at"], entry.key


def _after(cursor: str | None, entries: list[Entry], per_page: int) -> Answer:
    """The page after `[updated_at, id]`, the last changed first; no list of these has a size."""
    rows = sorted(entries, key=_position, reverse=True)
    if cursor is not None:
        updated_at, key = json.loads(base64.b64decode(cursor))
        rows = [row for row in rows if _position(row) < (updated_at, key)]
    taken = rows[:per_page]
    following: dict[str, str] | None = None
    if len(rows) > per_page:
        last = json.dumps(_position(taken[-1])).encode()
        following = {"starting_after": base64.b64encode(last).decode()}
    told = {"type": "pages", "per_page": per_page, "next": following}
    return pages.whole("list", "data", [entry.body for entry in taken], {"pages": told})
