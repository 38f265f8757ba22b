"""What the tap's tests share: one workspace per module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.process import Sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A small workspace with every special case."""
    with Sandbox.start(seed=2, conversations=60) as started:
        yield started
