from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.tap.protocol.machine import ChangingWorkspace

CHECKS = [HealthCheck.too_slow, HealthCheck.filter_too_much]


def test_nothing_is_lost_whatever_happens_between_two_requests() -> None:
    run_state_machine_as_test(
        ChangingWorkspace,
        settings=settings(
            max_examples=150, stateful_step_count=25, deadline=None, suppress_health_check=CHECKS
        ),
    )


def test_what_changes_between_listing_and_fetch_does_not_teach_to_overlook_late_answers() -> None:
    machine = ChangingWorkspace()
    machine.begin(inclusive=False, drifting=False, size=9, articles=0)
    for _ in range(4):
        machine.change_around_get(index=0)
    machine.lag(index=0)
    machine.change(index=1, kind="conversations")
    for index in (2, 3, 4):
        machine.change_around_get(index=index)
    machine.run_the_tap(seconds=1, sweep_days=0)
    machine.run_the_tap(seconds=1, sweep_days=0)
    machine.teardown()


@pytest.mark.prove
@pytest.mark.timeout(3_600)
def test_nothing_is_lost_in_many_more_orders_of_events() -> None:
    run_state_machine_as_test(
        ChangingWorkspace,
        settings=settings(
            max_examples=5000, stateful_step_count=50, deadline=None, suppress_health_check=CHECKS
        ),
    )
