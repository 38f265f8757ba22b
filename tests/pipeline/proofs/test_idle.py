"""Where nothing changed a run costs next to nothing, and where little changed, little more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.proofs import comparing, running
from tests.pipeline.proofs.conftest import Say, prove
from tests.sandbox.process import Sandbox
from tests.sandbox.workspace import AS_SUITS, Sizes

FIXED_CALLS = 30
STREAMS = (*comparing.CORE, "raw_payloads")
CALLS_PER_CHANGE = 1.05
FETCH = "GET /conversations/{id}"
# Two changes in one second look alike, so an object is asked again until it has stood still.
SETTLING_SECONDS = 60
# The settings' own defaults.
OVERLAP_PAGES = {"calls_overlap_pages": 40, "articles_overlap_pages": 3}


def owed_in(state: dict[str, Any]) -> int:
    return sum(len(of.get("owed", ())) for of in state["bookmarks"].values())


def proof(
    folder: Path,
    say: Say,
    *,
    seed: int,
    conversations: int,
    overlap: dict[str, Any],
    sizes: Sizes = AS_SUITS,
) -> None:
    with Sandbox.start(seed=seed, conversations=conversations, sizes=sizes) as sandbox:
        sandbox.change(0, seconds=SETTLING_SECONDS)
        others = {name: len(sandbox.ids(name)) for name in ("calls", "contacts", "articles")}
        first = running.run(sandbox, folder, streams=STREAMS, patience_seconds=1_500, **overlap)
        assert first.codes == (0, 0), first.said

        owed = owed_in(first.state)
        idle = running.run(sandbox, folder, first.state, STREAMS, **overlap)
        allowed = FIXED_CALLS + sum(overlap.values()) + owed
        assert idle.codes == (0, 0), idle.said

        changed = sandbox.change(max(5, conversations // 100), seconds=SETTLING_SECONDS)
        sandbox.change(0, seconds=SETTLING_SECONDS)
        there = set(sandbox.ids("conversations")) & set(changed["conversations"])
        owed_then = owed_in(idle.state)
        little = running.run(sandbox, folder, idle.state, STREAMS, **overlap)
        beside = FIXED_CALLS + sum(overlap.values()) + owed_then
        assert little.codes == (0, 0), little.said
        verdict = comparing.compare(sandbox, folder / "archive.db", comparing.CORE)
    say(
        f"idle: {conversations:,} conversations, {others}: first run {first.calls:,} calls; "
        f"nothing changed: {idle.calls} calls of {allowed} allowed ({owed} owed), "
        f"{idle.route(FETCH)} fetched; {len(there)} conversations changed: {little.calls} calls, "
        f"{little.route(FETCH)} fetched; {verdict}"
    )
    assert idle.route(FETCH) == 0
    assert idle.calls <= allowed, idle.requests["by_route"]
    assert there
    assert little.route(FETCH) <= CALLS_PER_CHANGE * len(there)
    assert little.calls <= beside + CALLS_PER_CHANGE * len(there), little.requests["by_route"]
    assert verdict.is_good, verdict.explain()


def test_run_over_500_unchanged_conversations_costs_only_its_fixed_calls(
    tmp_path: Path, say: Say
) -> None:
    # A twentieth of the proof's workspace, and so of the pages that overlap.
    overlap = {"calls_overlap_pages": 2, "articles_overlap_pages": 1}
    proof(tmp_path, say, seed=51, conversations=500, overlap=overlap)


@prove
@pytest.mark.timeout(3_000)
def test_run_over_10000_unchanged_conversations_costs_only_its_fixed_calls(
    tmp_path: Path, say: Say
) -> None:
    sizes = Sizes(contacts=2_000, calls=5_000, articles=300)
    proof(tmp_path, say, seed=5, conversations=10_000, overlap=OVERLAP_PAGES, sizes=sizes)
