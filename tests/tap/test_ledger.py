"""What a stream's state says of its scope and of what is owed."""

from __future__ import annotations

from typing import Any

import pytest

from tap_intercom_archive.errors import ApiError, ArchiveError, Refusal, Stopped, Throttled
from tap_intercom_archive.ledger import Ledger, Scope

SCOPE = Scope("w1", None, ("conversations",), "html", "2.16")


def saved(scope: Scope = SCOPE) -> dict[str, Any]:
    state: dict[str, Any] = {"left": "over"}
    Ledger(state).save(scope.to_state(), {"high_water_mark": "2024-01-01T00:00:00Z"})
    return state


def test_saving_replaces_all_that_was_there() -> None:
    state = saved()
    assert set(state) == {"high_water_mark", "scope"}
    assert state["scope"] == SCOPE.to_state()


def test_owed_survives_the_state_and_keeps_its_first_time() -> None:
    state = saved()
    ledger = Ledger(state)
    ledger.owe("conversations", "7", "failed (500)", 1_700_000_000)
    ledger.owe("conversations", "7", "not found", 1_800_000_000)
    ledger.owe("calls", "7", "another", 1_800_000_000, 1_700_000_001)
    ledger.save(SCOPE.to_state(), {})
    assert state["owed"] == [
        {
            "stream": "conversations",
            "id": "7",
            "reason": "not found",
            "since": "2023-11-14T22:13:20Z",
        },
        {
            "stream": "calls",
            "id": "7",
            "reason": "another",
            "since": "2027-01-15T08:00:00Z",
            "updated_at": "2023-11-14T22:13:21Z",
        },
    ]
    again = Ledger(state)
    assert again.owed == ledger.owed
    again.settle("conversations", "7")
    assert [owed.stream for owed in again.owed_of("calls")] == ["calls"]
    assert list(again.owed_of("conversations")) == []


@pytest.mark.parametrize("odd", [None, 7, {}, [3], [{}], [{"id": "1"}], "x"])
def test_owed_of_another_shape_counts_as_nothing(odd: Any) -> None:
    assert Ledger({"owed": odd}).owed == {}


def test_state_of_another_workspace_is_refused() -> None:
    ledger = Ledger(saved())
    ledger.check_workspace("w1")
    with pytest.raises(Refusal, match="another Intercom workspace"):
        ledger.check_workspace("w2")
    Ledger({}).check_workspace("w2")


def test_new_stream_or_way_of_asking_outgrows_the_state() -> None:
    assert not Ledger(saved()).is_outgrown(SCOPE)
    assert not Ledger({}).is_outgrown(SCOPE)
    for other in (
        Scope("w1", None, ("conversations", "tags"), "html", "2.16"),
        Scope("w1", None, ("conversations",), "plaintext", "2.16"),
        Scope("w1", None, ("conversations",), "html", "2.17"),
    ):
        assert Ledger(saved()).is_outgrown(other)
    assert not Ledger(saved()).is_outgrown(Scope("w1", None, (), "html", "2.16"))


@pytest.mark.parametrize(
    ("before", "now", "gap"),
    [
        (None, None, None),
        (None, 100, None),
        (500, 100, (100, 500)),
        (500, None, (0, 500)),
        (500, 500, None),
        (500, 900, None),
    ],
)
def test_earlier_start_leaves_a_gap(before: Any, now: Any, gap: Any) -> None:
    state = saved(Scope("w1", before, (), "html", "2.16"))
    assert Ledger(state).gap(Scope("w1", now, (), "html", "2.16")) == gap


def test_errors_form_one_tree_and_keep_what_the_run_needs() -> None:
    assert Stopped(15).signum == 15
    assert "15" in str(Stopped(15))
    throttled = Throttled("used up", 3.0)
    assert (throttled.status, throttled.wait_seconds) == (429, 3.0)
    assert issubclass(Throttled, ApiError)
    assert issubclass(Refusal, ArchiveError)
    assert not issubclass(Refusal, ApiError)
