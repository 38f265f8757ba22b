"""A tenth of all answers goes wrong, and one object always: only that one is owed, by name.

Once it can be fetched again the next run gets it, and the archive is whole.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.proofs import comparing, running
from tests.pipeline.proofs.conftest import Say, prove
from tests.sandbox.modes import FAULTS
from tests.sandbox.process import Sandbox

FAULT_RATE = 0.1
# Held for a moment only: a hanging answer is a hanging answer.
HANG_SECONDS = 0.5


def proof(folder: Path, say: Say, *, seed: int, conversations: int, **modes: Any) -> None:
    with Sandbox.start(
        seed=seed,
        conversations=conversations,
        fault_rate=FAULT_RATE,
        hang_seconds=HANG_SECONDS,
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

        sandbox.always_fail()
        second = running.run(sandbox, folder, first.state)
        whole = comparing.compare(sandbox, folder / "archive.db")
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
