"""At the limit: how much of what Intercom allows is used, at a real latency and its real limit."""

from __future__ import annotations

from collections.abc import Sequence

from tests.benchmarks.bench import Bench
from tests.benchmarks.harness import median, rounds
from tests.benchmarks.page import Claim, Section, Table, shown
from tests.benchmarks.pipeline import Archived, archive
from tests.benchmarks.server.process import WINDOW_SECONDS, serving

CORES = 2


def used(run: Archived, limit: int) -> float:
    """Give the share of the allowed calls that was used between the first and the last window.

    Windows in which nothing was asked count as unused. In percent; 0 where the run was too short.
    """
    windows = run.asked.windows
    whole = (windows[-1].ends - windows[0].ends) // WINDOW_SECONDS - 1
    if whole < 1:
        return 0.0
    return 100 * sum(window.allowed for window in run.asked.middle) / (whole * limit)


def cores(run: Archived) -> float:
    """Give how many cores tap and target kept busy."""
    return (run.tap.cpu_seconds + run.target.cpu_seconds) / run.seconds


def measure(bench: Bench) -> Section:
    """Archive a workspace at the limit, round by round."""
    scale = bench.scale
    count, limit = scale.limited, scale.calls_per_window
    with serving(bench.pool(count), count, scale.latency_ms, limit) as server:
        found = rounds(
            scale.rounds,
            {"tap | target": lambda: archive(server, bench.room("limit"), count)},
            bench.say,
        )["tap | target"]
    return _section(found, bench)


def _section(found: Sequence[Archived], bench: Bench) -> Section:
    scale = bench.scale
    limit = scale.calls_per_window
    refused = sum(run.asked.refused for run in found)
    shares = [used(run, limit) for run in found]
    rows = [
        (
            str(number),
            " ".join(f"{window.allowed:,}" for window in run.asked.windows),
            shown(share),
            str(run.asked.refused),
            shown(run.seconds),
            shown(cores(run)),
        )
        for number, (run, share) in enumerate(zip(found, shares, strict=True), 1)
    ]
    return Section(
        title="At the limit",
        how=(
            f"{scale.limited:,} conversations of 20 parts through `tap | target`, every answer "
            f"after {scale.latency_ms} ms, {limit:,} calls allowed in each window of ten seconds, "
            "`rate_limit_reserve_percent` 0. Used: calls in the windows after the first and before "
            "the last, of those allowed there."
        ),
        claims=(
            Claim("allowed calls used", median(shares, float), 97, " %"),
            Claim("answers of 429, all rounds", refused, 0, at_least=False),
            Claim("cores kept busy", median(found, cores), CORES, at_least=False),
        ),
        tables=(Table(("round", "calls by window", "used %", "429", "seconds", "cores"), rows),),
        counts={
            "conversations": found[-1].conversations,
            "fetched": found[-1].asked.fetched,
            "refused": refused,
        },
    )
