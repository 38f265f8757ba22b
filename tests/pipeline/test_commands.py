"""The commands as users of Singer taps know them: environment, doctor, help, signals."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.pipeline import archive, programs
from tests.pipeline.conftest import Filled, tap_config
from tests.sandbox.process import Sandbox

POLL_SECONDS = 0.02


def test_both_take_their_settings_from_the_environment(sandbox: Sandbox, tmp_path: Path) -> None:
    env = {
        "TAP_INTERCOM_ARCHIVE_ACCESS_TOKEN": sandbox.token,
        "TAP_INTERCOM_ARCHIVE_API_URL": sandbox.url,
        "TAP_INTERCOM_ARCHIVE_CONCURRENCY": "4",
        "TAP_INTERCOM_ARCHIVE_EMIT_ACTIVATE_VERSION_MESSAGES": "false",
        "TARGET_SQLITE_ARCHIVE_DATABASE": str(tmp_path / "archive.db"),
        "TARGET_SQLITE_ARCHIVE_BATCH_SIZE_ROWS": "100",
    }
    source = [programs.program(programs.TAP), "--config=ENV"]
    sink = [programs.program(programs.TARGET), "--config=ENV"]
    done = programs.pipe(source, sink, tmp_path, env)
    assert (done.tap.code, done.target.code) == (0, 0), done.tap.err + done.target.err
    found = archive.rows(tmp_path / "archive.db", "SELECT count(*) AS n FROM conversation_parts")
    assert found == [{"n": len(sandbox.truth("conversation_parts"))}]


def test_doctor_says_what_the_token_may_read(tmp_path: Path) -> None:
    with Sandbox.start(seed=5, conversations=60, deny=("articles",)) as sandbox:
        config = programs.write_json(tmp_path / "tap.json", tap_config(sandbox))
        sandbox.reset_requests()
        done = programs.run(programs.program(programs.TAP), "--config", config, "--test")
        calls = sandbox.requests()["total"]
    said = done.out + done.err
    verdicts = {line.split()[0]: line for line in said.splitlines() if line.startswith("  ")}
    assert done.code == 1
    assert "Token accepted" in said
    assert all(word in verdicts["articles"] for word in ("denied", "Read and list articles"))
    assert "allowed" in verdicts["conversations"]
    assert "accept_denied" in said
    assert sandbox.token not in said
    # Little more than one for each resource.
    assert calls < 70


@pytest.mark.parametrize("name", [programs.TAP, programs.TARGET])
@pytest.mark.parametrize("flag", ["--help", "--version", "--about", "--about --format=markdown"])
def test_commands_that_only_tell_need_no_settings(name: str, flag: str) -> None:
    done = programs.run(programs.program(name), *flag.split())
    assert done.code == 0, done.err
    assert name in done.out


def test_terminated_tap_exits_143_and_the_next_run_completes_the_archive(tmp_path: Path) -> None:
    with Sandbox.start(seed=6, conversations=200, latency_ms=100) as sandbox:
        config = tap_config(sandbox, concurrency=8)
        path = programs.write_json(tmp_path / "tap.json", config)
        settings = {"database": str(tmp_path / "archive.db")}
        target = programs.write_json(tmp_path / "target.json", settings)
        with (tmp_path / "states.jsonl").open("wb") as states:
            tap = subprocess.Popen(
                [programs.program(programs.TAP), "--config", path],
                env=programs.environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            sink = subprocess.Popen(
                [programs.program(programs.TARGET), "--config", target],
                env=programs.environment(),
                stdin=tap.stdout,
                stdout=states,
                stderr=subprocess.DEVNULL,
            )
            assert tap.stdout is not None
            tap.stdout.close()
            deadline = time.monotonic() + 60
            while sandbox.requests()["by_route"].get("GET /conversations/{id}", 0) < 60:
                assert time.monotonic() < deadline
                assert tap.poll() is None
                time.sleep(POLL_SECONDS)
            tap.send_signal(signal.SIGTERM)
            assert tap.wait(timeout=60) == 128 + signal.SIGTERM
            assert sink.wait(timeout=60) == 0
        first = sandbox.requests()["by_route"]["GET /conversations/{id}"]
        partial = programs.Piped(
            programs.Ended(143, "", ""),
            programs.Ended(0, (tmp_path / "states.jsonl").read_text("utf-8"), ""),
        )
        assert first < 200
        done = programs.archive_run(tmp_path, config, state=partial.states[-1])
        assert (done.tap.code, done.target.code) == (0, 0), done.tap.err + done.target.err
        for stream in ("conversations", "conversation_parts"):
            found = archive.rows(tmp_path / "archive.db", f"SELECT count(*) AS n FROM {stream}")
            assert found == [{"n": len(sandbox.truth(stream))}]
        both = sandbox.requests()["by_route"]["GET /conversations/{id}"]
        assert both <= 200 + 2 * 8 + len(partial.states)


def test_run_says_before_a_backfill_what_it_takes_and_totals_at_its_end(filled: Filled) -> None:
    said = filled.run.tap.err
    [before] = [line for line in said.splitlines() if "Backfill: " in line and "conversat" in line]
    assert all(word in before for word in ("320", "calls", "disk", "free"))
    assert len([line for line in said.splitlines() if "Total: " in line]) == 1


INTERRUPTED_WHILE_LOADING = """
import importlib, sys

class Interrupt:
    def find_spec(self, name, path, target=None):
        if name == "singer_sdk":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupt())
importlib.import_module(sys.argv[1] + ".__main__").main()
"""


@pytest.mark.parametrize("package", ["tap_intercom_archive", "target_sqlite_archive"])
def test_interrupt_while_a_command_loads_is_no_traceback(package: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_WHILE_LOADING, package],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
