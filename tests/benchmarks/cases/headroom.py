"""Headroom: how fast tap and target are where neither latency nor limit holds them back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.bench import Bench
from tests.benchmarks.harness import Failed, Usage, median, module, pipe, rounds
from tests.benchmarks.page import Claim, Section, Table, shown
from tests.benchmarks.pipeline import Archived, archive, tap
from tests.benchmarks.server.process import Counts, Server, serving

THREADS = 32


@dataclass(frozen=True)
class Fetched:
    """One run of a program that fetches every conversation and writes to a file."""

    usage: Usage
    asked: Counts
    conversations: int

    @property
    def per_second(self) -> float:
        """Conversations a second, the program's start included."""
        return self.conversations / self.usage.wall_seconds

    @property
    def cpu_ms(self) -> float:
        """Processor time for a conversation."""
        return self.usage.cpu_seconds * 1_000 / self.conversations


def _tap_alone(server: Server, folder: Path, count: int) -> Fetched:
    server.begin()
    usage = pipe([tap(folder, server.url)], folder)[0]
    return _checked(Fetched(usage, server.counts(), count))


def _bare_loop(server: Server, folder: Path, count: int) -> Fetched:
    server.begin()
    usage = pipe([module("plain.fetch", server.url, THREADS)], folder)[0]
    return _checked(Fetched(usage, server.counts(), count))


def _checked(run: Fetched) -> Fetched:
    if run.asked.fetched != run.conversations:
        raise Failed(f"{run.asked.fetched:,} of {run.conversations:,} conversations were fetched")
    return run


def measure(bench: Bench) -> Section:
    """Archive as fast as the machine goes, beside the tap alone and a bare fetching loop."""
    count, room = bench.scale.headroom, bench.room("headroom")
    with serving(bench.pool(count), count) as server:
        contestants: dict[str, Callable[[], Archived | Fetched]] = {
            "tap | target": lambda: archive(server, room, count),
            "tap alone": lambda: _tap_alone(server, room, count),
            "bare loop": lambda: _bare_loop(server, room, count),
        }
        found = rounds(bench.scale.rounds, contestants, bench.say)
    whole = [run for run in found["tap | target"] if isinstance(run, Archived)]
    alone = {name: [r for r in runs if isinstance(r, Fetched)] for name, runs in found.items()}
    return _section(whole, alone, count)


def _section(whole: Sequence[Archived], alone: dict[str, list[Fetched]], count: int) -> Section:
    tap_ms = median(whole, lambda run: run.tap_cpu_ms)
    target_ms = median(whole, lambda run: run.target_cpu_ms)
    both_ms = median(whole, lambda run: run.tap_cpu_ms + run.target_cpu_ms)
    per_second = median(whole, lambda run: run.per_second)
    rows = [("`tap \\| target`", shown(per_second), shown(tap_ms), shown(target_ms))]
    for name in ("tap alone", "bare loop"):
        rows.append(
            (
                name,
                shown(median(alone[name], lambda run: run.per_second)),
                shown(median(alone[name], lambda run: run.cpu_ms)),
                "",
            )
        )
    loop_ms = median(alone["bare loop"], lambda run: run.cpu_ms)
    times = shown(median(alone["tap alone"], lambda run: run.cpu_ms) / loop_ms)
    return Section(
        title="Headroom",
        how=(
            f"{count:,} conversations of 20 parts, no latency, no limit; the server shares the "
            "cores. Both programs' start and end are in the figures. The bare loop lists and "
            f"fetches the same with `requests` from {THREADS} threads, decodes and writes each "
            "answer, and does nothing else."
        ),
        claims=(
            Claim("conversations a second through the pipeline", per_second, 500),
            Claim("CPU of tap and target, a conversation", both_ms, 4, " ms", at_least=False),
            Claim("CPU of the slower of the two", max(tap_ms, target_ms), 2, " ms", at_least=False),
        ),
        tables=(Table(("", "conversations/s", "CPU ms of the tap", "CPU ms of the target"), rows),),
        notes=(f"The tap takes {times} times the processor time of the bare loop.",),
        counts={
            "archived": whole[-1].conversations,
            "fetched by the pipeline": whole[-1].asked.fetched,
            "fetched by the tap alone": alone["tap alone"][-1].asked.fetched,
            "fetched by the bare loop": alone["bare loop"][-1].asked.fetched,
        },
    )
