"""A small budget shared with other clients: ours are never refused, and the run ends.

The limit's windows run in real time, so what is archived here is small.
"""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tests.pipeline.proofs import comparing, running
from tests.pipeline.proofs.conftest import Say, prove
from tests.sandbox.process import Sandbox

CALLS_PER_WINDOW = 30
STEADY = "steady:20"
BURSTS = "bursts:20"
WINDOWS_TO_ONE_REFUSAL = 20
# What a conversation's response gives, so that nearly all calls are spent on those.
FEW_STREAMS = ("conversations", "conversation_parts", "conversation_tags", "raw_payloads")


def proof(
    folder: Path,
    say: Say,
    *,
    seed: int,
    conversations: int,
    others: str,
    streams: tuple[str, ...] = (),
) -> list[dict[str, int]]:
    """Archive beside other clients; give the limit's windows after the first."""
    with Sandbox.start(
        seed=seed,
        conversations=conversations,
        rate_limit=CALLS_PER_WINDOW,
        other_clients=others,
    ) as sandbox:
        done = running.run(sandbox, folder, streams=streams, patience_seconds=3_000)
        assert done.codes == (0, 0), done.said
        kept = [name for name in streams if name != "raw_payloads"] or comparing.DEFAULT
        verdict = comparing.compare(sandbox, folder / "archive.db", kept)
    windows: list[dict[str, int]] = done.requests["windows"]
    after = windows[1:]
    say(
        f"limits: seed {seed}, {CALLS_PER_WINDOW} calls per 10 s, others {others}: "
        f"{sum(window['ours'] for window in windows)} calls of ours and "
        f"{sum(window['others'] for window in windows)} of others in {len(windows)} windows; "
        f"{windows[0]['refused']} of ours refused in the first, "
        f"{sum(window['refused'] for window in after)} later; {verdict}"
    )
    assert len(windows) > 5, "too short to show anything"
    assert verdict.is_good, verdict.explain()
    return after


def prove_never_refused(after: list[dict[str, int]]) -> None:
    assert not [window for window in after if window["refused"]]


def prove_seldom_refused(after: list[dict[str, int]]) -> None:
    refused = sum(window["refused"] for window in after)
    assert refused <= math.ceil(len(after) / WINDOWS_TO_ONE_REFUSAL), after


def test_beside_steady_clients_60_conversations_are_read_without_a_refusal(
    tmp_path: Path, say: Say
) -> None:
    prove_never_refused(
        proof(tmp_path, say, seed=41, conversations=60, others=STEADY, streams=FEW_STREAMS)
    )


def test_limit_that_only_refusals_tell_of_is_waited_out_as_they_say(
    tmp_path: Path, say: Say
) -> None:
    at_once, limit = 6, 25
    with Sandbox.start(
        seed=42, conversations=60, rate_limit=limit, no_limit_headers=True, retry_after=True
    ) as sandbox:
        done = running.run(sandbox, tmp_path, streams=FEW_STREAMS, concurrency=at_once)
        verdict = comparing.compare(sandbox, tmp_path / "archive.db", FEW_STREAMS[:-1])
    windows = done.requests["windows"]
    refused = [window["refused"] for window in windows]
    say(
        f"limits: no headers but Retry-After, {limit} calls per 10 s: "
        f"{sum(window['ours'] for window in windows)} calls in {len(windows)} windows, "
        f"refused {refused}; {verdict}"
    )
    assert done.codes == (0, 0), done.said
    assert len(windows) > 2, "too short to show anything"
    assert sum(refused), "the limit was never met"
    # Whatever was under way when the first refusal came, and nothing after it.
    assert max(refused) <= at_once
    assert verdict.is_good, verdict.explain()


@prove
@pytest.mark.timeout(3_600)
def test_without_any_headers_the_providers_own_limit_is_kept(tmp_path: Path, say: Say) -> None:
    with Sandbox.start(
        seed=43, conversations=1_000, rate_limit=166, no_limit_headers=True
    ) as sandbox:
        done = running.run(sandbox, tmp_path, patience_seconds=3_000)
        verdict = comparing.compare(sandbox, tmp_path / "archive.db")
    windows = done.requests["windows"]
    say(
        f"limits: no headers, 166 calls per 10 s: {[window['ours'] for window in windows]} calls, "
        f"refused {[window['refused'] for window in windows]}; {verdict}"
    )
    assert done.codes == (0, 0), done.said
    assert len(windows) > 5, "too short to show anything"
    prove_never_refused(windows)
    assert verdict.is_good, verdict.explain()


@prove
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("seed", [1, 2])
def test_beside_steady_clients_200_conversations_are_read_without_a_refusal(
    tmp_path: Path, say: Say, seed: int
) -> None:
    prove_never_refused(proof(tmp_path, say, seed=seed, conversations=200, others=STEADY))


@prove
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("seed", [3, 4])
def test_bursts_of_others_cost_at_most_one_refusal_in_20_windows(
    tmp_path: Path, say: Say, seed: int
) -> None:
    prove_seldom_refused(proof(tmp_path, say, seed=seed, conversations=120, others=BURSTS))
