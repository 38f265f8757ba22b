"""Run programs side by side and measure them: wall time, processor time, peak memory; medians.

A child's peak memory begins with that of the process it was started from, so whatever needs
memory (making data, compressing, checking) is a program of its own, and this process stays
small. What is run is left to the benchmarks, what is written to ``page``.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

from tests.pipeline.programs import ROOT, environment

Measured = TypeVar("Measured")
_PEAK_UNIT_BYTES = 1 if sys.platform == "darwin" else 1024


class Failed(Exception):
    """A program ended with an error, or what it made is not what it was asked for."""


@dataclass(frozen=True)
class Command:
    """A program with its arguments; `name` is how it is called in tables and errors."""

    name: str
    arguments: Sequence[str]


@dataclass(frozen=True)
class Usage:
    """What a program took: seconds from the first start to its end, processor seconds, bytes."""

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int


def module(name: str, *arguments: object) -> Command:
    """Give a program of the benchmarks' own, by its module's name under `tests.benchmarks`."""
    command = [sys.executable, "-m", f"tests.benchmarks.{name}", *map(str, arguments)]
    return Command(name, command)


def pipe(
    commands: Sequence[Command],
    folder: Path,
    *,
    given: Path | None = None,
) -> list[Usage]:
    """Run `first | second | …` to the end and say what each took.

    The first reads `given`, the last writes `out` in `folder`, complaints go to `NAME.err`
    there. Raises Failed where one ends with an error, with its last line.
    """
    folder.mkdir(exist_ok=True)
    complete = environment({"PYTHONUNBUFFERED": ""})
    began = time.monotonic()
    with _opened(given) as source, (folder / "out").open("wb") as sink:
        running: list[subprocess.Popen[bytes]] = []
        reading: IO[bytes] | int = source
        for number, command in enumerate(commands):
            is_last = number == len(commands) - 1
            with _complaints(folder, command).open("wb") as complaints:
                process = subprocess.Popen(
                    command.arguments,
                    cwd=ROOT,
                    env=complete,
                    stdin=reading,
                    stdout=sink if is_last else subprocess.PIPE,
                    stderr=complaints,
                )
            if running and not isinstance(reading, int):
                reading.close()
            running.append(process)
            reading = process.stdout or subprocess.DEVNULL
        taken = [_reap(process, began) for process in reversed(running)][::-1]
    failed = [
        f"{command.name} ended with {process.returncode}: {_said(folder, command)}"
        for command, process in zip(commands, running, strict=True)
        if process.returncode
    ]
    if failed:
        raise Failed(" ".join(failed))
    return taken


def run(command: Command, folder: Path, *, given: Path | None = None) -> Usage:
    """Run one program to the end; see `pipe`."""
    return pipe([command], folder, given=given)[0]


def _reap(process: subprocess.Popen[bytes], began: float) -> Usage:
    _, status, usage = os.wait4(process.pid, 0)
    ended = time.monotonic()
    process.returncode = os.waitstatus_to_exitcode(status)
    return Usage(ended - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _PEAK_UNIT_BYTES)


@contextmanager
def _opened(given: Path | None) -> Iterator[IO[bytes] | int]:
    if given is None:
        yield subprocess.DEVNULL
        return
    with given.open("rb") as file:
        yield file


def _complaints(folder: Path, command: Command) -> Path:
    return folder / f"{command.name}.err"


def _said(folder: Path, command: Command) -> str:
    lines = _complaints(folder, command).read_text("utf-8", errors="replace").splitlines()
    return lines[-1] if lines else "it said nothing"


def rounds(
    count: int, contestants: Mapping[str, Callable[[], Measured]], say: Callable[[str], None]
) -> dict[str, list[Measured]]:
    """Measure every contestant once in each of `count` rounds: all share good times and bad.

    The order turns by one from round to round.
    """
    found: dict[str, list[Measured]] = {name: [] for name in contestants}
    names = list(contestants)
    for number in range(count):
        for name in names:
            say(f"round {number + 1} of {count}: {name}")
            found[name].append(contestants[name]())
        names = names[1:] + names[:1]
    return found


def median(measured: Sequence[Measured], figure: Callable[[Measured], float]) -> float:
    """Give the median of a figure over the rounds."""
    return statistics.median(map(figure, measured))
