"""Killed at any instant and resumed from the last STATE told: nothing is missing or corrupt.

`kill -9` of tap, target or both, in every phase of reading and of committing. What is fetched
twice is bounded, and a target that tells a STATE before its commit is caught.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.pipeline import programs
from tests.pipeline.proofs import comparing, running
from tests.pipeline.proofs.campaign import AFTER, PHASES, Campaign, Killed
from tests.pipeline.proofs.conftest import Say, prove
from tests.sandbox.process import Sandbox

CONCURRENCY = 32
# As for a run over an unchanged workspace: lists, clocks, and both overlap settings.
FIXED_CALLS = 30 + 40 + 3
MOST_PROGRESS = 200
LATENCY_MS = 10
MUTANT = [sys.executable, "-m", "tests.target.mutant"]


def extra_calls(kills: list[Killed], last: tuple[str, ...]) -> list[tuple[int, int]]:
    """Give for each kill what it cost in calls, and what it may cost.

    Nothing changes meanwhile, so whatever a later run fetches again was lost by the kill. The
    requests of the next run before its first fetch are its fixed calls.
    """
    counted = []
    for number, kill in enumerate(kills):
        later = {one for other in kills[number + 1 :] for one in other.fetched} | set(last)
        again = len(set(kill.fetched) & later) + len(kill.fetched) - len(set(kill.fetched))
        following = kills[number + 1] if number + 1 < len(kills) else None
        fixed = (following.before_first_fetch or 0) if following else 0
        counted.append((again + fixed, 2 * CONCURRENCY + kill.since_state + FIXED_CALLS))
    return counted


def proof(folder: Path, say: Say, *, seed: int, conversations: int, kills: int, least: int) -> None:
    with Sandbox.start(
        seed=seed, conversations=conversations, latency_ms=LATENCY_MS, scroll_seconds=0.5
    ) as sandbox:
        sandbox.change(0, seconds=60)
        target = [programs.program(programs.TARGET)]
        campaign = Campaign(sandbox, folder, target, seed, CONCURRENCY, max(1, kills // 10))
        # A window and a commit take some hundred fetches, which a wait for a phase may come to.
        progress = min(conversations // (2 * kills), MOST_PROGRESS)
        while len(campaign.kills) < kills or min(campaign.hit[one] for one in PHASES) < least:
            assert campaign.kill(PHASES, progress), f"the backfill was over after {campaign.hit}"
            assert not campaign.told_early, f"a STATE left before its commit: {campaign.told_early}"
        codes, said, asked = campaign.finish()
        assert codes == (0, 0), said
        verdict = comparing.compare(sandbox, folder / "archive.db")
        verdict.corrupt += campaign.unhealthy + comparing.corruption(folder / "archive.db")
    costs = extra_calls(campaign.kills, tuple(asked.fetched))
    dearest = max(costs, key=lambda cost: cost[0] - cost[1])
    say(
        f"kills: {conversations:,} conversations, {len(campaign.kills)} kills of "
        f"{dict(Counter('+'.join(kill.victims) for kill in campaign.kills))}, "
        f"in {dict(campaign.hit)}; {sum(cost for cost, _ in costs):,} extra calls of "
        f"{sum(allowed for _, allowed in costs):,} allowed, the dearest kill {dearest[0]} of "
        f"{dearest[1]}; {verdict}"
    )
    assert verdict.is_good, verdict.explain()
    assert not [cost for cost in costs if cost[0] > cost[1]], costs
    running.verify(folder)


@pytest.mark.timeout(600)
def test_ten_kills_of_a_backfill_of_2000_conversations_lose_nothing(
    tmp_path: Path, say: Say
) -> None:
    proof(tmp_path, say, seed=81, conversations=2_000, kills=10, least=1)


@prove
@pytest.mark.timeout(3 * 3600)
def test_hundred_kills_of_a_backfill_of_40000_conversations_lose_nothing(
    tmp_path: Path, say: Say
) -> None:
    proof(tmp_path, say, seed=8, conversations=40_000, kills=100, least=15)


def test_target_that_tells_a_state_before_its_commit_is_caught(tmp_path: Path, say: Say) -> None:
    with Sandbox.start(seed=82, conversations=1_500, scroll_seconds=0.5) as sandbox:
        campaign = Campaign(sandbox, tmp_path, MUTANT, seed=82, concurrency=CONCURRENCY)
        while not campaign.told_early and len(campaign.kills) < 5:
            assert campaign.kill((AFTER,), progress=60)
        codes, said, _ = campaign.finish()
    say(f"kills: a target that tells too early is caught by kill {len(campaign.kills)}")
    assert campaign.told_early
    assert codes[1] == 1, said
    assert "never committed" in said
