"""Versions of the API: what one does not have is left out by name, the rest is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from tap_intercom_archive.resources import RESOURCES
from tests.sandbox.process import Sandbox
from tests.tap import running


@pytest.mark.parametrize("version", ["2.11", "2.15", "2.17", "Preview"])
def test_every_stream_of_a_version_is_whole(sandbox: Sandbox, tmp_path: Path, version: str) -> None:
    settings = running.config(sandbox, api_version=version)
    done = running.sync(tmp_path, settings, catalog=running.everything())
    assert done.code == 0, done.err
    for resource in RESOURCES:
        rows = done.records(resource.name)
        found = {":".join(row[key] for key in resource.keys) for row in rows}
        if resource.is_served_by(version):
            assert found == set(sandbox.ids(resource.name)), resource.name
        else:
            assert not found
            assert f"{resource.name}: not in this version" in done.err
    assert {row["api_version"] for row in done.records("raw_payloads")} == {version}
