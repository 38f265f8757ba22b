"""One archive with a history, for all tests of what people read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.pipeline import programs
from tests.pipeline.conftest import tap_config
from tests.sandbox.process import Sandbox


@dataclass(frozen=True)
class Told:
    """An archive that three runs have filled, and the workspace as it stood after the last."""

    path: Path
    sandbox: Sandbox


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """A small workspace that changed twice between runs."""
    folder = tmp_path_factory.mktemp("told")
    state = None
    with Sandbox.start(seed=3, conversations=150) as sandbox:
        for changes in (0, 150, 150):
            if changes:
                sandbox.change(changes, seconds=3600)
            done = programs.archive_run(folder, tap_config(sandbox), state=state)
            assert (done.tap.code, done.target.code) == (0, 0), done.tap.err + done.target.err
            state = done.states[-1]
        yield Told(folder / "archive.db", sandbox)
