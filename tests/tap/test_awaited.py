"""Transcripts that come late, in part, not at all: which are asked for again, and until when."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tap_intercom_archive.feeding import FAILED, MAY_GROW, MISSING, MOST_OWED
from tap_intercom_archive.times import epoch
from tests.sandbox.clock import start_of
from tests.sandbox.process import Sandbox
from tests.sandbox.workspace import Sizes
from tests.tap import running
from tests.tap.loopback import Bad
from tests.tap.phone import Phone

SEED = 8
HOUR, DAY = 3_600, 86_400
STATE_BYTES = 64_000
PART, WHOLE = "[00:01] Synthetic Sam: hello", "[00:01] Synthetic Sam: hello\n[00:02] Ada: well"
AT_ONCE = 8
PATIENCE_SECONDS = 20


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[Phone]:
    """A workspace of its own, whose time the test moves on; so far nothing is told."""
    with Sandbox.start(seed=SEED, conversations=60, sizes=Sizes(calls=60)) as sandbox:
        yield Phone(sandbox, tmp_path)


def by_age(sandbox: Sandbox) -> dict[str, float]:
    """How many days before the workspace's start each call ended, the newest first."""
    ended = {row["id"]: epoch(row["ended_at"]) or 0 for row in sandbox.truth("calls")}
    newest_first = sorted(ended, key=lambda call: -ended[call])
    return {call: (start_of(SEED) - ended[call]) / DAY for call in newest_first}


def test_late_transcript_is_asked_for_once_more_a_day_after_it_was_found(phone: Phone) -> None:
    ages = by_age(phone.sandbox)
    assert phone.run() == {}
    young = {call for call, days in ages.items() if days < 30}
    assert phone.reasons() == dict.fromkeys(young, MISSING)
    late = next(iter(young))

    phone.sandbox.change(0, seconds=2 * DAY)
    phone.told[late] = PART
    assert phone.run() == {late: PART}
    assert phone.reasons()[late] == MAY_GROW

    phone.told[late] = WHOLE
    phone.sandbox.change(0, seconds=HOUR)
    assert phone.run() == {}
    assert late not in phone.asked
    assert phone.reasons()[late] == MAY_GROW

    phone.sandbox.change(0, seconds=DAY)
    assert phone.run() == {late: WHOLE}
    assert late not in phone.owed

    phone.sandbox.change(0, seconds=DAY)
    assert phone.run() == {}
    assert late not in phone.asked


def test_transcript_found_at_once_is_asked_for_once_more_too(phone: Phone) -> None:
    ages = by_age(phone.sandbox)
    phone.told = dict.fromkeys(ages, PART)
    assert phone.run() == phone.told
    young = {call for call, days in ages.items() if days < 30}
    assert phone.reasons() == dict.fromkeys(young, MAY_GROW)

    phone.sandbox.change(0, seconds=DAY)
    phone.told = dict.fromkeys(ages, WHOLE)
    assert phone.run() == dict.fromkeys(young, WHOLE)
    assert phone.owed == {}
    # A sweep asks for all of them; those that are long known are not awaited again.
    assert phone.run(full_sweep_days=0) == phone.told
    assert phone.owed == {}


def test_missing_transcript_is_asked_for_until_it_is_too_old(phone: Phone) -> None:
    ages = by_age(phone.sandbox)
    call, age = next(iter(ages.items()))
    days = int(age) + 2
    phone.run(transcript_max_age_days=days)
    assert phone.reasons() == {call: MISSING}
    assert "1 transcripts awaited" in phone.done.err
    phone.sandbox.change(0, seconds=DAY)
    phone.run(transcript_max_age_days=days)
    assert phone.asked == {call}
    assert phone.reasons() == {call: MISSING}
    phone.sandbox.change(0, seconds=DAY)
    phone.run(transcript_max_age_days=days)
    assert phone.asked == {call}
    assert phone.owed == {}
    phone.told[call] = WHOLE
    assert phone.run(transcript_max_age_days=days) == {}
    assert phone.run(transcript_max_age_days=days, full_sweep_days=0) == {call: WHOLE}


