"""The environment alone says how many examples hypothesis takes, here too."""

from __future__ import annotations

import os

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import FEW, MANY, examples


@given(st.booleans())
def test_environment_says_how_many_examples_are_taken(any_one: bool) -> None:
    times = MANY // FEW if os.environ.get("HYPOTHESIS_PROFILE") == "prove" else 1
    assert settings.default is not None
    assert settings.default.max_examples == FEW * times
    assert examples(3).max_examples == 3 * times
