"""The tap's readers on the model: what is written to an archive, and states to resume from."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from tap_intercom_archive.client import Counts
from tap_intercom_archive.client import Workspace as Identity
from tap_intercom_archive.clock import Stop
from tap_intercom_archive.errors import ApiError
from tap_intercom_archive.feeding import DeletionReader
from tap_intercom_archive.hydrating import MISSING_REASONS
from tap_intercom_archive.hydration import Workers
from tap_intercom_archive.ledger import Ledger
from tap_intercom_archive.readers import Reader
from tap_intercom_archive.report import Report
from tap_intercom_archive.resources import RESOURCES, Resource
from tap_intercom_archive.run import Run
from tap_intercom_archive.searching import WindowReader
from tap_intercom_archive.settings import Settings
from tap_intercom_archive.walking import WalkReader
from tests.tap.protocol.model import Workspace

LOOKBACK_SECONDS = 900
# Small windows, and some of what is fetched is fetched before the window's turn has come.
CONCURRENCY = 2
_RESOURCES = {resource.name: resource for resource in RESOURCES}


class Killed(BaseException):
    """The process is gone: what was not checkpointed is lost."""


class OneByOne(Workers):
    """Workers that make each call as soon as it is begun, so that request order is a fact."""

    def begin(self, call: Callable[[], Any]) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(call())
        except ApiError as error:
            done.set_exception(error)
        return done


@dataclass
class Archive:
    """What a target would hold: newest written version by id, and what was retired."""

    rows: dict[str, dict[str, int]] = field(
        default_factory=lambda: {"conversations": {}, "articles": {}, "deleted_conversations": {}}
    )

    def write(self, stream: str, document: dict[str, Any]) -> None:
        self.rows[stream][document["id"]] = document.get("statistics", {}).get("version", 0)

    def retire_all_but(self, stream: str, seen: set[str]) -> set[str]:
        retired = self.rows[stream].keys() - seen
        for record_id in retired:
            del self.rows[stream][record_id]
        return retired


@dataclass
class Tap:
    """Runs of the tap against one workspace into one archive.

    `state` is the last state that left the tap, as a target would hand it back.
    """

    workspace: Workspace
    archive: Archive = field(default_factory=Archive)
    state: dict[str, dict[str, Any]] = field(default_factory=dict)
    kill_at: int | None = None
    kill_at_fetch: int | None = None
    owed: list[str] = field(default_factory=list)

    def run(self, *, sweep_days: int = 7) -> None:
        """One run; raises Killed where it was planned."""
        working = copy.deepcopy(self.state)
        run = self._begin(sweep_days)
        for name in ("articles", "conversations", "deleted_conversations"):
            ledger = Ledger(working.setdefault(name, {}))
            try:
                self._read(run, name, ledger, working)
            except ApiError:
                continue
            self.state = copy.deepcopy(working)
        self.owed = [owed.id for owed in Ledger(self.state["conversations"]).owed.values()]

    def _read(
        self, run: Run, name: str, ledger: Ledger, working: dict[str, dict[str, Any]]
    ) -> None:
        reader = _reader(run, _RESOURCES[name], ledger)
        deaths = Ledger(working.setdefault("conversations", {}))
        if isinstance(reader, DeletionReader):
            reader.wanted = frozenset(
                owed.id
                for owed in deaths.owed_of("conversations")
                if owed.reason in MISSING_REASONS
            )
        seen: set[str] = set()

        def retire() -> None:
            retired = self.archive.retire_all_but(name, seen)
            alive = retired & self.workspace.articles.keys()
            assert not alive, f"retired although still there: {alive}"

        reader.retire = retire
        for fetched in reader.objects():
            self.archive.write(name, fetched.payload.document)
            if reader.sweeping:
                seen.add(fetched.payload.record_id)
            fetched.written()
            self.state = copy.deepcopy(working)
        if isinstance(reader, DeletionReader):
            for record_id in reader.wanted & reader.listed.seen:
                deaths.settle("conversations", record_id)
            deaths.save_owed()

    def _begin(self, sweep_days: int) -> Run:
        workspace = self.workspace

        def send(request: Any) -> Any:
            if _has_come(self.kill_at, workspace.requests) or _has_come(
                self.kill_at_fetch, workspace.fetches
            ):
                raise Killed
            return workspace.send(request)

        client = SimpleNamespace(
            send=send,
            now=lambda: float(workspace.now),
            counts=Counts(),
            limiter=SimpleNamespace(budget=(0, 1), limit=1, waited_seconds=0.0),
        )
        config = {
            "access_token": "synthetic",
            "lookback_seconds": LOOKBACK_SECONDS,
            "full_sweep_days": sweep_days,
            "articles_overlap_pages": 1,
            "start_date": "2023-11-14T00:00:00Z",
        }
        logger = logging.getLogger("protocol")
        logger.disabled = True
        return Run(
            settings=Settings.read(config, "tests"),
            stop=cast(
                Any, SimpleNamespace(wait=lambda seconds: workspace.tick(-int(-seconds // 1)))
            ),
            client=cast(Any, client),
            workers=OneByOne(CONCURRENCY, Stop()),
            report=Report(logger, cast(Any, client)),
            workspace=Identity("synthetic", "", "", "", None),
        )


def _has_come(limit: int | None, count: int) -> bool:
    return limit is not None and count >= limit


def _reader(run: Run, resource: Resource, ledger: Ledger) -> Reader:
    if resource.method == "windows":
        return WindowReader(run, resource, ledger, [resource.name])
    kind = DeletionReader if resource.tombstones_of else WalkReader
    return kind(run, resource, ledger, [resource.name])
