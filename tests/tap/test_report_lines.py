"""What a run and the doctor say: each line true, the one for machines last."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from tap_intercom_archive.clock import Stop
from tap_intercom_archive.report import Report
from tap_intercom_archive.run import connect
from tap_intercom_archive.settings import Settings, oddities, problems
from tests.sandbox.process import Sandbox
from tests.tap import running
from tests.tap.loopback import Bad, Loopback

TOKEN = "synthetic-secret-token"


def report(percent: int = 0) -> Report:
    settings = Settings.read({"access_token": TOKEN}, "tests")
    return Report(logging.getLogger("said"), connect(settings, Stop()), percent)


def verdicts(done: running.Ended) -> dict[str, str]:
    """Each stream's line of the doctor."""
    return {line.split()[0]: line for line in done.err.splitlines() if line.startswith("  ")}


def examine(sandbox: Sandbox, folder: Path, **more: Any) -> running.Ended:
    return running.run(*running.arguments(folder, running.config(sandbox, **more)), "--test")


@pytest.mark.parametrize("version", ["2.1", "2.5", "2.10", "1.4"])
def test_version_that_is_too_old_is_refused(version: str) -> None:
    found = problems({"access_token": TOKEN, "api_version": version})
    assert any("`api_version` is too old" in sentence for sentence in found)


@pytest.mark.parametrize("version", ["2.11", "2.16", "3.0", "Preview", "Unstable"])
def test_version_that_is_read_is_no_problem(version: str) -> None:
    assert problems({"access_token": TOKEN, "api_version": version}) == []


def test_settings_without_effect_are_named_in_a_line_each() -> None:
    config = {"region": "us", "regoin": "eu", "stream_maps": {}, "accept_denied": ["tags", "tsga"]}
    said = list(oddities(config, ("region", "stream_maps", "accept_denied"), ("tags", "calls")))
    assert len(said) == 2
    assert "`regoin`" in said[0]
    assert "stream_maps" not in said[0]
    assert "no effect for tsga" in said[1]


def test_unknown_setting_and_empty_choice_are_warned_of(sandbox: Sandbox, tmp_path: Path) -> None:
    catalog = running.select(running.discover(), "raw_payloads")
    settings = running.config(sandbox, regoin="eu", flattening_enabled=False)
    done = running.sync(tmp_path, settings, catalog=catalog)
    assert done.code == 0, done.err
    running.assert_one_clear_line(done, "Unknown settings", "`regoin`", code=0)
    running.assert_one_clear_line(done, "nothing will be", "raw_payloads", code=0)
    assert "flattening_enabled" not in done.err
    assert done.of_type("RECORD") == []


def test_estimate_leaves_the_reserve_and_knows_small_objects(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    report(50).backfill("conversations", 1_000, 8_300, 10**9)
    report(0).backfill("contacts", 1_000, 8_300, 10**9, hydrated=False)
    whole, small = (record.getMessage() for record in caplog.records)
    assert "17 min at 83 calls per 10 s" in whole
    assert "30 MB" in whole
    assert "8 min at 166 calls per 10 s" in small
    assert "2 MB" in small


def test_lines_say_what_was_left_out_denied_and_owed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    said = report()
    counted = said.of("conversations")
    counted.found, counted.archived, counted.unchanged = 10, 6, 4
    counted.owed = ["1 (not found)", "call_transcriptions 2 (failed)"]
    said.done("conversations")
    said.rows["articles"] = 5
    said.of("articles").denied = said.of("tags").denied = "Refused."
    said.done("articles")
    said.done("tags")
    said.unavailable("calls", "2.14")
    said.unfits["conversation_tags", "tag_id"] += 3
    said.unfits["tags", "name"] += 2
    said.end()
    lines = [record.getMessage() for record in caplog.records]
    assert lines[0] == "conversations: 10 found, 6 archived, 3 unchanged, 2 owed"
    assert lines[1].startswith("articles: denied, 5 archived. ")
    assert lines[2].startswith("tags: denied, nothing archived. ")
    left_out = "conversation_tags: 3 rows without `tag_id` were left out; the payload keeps them."
    assert left_out in lines
    assert "tags.name: 2 values did not fit and became null; the payload keeps them." in lines
    assert lines[-2].startswith("The archive is incomplete")
    figures = json.loads(lines[-1].removeprefix("Run report: "))
    assert figures["streams"]["calls"]["unavailable"] == "2.14"


def test_incomplete_run_says_so_once_and_its_figures_last(tmp_path: Path) -> None:
    with Sandbox.start(seed=3, conversations=60, deny=("articles",)) as denying:
        catalog = running.select(running.discover(), "articles", "tags")
        done = running.sync(tmp_path, running.config(denying), catalog=catalog)
        doctor = examine(denying, tmp_path, accept_denied=["articles"])
    assert done.code == 1
    assert done.err.count("The archive is incomplete") == 1
    assert "Run report: {" in done.err.splitlines()[-1]
    assert doctor.code == 0, doctor.err
    assert "denied but accepted (scope Read and list articles)" in verdicts(doctor)["articles"]


def test_doctor_shows_each_scope_and_what_the_version_does_not_serve(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    done = examine(sandbox, tmp_path, api_version="2.11")
    lines = verdicts(done)
    assert done.code == 0, done.err
    assert "allowed (scope Read admins)" in lines["admins"]
    assert "no scope of its own" in lines["raw_payloads"]
    for stream in ("calls", "call_transcriptions"):
        assert "not served (scope Read conversations)" in lines[stream]
        assert "2.14" in lines[stream]
    assert "2.16" in lines["deleted_conversations"]


@pytest.mark.parametrize(
    ("route", "status", "stream", "word"),
    [
        ("/tags", 500, "tags", "failed"),
        ("/contacts/search", 500, "contacts", "failed"),
        ("/contacts?", 403, "contacts", "denied"),
        ("/conversations/search", 403, "conversations", "denied"),
        ("/conversations/", 403, "conversation_parts", "denied"),
        ("/calls/search", 403, "call_transcriptions", "denied"),
        ("/conversations/", 404, "conversations", "allowed"),
    ],
)
def test_doctor_tries_every_route_that_a_run_takes(
    sandbox: Sandbox, tmp_path: Path, route: str, status: int, stream: str, word: str
) -> None:
    def spoil(method: str, path: str, before: int) -> Bad | None:
        whole = route == "/conversations/"
        other = path.startswith(
            ("/conversations/search", "/conversations/deleted", "/conversations/attributes")
        )
        return Bad(status, b"{}") if path.startswith(route) and not (whole and other) else None

    with Loopback(sandbox.url, spoil) as proxy:
        done = examine(sandbox, tmp_path, api_url=proxy.url)
    lines = verdicts(done)
    assert done.code == (0 if word == "allowed" else 1), done.err
    assert f" {word} (scope " in lines[stream]
    assert "allowed" in lines["admins"]
    assert "Traceback" not in done.err
