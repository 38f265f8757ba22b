"""A scope that is missing: named, the others complete, its own state where it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.process import Sandbox
from tests.tap import running


@pytest.fixture(scope="module", params=["articles", "articles:401"])
def denying(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox.start(seed=3, conversations=60, deny=(request.param,)) as sandbox:
        yield sandbox


def test_other_streams_complete_and_the_denied_one_stays(denying: Sandbox, tmp_path: Path) -> None:
    catalog = running.select(running.discover(), "articles", "tags", "calls")
    state = {"bookmarks": {"articles": {"high_water_mark": "2020-01-01T00:00:00Z"}}}
    done = running.sync(tmp_path, running.config(denying), state, catalog)
    running.assert_one_clear_line(done, "articles", "*Read and list articles*")
    assert len(done.records("tags")) == len(denying.ids("tags"))
    assert len(done.records("calls")) == len(denying.ids("calls"))
    assert done.bookmark("articles") == state["bookmarks"]["articles"]


def test_accepted_denial_is_said_and_is_no_failure(denying: Sandbox, tmp_path: Path) -> None:
    catalog = running.select(running.discover(), "articles", "tags")
    settings = running.config(denying, accept_denied=["articles"])
    done = running.sync(tmp_path, settings, catalog=catalog)
    assert done.code == 0, done.err
    assert "accept_denied" in done.err


def test_doctor_names_the_scope_and_is_not_content(denying: Sandbox, tmp_path: Path) -> None:
    done = running.run(*running.arguments(tmp_path, running.config(denying)), "--test")
    assert done.code == 1
    assert done.out == ""
    assert "Read and list articles" in done.err
    lines = {line.split()[0]: line for line in done.err.splitlines() if line.startswith("  ")}
    assert "denied" in lines["articles"]
    assert "allowed" in lines["conversation_parts"]


def test_doctor_of_a_healthy_token_says_whose_workspace_it_is(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    done = running.run(*running.arguments(tmp_path, running.config(sandbox)), "--test")
    assert done.code == 0, done.err
    assert "Token accepted. Workspace" in done.err
    assert "Every stream may be read." in done.err
    assert sandbox.token not in done.err


def test_doctor_of_a_bad_token_says_so(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = running.config(sandbox, access_token="no-such-token")
    done = running.run(*running.arguments(tmp_path, settings), "--test")
    running.assert_one_clear_line(done, "access_token", "401")
