"""Restart cost: what a run over an unchanged workspace takes of our own time."""

from __future__ import annotations

from dataclasses import dataclass

from tests.benchmarks.bench import Bench
from tests.benchmarks.harness import Command, Failed, Usage, median, rounds, run
from tests.benchmarks.page import Claim, Section, Table, shown
from tests.benchmarks.pipeline import Archived, archive, last_state
from tests.benchmarks.server.process import serving
from tests.pipeline.programs import TAP, TARGET, program

MOST_SECONDS = 2


@dataclass(frozen=True)
class Idle:
    """A run that found nothing new, and both programs started for nothing (`--version`)."""

    archived: Archived
    starts: tuple[Usage, Usage]

    @property
    def own_seconds(self) -> float:
        """All of the run but the time in which at least one call was under way."""
        return self.archived.seconds - self.archived.asked.busy_seconds

    @property
    def start_seconds(self) -> float:
        """The longer of the two starts; both programs of a pipe start at once."""
        return max(usage.wall_seconds for usage in self.starts)


def measure(bench: Bench) -> Section:
    """Fill an archive, then run again and again with nothing changed."""
    scale, room = bench.scale, bench.room("restart")
    count, pool = scale.unchanged, bench.pool(scale.unchanged)
    with serving(pool, count) as server:
        bench.say(f"archiving {count:,} conversations")
        database = archive(server, room, count).database
    with serving(pool, count, scale.latency_ms, scale.calls_per_window) as server:

        def again() -> Idle:
            state = last_state(room)
            idle = archive(server, room, count, database=database, state=state)
            if idle.asked.fetched:
                raise Failed(f"{idle.asked.fetched:,} unchanged conversations were fetched")
            starts = [
                run(Command(name, [program(name), "--version"]), bench.room("starts"))
                for name in (TAP, TARGET)
            ]
            return Idle(idle, (starts[0], starts[1]))

        found = rounds(scale.rounds, {"an unchanged workspace": again}, bench.say)
    runs = found["an unchanged workspace"]
    own = median(runs, lambda idle: idle.own_seconds)
    return Section(
        title="Restart cost",
        how=(
            f"`tap | target` once more over {count:,} conversations of which none changed, from "
            f"the last state, every answer after {scale.latency_ms} ms. Own time is the run's less "
            "the time in which at least one call was under way; the programs' start is in it."
        ),
        claims=(
            Claim("own time beside the calls' latency", own, MOST_SECONDS, " s", at_least=False),
        ),
        tables=(
            Table(
                ("seconds of", "median"),
                (
                    ("the whole run", shown(median(runs, lambda i: i.archived.seconds))),
                    (
                        "calls under way",
                        shown(median(runs, lambda i: i.archived.asked.busy_seconds)),
                    ),
                    ("own time", shown(own)),
                    (
                        "of it the start (the longer `--version` of the two)",
                        shown(median(runs, lambda i: i.start_seconds)),
                    ),
                    ("CPU of the tap", shown(median(runs, lambda i: i.archived.tap.cpu_seconds))),
                    (
                        "CPU of the target",
                        shown(median(runs, lambda i: i.archived.target.cpu_seconds)),
                    ),
                ),
            ),
        ),
        notes=(f"A run makes {runs[-1].archived.asked.calls} calls.",),
        counts={
            "conversations": count,
            "fetched again": runs[-1].archived.asked.fetched,
            "calls": runs[-1].archived.asked.calls,
        },
    )
