"""An archive with a history of every stream, for all tests of replays."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipeline import programs
from tests.pipeline.replaying import replayed


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of a workspace that changed and lost objects while three runs read it."""
    folder = tmp_path_factory.mktemp("told")
    return replayed.fill_live(folder, seed=21, conversations=200, catalog=programs.catalog())
