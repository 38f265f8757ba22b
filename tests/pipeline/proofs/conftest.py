"""What all proofs share: a voice for their counts, and the mark of those that take long."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Say = Callable[[str], None]

prove = pytest.mark.prove


@pytest.fixture
def say(record_property: Callable[[str, object], None]) -> Say:
    """Take a line of counts, which is printed at the end of the whole run."""
    return lambda line: record_property("counted", line)
