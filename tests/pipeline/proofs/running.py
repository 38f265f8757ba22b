"""Run `tap | target` for a proof and read what the run said of itself.

Knows how a run is started and ended, not what it must show.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.pipeline import programs
from tests.pipeline.conftest import tap_config
from tests.sandbox.process import Sandbox

_REPORT = re.compile(r"Run report: (\{.*\})")


@dataclass(frozen=True)
class Outcome:
    """How a run ended, what it reported, and what it asked the workspace for."""

    piped: programs.Piped
    requests: dict[str, Any]

    @property
    def codes(self) -> tuple[int, int]:
        """The exit codes of tap and target."""
        return self.piped.tap.code, self.piped.target.code

    @property
    def state(self) -> dict[str, Any]:
        """The last state that left the target."""
        return self.piped.states[-1]

    @property
    def report(self) -> dict[str, Any]:
        """The run report of the tap; a run without one fails with all that it said."""
        found = _REPORT.search(self.piped.tap.err)
        assert found, self.piped.tap.err + self.piped.target.err
        report: dict[str, Any] = json.loads(found[1])
        return report

    @property
    def said(self) -> str:
        """All that both programs said to people."""
        return self.piped.tap.err + self.piped.target.err

    @property
    def calls(self) -> int:
        """How many requests the workspace counted."""
        total: int = self.requests["total"]
        return total

    def route(self, route: str) -> int:
        """How many requests went to a route, such as `GET /conversations/{id}`."""
        count: int = self.requests["by_route"].get(route, 0)
        return count


def verify(folder: Path) -> str:
    """Let the archive prove itself: `sqlite-archive verify` must find nothing."""
    done = programs.run(programs.program("sqlite-archive"), "verify", str(folder / "archive.db"))
    assert done.code == 0, done.out + done.err
    return done.out


def run(
    sandbox: Sandbox,
    folder: Path,
    state: Mapping[str, Any] | None = None,
    streams: Sequence[str] = (),
    patience_seconds: float = programs.PATIENCE_SECONDS,
    tap: Sequence[str] = (),
    **settings: Any,
) -> Outcome:
    """Run once, from a state where one is given; requests are counted from the run's begin.

    `streams` are those to select, all where none is given; `tap` is the command to run in the
    place of our tap; `settings` are the tap's.
    """
    sandbox.reset_requests()
    config = tap_config(sandbox, **settings)
    chosen = programs.catalog(*streams) if streams else None
    piped = programs.archive_run(
        folder, config, state, chosen, patience_seconds=patience_seconds, tap=tap
    )
    return Outcome(piped, sandbox.requests())
