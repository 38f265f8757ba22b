"""What happens to the objects on shelves, asked directly, over and over again."""

from __future__ import annotations

import random

import pytest

from tests.sandbox.shelves.stocktaking import Stocktaking
from tests.sandbox.tests.inside import Inside, open_inside


@pytest.fixture(scope="module")
def restocked() -> Inside:
    """A workspace to whose shelves some twenty things have happened each."""
    inside = open_inside()
    workspace = inside.api.workspace
    taking = Stocktaking(
        workspace.stock, workspace.words, random.Random("restocked"), workspace.vanished
    )
    for number in range(600):
        taking.happen(workspace.start + number)
    return inside


@pytest.mark.parametrize(
    ("stream", "member", "parents"),
    [
        ("office_hours_exceptions", "office_hours_schedule_id", "office_hours_schedules"),
        ("help_center_redirects", "help_center_id", "help_centers"),
        ("newsfeed_items", "newsfeed_id", "newsfeeds"),
    ],
)
def test_what_lies_below_something_goes_with_it(
    restocked: Inside, stream: str, member: str, parents: str
) -> None:
    assert restocked.json(f"/_sandbox/vanished/{parents}")
    there = {row["id"] for row in restocked.json(f"/_sandbox/truth/{parents}")}
    below = restocked.json(f"/_sandbox/truth/{stream}")
    assert below
    assert {row[member] for row in below} <= there


def test_what_has_gone_is_not_in_the_truth(restocked: Inside) -> None:
    for stream in ("office_hours_exceptions", "help_center_redirects", "macros"):
        gone = set(restocked.json(f"/_sandbox/vanished/{stream}"))
        assert gone
        assert gone.isdisjoint(row["id"] for row in restocked.json(f"/_sandbox/truth/{stream}"))
