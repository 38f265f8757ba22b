"""With sweeps as seldom as they are by default, a changing workspace ends in its last versions too.

No sweep is due in any run but the first, so walks that stop early, searches by day and what is
owed must find every change; what has vanished without a trace is found by the sweep at the end.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.proofs import comparing, narrow, running
from tests.pipeline.proofs.conftest import Say, prove
from tests.sandbox.process import Sandbox
from tests.sandbox.workspace import Sizes

CHANGE_EVERY = 5
SECONDS_PER_REQUEST = 0.5
HOUR = 3_600
# Lists of some ten pages, so that a walk stops long before their end.
SIZES = Sizes(calls=200, articles=200)
SMALL = {"page_size": 20, "articles_overlap_pages": 1}
# In a list by creation a change behind the overlap waits for a sweep, so it takes in all calls.
CALLS_OVERLAP_PAGES = {"updated": 1, "created": 40}
# A workspace begins at 9:17 UTC; both zones' days begin at 11:00 UTC, the one's a day earlier.
PAUSES = (3 * HOUR, 9 * HOUR)
CHANGES_IN_A_PAUSE = 80
# Longer than a transcript that may still grow is left alone.
STANDSTILL = 26 * HOUR
ZONES = ("Pacific/Apia", "Pacific/Pago_Pago")
VERSIONS = ("2.16", "2.17")
# Of these nothing tells that one has gone.
LEAVE_NO_TRACE = ("articles", "call_transcriptions", "calls", "contacts")


def proof(
    folder: Path,
    say: Say,
    *,
    seed: int,
    conversations: int,
    zone: str,
    version: str,
    tap: Sequence[str] = (),
) -> comparing.Verdict:
    """Run again and again; give what is found before the last sweep."""
    order = ("updated", "created")[seed % 2]
    settings: dict[str, Any] = {
        **SMALL,
        "calls_overlap_pages": CALLS_OVERLAP_PAGES[order],
        "api_version": version,
        "tap": tap,
    }
    with Sandbox.start(
        seed=seed,
        conversations=conversations,
        change_every=CHANGE_EVERY,
        seconds_per_request=SECONDS_PER_REQUEST,
        call_order=order,
        timezone=zone,
        sizes=SIZES,
    ) as sandbox:
        last = running.run(sandbox, folder, **settings)
        calls = [last.calls]
        for pause in PAUSES:
            sandbox.change(CHANGES_IN_A_PAUSE, seconds=pause)
            last = running.run(sandbox, folder, last.state, **settings)
            calls.append(last.calls)
        happened = len(sandbox.changes())
        sandbox.freeze(STANDSTILL)
        last = running.run(sandbox, folder, last.state, **settings)
        assert last.codes == (0, 0), last.said
        kept = comparing.compare(sandbox, folder / "archive.db")
        swept = running.run(sandbox, folder, last.state, full_sweep_days=0, **settings)
        assert swept.codes == (0, 0), swept.said
        whole = comparing.compare(sandbox, folder / "archive.db")
        whole.corrupt += comparing.corruption(folder / "archive.db")
    between = len(PAUSES) * CHANGES_IN_A_PAUSE
    say(
        f"default sweeps: seed {seed}, {conversations:,} conversations, {zone}, {version}, calls "
        f"by {order}, {happened:,} changes while reading, {between} between; {calls} and "
        f"{last.calls} calls: {kept}; swept: {whole}"
    )
    assert whole.is_good, whole.explain()
    assert not [one for one in kept.undead if not one.startswith(LEAVE_NO_TRACE)], kept.explain()
    running.verify(folder)
    return kept


def lost(kept: comparing.Verdict) -> list[str]:
    return [*kept.missing, *kept.stale, *kept.dead, *kept.corrupt]


def test_live_workspace_of_100_conversations_ends_complete_between_sweeps(
    tmp_path: Path, say: Say
) -> None:
    kept = proof(tmp_path, say, seed=23, conversations=100, zone=ZONES[0], version="2.16")
    assert not lost(kept), kept.explain()
    assert kept.undead, "nothing has vanished: the last sweep shows nothing"


@prove
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("zone", ZONES)
def test_live_workspace_of_600_conversations_ends_complete_between_sweeps(
    tmp_path: Path, say: Say, zone: str, version: str, seed: int
) -> None:
    kept = proof(tmp_path, say, seed=seed, conversations=600, zone=zone, version=version)
    assert not lost(kept), kept.explain()


@prove
@pytest.mark.timeout(900)
@pytest.mark.parametrize("bounds", [narrow.SECOND, narrow.UTC_DAY])
@pytest.mark.parametrize("zone", ZONES)
def test_narrow_bounds_lose_contacts(tmp_path: Path, say: Say, zone: str, bounds: str) -> None:
    tap = [sys.executable, narrow.__file__, bounds]
    kept = proof(tmp_path, say, seed=23, conversations=100, zone=zone, version="2.16", tap=tap)
    assert lost(kept)
    named = {one.removeprefix("payload of ").partition(" ")[0] for one in lost(kept)}
    assert named == {"contacts"}, kept.explain()
