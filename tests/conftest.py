"""How hypothesis searches: the same examples in every run of `make test`, more in `make prove`."""

from __future__ import annotations

import os

from hypothesis import settings

# A deadline would fail a test because another process has the processor.
settings.register_profile("test", deadline=None, derandomize=True)
settings.register_profile("prove", deadline=None, max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "test"))
