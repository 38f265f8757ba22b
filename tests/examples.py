"""How many examples hypothesis takes: those of `make test`, and many more in `make prove`."""

from __future__ import annotations

from hypothesis import settings

FEW, MANY = 40, 2_000


def examples(count: int) -> settings:
    """Take `count` examples, and in `make prove` as many times more as its profile takes."""
    assert settings.default is not None, "the profile is loaded first"
    return settings(max_examples=count * settings.default.max_examples // FEW)