def test_transcript_that_fails_is_owed_by_name_and_asked_first(phone: Phone) -> None:
    ages = by_age(phone.sandbox)
    phone.told = dict.fromkeys(ages, WHOLE)
    failing = list(ages)[-1]
    phone.wrong[f"/calls/{failing}/transcript"] = Bad(422, b"{}")
    came = phone.run(code=1)
    assert came.keys() == ages.keys() - {failing}
    assert len(phone.done.records("calls")) == len(ages)
    assert phone.reasons()[failing] == FAILED
    running.assert_one_clear_line(phone.done, "owed", failing, FAILED)
    phone.run(code=1)
    assert phone.reasons()[failing] == FAILED

    phone.wrong.clear()
    assert failing in phone.run()
    assert phone.reasons().get(failing) != FAILED


def test_more_failing_transcripts_than_the_state_lists_are_all_asked_for_again(
    tmp_path: Path,
) -> None:
    with Sandbox.start(seed=SEED, conversations=60, sizes=Sizes(calls=150)) as sandbox:
        phone = Phone(sandbox, tmp_path)
        ages = list(by_age(sandbox))
        phone.told = dict.fromkeys(ages, WHOLE)
        failing = set(ages[::2])
        phone.wrong = {f"/calls/{call}/transcript": Bad(422, b"{}") for call in failing}
        assert phone.run(code=1).keys() == set(ages) - failing
        assert Counter(phone.reasons().values())[FAILED] == MOST_OWED
        running.assert_one_clear_line(phone.done, "call_transcriptions", "could not be had")
        assert len(json.dumps(phone.state)) < STATE_BYTES
        phone.wrong.clear()
        assert phone.run() == phone.told


def test_call_that_is_gone_is_owed_no_longer(phone: Phone) -> None:
    phone.run()
    gone = next(iter(phone.owed))
    phone.wrong[f"/calls/{gone}"] = Bad(404, b"{}")
    before = phone.owed
    phone.run()
    assert phone.owed.keys() == before.keys() - {gone}


def test_many_awaited_transcripts_leave_the_state_small_and_come_with_a_sweep(
    tmp_path: Path,
) -> None:
    calls = 300
    with Sandbox.start(seed=SEED, conversations=60, sizes=Sizes(calls=calls)) as sandbox:
        phone = Phone(sandbox, tmp_path)
        ages = list(by_age(sandbox))
        phone.run(transcript_max_age_days=1_000)
        assert list(phone.owed) == ages[:MOST_OWED]
        assert len(json.dumps(phone.state)) < STATE_BYTES
        assert f"{calls} transcripts awaited" in phone.done.err
        assert f"{calls - MOST_OWED} of them only with the next sweep" in phone.done.err

        phone.told = dict.fromkeys(ages, WHOLE)
        assert phone.run(transcript_max_age_days=1_000).keys() == set(ages[:MOST_OWED])
        sandbox.change(0, seconds=7 * DAY)
        assert phone.run(transcript_max_age_days=1_000) == phone.told
        assert len(json.dumps(phone.state)) < STATE_BYTES
        phone.run(transcript_max_age_days=1_000)
        assert "transcripts awaited" not in phone.done.err


@dataclass
class Gathering(Phone):
    """A phone at which calls are answered only when several are asked for at once."""

    arrived: list[str] = field(default_factory=list)
    together: threading.Event = field(default_factory=threading.Event)
    came_alone: bool = False

    def spoil(self, method: str, path: str, before: int) -> Bad | None:
        if path.removeprefix("/calls/").isdecimal():
            self.arrived.append(path)
            if len(self.arrived) >= AT_ONCE:
                self.together.set()
            if not self.together.wait(PATIENCE_SECONDS):
                self.came_alone = True
                self.together.set()
        return super().spoil(method, path, before)


def test_owed_calls_are_fetched_side_by_side(phone: Phone) -> None:
    phone.run(transcript_max_age_days=1_000)
    gathering = Gathering(phone.sandbox, phone.folder, state=phone.state)
    gathering.run(transcript_max_age_days=1_000)
    assert not gathering.came_alone
    assert gathering.asked == phone.owed.keys()
