"""A workspace that changes while it is read ends in an archive of its last versions.

Run while it changes, let it stand still, run again: nothing is missing, nothing is stale, nothing
that is there counts as gone and nothing that has gone counts as there.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.pipeline.proofs import comparing, running
from tests.pipeline.proofs.conftest import Say, prove
from tests.sandbox.modes import CURSORS
from tests.sandbox.process import Sandbox

CHANGE_EVERY = 5
# So that a run outlasts its lookback by far, and what a window left out stays out: without its
# closing listing the proofs of 300 and of 2,000 fail.
SECONDS_PER_REQUEST = {120: 4.0, 300: 4.0, 600: 4.0, 2_000: 0.5}
OPERATORS = ("strict", "inclusive")
ZONES = ("UTC", "Pacific/Apia", "Pacific/Pago_Pago")
EVERY_STREAM = (*comparing.KEYS, "raw_payloads")


def proof(
    folder: Path,
    say: Say,
    *,
    seed: int,
    conversations: int,
    operators: str = "strict",
    cursor: str = "keyset",
    streams: tuple[str, ...] = (),
) -> None:
    zone, order = ZONES[seed % 3], ("updated", "created")[seed % 2]
    with Sandbox.start(
        seed=seed,
        conversations=conversations,
        change_every=CHANGE_EVERY,
        seconds_per_request=SECONDS_PER_REQUEST[conversations],
        operators=operators,
        cursor=cursor,
        call_order=order,
        timezone=zone,
    ) as sandbox:
        first = running.run(sandbox, folder, streams=streams, full_sweep_days=0)
        happened = Counter(kind for _, _, kind, _, _ in sandbox.changes())
        sandbox.freeze()
        second = running.run(sandbox, folder, first.state, streams, full_sweep_days=0)
        assert second.codes == (0, 0), second.said
        kept = [name for name in streams if name != "raw_payloads"] or comparing.DEFAULT
        verdict = comparing.compare(sandbox, folder / "archive.db", kept)
        verdict.corrupt += comparing.corruption(folder / "archive.db")
    say(
        f"live: seed {seed}, {conversations:,} conversations, {operators}, {cursor} cursors, "
        f"{zone}, {happened.total():,} changes while reading; {first.calls:,} and "
        f"{second.calls:,} calls; {verdict}"
    )
    assert happened.total() >= first.calls // CHANGE_EVERY - 1
    assert verdict.is_good, verdict.explain()
    running.verify(folder)


@pytest.mark.parametrize(
    ("seed", "operators", "cursor"), [(11, "strict", "drifting"), (12, "inclusive", "repeating")]
)
def test_live_workspace_of_300_conversations_ends_complete(
    tmp_path: Path, say: Say, seed: int, operators: str, cursor: str
) -> None:
    proof(tmp_path, say, seed=seed, conversations=300, operators=operators, cursor=cursor)


def test_live_workspace_with_every_stream_ends_complete(tmp_path: Path, say: Say) -> None:
    proof(tmp_path, say, seed=13, conversations=120, streams=EVERY_STREAM)


@prove
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(1, 6))
def test_live_workspaces_with_every_stream_end_complete(
    tmp_path: Path, say: Say, seed: int
) -> None:
    proof(tmp_path, say, seed=seed, conversations=600, streams=EVERY_STREAM)


@prove
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(1, 21))
def test_live_workspace_of_2000_conversations_ends_complete(
    tmp_path: Path, say: Say, seed: int
) -> None:
    operators, cursor = OPERATORS[seed % 2], CURSORS[seed // 2 % len(CURSORS)]
    proof(tmp_path, say, seed=seed, conversations=2_000, operators=operators, cursor=cursor)
