"""Each package installs by itself with plain pip, and in a user's own Meltano project.

These reach a package registry, as an installation does.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipeline import archive, programs
from tests.pipeline.meltano import meltano, settings
from tests.pipeline.test_house import tracked
from tests.sandbox.process import Sandbox

INSTALL_SECONDS = 280


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git repository with this checkout's files as they are now, in a path with a space."""
    folder = tmp_path_factory.mktemp("a checkout")
    for path in tracked():
        copy = folder / path.relative_to(programs.ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
    git = ["git", "-c", "user.name=Synthetic Sam", "-c", "user.email=sam@example.com"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "A copy"]):
        subprocess.run([*git, *command], cwd=folder, check=True)
    return folder


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """The folder of the programs of an empty environment."""
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    return tmp_path / "venv" / "bin"


def pip_install(bare: Path, *what: str) -> None:
    done = programs.run(
        str(bare / "python"),
        *("-m", "pip", "install", "--disable-pip-version-check", *what),
        patience_seconds=INSTALL_SECONDS,
    )
    assert done.code == 0, done.err


def test_tap_alone_from_its_folder(checkout: Path, bare: Path) -> None:
    pip_install(bare, str(checkout / "tap-intercom-archive"))
    found = programs.run(str(bare / "tap-intercom-archive"), "--discover")
    assert found.code == 0, found.err
    streams = {stream["tap_stream_id"] for stream in json.loads(found.out)["streams"]}
    assert {"conversations", "conversation_parts", "raw_payloads"} <= streams
    installed = programs.run(str(bare / "python"), "-m", "pip", "freeze").out.lower()
    assert "pytest==" not in installed
    assert "meltano==" not in installed
    assert "target-sqlite-archive" not in installed


def test_target_alone_from_a_git_address(checkout: Path, bare: Path, tmp_path: Path) -> None:
    pip_install(bare, f"git+{checkout.as_uri()}#subdirectory=target-sqlite-archive")
    database = tmp_path / "archive.db"
    messages = [
        {
            "type": "SCHEMA",
            "stream": "things",
            "schema": {"type": "object", "properties": {"id": {"type": "integer"}}},
            "key_properties": ["id"],
        },
        {"type": "RECORD", "stream": "things", "record": {"id": 7}},
    ]
    config = programs.write_json(tmp_path / "target.json", {"database": str(database)})
    done = programs.run(
        str(bare / "target-sqlite-archive"),
        "--config",
        config,
        stdin="".join(json.dumps(message) + "\n" for message in messages),
    )
    assert done.code == 0, done.err
    assert archive.rows(database, "SELECT id FROM things") == [{"id": 7}]
    assert "tap-intercom" not in programs.run(str(bare / "python"), "-m", "pip", "freeze").out


def test_snippet_of_the_readme_in_a_users_own_meltano_project(
    checkout: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    readme = (programs.ROOT / "README.md").read_text("utf-8")
    [snippet] = re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)
    (tmp_path / "meltano.yml").write_text(snippet, "utf-8")
    env = settings(sandbox, tmp_path) | {"INTERCOM_ARCHIVE_GIT": checkout.as_uri()}
    del env["MELTANO_ENVIRONMENT"]
    installed = meltano("install", env=env, cwd=tmp_path)
    assert installed.code == 0, installed.err
    run = "tap-intercom-archive", "target-sqlite-archive"
    done = meltano("run", *run, env=env, cwd=tmp_path)
    assert done.code == 0, done.err
    found = archive.rows(tmp_path / "archive.db", "SELECT count(*) AS n FROM conversations")
    assert found == [{"n": len(sandbox.truth("conversations"))}]
