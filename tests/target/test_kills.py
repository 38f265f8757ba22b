"""`kill -9` before a commit, between COMMIT and STATE, and after a STATE: nothing told is lost."""

from __future__ import annotations

import contextlib
import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from target_sqlite_archive.checks.finding import Level
from target_sqlite_archive.commands.verify import run_checks
from target_sqlite_archive.progress import Progress
from target_sqlite_archive.reading import open_archive
from tests.target.harness import Archive, bookmark, record, schema, state

ROWS_PER_STATE = 400
# More than a pipe takes: who writes such a STATE waits until somebody reads it.
STATE_BYTES = 300_000
BEFORE, BETWEEN, AFTER = "before commit", "between COMMIT and STATE", "after STATE"
PHASES = (BEFORE, BETWEEN, AFTER)
MUTANT = [sys.executable, "-m", "tests.target.mutant"]
ROOT = Path(__file__).parents[2]


class TooMuchTold(Exception):
    """A STATE has gone out whose rows are not in the file."""


def state_at(position: int) -> str:
    value = bookmark("t", position)
    value["bookmarks"]["t"]["padding"] = "x" * STATE_BYTES
    return state(value)


def batch(first: int) -> Iterator[str]:
    """Rows numbered from ``first`` and the STATE behind them."""
    for number in range(first, first + ROWS_PER_STATE):
        yield record("t", {"id": number, "s": f"Synthetic Sam says {number} " * 20})
    yield state_at(first + ROWS_PER_STATE)


class Running:
    """A target that is fed by a thread, so that nobody waits for anybody but the test's reader."""

    def __init__(self, command: Sequence[str], told: int) -> None:
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
        )
        self.told = told
        self._feeders: list[threading.Thread] = []

    def feed(self, *lines: str) -> None:
        text = "".join(f"{line}\n" for line in lines).encode()
        self._feeders.append(threading.Thread(target=self._write, args=(text,)))
        self._feeders[-1].start()

    def _write(self, text: bytes) -> None:
        assert self.process.stdin
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(text)
            self.process.stdin.flush()

    def hear(self) -> None:
        """Read one STATE from the target; half a line tells nothing."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        if line.endswith(b"\n"):
            self.told = json.loads(line)["bookmarks"]["t"]["position"]

    def linger(self, seconds: float) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)

    def kill(self) -> None:
        self.process.kill()
        for feeder in self._feeders:
            feeder.join()
        self.hear()
        with contextlib.suppress(BrokenPipeError):
            self.process.communicate()


def has(archive: Archive, table: str) -> bool:
    """Whether the file is there and so far that it has this table."""
    return archive.path.exists() and bool(
        archive.query("SELECT 1 FROM sqlite_master WHERE name = ?", table)
    )


def committed(archive: Archive) -> int:
    """The position of the newest state in the file."""
    if not has(archive, "_states"):
        return 0
    rows = archive.query("SELECT value FROM _states ORDER BY id DESC LIMIT 1")
    return int(json.loads(rows[0][0])["bookmarks"]["t"]["position"]) if rows else 0


def stored(archive: Archive, position: int) -> int:
    """How many of the rows before a position are in the file."""
    if not has(archive, "t"):
        return 0
    return int(archive.query("SELECT count(*) FROM t WHERE id < ?", position)[0][0])


def kill_in(
    phase: str, archive: Archive, command: Sequence[str], told: int, when: float, patience: float
) -> int:
    """Resume, kill at a moment of the phase (``when`` is from 0 to 1), give what was told."""
    running = Running(command, told)
    if told:
        running.feed(state_at(told))
    text = {"type": "string", "contentMediaType": "text/plain"}
    running.feed(schema("t", {"id": "integer", "s": text}), *batch(told))
    if phase == BETWEEN:
        # Nobody reads: the target comes as far as its STATE and waits there, its rows committed.
        end = time.monotonic() + patience
        while committed(archive) == told and time.monotonic() < end:
            running.linger(0.01)
        running.linger(when * 0.05)
    else:
        running.hear()
        if phase == BEFORE:
            running.feed(*batch(running.told))
            running.linger(when * 0.9)
        elif when > 0.5:
            running.linger((when - 0.5) * 0.1)
    running.kill()
    return running.told


def prove(
    archive: Archive, command: Sequence[str], seed: int, kills: int, patience: float = 20.0
) -> Counter[str]:
    """Kill so many runs, each resumed from what was told; give in which phase they were hit."""
    chance = random.Random(seed)
    phases = [PHASES[number % len(PHASES)] for number in range(kills)]
    chance.shuffle(phases)
    hit = Counter[str]()
    told = 0
    for phase in phases:
        told = kill_in(phase, archive, command, told, chance.random(), patience)
        if stored(archive, told) < told:
            raise TooMuchTold(f"{told} rows were told and {stored(archive, told)} are there")
        kept = committed(archive)
        hit[BETWEEN if kept > told else phase] += 1
        with open_archive(archive.path) as reading:
            found = list(run_checks(reading, Progress(sys.stderr, time.monotonic)))
        wrong = [f for f in found if f.level is Level.WRONG and f.check != "state"]
        assert wrong == []
    text = {"type": "string", "contentMediaType": "text/plain"}
    first = [state_at(told)] if told else []
    archive.load(*first, schema("t", {"id": "integer", "s": text}), *batch(told))
    assert archive.query("SELECT count(*), min(id), max(id) FROM t WHERE id < ?", told) == [
        (told, 0, told - 1)
    ]
    return hit


def test_a_kill_at_any_phase_loses_nothing_that_was_told(archive: Archive) -> None:
    hit = prove(archive, archive.command, seed=1, kills=6)
    assert set(hit) == set(PHASES), hit


def test_a_target_that_tells_too_early_is_caught(archive: Archive) -> None:
    command = [*MUTANT, "--config", str(archive.config_path)]
    with pytest.raises(TooMuchTold):
        prove(archive, command, seed=1, kills=6, patience=1.0)


@pytest.mark.prove
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(10, 14))
def test_many_kills_lose_nothing_that_was_told(archive: Archive, seed: int) -> None:
    hit = prove(archive, archive.command, seed, kills=60)
    print(f"seed {seed}: 60 kills, {dict(hit)}")
    assert all(hit[phase] >= 15 for phase in PHASES), hit
