"""A synthetic workspace and its archive, filled once for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline import programs
from tests.sandbox.process import Sandbox
from tests.tap.running import config as tap_config

__all__ = ["tap_config"]


@dataclass(frozen=True)
class Filled:
    """An archive that one run of `tap | target` has filled from a workspace that stands still."""

    sandbox: Sandbox
    folder: Path
    run: programs.Piped
    requests: dict[str, Any]

    @property
    def archive(self) -> Path:
        """The archive file."""
        return self.folder / "archive.db"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A workspace large enough for every special case, more than a page on one second included."""
    with Sandbox.start(seed=1, conversations=320) as started:
        yield started


@pytest.fixture(scope="module")
def filled(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """The first run's outcome; it must have ended well."""
    folder = tmp_path_factory.mktemp("filled")
    sandbox.reset_requests()
    done = programs.archive_run(folder, tap_config(sandbox), catalog=programs.catalog())
    assert done.tap.code == 0, done.tap.err
    assert done.target.code == 0, done.target.err
    return Filled(sandbox, folder, done, sandbox.requests())
