"""The SDK's own suite for targets passes."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from singer_sdk.testing import get_target_test_class

from target_sqlite_archive.target import TargetSQLiteArchive

pytestmark = pytest.mark.filterwarnings("ignore:Python 3.1. reached its end of life")

_FOLDER = tempfile.TemporaryDirectory()

TestStandardSuite = get_target_test_class(
    TargetSQLiteArchive, config={"database": str(Path(_FOLDER.name) / "archive.db")}
)
