"""Transcripts that Intercom refuses: the calls go on, and what is not there is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tap_intercom_archive.feeding import FAILED
from tests.sandbox.process import Sandbox
from tests.sandbox.workspace import Sizes
from tests.tap import running
from tests.tap.loopback import Bad
from tests.tap.phone import SEARCH, Phone

DENIED = "call_transcriptions"
WHOLE = "[00:01] Synthetic Sam: hello"


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[Phone]:
    with Sandbox.start(seed=8, conversations=60) as sandbox:
        yield Phone(sandbox, tmp_path)


def calls_of(phone: Phone) -> set[str]:
    return {row["id"] for row in phone.done.records("calls")}


@pytest.mark.parametrize("body", [b'{"data": [null]}', b'{"data": [{"id": "\xff"}]}'])
def test_search_that_holds_no_calls_is_no_crash(phone: Phone, body: bytes) -> None:
    phone.wrong[SEARCH] = Bad(200, body)
    phone.run(code=1)
    assert calls_of(phone) == set(phone.sandbox.ids("calls"))
    assert FAILED in phone.reasons().values()
    running.assert_one_clear_line(phone.done, "owed: calls call_transcriptions", FAILED)


def test_search_that_is_refused_is_made_good_call_by_call(phone: Phone) -> None:
    phone.told = dict.fromkeys(phone.sandbox.ids("calls"), WHOLE)
    phone.wrong[SEARCH] = Bad(422, b"{}")
    assert phone.run() == phone.told
    assert calls_of(phone) == phone.told.keys()


def test_transcripts_that_are_all_refused_end_their_own_stream_only(tmp_path: Path) -> None:
    with Sandbox.start(seed=8, conversations=60, sizes=Sizes(calls=120)) as sandbox:
        phone = Phone(sandbox, tmp_path)
        ids = set(sandbox.ids("calls"))
        phone.wrong[SEARCH] = Bad(422, b"{}")
        phone.wrong.update({f"/calls/{call}/transcript": Bad(422, b"{}") for call in ids})
        phone.run(code=1)
        assert calls_of(phone) == ids
        assert len(phone.asked) < len(ids)
        running.assert_one_clear_line(phone.done, "call_transcriptions: not finished", "422")

        phone.wrong.clear()
        phone.told = dict.fromkeys(ids, WHOLE)
        assert phone.run() == phone.told


@pytest.mark.parametrize(
    ("route", "status"), [("search", 403), ("single", 403), ("both", 403), ("both", 401)]
)
def test_denied_transcripts_are_their_own_streams_denial(
    phone: Phone, route: str, status: int
) -> None:
    ids = set(phone.sandbox.ids("calls"))
    phone.run()
    before = phone.owed
    assert before
    if route != "single":
        phone.wrong[SEARCH] = Bad(status, b"{}")
    if route != "search":
        phone.wrong.update({f"/calls/{call}/transcript": Bad(status, b"{}") for call in ids})
    phone.run(code=1, full_sweep_days=0)
    said = "call_transcriptions: denied, nothing archived", f"({status})", "*Read conversations*"
    running.assert_one_clear_line(phone.done, *said)
    assert calls_of(phone) == ids
    assert phone.owed == before

    phone.run(accept_denied=[DENIED])
    assert "Accepted by `accept_denied`" in phone.done.err
    assert "has no effect" not in phone.done.err
    assert phone.owed == before


def test_denied_transcripts_cost_little_and_all_come_once_they_are_granted(phone: Phone) -> None:
    ids = set(phone.sandbox.ids("calls"))
    denied = {f"/calls/{call}/transcript": Bad(403, b"{}") for call in ids}
    phone.wrong = {SEARCH: Bad(403, b"{}"), **denied}
    phone.run(accept_denied=[DENIED])
    assert calls_of(phone) == ids
    phone.run(accept_denied=[DENIED])
    assert calls_of(phone) == set()
    assert len(phone.asked) <= 1

    phone.wrong.clear()
    phone.told = dict.fromkeys(ids, WHOLE)
    assert phone.run(accept_denied=[DENIED]) == phone.told
    assert phone.run(accept_denied=[DENIED]) == {}


def test_doctor_names_denied_transcripts_and_takes_them_as_accepted(tmp_path: Path) -> None:
    with Sandbox.start(seed=3, conversations=60, deny=(DENIED,)) as denying:
        plain = running.arguments(tmp_path, running.config(denying))
        found = running.run(*plain, "--test")
        assert found.code == 1
        assert f"Denied: {DENIED}." in found.err
        accepting = running.arguments(tmp_path, running.config(denying, accept_denied=[DENIED]))
        found = running.run(*accepting, "--test")
        assert found.code == 0, found.err
