"""Fixtures of the target's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.target.harness import Archive


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """An archive that does not exist yet."""
    return Archive(tmp_path)
