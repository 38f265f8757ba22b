"""The workflows for scheduled extraction: each run as CI would, twice, in two fresh folders.

The scripts are taken from the files that users copy. What CI itself would do (fetching and
keeping the artifact, installing) is done by the test.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.pipeline import archive, programs
from tests.pipeline.test_second_run import SETTLE_SECONDS, hydrations
from tests.sandbox.process import Sandbox

RECIPES = programs.ROOT / "docs" / "ci"
ARCHIVE = "intercom.db"


def steps(name: str) -> dict[str, str]:
    """Give the scripts of the GitHub workflow's steps by their names."""
    workflow = yaml.safe_load((RECIPES / name).read_text())
    return {
        step["name"]: step["run"] for step in workflow["jobs"]["archive"]["steps"] if "run" in step
    }


def shell(script: str, folder: Path, env: dict[str, str]) -> programs.Ended:
    """Run a step's script in the shell that CI uses, with the programs where it installs them."""
    binaries = folder / ".archive" / "bin"
    if not binaries.exists():
        binaries.parent.mkdir(parents=True)
        binaries.symlink_to(Path(sys.executable).parent)
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env=programs.environment(env),
        capture_output=True,
        text=True,
        timeout=programs.PATIENCE_SECONDS,
        check=False,
    )
    return programs.Ended(done.returncode, done.stdout, done.stderr)


def settings(sandbox: Sandbox, **more: str) -> dict[str, str]:
    return {
        "TAP_INTERCOM_ARCHIVE_ACCESS_TOKEN": sandbox.token,
        "TAP_INTERCOM_ARCHIVE_API_URL": sandbox.url,
        "TARGET_SQLITE_ARCHIVE_DATABASE": ARCHIVE,
        **more,
    }


@pytest.fixture
def fresh(tmp_path: Path) -> Any:
    """Give new folders, one per run of CI."""

    def make(number: int) -> Path:
        folder = tmp_path / f"runner {number}"
        folder.mkdir()
        return folder

    return make


def test_github_runs_go_on_from_the_archive_of_the_last(fresh: Any) -> None:
    scripts = steps("github-actions.yml")
    with Sandbox.start(seed=5, conversations=70) as sandbox:
        sandbox.change(0, seconds=SETTLE_SECONDS)
        first, second = fresh(1), fresh(2)
        done = shell(scripts["Archive"], first, settings(sandbox))
        assert done.code == 0, done.err
        assert "exit code 0" in done.out
        assert shell(scripts["Verify"], first, settings(sandbox)).code == 0
        changed = sandbox.change(6, seconds=SETTLE_SECONDS)
        sandbox.change(0, seconds=SETTLE_SECONDS)
        sandbox.reset_requests()
        shutil.copy(first / ARCHIVE, second / ARCHIVE)
        done = shell(scripts["Archive"], second, settings(sandbox))
        assert done.code == 0, done.err
        assert set(hydrations(sandbox)) == set(changed.get("conversations", ()))
        assert shell(scripts["Verify"], second, settings(sandbox)).code == 0
        stored = archive.rows(second / ARCHIVE, "SELECT count(*) AS n FROM conversations")
        assert stored == [{"n": len(sandbox.ids("conversations"))}]


def test_github_shows_that_a_run_was_incomplete(fresh: Any) -> None:
    folder = fresh(1)
    with Sandbox.start(seed=5, conversations=60, deny=("calls",)) as sandbox:
        done = shell(steps("github-actions.yml")["Archive"], folder, settings(sandbox))
    assert done.code == 1
    assert "exit code 1" in done.out
    assert (folder / ARCHIVE).exists()


def test_a_new_archive_begins_only_where_there_is_none_yet() -> None:
    fetch = steps("github-actions.yml")["Fetch the archive of the last run"]
    lines = [line.strip() for line in fetch.splitlines()]
    assert not any("|| true" in line or "continue-on-error" in line for line in lines)


CURL = """#!/usr/bin/env python3
# Stands in for curl with the package registry of the test: a folder.
import pathlib, shutil, sys
store = pathlib.Path({store!r})
arguments = sys.argv[1:]
if "--upload-file" in arguments:
    shutil.copy(arguments[arguments.index("--upload-file") + 1], store)
elif store.exists():
    shutil.copy(store, arguments[arguments.index("--output") + 1])
    print("200", end="")
else:
    print("404", end="")
"""


def test_gitlab_runs_go_on_from_the_archive_of_the_last(fresh: Any, tmp_path: Path) -> None:
    job = yaml.safe_load((RECIPES / "gitlab-ci.yml").read_text())["intercom-archive"]
    tools = tmp_path / "tools"
    tools.mkdir()
    curl = tools / "curl"
    curl.write_text(CURL.format(store=str(tmp_path / "registry.db")))
    curl.chmod(0o755)
    script = "\n".join([job["before_script"][1], *job["script"]])
    with Sandbox.start(seed=6, conversations=70) as sandbox:
        sandbox.change(0, seconds=SETTLE_SECONDS)
        env = settings(
            sandbox,
            PATH=f"{tools}{os.pathsep}{os.environ['PATH']}",
            ARCHIVE_URL="https://gitlab.example.com/archive",
            CI_JOB_TOKEN="synthetic",
        )
        done = shell(script, fresh(1), env)
        assert done.code == 0, done.err
        assert "exit code 0" in done.out
        sandbox.reset_requests()
        done = shell(script, fresh(2), env)
        assert done.code == 0, done.err
        assert not hydrations(sandbox)


@pytest.mark.parametrize(
    ("recipe", "schema"),
    [
        ("github-actions.yml", "vendor.github-workflows"),
        ("gitlab-ci.yml", "vendor.gitlab-ci"),
    ],
)
def test_recipes_are_valid_by_the_published_schema(recipe: str, schema: str) -> None:
    checker = programs.program("check-jsonschema")
    done = programs.run(checker, "--builtin-schema", schema, str(RECIPES / recipe))
    assert done.code == 0, done.out + done.err


@pytest.mark.parametrize("recipe", ["github-actions.yml", "gitlab-ci.yml"])
def test_recipes_run_one_at_a_time_with_the_secret_from_the_environment(recipe: str) -> None:
    text = (RECIPES / recipe).read_text()
    assert "cancel-in-progress: false" in text or "resource_group:" in text
    assert "--config=ENV" in text
    assert "access_token" not in text
