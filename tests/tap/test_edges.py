"""Odd shapes at the edge and unknown faults: one clear line, exit 1, never a traceback."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from tap_intercom_archive import commandline
from tap_intercom_archive.settings import problems
from tests.sandbox.process import Sandbox
from tests.tap import running
from tests.tap.loopback import Bad, Loopback

NOWHERE = {"access_token": "synthetic-secret-token", "api_url": "http://127.0.0.1:9"}
LEAVES_WITHIN_SECONDS = 20


@pytest.mark.parametrize(
    ("option", "content", "words"),
    [
        ("--config", [], "holds no JSON object"),
        ("--config", [1], "holds no JSON object"),
        ("--config", ["ab"], "holds no JSON object"),
        ("--catalog", {"streams": "x"}, "no Singer catalog"),
        ("--catalog", {}, "no Singer catalog"),
        ("--catalog", {"streams": ["x"]}, "no Singer catalog"),
        ("--catalog", {"streams": [{"stream": "tags"}]}, "no Singer catalog"),
        ("--state", {"bookmarks": []}, "its `bookmarks`"),
        ("--state", {"other": 1}, "has no `bookmarks`"),
        ("--state", {"type": "STATE", "value": 5}, "its `value`"),
        ("--state", {"bookmarks": {"tags": 7}}, "what it says of tags"),
        (
            "--state",
            {"bookmarks": {"conversations": {"scope": {"streams": 5}}}},
            "`scope.streams` of conversations",
        ),
        ("--state", {"bookmarks": {"tags": {"owed": {}}}}, "`owed` of tags"),
    ],
)
def test_file_of_another_shape_is_refused_in_one_line(
    tmp_path: Path, option: str, content: Any, words: str
) -> None:
    path = tmp_path / "given.json"
    path.write_text(json.dumps(content), "utf-8")
    args = running.arguments(tmp_path, NOWHERE)
    done = running.run(*(args if option != "--config" else []), option, str(path))
    running.assert_one_clear_line(done, option, words)
    assert done.out == ""


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({}, {}),
        ({"bookmarks": {"tags": None}}, {"bookmarks": {}}),
        (
            {"type": "STATE", "value": {"bookmarks": {"tags": {"swept_at": "x"}}}},
            {"bookmarks": {"tags": {"swept_at": "x"}}},
        ),
    ],
)
def test_state_that_can_be_read_is(tmp_path: Path, given: Any, kept: Any) -> None:
    path = tmp_path / "state.json"
    path.write_text(json.dumps(given), "utf-8")
    with path.open() as file:
        assert commandline.read_state(file) == kept


def test_state_message_is_gone_on_from(sandbox: Sandbox, tmp_path: Path) -> None:
    catalog = running.select(running.discover(), "contacts")
    first = running.sync(tmp_path, running.config(sandbox), catalog=catalog)
    message = first.of_type("STATE")[-1]
    done = running.sync(tmp_path, running.config(sandbox), message, catalog)
    assert done.code == 0, done.err
    assert len(done.records("contacts")) < len(first.records("contacts"))


def test_schemas_are_printed_without_a_token(tmp_path: Path) -> None:
    done = running.run("--test=schema", cwd=tmp_path)
    assert done.code == 0, done.err
    assert "tags" in {message["stream"] for message in done.of_type("SCHEMA")}


def test_unknown_kind_of_test_is_a_bad_flag(tmp_path: Path) -> None:
    done = running.run("--test=everything", cwd=tmp_path)
    running.assert_one_clear_line(done, "--test=schema", code=2)


@pytest.mark.parametrize("command", [(), ("--discover",), ("--test",)])
def test_variable_that_is_no_number_is_named(tmp_path: Path, command: tuple[str, ...]) -> None:
    env = {"TAP_INTERCOM_ARCHIVE_CONCURRENCY": "two"}
    done = running.run("--config=ENV", *command, env=env, cwd=tmp_path)
    running.assert_one_clear_line(done, "`TAP_INTERCOM_ARCHIVE_CONCURRENCY`", "whole number")
    assert done.out == ""


def test_setting_that_is_no_json_is_named(tmp_path: Path) -> None:
    env = {"TAP_INTERCOM_ARCHIVE_STREAM_MAPS": "{"}
    done = running.run("--config=ENV", env=env, cwd=tmp_path)
    running.assert_one_clear_line(done, "`TAP_INTERCOM_ARCHIVE_STREAM_MAPS`", "JSON")


@pytest.mark.parametrize("name", ["start_date", "end_date"])
def test_time_before_the_first_year_is_no_time(name: str) -> None:
    found = problems({**NOWHERE, name: "0001-01-01T00:00:00+14:00"})
    assert any(f"`{name}` is not a time" in sentence for sentence in found)


def test_unknown_fault_is_told_by_place_and_never_by_its_words() -> None:
    try:
        commandline.crash_line(5)  # type: ignore[arg-type]
    except AttributeError as error:
        error.args = ("the words of Synthetic Sam",)
        line = commandline.crash_line(error)
        frames = commandline.crash_frames(error)
    assert "(AttributeError) at commandline.py:" in line
    assert "please report this" in line
    assert "Sam" not in line + frames
    assert "crash_line" in frames
    assert "No space left on device" in commandline.crash_line(OSError(28, "Sam"))


def test_unknown_fault_of_the_whole_tap_ends_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "from tap_intercom_archive import run\n"
        "def begin(*_):\n    raise KeyError('the words of Synthetic Sam')\n"
        "run.Run.begin = begin\n"
    )
    args = running.arguments(tmp_path, NOWHERE)
    env = {"PYTHONPATH": str(tmp_path)}
    done = running.run(*args, env=env, cwd=tmp_path)
    running.assert_one_clear_line(done, "(KeyError) at tap.py:", "please report this")
    assert "Sam" not in done.err
    told = running.run(*args, env={**env, "TAP_INTERCOM_ARCHIVE_LOGLEVEL": "DEBUG"}, cwd=tmp_path)
    assert 'tap.py", line' in told.err
    assert "Sam" not in told.err.replace("raise KeyError('the words of Synthetic Sam')", "")


def test_broken_stream_map_is_named(tmp_path: Path) -> None:
    settings = {**NOWHERE, "stream_maps": {"tags": 5}}
    done = running.sync(tmp_path, settings)
    running.assert_one_clear_line(done, "stream_maps")


def test_tap_is_gone_soon_after_its_reader_though_the_api_hangs(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    hangs = threading.Event()

    def spoil(method: str, path: str, before: int) -> Bad | None:
        if method != "GET" or not path.startswith("/conversations/"):
            return None
        hangs.set()
        return Bad(hang=True)

    catalog = running.select(running.discover(), "conversations")
    with Loopback(sandbox.url, spoil) as proxy:
        settings = running.config(sandbox, api_url=proxy.url, concurrency=2)
        process = running.start(running.arguments(tmp_path, settings, catalog=catalog))
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        assert hangs.wait(60)
        process.stdout.close()
        code = process.wait(timeout=LEAVES_WITHIN_SECONDS)
        err = process.stderr.read()
        process.stderr.close()
    running.assert_one_clear_line(running.Ended(code, "", err), "target ended")


def test_first_line_is_no_talk_about_the_environment(sandbox: Sandbox, tmp_path: Path) -> None:
    catalog = running.select(running.discover(), "tags")
    done = running.sync(tmp_path, running.config(sandbox), catalog=catalog)
    assert done.code == 0, done.err
    assert "Skipping parse" not in done.err
