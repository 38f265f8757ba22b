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


@pytest.mark.prove
@pytest.mark.timeout(3_600)
def test_nothing_is_lost_in_many_more_orders_of_events() -> None:
    run_state_machine_as_test(
        ChangingWorkspace,
        settings=settings(
            max_examples=5000, stateful_step_count=50, deadline=None, suppress_health_check=CHECKS
        ),
    )
