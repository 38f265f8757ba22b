"""The shared limit: other clients, headers or none, what is counted of it; the flags of modes."""

from __future__ import annotations

import argparse

import pytest

from tests.sandbox import modes
from tests.sandbox.errors import RefusedError
from tests.sandbox.limits import RateLimit
from tests.sandbox.modes import Modes
from tests.sandbox.other_clients import bursts, choose_others, steady
from tests.sandbox.process import Sandbox, SandboxError
from tests.sandbox.tests.client import call
from tests.sandbox.tests.inside import open_inside


def take(limit: RateLimit, now: float) -> bool:
    try:
        limit.take(now)
    except RefusedError:
        return False
    return True


def test_steady_clients_take_their_share_evenly() -> None:
    limit = RateLimit(30, steady(20))
    assert take(limit, 100.0)
    assert limit.headers(100.0)["X-RateLimit-Remaining"] == "29"
    assert limit.headers(105.0)["X-RateLimit-Remaining"] == "19"
    assert limit.headers(109.99)["X-RateLimit-Remaining"] == "10"
    assert [take(limit, 109.99) for _ in range(11)] == [True] * 10 + [False]
    assert take(limit, 110.0)
    assert limit.windows() == [
        {"ends": 110, "ours": 11, "others": 19, "refused": 1},
        {"ends": 120, "ours": 1, "others": 0, "refused": 0},
    ]


def test_other_clients_are_refused_too_and_their_refusals_are_not_made_up_for() -> None:
    limit = RateLimit(5, steady(20))
    assert [take(limit, 100.0) for _ in range(5)] == [True] * 5
    assert limit.headers(109.0)["X-RateLimit-Remaining"] == "0"
    limit.take(110.0)
    assert limit.windows()[0] == {"ends": 110, "ours": 5, "others": 0, "refused": 0}


def test_bursts_are_fixed_by_seed_and_window_and_never_too_many() -> None:
    came = bursts(25, seed=1)
    totals = [came(window, 10.0) for window in range(200)]
    assert totals == [bursts(25, seed=1)(window, 10.0) for window in range(200)]
    assert totals != [bursts(25, seed=2)(window, 10.0) for window in range(200)]
    assert 0 in totals
    assert 20 < max(totals) <= 25
    for window in range(50):
        growing = [came(window, seconds) for seconds in range(11)]
        assert growing == sorted(growing)


def test_nobody_else_where_none_is_asked_for() -> None:
    assert choose_others("", 1)(5, 10.0) == 0
    assert choose_others("bursts:0", 1)(5, 10.0) == 0


def test_refusals_say_how_long_to_wait_only_where_asked_to() -> None:
    for retry_after in (False, True):
        limit = RateLimit(1, retry_after=retry_after)
        limit.take(103.0)
        with pytest.raises(RefusedError) as refused:
            limit.take(103.2)
        assert refused.value.headers == ({"Retry-After": "7"} if retry_after else {})


def test_limits_and_others_over_http() -> None:
    with Sandbox.start(
        conversations=60,
        rate_limit=5,
        retry_after=True,
        no_limit_headers=True,
        other_clients="steady:1000000",
    ) as sandbox:
        replies = [call(sandbox, "/me") for _ in range(8)]
        refused = [reply for reply in replies if reply.status == 429]
        assert refused
        assert all(1 <= int(reply.headers["Retry-After"]) <= 10 for reply in refused)
        assert not any("X-RateLimit-Limit" in reply.headers for reply in replies)
        counts = sandbox.requests()
        assert sum(window["refused"] for window in counts["windows"]) == len(refused)
        assert sum(window["ours"] for window in counts["windows"]) == 8 - len(refused)
        assert counts["others"] == sum(window["others"] for window in counts["windows"]) > 0
        assert counts["total"] == 8


@pytest.mark.parametrize("order", ["updated", "created"])
def test_calls_are_ordered_by_update_or_by_creation(order: str) -> None:
    inside = open_inside(seed=3, conversations=300, call_order=order)
    calls = [row for page in (1, 2) for row in inside.json(f"/calls?page={page}")["data"]]
    by_id = {row["id"]: row for row in inside.json("/_sandbox/truth/calls")}
    times = [by_id[call["id"]][f"{order}_at"] for call in calls]
    assert times == sorted(times, reverse=True)
    assert len(calls) == 30


@pytest.mark.parametrize("zone", ["Pacific/Apia", "Pacific/Pago_Pago"])
def test_contacts_of_the_far_zones_are_found_by_their_own_day(zone: str) -> None:
    inside = open_inside(seed=2, conversations=600, timezone=zone)
    offset = {"Pacific/Apia": 13, "Pacific/Pago_Pago": -11}[zone] * 3_600
    bound = inside.now() - 100 * 86_400
    midnight = (bound + offset) // 86_400 * 86_400 - offset
    contacts = inside.api.workspace.contacts

    def found(operator: str, version: str) -> set[str]:
        query = {"field": "updated_at", "operator": operator, "value": bound}
        body = {"query": query, "pagination": {"per_page": 150}}
        return {row["id"] for row in inside.json("/contacts/search", body, version)["data"]}

    def those(first: int, last: int) -> set[str]:
        return {c["id"] for c in contacts if first <= c["updated_at"] < last}

    assert found(">", "2.16") == those(midnight + 86_400, 2**40)
    assert found("=", "2.16") == those(midnight, midnight + 86_400)
    assert found("<", "2.16") == those(0, midnight)
    assert found(">", "2.17") == those(bound + 1, 2**40)


def test_flags_and_modes_say_the_same() -> None:
    every = Modes(
        change_every=5,
        seconds_per_request=0.5,
        operators="inclusive",
        cursor="repeating",
        cursor_life=9,
        call_order="created",
        fault_rate=0.1,
        fault_kinds=("hang", "500"),
        hang_seconds=1.5,
        always_fail=("calls:1", "articles:2"),
        pages_fail_above=10,
        retry_after=True,
        no_limit_headers=True,
        other_clients="bursts:25",
    )
    parser = argparse.ArgumentParser()
    modes.add_flags(parser)
    for wanted in (every, Modes()):
        assert modes.from_options(parser.parse_args(modes.to_flags(wanted))) == wanted
    assert modes.to_flags(Modes()) == []


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"cursor": "random"}, "invalid choice"),
        ({"fault_rate": 2}, "between 0 and 1"),
        ({"change_every": -1}, "whole number"),
        ({"always_fail": ("teams:1",)}, "STREAM:ID"),
        ({"other_clients": "many"}, "steady:N"),
        ({"seconds_per_request": -1}, "backwards"),
    ],
)
def test_wrong_modes_are_named(options: dict[str, object], complaint: str) -> None:
    with pytest.raises(SandboxError, match=complaint):
        Sandbox.start(**options)  # type: ignore[arg-type]
