"""A run that is cut off: the last line is a whole state, and the next run completes it."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.process import Sandbox
from tests.tap import running


@pytest.fixture(scope="module")
def slow() -> Iterator[Sandbox]:
    with Sandbox.start(seed=5, conversations=120, latency_ms=20) as sandbox:
        yield sandbox


def cut_off(process: subprocess.Popen[str], signum: int, after: int) -> running.Ended:
    """Send a signal once so many conversations were seen."""
    assert process.stdout is not None
    assert process.stderr is not None
    lines, seen = [], 0
    for line in process.stdout:
        lines.append(line)
        seen += line.startswith('{"type":"RECORD","stream":"conversations"')
        if seen == after:
            process.send_signal(signum)
            break
    # Not communicate(): it would pass over what the loop above has read ahead.
    with process.stdout, process.stderr:
        rest, err = process.stdout.read(), process.stderr.read()
    code = process.wait(timeout=running.PATIENCE_SECONDS)
    return running.Ended(code, "".join(lines) + rest, err)


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_signal_ends_with_a_state_from_which_nothing_is_missed(
    slow: Sandbox, tmp_path: Path, signum: int, code: int
) -> None:
    streams = ("conversations", "conversation_parts")
    catalog = running.select(running.discover(), *streams)
    settings = running.config(slow, concurrency=2)
    args = running.arguments(tmp_path, settings, catalog=catalog)
    done = cut_off(running.start(args), signum, after=30)
    assert done.code == code, done.err
    assert "Traceback" not in done.err
    assert done.out.endswith("\n")
    assert done.messages[-1]["type"] == "STATE"
    rest = running.sync(tmp_path, settings, done.state, catalog)
    assert rest.code == 0, rest.err
    both: dict[str, set[str]] = {
        stream: {row["id"] for run in (done, rest) for row in run.records(stream)}
        for stream in streams
    }
    assert both["conversations"] == set(slow.ids("conversations"))
    assert both["conversation_parts"] == {row["id"] for row in slow.truth("conversation_parts")}
    assert len(rest.records("conversations")) < 120


def test_pipe_that_closes_is_told_in_one_line(slow: Sandbox, tmp_path: Path) -> None:
    args = running.arguments(tmp_path, running.config(slow))
    process = running.start(args)
    assert process.stdout is not None
    assert process.stderr is not None
    first: dict[str, Any] = json.loads(process.stdout.readline())
    process.stdout.close()
    err = process.stderr.read()
    code = process.wait(timeout=running.PATIENCE_SECONDS)
    process.stderr.close()
    assert first["type"] == "SCHEMA"
    running.assert_one_clear_line(running.Ended(code, "", err), "target ended")
