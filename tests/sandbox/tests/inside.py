"""The synthetic API without a server and with a clock that only requests and jumps move.

So the same questions get the same answers to the second, and a thousand of them take no time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from tests.sandbox.api import Access, Api
from tests.sandbox.clock import VirtualClock
from tests.sandbox.control import Control
from tests.sandbox.limits import RateLimit
from tests.sandbox.messages import Answer, Request
from tests.sandbox.modes import Modes
from tests.sandbox.workspace import Workspace


@dataclass(frozen=True)
class Inside:
    """An API and its control, to be asked directly."""

    api: Api
    control: Control

    def ask(self, path: str, body: object = None, version: str = "2.16") -> Answer:
        """GET `path`, or POST it with a body."""
        bare, _, query = path.partition("?")
        request = Request(
            "GET" if body is None else "POST",
            bare,
            dict(parse_qsl(query)),
            {"authorization": "Bearer synthetic", "intercom-version": version},
            b"" if body is None else json.dumps(body).encode(),
        )
        if bare.startswith("/_sandbox/"):
            return self.control.answer(request)
        return self.api.answer(request, path)

    def json(self, path: str, body: object = None, version: str = "2.16") -> Any:
        """The document of a good answer."""
        answer = self.ask(path, body, version)
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    def search(
        self,
        path: str = "/conversations/search",
        cursor: str | None = None,
        per_page: int = 150,
        since: int = 0,
        version: str = "2.16",
    ) -> Any:
        """One page of a search for all that changed after `since`, the oldest change first."""
        pagination: dict[str, object] = {"per_page": per_page}
        if cursor is not None:
            pagination["starting_after"] = cursor
        body = {
            "query": {"field": "updated_at", "operator": ">", "value": since},
            "sort": {"field": "updated_at", "order": "ascending"},
            "pagination": pagination,
        }
        return self.json(path, body, version)

    def hits(self, since: int = 0) -> list[Any]:
        """All hits of a search by keyset cursors."""
        found: list[Any] = []
        page = self.search(since=since)
        while True:
            found += page["conversations"]
            following = page["pages"].get("next")
            if following is None:
                return found
            page = self.search(cursor=following["starting_after"], since=since)

    def now(self) -> int:
        """The workspace's time."""
        return int(self.api.clock.now())


def open_inside(
    seed: int = 1, conversations: int = 60, timezone: str = "UTC", **modes: Any
) -> Inside:
    """A workspace to be asked from within."""
    workspace = Workspace(seed, conversations, timezone)
    clock = VirtualClock(workspace.start, lambda: 0.0)
    access = Access("synthetic", {})
    api = Api(workspace, clock, RateLimit(10**9), access, Modes(**modes))
    return Inside(api, Control(api))


def until(inside: Inside, path: str, wanted: Any) -> Any:
    """Ask until the change that falls on a request is a wanted one; that change."""
    for _ in range(2_000):
        inside.ask(path)
        change = inside.api.live.changes[-1]
        if wanted(change):
            return change
    raise AssertionError("no such change in 2,000 requests")
