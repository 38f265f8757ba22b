"""A backfill that is killed again and again, each time resumed from the last STATE that was told.

Decides when to kill whom, and keeps count; what the counts must be is for the tests.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.pipeline.conftest import tap_config
from tests.pipeline.proofs.killing import (
    CLOSING,
    ELSEWHERE,
    HYDRATION,
    LISTING,
    Asked,
    Pipeline,
    States,
    commands,
)
from tests.sandbox.process import Sandbox

BEFORE, BETWEEN, AFTER = "before commit", "between commit and STATE", "right after a STATE"
PHASES = (LISTING, HYDRATION, CLOSING, BEFORE, BETWEEN, AFTER)
_OF_TARGET = (BEFORE, BETWEEN, AFTER)
_POLL_SECONDS = 0.002
# How long a phase is waited for before whatever phase there is will do.
_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Killed:
    """One kill: whom, in which phase, and what the killed run had asked for.

    `since_state` counts the fetches after the last STATE that the run told, all where it told
    none; `before_first_fetch` the requests before the first one, None where none was fetched.
    """

    victims: tuple[str, ...]
    phase: str
    fetched: tuple[str, ...]
    since_state: int
    before_first_fetch: int | None
    requests: int


@dataclass
class Campaign:
    """Kills a backfill again and again; `sink` is the target's command.

    The file's pages are checked after every so many kills (`kills_per_check`): it takes long when
    the file is large.
    """

    sandbox: Sandbox
    folder: Path
    sink: Sequence[str]
    seed: int
    concurrency: int
    kills_per_check: int = 1
    kills: list[Killed] = field(default_factory=list)
    told_early: list[str] = field(default_factory=list)
    unhealthy: list[str] = field(default_factory=list)
    state: str = ""

    def __post_init__(self) -> None:
        """Fix the order of things by the seed."""
        self._chance = random.Random(self.seed)
        self._states = States(self.folder / "archive.db")
        self._since = 0

    @property
    def hit(self) -> Counter[str]:
        """How many kills hit each phase."""
        return Counter(kill.phase for kill in self.kills)

    def kill(self, phases: Sequence[str], progress: int) -> bool:
        """Run from the last state and kill, about `progress` fetches on, in the rarest phase.

        False where the run came to its end unharmed.
        """
        hit = self.hit
        phase = min(phases, key=lambda one: (hit[one], self._chance.random()))
        asked = Asked(self.sandbox)
        pipeline = self._begin()
        try:
            least = self._chance.randint(progress // 3, progress)
            self._since = 0
            while pipeline.is_running and len(asked.fetched) < least:
                self._watch(pipeline, asked)
                time.sleep(_POLL_SECONDS)
            self._wait_for(phase, pipeline, asked)
            if not pipeline.is_running:
                return False
            victims = self._victims(phase)
            seen = asked.phase
            pipeline.kill(*victims)
            pipeline.end()
        finally:
            pipeline.close()
        asked.look()
        self._take_stock(pipeline, asked, victims, phase, seen)
        return True

    def finish(self) -> tuple[tuple[int, int], str, Asked]:
        """Run from the last state to the end; give exit codes, what was said, what was asked."""
        asked = Asked(self.sandbox)
        pipeline = self._begin()
        try:
            codes = pipeline.end()
        finally:
            said = pipeline.close()
        asked.look()
        return codes, said, asked

    def _begin(self) -> Pipeline:
        config = tap_config(self.sandbox, concurrency=self.concurrency)
        return Pipeline(*commands(self.folder, config, self.state, self.sink), self.folder)

    def _victims(self, phase: str) -> tuple[str, ...]:
        if phase in (BEFORE, BETWEEN, AFTER):
            return self._chance.choice([("target",), ("target", "tap")])
        if phase == HYDRATION:
            return self._chance.choice([("tap",), ("target",), ("tap", "target")])
        # Only with the tap itself gone is it certain that it came no further.
        return self._chance.choice([("tap",), ("tap", "target")])

    def _watch(self, pipeline: Pipeline, asked: Asked) -> bool:
        """Take note of new lines and requests; say whether lines came."""
        known = len(asked.fetched)
        came = pipeline.listen()
        if came:
            self._since = known
        asked.look()
        return came

    def _wait_for(self, phase: str, pipeline: Pipeline, asked: Asked) -> None:
        """Give back at an instant of the phase, or when it does not come."""
        until = time.monotonic() + _PATIENCE_SECONDS
        pause = self._chance.uniform(0.2, 0.9)
        told_at = None
        while pipeline.is_running and time.monotonic() < until:
            if phase == BETWEEN:
                # Nobody listens: the target commits, says so as far as the pipe takes it, waits.
                asked.look()
                if pipeline.is_blocked:
                    return
            elif phase in _OF_TARGET:
                if self._watch(pipeline, asked):
                    told_at = time.monotonic()
                    if phase == AFTER:
                        return
                elif told_at and time.monotonic() - told_at >= pause:
                    return
            else:
                self._watch(pipeline, asked)
                if asked.phase == phase:
                    return
            time.sleep(_POLL_SECONDS)

    def _take_stock(
        self,
        pipeline: Pipeline,
        asked: Asked,
        victims: tuple[str, ...],
        wanted: str,
        seen: str,
    ) -> None:
        told = pipeline.told[-1] if pipeline.told else ""
        if told:
            self.state = told
            if not self._states.has(told):
                self.told_early.append(f"kill {len(self.kills) + 1} ({wanted})")
        newest = self._states.newest()
        phase = self._phase_of_target(wanted, newest, asked) if wanted in _OF_TARGET else seen
        if not len(self.kills) % self.kills_per_check:
            self.unhealthy += self._states.health()
        self.kills.append(
            Killed(
                victims,
                phase,
                tuple(asked.fetched),
                len(asked.fetched) - (self._since if told else 0),
                asked.before_first_fetch,
                asked.requests,
            )
        )

    def _phase_of_target(self, wanted: str, newest: str, asked: Asked) -> str:
        """Say what the file shows: a state that was not told, or fetches that it lacks."""
        if newest != self.state:
            return BETWEEN
        if wanted == AFTER:
            return AFTER
        return BEFORE if len(asked.fetched) > self._since else ELSEWHERE
