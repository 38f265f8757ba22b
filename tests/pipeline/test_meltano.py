"""`meltano run archive` does what `tap | target` does, and its exit code tells the truth."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipeline import archive, programs
from tests.pipeline.conftest import tap_config
from tests.pipeline.meltano import meltano, settings, stored_state
from tests.pipeline.replaying import replayed
from tests.pipeline.test_traps import leaks
from tests.sandbox.process import Sandbox

HYDRATION = "GET /conversations/{id}"
POLL_SECONDS = 0.02


@pytest.fixture(scope="module", autouse=True)
def plugins() -> None:
    """Both plugins must have been installed for Meltano."""
    found = programs.ROOT / ".meltano" / "loaders" / "target-sqlite-archive" / "venv"
    assert found.exists(), "the plugins are missing: run `make plugins`"


@pytest.fixture
def slow() -> Iterator[Sandbox]:
    """A workspace that takes its time, so that a run can be interrupted."""
    with Sandbox.start(seed=3, conversations=200, latency_ms=100) as started:
        yield started


def test_job_archives_everything_then_nothing_again(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.change(0, seconds=60)
    env = settings(sandbox, tmp_path)
    first = meltano("run", "archive", env=env)
    assert first.code == 0, first.err
    for stream in ("conversations", "conversation_parts", "contacts", "articles"):
        found = archive.rows(tmp_path / "archive.db", f"SELECT count(*) AS n FROM {stream}")
        assert found == [{"n": len(sandbox.truth(stream))}]
    assert "high_water_mark" in stored_state(tmp_path)["conversations"]
    assert leaks(sandbox, first.out, first.err) == []

    sandbox.reset_requests()
    second = meltano("run", "archive", env=env)
    assert second.code == 0, second.err
    assert HYDRATION not in sandbox.requests()["by_route"]


def test_terminated_run_is_no_success_and_the_next_one_completes_it(
    slow: Sandbox, tmp_path: Path
) -> None:
    env = settings(slow, tmp_path)
    with (tmp_path / "meltano.log").open("wb") as log:
        running = subprocess.Popen(
            [programs.program("meltano"), "run", "archive"],
            cwd=programs.ROOT,
            env=programs.environment(env),
            stdout=log,
            stderr=log,
        )
        try:
            deadline = time.monotonic() + 60
            while slow.requests()["by_route"].get(HYDRATION, 0) < 40:
                assert time.monotonic() < deadline, (tmp_path / "meltano.log").read_text()
                assert running.poll() is None, (tmp_path / "meltano.log").read_text()
                time.sleep(POLL_SECONDS)
            running.send_signal(signal.SIGTERM)
            assert running.wait(timeout=60) != 0
        finally:
            running.kill()
            running.wait()
    assert slow.requests()["by_route"][HYDRATION] < len(slow.truth("conversations"))

    done = meltano("run", "archive", env=env)
    assert done.code == 0, done.err
    for stream in ("conversations", "conversation_parts", "conversation_tags"):
        found = archive.rows(tmp_path / "archive.db", f"SELECT count(*) AS n FROM {stream}")
        assert found == [{"n": len(slow.truth(stream))}]


def test_replay_job_fills_a_new_archive_without_a_request(tmp_path: Path) -> None:
    with Sandbox.start(seed=6, conversations=60) as sandbox:
        env = settings(sandbox, tmp_path)
        done = programs.archive_run(tmp_path, tap_config(sandbox))
        assert (done.tap.code, done.target.code) == (0, 0), done.tap.err + done.target.err
        sandbox.reset_requests()
        told, new = tmp_path / "archive.db", tmp_path / "replayed.db"
        del env["TAP_INTERCOM_ARCHIVE_ACCESS_TOKEN"], env["TARGET_SQLITE_ARCHIVE_DATABASE"]
        env["SANDBOX_TOKEN"] = ""
        env["TAP_INTERCOM_ARCHIVE__REPLAY_REPLAY_PATH"] = str(told)
        env["TARGET_SQLITE_ARCHIVE__REPLAY_DATABASE"] = str(new)
        replay = meltano("run", "replay", env=env)
        assert replay.code == 0, replay.err
        assert sandbox.requests()["total"] == 0
    assert replayed.differences(told, new) == []


def test_wrong_token_fails_the_job_with_one_clear_line(sandbox: Sandbox, tmp_path: Path) -> None:
    env = settings(sandbox, tmp_path) | {
        "SANDBOX_TOKEN": "no-such-token",
        "TAP_INTERCOM_ARCHIVE_ACCESS_TOKEN": "no-such-token",
    }
    done = meltano("run", "archive", env=env)
    assert done.code != 0
    assert "access_token" in done.err
    assert "Traceback" not in done.err
    assert "no-such-token" not in done.out + done.err
