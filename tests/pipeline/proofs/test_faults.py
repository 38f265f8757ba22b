"""A tenth of all answers goes wrong, and one object always: only that one is owed, by name.

Once it can be fetched again the next run gets it, and the archive is whole.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tap_intercom_archive.resources import RAW_PAYLOADS
from tests.pipeline.proofs import comparing, running
from tests.pipeline.proofs.conftest import Say, prove
from tests.sandbox.modes import FAULTS
from tests.sandbox.process import Sandbox

FAULT_RATE = 0.1
# Held for a moment only: a hanging answer is a hanging answer.
HANG_SECONDS = 0.5
# What is read by lists alone cannot be had singly where its page fails.
FAILING_LISTS = ("tags", "articles", "contacts", "calls")
FED = "call_transcriptions"
# A scroll that a fault breaks off is in the way of the next one as long as it lives.
SCROLL_SECONDS = 0.5


def healed(
    sandbox: Sandbox, folder: Path, first: running.Outcome
) -> tuple[running.Outcome, comparing.Verdict]:
    """Let nothing fail for good any more, and run again."""
    sandbox.always_fail()
    second = running.run(sandbox, folder, first.state)
    return second, comparing.compare(sandbox, folder / "archive.db")


def proof(folder: Path, say: Say, *, seed: int, conversations: int, **modes: Any) -> None:
    with Sandbox.start(
        seed=seed,
        conversations=conversations,
        fault_rate=FAULT_RATE,
        hang_seconds=HANG_SECONDS,
        scroll_seconds=SCROLL_SECONDS,
        **modes,
    ) as sandbox:
        poisoned = sandbox.ids("conversations")[conversations // 3]
        sandbox.always_fail(f"conversations:{poisoned}")
        first = running.run(sandbox, folder)
        without = comparing.compare(sandbox, folder / "archive.db", without=poisoned)
        faults = first.requests["faults"]
        assert first.codes == (1, 0), first.said
        assert without.is_good, without.explain()
        conversations_report = first.report["streams"]["conversations"]
        # Its last try may have met another fault than its own.
        [owed] = conversations_report["owed"]
        assert owed.startswith(f"{poisoned} (failed (")
        assert f"owed: conversations {owed}" in first.said
        incomplete = [name for name, of in first.report["streams"].items() if not of["complete"]]
        assert incomplete == ["conversations"]

        second, whole = healed(sandbox, folder, first)
    say(
        f"faults: seed {seed}, {conversations:,} conversations, {modes or 'pages of any size'}: "
        f"{sum(faults.values())} faults of {len(faults)} kinds in {first.calls:,} calls; "
        f"1 owed by name, else {without}; then {second.calls:,} calls, and {whole}"
    )
    assert faults.keys() == set(FAULTS)
    assert second.codes == (0, 0), second.said
    assert second.report["streams"]["conversations"]["owed"] == []
    assert whole.is_good, whole.explain()
    running.verify(folder)


def test_faulty_answers_lose_nothing_of_200_conversations(tmp_path: Path, say: Say) -> None:
    proof(tmp_path, say, seed=31, conversations=200)


def test_pages_that_fail_above_ten_rows_are_read_by_smaller_ones(tmp_path: Path, say: Say) -> None:
    streams = ("articles", "calls", "call_transcriptions", "conversations")
    with Sandbox.start(seed=32, conversations=60, pages_fail_above=10) as sandbox:
        done = running.run(sandbox, tmp_path, streams=(*streams, RAW_PAYLOADS))
        verdict = comparing.compare(sandbox, tmp_path / "archive.db", streams)
    say(f"faults: pages of more than 10 rows fail: {done.calls} calls; {verdict}")
    assert done.codes == (0, 0), done.said
    assert done.requests["status"]["504"]
    assert verdict.is_good, verdict.explain()


@prove
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(1, 6))
def test_faulty_answers_lose_nothing_of_2000_conversations(
    tmp_path: Path, say: Say, seed: int
) -> None:
    proof(tmp_path, say, seed=seed, conversations=2_000)


@prove
@pytest.mark.timeout(1800)
def test_pages_that_fail_above_ten_rows_lose_nothing(tmp_path: Path, say: Say) -> None:
    proof(tmp_path, say, seed=6, conversations=500, pages_fail_above=10)


@prove
@pytest.mark.timeout(1800)
def test_lists_with_a_page_that_always_fails_are_named_and_the_others_complete(
    tmp_path: Path, say: Say
) -> None:
    with Sandbox.start(seed=33, conversations=100) as sandbox:
        sandbox.always_fail(*(f"{name}:{sandbox.ids(name)[7]}" for name in FAILING_LISTS))
        first = running.run(sandbox, tmp_path)
        others = [name for name in comparing.KEYS if name not in (*FAILING_LISTS, FED)]
        kept = comparing.compare(sandbox, tmp_path / "archive.db", others)
        second, whole = healed(sandbox, tmp_path, first)
    say(
        f"faults: a page of each of {', '.join(FAILING_LISTS)} always fails: {first.calls} calls, "
        f"the others: {kept}; then {second.calls} calls, and {whole}"
    )
    assert first.codes == (1, 0), first.said
    streams = first.report["streams"]
    assert {name for name, of in streams.items() if of["failed"]} == set(FAILING_LISTS)
    for name in FAILING_LISTS:
        assert f"{name}: not finished." in first.said
        assert "high_water_mark" not in first.state["bookmarks"].get(name, {})
    assert kept.is_good, kept.explain()
    assert second.codes == (0, 0), second.said
    assert whole.is_good, whole.explain()


@prove
@pytest.mark.timeout(1800)
def test_transcript_that_always_fails_is_owed_by_name_and_everything_else_is_there(
    tmp_path: Path, say: Say
) -> None:
    with Sandbox.start(seed=34, conversations=100) as sandbox:
        alone = {row["id"] for row in sandbox.truth("calls") if row["conversation_id"] is None}
        poisoned = next(one for one in sandbox.ids(FED) if one in alone)
        sandbox.always_fail(f"{FED}:{poisoned}")
        first = running.run(sandbox, tmp_path)
        kept = comparing.compare(sandbox, tmp_path / "archive.db")
        second, whole = healed(sandbox, tmp_path, first)
    say(f"faults: one transcript always fails: {kept}; then {second.calls} calls, and {whole}")
    assert first.codes == (1, 0), first.said
    assert f"owed: calls {FED} {poisoned} (failed)" in first.said
    assert kept.missing == [f"{FED} ('{poisoned}',)"]
    assert not [*kept.stale, *kept.dead, *kept.undead, *kept.corrupt], kept.explain()
    assert second.codes == (0, 0), second.said
    assert whole.is_good, whole.explain()
