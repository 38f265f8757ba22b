"""The benchmarks' server in a process of its own, started to be measured against, then stopped."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

from tests.benchmarks.server.limits import WINDOW_SECONDS, Window
from tests.pipeline.programs import ROOT

FETCH = "GET /conversations/{id}"
UNLIMITED = 1_000_000
_PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Counts:
    """What was asked since the last count: calls by route, windows of the limit.

    `busy_seconds` is the time in which at least one call was under way, `cpu_seconds` the
    server's own, since its start.
    """

    routes: Mapping[str, int]
    windows: list[Window]
    busy_seconds: float
    cpu_seconds: float

    @property
    def calls(self) -> int:
        """All calls."""
        return sum(self.routes.values())

    @property
    def fetched(self) -> int:
        """Conversations fetched whole."""
        return self.routes.get(FETCH, 0)

    @property
    def refused(self) -> int:
        """Answers of 429."""
        return sum(window.refused for window in self.windows)

    @property
    def middle(self) -> list[Window]:
        """The windows after the first and before the last: those that could be used whole."""
        return self.windows[1:-1]


class Server:
    """A running server: where it is, and what it counted."""

    def __init__(self, url: str) -> None:
        """Talk to the server at `url`."""
        self.url = url

    def begin(self) -> None:
        """Count anew."""
        self._ask("POST")

    def counts(self) -> Counts:
        """Give the counts since `begin`."""
        found = json.loads(self._ask("GET"))
        windows = [Window(**window) for window in found.pop("windows")]
        return Counts(windows=windows, **found)

    def _ask(self, method: str) -> bytes:
        request = Request(f"{self.url}/_counts", method=method)
        with urlopen(request, timeout=_PATIENCE_SECONDS) as answer:
            content: bytes = answer.read()
        return content


@contextmanager
def serving(
    pool: Path, conversations: int, latency_ms: int = 0, rate_limit: int = UNLIMITED
) -> Iterator[Server]:
    """Serve so many conversations of a pool; `rate_limit` is calls per ten seconds."""
    command = [sys.executable, "-m", "tests.benchmarks.server", str(pool)]
    command += ["--conversations", str(conversations), "--latency-ms", str(latency_ms)]
    command += ["--rate-limit", str(rate_limit)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Server(json.loads(process.stdout.readline())["url"])
    finally:
        process.terminate()
        process.communicate()


__all__ = ["FETCH", "UNLIMITED", "WINDOW_SECONDS", "Counts", "Server", "serving"]
