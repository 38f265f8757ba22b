"""A workspace that changes while it is read: the search and the objects behind it, in memory.

It speaks the client's language (requests in, answers out) with a clock of its own, so that
whole runs take milliseconds. What a reader makes of it is left to the tests.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from random import Random
from types import SimpleNamespace
from typing import Any

from tap_intercom_archive.client import Answer, Request, Workspace
from tap_intercom_archive.clock import Stop
from tap_intercom_archive.errors import ApiError, Faulty, Gone
from tap_intercom_archive.hydration import Workers
from tap_intercom_archive.ledger import Ledger
from tap_intercom_archive.report import Report
from tap_intercom_archive.resources import RESOURCES
from tap_intercom_archive.searching import WindowReader
from tap_intercom_archive.settings import Settings
from tap_intercom_archive.times import epoch

CONVERSATIONS = next(row for row in RESOURCES if row.name == "conversations")
BEGIN = 1_700_000_000


@dataclass
class Moving:
    """Conversations by id as (`updated_at`, version), and a clock in epoch seconds.

    `restless` is the chance of a change at each request, `lag` that of a stale answer.
    """

    random: Random
    inclusive: bool = False
    steps: tuple[float, ...] = (0.01, 0.3, 1.1)
    restless: float = 0.0
    lag: float = 0.0
    clock: float = BEGIN + 10_000.0
    objects: dict[str, tuple[int, int]] = field(default_factory=dict)
    broken: dict[str, ApiError] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    listings: int = 0

    def now(self) -> float:
        """The server's time."""
        return self.clock

    def wait(self, seconds: float) -> None:
        """Let time pass instead of sleeping."""
        self.clock += max(seconds, 0.01)

    def touch(self, name: str) -> None:
        """Change or create an object now."""
        _, version = self.objects.get(name, (0, 0))
        self.objects[name] = (int(self.clock), version + 1)

    def send(self, request: Request) -> Answer:
        """Answer a search or a fetch; the world may move on first."""
        self.clock += self.random.choice(self.steps)
        if self.random.random() < self.restless:
            self.touch(self.random.choice([*self.objects, f"{len(self.objects) + 1000}"]))
        body = self._search(request) if request.method == "POST" else self._fetch(request)
        return Answer(
            json.dumps(body).encode(), request, float(int(self.clock)), "application/json"
        )

    def _search(self, request: Request) -> dict[str, Any]:
        self.listings += 1
        after, before = (part["value"] for part in request.json["query"]["value"])
        if self.inclusive:
            after, before = after - 1, before + 1
        rows = sorted(
            (at, name, version)
            for name, (at, version) in self.objects.items()
            if after < at < before
        )
        pagination = request.json["pagination"]
        at, name = json.loads(pagination.get("starting_after", '[-1, ""]'))
        left = [row for row in rows if row[:2] > (at, name)]
        page = left[: pagination["per_page"]]
        token = json.dumps(page[-1][:2]) if len(left) > len(page) else None
        return {
            "total_count": len(rows),
            "pages": {"next": {"starting_after": token} if token else None},
            "conversations": [_document(*row) for row in page],
        }

    def _fetch(self, request: Request) -> dict[str, Any]:
        name = request.path.rpartition("/")[2]
        self.fetched.append(name)
        if name in self.broken:
            raise self.broken[name]
        at, version = self.objects[name]
        if version > 1 and self.random.random() < self.lag:
            return _document(at - 1, name, version - 1)
        return _document(at, name, version)


def _document(at: int, name: str, version: int) -> dict[str, Any]:
    return {"id": name, "updated_at": at, "version": version}


def faulty(world: Moving, name: str, *, gone: bool = False) -> None:
    """Let every fetch of an object fail."""
    world.broken[name] = Gone("gone", 404) if gone else Faulty("broken", 500)


def reader(world: Moving, state: dict[str, Any], **config: Any) -> WindowReader:
    """Give a reader of the world's conversations that goes on from a state."""
    stop = Stop()
    client: Any = SimpleNamespace(
        send=world.send,
        now=world.now,
        limiter=SimpleNamespace(limit=100, budget=(0, 100)),
        counts=SimpleNamespace(calls=0, retries=0, throttled=0),
    )
    stop.wait = world.wait  # type: ignore[method-assign]
    run: Any = SimpleNamespace(
        settings=Settings.read({"access_token": "synthetic", "page_size": 3, **config}, "tests"),
        stop=stop,
        client=client,
        workers=Workers(1, stop),
        report=Report(logging.getLogger("tests"), client),
        workspace=Workspace("w1", "Synthetic", "US", "UTC", None),
    )
    return WindowReader(run, CONVERSATIONS, Ledger(state), ["conversations"])


@dataclass
class Archive:
    """What has been written: versions by id."""

    versions: dict[str, set[int]] = field(default_factory=dict)

    def read(
        self, world: Moving, state: dict[str, Any], most: int | None = None, **config: Any
    ) -> None:
        """Run to the end, or be killed after `most` objects; the state is kept up to date."""
        reading = reader(world, state, **config)
        for number, fetched in enumerate(reading.objects()):
            document = fetched.payload.document
            self.versions.setdefault(document["id"], set()).add(document["version"])
            if number == most:
                return  # killed between the record and its state
            fetched.written()
            self.check(world, state)
        self.check(world, state)

    def check(self, world: Moving, state: dict[str, Any]) -> None:
        """The state claims nothing that is neither written nor owed, and stays small."""
        mark = epoch(state.get("high_water_mark")) or 0
        start = epoch(state.get("scope", {}).get("start_date")) or 0
        missing = self.missing(world, state)
        assert not [name for name in missing if start <= world.objects[name][0] < mark], state
        assert len(json.dumps(state)) < 64_000

    def missing(self, world: Moving, state: dict[str, Any]) -> set[str]:
        """Give what is neither archived as it is now nor owed."""
        owed = {entry["id"] for entry in state.get("owed", ())}
        return {
            name
            for name, (_, version) in world.objects.items()
            if version not in self.versions.get(name, ()) and name not in owed
        }
