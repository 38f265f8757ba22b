"""What a person can get wrong ends in one line that says what to do, and writes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tap_intercom_archive.errors import Refusal
from tap_intercom_archive.settings import REGION_HOSTS, Settings, base_url, problems
from tests.sandbox.process import Sandbox
from tests.tap import running

TOKEN = "synthetic-secret-token"


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"access_token": ""}, "`access_token` is missing or empty"),
        ({"access_token": "  "}, "`access_token` is missing or empty"),
        ({"access_token": None}, "`access_token` is missing or empty"),
        ({"access_token": 7}, "`access_token` is missing or empty"),
        ({"access_token": "a\nb"}, "`access_token` holds characters"),
        ({"access_token": "tökén"}, "`access_token` holds characters"),
        ({"region": "mars"}, "`region` is not one of: us, eu, au."),
        ({"region": 7}, "`region` must be text."),
        ({"start_date": "the day before"}, "`start_date` is not a time"),
        ({"start_date": "2024-13-01"}, "`start_date` is not a time"),
        ({"end_date": "soon"}, "`end_date` is not a time"),
        ({"start_date": "2024-02-01", "end_date": "2024-01-01"}, "`end_date` lies before"),
        ({"api_url": "http://api.intercom.io"}, "`api_url` is not https"),
        ({"api_url": "http://localhost.example.com"}, "`api_url` is not https"),
        ({"api_url": "http://127.0.0.1@example.com"}, "`api_url` holds more than an address"),
        ({"api_url": "https://example.com/?x=1"}, "`api_url` holds more than an address"),
        ({"api_url": "https://example.com/#x"}, "`api_url` holds more than an address"),
        ({"api_url": "ftp://example.com"}, "`api_url` is not an address"),
        ({"api_url": "example.com"}, "`api_url` is not an address"),
        ({"api_url": "http://[::1"}, "`api_url` is not an address"),
        ({"display_as": "markdown"}, "`display_as` is not one of: html, plaintext."),
        ({"page_size": 0}, "`page_size` must be a whole number, 1 to 150."),
        ({"page_size": 151}, "`page_size` must be a whole number, 1 to 150."),
        ({"page_size": "many"}, "`page_size` must be a whole number."),
        ({"page_size": True}, "`page_size` must be a whole number."),
        ({"concurrency": 1.5}, "`concurrency` must be a whole number."),
        ({"lookback_seconds": -1}, "`lookback_seconds` must be a whole number, at least 0."),
        ({"accept_denied": "articles"}, "`accept_denied` must be a list"),
        ({"accept_denied": [1]}, "`accept_denied` must be a list"),
        ({"emit_activate_version_messages": "no"}, "must be true or false"),
        ({"user_agent": "日本"}, "`user_agent` holds characters"),
        ({"user_agent": "a\r\nX-Evil: 1"}, "`user_agent` holds characters"),
        ({"api_version": "2.16\n"}, "`api_version` holds characters"),
    ],
)
def test_each_wrong_setting_has_its_sentence(config: dict[str, Any], words: str) -> None:
    found = problems({"access_token": TOKEN, **config})
    assert any(words in sentence for sentence in found), found
    assert not any(TOKEN in sentence for sentence in found)


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"region": None, "concurrency": None, "api_url": None, "accept_denied": None},
        {"api_url": "http://127.0.0.1:1/proxy/"},
        {"api_url": "http://[::1]:8080"},
        {"start_date": "2024-01-31", "end_date": "2024-01-31T13:00:00+02:00"},
        {"start_date": "1969-01-01"},
    ],
)
def test_good_settings_have_no_problem_and_can_be_read(config: dict[str, Any]) -> None:
    whole = {"access_token": TOKEN, **config}
    assert problems(whole) == []
    assert Settings.read(whole, "tests").concurrency == 32


def test_regions_have_their_hosts_and_an_address_keeps_its_path() -> None:
    for region, host in REGION_HOSTS.items():
        assert base_url({"region": region}) == host
    assert base_url({"api_url": "https://example.com/intercom/"}) == "https://example.com/intercom"
    with pytest.raises(Refusal, match="https"):
        base_url({"api_url": "http://example.com"})


def test_time_without_a_zone_is_utc() -> None:
    read = Settings.read({"access_token": "x", "start_date": "2024-01-31T13:00:00"}, "tests")
    assert read.start == 1_706_706_000


@pytest.mark.parametrize(
    ("option", "content", "code"),
    [
        ("--config", "{not json", 1),
        ("--config", b"\xff\xfe", 1),
        ("--config", None, 1),
        ("--state", "{not json", 1),
        ("--state", "[]", 1),
        ("--state", b"\xff", 1),
        ("--state", None, 2),
        ("--catalog", "nonsense", 1),
        ("--catalog", "[]", 1),
    ],
)
def test_file_that_cannot_be_read_is_named_by_its_option(
    tmp_path: Path, option: str, content: Any, code: int
) -> None:
    path = tmp_path / "given.json"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    args = running.arguments(tmp_path, {"access_token": TOKEN, "api_url": "http://127.0.0.1:9"})
    done = running.run(*(args if option != "--config" else []), option, str(path))
    running.assert_one_clear_line(done, option, code=code)
    assert done.out == ""
    assert TOKEN not in done.err


@pytest.mark.parametrize("token", ["no-such-token", " "])
def test_bad_token_stops_at_once_and_is_not_repeated(
    sandbox: Sandbox, tmp_path: Path, token: str
) -> None:
    done = running.sync(tmp_path, running.config(sandbox, access_token=token))
    running.assert_one_clear_line(done, "access_token")
    assert done.out == ""
    assert "no-such-token" not in done.err


def test_state_of_another_workspace_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    catalog = running.select(running.discover(), "tags")
    first = running.sync(tmp_path, running.config(sandbox), catalog=catalog)
    state = first.state
    # A stream that comes later: nothing of another one may have been written before.
    state["bookmarks"]["conversations"] = {"scope": {"workspace_id": "another"}}
    done = running.sync(tmp_path, running.config(sandbox), state, catalog)
    running.assert_one_clear_line(done, "another Intercom workspace", "new archive")
    assert done.of_type("RECORD") == []
