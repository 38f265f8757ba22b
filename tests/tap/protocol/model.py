"""A tiny workspace that changes while it is read: conversations, articles and deletions.

It answers the tap's own requests in the place of HTTP, one at a time, and applies one planned
change per request, so that whatever can happen between two requests can be planned. What it
holds at the end is the truth.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tap_intercom_archive.client import Answer, Request
from tap_intercom_archive.errors import BadRequest, Faulty, Gone

BEGIN = 1_700_000_000
MOST_SECONDS_UNSEEN = 600
PAGE = 3


@dataclass
class Thing:
    """One object: its versions as (updated_at, version number), oldest first."""

    id: str
    versions: list[tuple[int, int]]
    searchable_from: int = 0
    lag: int = 0
    again_after_get: bool = False
    changes_at_get: bool = False

    @property
    def updated_at(self) -> int:
        return self.versions[-1][0]

    @property
    def version(self) -> int:
        return self.versions[-1][1]


@dataclass
class Workspace:
    """The workspace and its faults; times are epoch seconds."""

    inclusive: bool = False
    drifting: bool = False
    now: int = BEGIN
    conversations: dict[str, Thing] = field(default_factory=dict)
    articles: dict[str, Thing] = field(default_factory=dict)
    deleted: dict[str, int] = field(default_factory=dict)
    planned: deque[Callable[[], None]] = field(default_factory=deque)
    faults: deque[str] = field(default_factory=deque)
    refused_cursors: int = 0
    requests: int = 0
    fetches: int = 0
    _swap_seconds: int | None = None
    _numbers: int = 0
    _versions: int = 0

    # What may happen

    def create(self, kind: str, *, delay: int = 0, age: int = 0) -> None:
        """Make an object that shows in searches after `delay`, and is `age` old; seconds."""
        self._numbers += 1
        self._versions += 1
        thing = Thing(
            f"{kind[0]}{self._numbers}",
            [(self.now - age, self._versions)],
            searchable_from=self.now + delay,
        )
        self._things(kind)[thing.id] = thing

    def change(self, kind: str, index: int) -> None:
        if thing := self._pick(kind, index):
            self._change(thing)

    def change_silently(self, index: int) -> None:
        """Change an object without moving its time; nobody could see that of an old one."""
        thing = self._pick("conversations", index)
        if thing and self._can_be_seen(thing):
            self._versions += 1
            thing.versions.append((thing.updated_at, self._versions))

    def _can_be_seen(self, thing: Thing) -> bool:
        """Whether the last change is so fresh that replicas lag and silent changes are found."""
        return self.now - thing.updated_at < MOST_SECONDS_UNSEEN

    def change_around_get(self, index: int) -> None:
        """Change before and, in the same second, after the next GET of it."""
        if thing := self._pick("conversations", index):
            self._change(thing)
            thing.again_after_get = True

    def lag(self, index: int) -> None:
        """Change it, and let the next GETs answer the version before."""
        if thing := self._pick("conversations", index):
            self.now += 2
            self._change(thing)
            thing.lag = 2

    def delete(self, kind: str, index: int) -> None:
        if thing := self._pick(kind, index):
            self._remove(kind, thing)

    def change_at_get(self, index: int) -> None:
        """Change it when it is next fetched, so that it is newer than its hit."""
        if thing := self._pick("conversations", index):
            thing.changes_at_get = True

    def swap_amid_pages(self, seconds: int) -> None:
        """Delete one of a page that others follow, as one shows that is `seconds` old already.

        The list keeps its size, though the next page skips one where cursors drift.
        """
        self._swap_seconds = seconds

    def tick(self, seconds: int) -> None:
        self.now += seconds

    def freeze(self) -> None:
        """No more changes; everything shows as it is."""
        self.planned.clear()
        self.faults.clear()
        self.refused_cursors = 0
        self._swap_seconds = None
        for thing in self.conversations.values():
            thing.lag, thing.again_after_get, thing.changes_at_get = 0, False, False
            thing.searchable_from = 0
        self.now += 600

    def _remove(self, kind: str, thing: Thing) -> None:
        del self._things(kind)[thing.id]
        if kind == "conversations":
            self.deleted[thing.id] = self.now

    def _change(self, thing: Thing) -> None:
        self._versions += 1
        thing.versions.append((self.now, self._versions))

    def _things(self, kind: str) -> dict[str, Thing]:
        return self.conversations if kind == "conversations" else self.articles

    def _pick(self, kind: str, index: int) -> Thing | None:
        things = list(self._things(kind).values())
        return things[index % len(things)] if things else None

    # What the tap sees

    def send(self, request: Request) -> Answer:
        """Answer in the place of HTTP; raises what the client would."""
        self.requests += 1
        fault = self.faults.popleft() if self.faults else ""
        if fault == "faulty":
            self._happen()
            raise Faulty("the model failed", 500)
        body = self._answer(request, fault)
        at = float(self.now)
        self._happen()
        return Answer(json.dumps(body).encode(), request, at, "application/json")

    def _happen(self) -> None:
        if self.planned:
            self.planned.popleft()()

    def _answer(self, request: Request, fault: str) -> Any:
        if request.path == "/conversations/search":
            return self._search(request.json, fault)
        if request.path == "/articles":
            rows = sorted(self.articles.values(), key=lambda t: (-t.updated_at, t.id))
            return self._numbered(request, "data", [_shown(t, t.versions[-1]) for t in rows])
        if request.path == "/conversations/deleted":
            rows_deleted = sorted(self.deleted.items(), key=lambda item: -item[1])
            listed = [{"id": one, "deleted_at": at} for one, at in rows_deleted]
            return self._numbered(request, "conversations", listed)
        thing = self.conversations.get(request.path.rpartition("/")[2])
        if thing is None:
            raise Gone("the model has it no more", 404)
        return self._get(thing)

    def _get(self, thing: Thing) -> Any:
        self.fetches += 1
        if thing.changes_at_get:
            thing.changes_at_get = False
            self._change(thing)
        version = thing.versions[-1]
        if thing.lag and len(thing.versions) > 1 and self._can_be_seen(thing):
            thing.lag -= 1
            version = thing.versions[-2]
        if thing.again_after_get:
            thing.again_after_get = False
            if self._can_be_seen(thing):
                self._versions += 1
                thing.versions.append((thing.updated_at, self._versions))
        return _shown(thing, version)

    def _search(self, asked: dict[str, Any], fault: str) -> Any:
        bounds = {part["operator"]: part["value"] for part in asked["query"]["value"]}
        found = sorted(
            (
                thing
                for thing in self.conversations.values()
                if thing.searchable_from <= self.now and self._within(thing.updated_at, bounds)
            ),
            key=lambda thing: (thing.updated_at, thing.id),
        )
        token = asked["pagination"].get("starting_after")
        per_page = min(PAGE, asked["pagination"]["per_page"])
        if token and self.refused_cursors:
            self.refused_cursors -= 1
            fault = "expired"
        if token and fault == "expired":
            raise BadRequest("the cursor expired", 400)
        rest = found[self._offset(found, token) :]
        page = rest[:per_page]
        following = None
        if len(rest) > per_page:
            following = {"starting_after": self._token(found, page[-1])}
            if per_page == PAGE:
                self._swap(page[0])
            if fault == "repeating" and token:
                following = {"starting_after": token}
        return {
            "conversations": [_shown(thing, thing.versions[-1]) for thing in page],
            "total_count": len(found),
            "pages": {"next": following},
        }

    def _swap(self, leaving: Thing) -> None:
        if self._swap_seconds is not None:
            self._remove("conversations", leaving)
            self.create("conversations", age=self._swap_seconds)
            self._swap_seconds = None

    def _within(self, updated_at: int, bounds: dict[str, int]) -> bool:
        if self.inclusive:
            return bounds[">"] <= updated_at <= bounds["<"]
        return bounds[">"] < updated_at < bounds["<"]

    def _token(self, found: list[Thing], last: Thing) -> str:
        if self.drifting:
            return str(found.index(last) + 1)
        return f"{last.updated_at}:{last.id}"

    def _offset(self, found: list[Thing], token: str | None) -> int:
        if not token:
            return 0
        if self.drifting:
            return int(token)
        updated_at, _, last = token.partition(":")
        return sum((t.updated_at, t.id) <= (int(updated_at), last) for t in found)

    def _numbered(self, request: Request, member: str, listed: list[dict[str, Any]]) -> Any:
        params = dict(request.params)
        number, per_page = int(params.get("page", "1")), min(PAGE, int(params["per_page"]))
        return {
            member: listed[(number - 1) * per_page : number * per_page],
            "total_count": len(listed),
            "pages": {"total_pages": -(-len(listed) // per_page)},
        }


def _shown(thing: Thing, version: tuple[int, int]) -> dict[str, Any]:
    return {"id": thing.id, "updated_at": version[0], "statistics": {"version": version[1]}}
