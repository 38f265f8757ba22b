"""How hypothesis searches, and where the proofs' counts are shown.

Hypothesis takes the same examples in every run of `make test`, more in `make prove`.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from tests.examples import FEW, MANY

# A deadline would fail a test because another process has the processor.
settings.register_profile("test", deadline=None, max_examples=FEW, derandomize=True)
settings.register_profile("prove", deadline=None, max_examples=MANY)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "test"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the proofs counted, those that failed included."""
    reports = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
    ]
    counted = sorted(
        str(value)
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "counted"
    )
    if counted:
        terminalreporter.section("counts")
        for line in counted:
            terminalreporter.write_line(line)
