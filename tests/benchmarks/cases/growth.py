"""Growth: whether a conversation costs the same in a large workspace as in a small one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.benchmarks.bench import Bench
from tests.benchmarks.harness import Failed, median, module, pipe, rounds
from tests.benchmarks.page import Claim, Section, Table, shown
from tests.benchmarks.pipeline import archive, rows, tap, target
from tests.benchmarks.server.process import Counts, serving

FLAT = 1.15
MOST_MEGABYTES = 200
MEGABYTE = 1_000_000
SHORT_POOL = 1_000
# Beside the two sizes: no conversation at all, for what starting and ending takes.
NOTHING = 0

Sizes = tuple[int, int]


@dataclass(frozen=True)
class Took:
    """One run: seconds in all, processor seconds and highest memory of each of its programs."""

    seconds: float
    cpu_seconds: float
    peaks: tuple[int, ...]


def measure(bench: Bench) -> Section:
    """Run both sizes and an empty workspace, round by round: the pipeline, then the target."""
    sizes, short = bench.scale.archived, bench.scale.loaded_short
    archived, asked = _pipeline(bench, sizes)
    loaded = _target_alone(bench, short)
    pipeline_table, pipeline_ratio = _table("`tap \\| target`", ("tap", "target"), archived)
    target_table, target_ratio = _table("target alone", ("target",), loaded)
    tap_peak, target_peak = _peaks(archived[sizes[1]])
    (short_peak,) = _peaks(loaded[short[1]])
    flat = partial(Claim, limit=FLAT, at_least=False)
    most = partial(Claim, limit=MOST_MEGABYTES, unit=" MB", at_least=False)
    return Section(
        title="Growth",
        how=(
            f"{sizes[0]:,} and {sizes[1]:,} conversations of 20 parts through `tap | target`, no "
            f"latency, no limit; {short[0]:,} and {short[1]:,} conversations of one part through "
            "the target alone, from a recording that is repeated under new numbers. What an empty "
            "workspace takes, which is starting and ending, is left out of the times for a "
            "conversation; peaks are the highest of all rounds."
        ),
        claims=(
            flat(f"time for one of {sizes[1]:,}, times one of {sizes[0]:,}", pipeline_ratio),
            flat(f"the same, target alone, {short[1]:,} and {short[0]:,}", target_ratio),
            most(f"peak memory of the tap at {sizes[1]:,}", tap_peak),
            most(f"peak memory of the target at {sizes[1]:,}", target_peak),
            most(f"peak memory of the target at {short[1]:,} short ones", short_peak),
        ),
        tables=(pipeline_table, target_table),
        notes=("`make bench-long` measures this at its largest.",),
        counts={"archived": sizes[1], "fetched": asked.fetched, "loaded": short[1]},
    )


def _pipeline(bench: Bench, sizes: Sizes) -> tuple[dict[int, list[Took]], Counts]:
    """Give the runs by size, and what the last of the largest asked for."""
    room, pool = bench.room("growth"), bench.pool(sizes[1])
    asked = {}

    def one(count: int) -> Took:
        with serving(pool, count) as server:
            run = archive(server, room, count)
        asked[count] = run.asked
        cpu_seconds = run.tap.cpu_seconds + run.target.cpu_seconds
        return Took(run.seconds, cpu_seconds, (run.tap.peak_bytes, run.target.peak_bytes))

    return _by_size(bench, one, sizes), asked[sizes[1]]


def _target_alone(bench: Bench, sizes: Sizes) -> dict[int, list[Took]]:
    room = bench.room("short")
    count = min(SHORT_POOL, bench.scale.pool)
    with serving(bench.pool(count, parts=1), count) as server:
        bench.say("recording the tap's output over short conversations")
        pipe([tap(room, server.url)], room)
    recording = (room / "out").rename(room / "recording")
    return _by_size(bench, partial(_load, room, recording), sizes)


def _load(room: Path, recording: Path, size: int) -> Took:
    database = room / "archive.db"
    database.unlink(missing_ok=True)
    feed = module("made.repeat", recording, size)
    _, usage = pipe([feed, target(room, database)], room)
    held = rows(database, ["conversations"])["conversations"]
    if held != size:
        raise Failed(f"the archive holds {held:,} short conversations of {size:,}")
    return Took(usage.wall_seconds, usage.cpu_seconds, (usage.peak_bytes,))


def _by_size(bench: Bench, one: Callable[[int], Took], sizes: Sizes) -> dict[int, list[Took]]:
    asked = (NOTHING, *sizes)
    contestants = {f"{size:,} conversations": partial(one, size) for size in asked}
    found = rounds(bench.scale.rounds, contestants, bench.say)
    return dict(zip(asked, found.values(), strict=True))


def _table(
    first: str, programs: Sequence[str], runs: Mapping[int, Sequence[Took]]
) -> tuple[Table, float]:
    """Give the table, and the larger size's time for a conversation, times the smaller's."""
    start = median(runs[NOTHING], lambda took: took.seconds)
    start_cpu = median(runs[NOTHING], lambda took: took.cpu_seconds)
    each, lines = [], []
    for size, found in runs.items():
        if size == NOTHING:
            continue
        seconds = median(found, lambda took: took.seconds)
        cpu = median(found, lambda took: took.cpu_seconds)
        each.append((seconds - start) / size)
        lines.append(
            (
                f"{size:,} conversations",
                shown(seconds),
                shown(1_000 * each[-1]),
                shown(1_000 * (cpu - start_cpu) / size),
                *(shown(peak) for peak in _peaks(found)),
            )
        )
    columns = (first, "seconds", "ms a conversation", "CPU ms a conversation")
    smaller, larger = each
    return Table((*columns, *(f"peak MB of the {name}" for name in programs)), lines), (
        larger / smaller
    )


def _peaks(runs: Sequence[Took]) -> list[float]:
    """Give the highest memory of each program over all rounds, in megabytes."""
    return [max(peaks) / MEGABYTE for peaks in zip(*(took.peaks for took in runs), strict=True)]
