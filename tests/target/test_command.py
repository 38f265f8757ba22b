"""The command line: flags, settings from the environment, a file as input, and quiet logs."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.target.harness import COMMAND, Archive, bookmark, record, schema, state

SETTINGS = {
    "database",
    "batch_size_rows",
    "add_record_metadata",
    "hard_delete",
    "validate_records",
    "payload_history",
    "honour_redactions",
    "accept_foreign_state",
}


def command(*flags: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *flags],
        capture_output=True,
        text=True,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        check=False,
    )


def test_about_describes_every_setting() -> None:
    done = command("--about", "--format=json")
    assert done.returncode == 0
    about = json.loads(done.stdout)
    assert about["name"] == "target-sqlite-archive"
    assert set(about["settings"]["properties"]) >= SETTINGS
    assert all(about["settings"]["properties"][name]["description"] for name in SETTINGS)


@pytest.mark.parametrize("flag", ["--version", "--help"])
def test_flags_that_only_tell(flag: str) -> None:
    done = command(flag)
    assert done.returncode == 0
    assert "target-sqlite-archive" in done.stdout


def test_an_unknown_flag_is_exit_2() -> None:
    assert command("--nonsense").returncode == 2


def test_settings_come_from_the_environment(tmp_path: Path) -> None:
    done = command(
        "--config=ENV",
        TARGET_SQLITE_ARCHIVE_DATABASE=str(tmp_path / "from-env.db"),
        TARGET_SQLITE_ARCHIVE_BATCH_SIZE_ROWS="5",
        TARGET_SQLITE_ARCHIVE_HARD_DELETE="true",
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "from-env.db").exists()


def test_input_can_be_a_file(archive: Archive) -> None:
    file = archive.path.parent / "input.jsonl"
    lines = [schema("t", {"id": "string"}), record("t", {"id": "é"}), state(bookmark("t", 1))]
    file.write_text("\n".join(lines))
    done = command("--config", str(archive.config_path), "--input", str(file))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == bookmark("t", 1)
    assert archive.dump("t", "id") == [("é",)]


def test_no_value_of_a_record_is_ever_logged(archive: Archive) -> None:
    marker = "MARKER-sam@example.com"
    properties = {
        "id": "string",
        "n": ["integer", "null"],
        "s": ["string", "null"],
        "at": {"type": ["string", "null"], "format": "date-time"},
        "o": {"type": ["object", "null"], "properties": {"k": {"type": "integer"}}},
    }
    outcome = archive.run(
        schema("t", properties),
        record("t", {"id": marker, "s": marker, "at": marker, "extra": marker}),
        record("t", {"id": "2", "n": marker}),
        record("t", {"id": "3", "o": {"k": marker}}),
        record("t", {"id": None, "s": marker}),
        f'{{"type": "RECORD", "stream": "t", "record": {{"id": "{marker}", "n": NaN}}}}',
        state(bookmark("t", 1)),
        json.dumps({"type": "ACTIVATE_VERSION", "stream": "t", "version": 1}),
        json.dumps({"type": "RECORD", "stream": "t", "record": {"s": marker}}),
        env={"LOGLEVEL": "DEBUG", "TARGET_SQLITE_ARCHIVE_LOGLEVEL": "DEBUG"},
    )
    assert outcome.code == 1
    assert "| DEBUG" in outcome.err
    assert marker not in outcome.err
    assert archive.query("SELECT count(*) FROM _quarantine") == [(4,)]
