"""What a user can get wrong ends with one clear line, a non-zero exit, and nothing lost."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline import archive, programs
from tests.pipeline.conftest import tap_config
from tests.sandbox.process import Sandbox

SCHEMA = {
    "type": "SCHEMA",
    "stream": "things",
    "schema": {"type": "object", "properties": {"id": {"type": "integer"}}},
    "key_properties": ["id"],
}
RECORD = {"type": "RECORD", "stream": "things", "record": {"id": 1}}
STATE = {"type": "STATE", "value": {"bookmarks": {"things": {"at": 1}}}}


def assert_one_clear_line(done: programs.Ended, *words: str) -> None:
    """The words are on one line for people, beside the report for machines; no traceback."""
    assert done.code == 1, done.err
    assert "Traceback" not in done.err
    complaints = [line for line in done.err.splitlines() if '{"' not in line]
    clear = [line for line in complaints if all(word in line for word in words)]
    assert len(clear) == 1, done.err


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"access_token": ""}, ["access_token", "empty"]),
        ({"access_token": "no-such-token"}, ["access_token", "401"]),
        ({"region": "mars"}, ["region", "us, eu, au"]),
        ({"start_date": "the day before"}, ["start_date", "2024-01-31"]),
        ({"api_url": "http://example.com"}, ["api_url", "https"]),
    ],
    ids=["empty token", "wrong token", "unknown region", "bad start_date", "api_url not https"],
)
def test_wrong_setting_of_the_tap(
    sandbox: Sandbox, tmp_path: Path, wrong: dict[str, Any], words: list[str]
) -> None:
    config = {**tap_config(sandbox), **wrong}
    if "region" in wrong:
        del config["api_url"]
    path = programs.write_json(tmp_path / "tap.json", config)
    done = programs.run(programs.program(programs.TAP), "--config", path)
    assert_one_clear_line(done, *words)
    assert sandbox.token not in done.err
    assert "no-such-token" not in done.err


def test_missing_scope_is_named_and_the_other_streams_are_complete(tmp_path: Path) -> None:
    with Sandbox.start(seed=4, conversations=60, deny=("articles",)) as sandbox:
        done = programs.archive_run(tmp_path, tap_config(sandbox))
        assert_one_clear_line(done.tap, "articles", "Read and list articles")
        assert "accept_denied" in done.tap.err
        assert done.target.code == 0
        for stream in ("conversations", "contacts", "calls"):
            found = archive.rows(tmp_path / "archive.db", f"SELECT count(*) AS n FROM {stream}")
            assert found == [{"n": len(sandbox.truth(stream))}]


def test_accepted_missing_scope_is_no_failure(tmp_path: Path) -> None:
    with Sandbox.start(seed=4, conversations=60, deny=("articles",)) as sandbox:
        config = tap_config(sandbox, accept_denied=["articles"])
        done = programs.archive_run(tmp_path, config)
        assert (done.tap.code, done.target.code) == (0, 0), done.tap.err


def not_sqlite(path: Path) -> None:
    path.write_text("a letter, not a database\n" * 100, "utf-8")


def somebody_elses(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE letters (id)")
        connection.execute("PRAGMA application_id = 7")


def newer_layout(path: Path) -> None:
    done = target(path, [SCHEMA, RECORD])
    assert done.code == 0, done.err
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 999")


def a_folder(path: Path) -> None:
    path.mkdir()


def no_folder_above(path: Path) -> None:
    path.parent.rmdir()


def target(path: Path, messages: list[dict[str, Any]], rest: str = "") -> programs.Ended:
    config = programs.write_json(path.parent.parent / "target.json", {"database": str(path)})
    lines = "".join(json.dumps(message) + "\n" for message in messages) + rest
    return programs.run(programs.program(programs.TARGET), "--config", config, stdin=lines)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (no_folder_above, ["archive.db"]),
        (a_folder, ["archive.db", "folder"]),
        (not_sqlite, ["archive.db", "SQLite"]),
        (somebody_elses, ["archive.db"]),
        (newer_layout, ["archive.db", "newer"]),
    ],
)
def test_file_that_cannot_be_the_archive(
    tmp_path: Path, spoil: Callable[[Path], None], words: list[str]
) -> None:
    path = tmp_path / "place" / "archive.db"
    path.parent.mkdir()
    spoil(path)
    before = path.read_bytes() if path.is_file() else None
    assert_one_clear_line(target(path, [SCHEMA, RECORD, STATE]), *words)
    assert (path.read_bytes() if path.is_file() else None) == before


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ('{"type": "RECORD", "stream": "others", "record": {"id": 2}}\n', ["others", "SCHEMA"]),
        ('{"type": "RECORD", "stream": "things", "rec\n', ["Line 4", "JSON"]),
    ],
    ids=["record before its schema", "line that is not JSON"],
)
def test_broken_input_keeps_all_that_came_before(
    tmp_path: Path, bad: str, words: list[str]
) -> None:
    path = tmp_path / "place" / "archive.db"
    path.parent.mkdir()
    done = target(path, [SCHEMA, RECORD, STATE], rest=bad)
    assert_one_clear_line(done, *words)
    assert [json.loads(line) for line in done.lines] == [STATE["value"]]
    assert archive.rows(path, "SELECT id FROM things") == [{"id": 1}]


@pytest.mark.parametrize("name", [programs.TAP, programs.TARGET])
def test_unknown_flag_exits_2(name: str) -> None:
    assert programs.run(programs.program(name), "--no-such-flag").code == 2
