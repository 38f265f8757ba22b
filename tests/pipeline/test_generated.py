"""What is generated from the code is current, and what is locked installs anywhere."""

from __future__ import annotations

from tests.pipeline import programs

LOCKS = [
    "requirements.lock",
    *sorted(p.name for p in (programs.ROOT / "tests/pipeline/peers").glob("*.txt")),
]
LONGEST_MODULE = 400
