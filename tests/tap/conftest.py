"""What the tap's tests share: one workspace per module, hypothesis within a small budget."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.sandbox.process import Sandbox

# No deadline: other work on the machine must not fail a test.
settings.register_profile("tap", max_examples=40, deadline=None)
settings.load_profile("tap")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A small workspace with every special case."""
    with Sandbox.start(seed=2, conversations=60) as started:
        yield started
