"""Run the installed programs as a user does: real processes, real pipes, real files.

Knows nothing of what the programs say; tests judge that.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
TAP = "tap-intercom-archive"
TARGET = "target-sqlite-archive"
PATIENCE_SECONDS = 240


@dataclass(frozen=True)
class Ended:
    """How a program ended: its exit code and all it wrote."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines of its output; only a line feed ends one, as JSON may hold other breaks."""
        return self.out.rstrip("\n").split("\n") if self.out else []


@dataclass(frozen=True)
class Piped:
    """How both ends of `tap | target` ended; `states` are the target's lines, oldest first."""

    tap: Ended
    target: Ended

    @property
    def states(self) -> list[dict[str, Any]]:
        """The states that left the target."""
        return [json.loads(line) for line in self.target.lines]


def program(name: str) -> str:
    """Give the path of a program installed beside this Python."""
    return str(Path(sys.executable).with_name(name))


def peer(name: str) -> str:
    """Give the path of a public program in its own environment; fails when it is missing."""
    path = ROOT / ".venvs" / name / "bin" / name
    assert path.exists(), f"{name} is missing: run `make peers`"
    return str(path)


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Give this process's environment without settings of plugins, plus `extra`."""
    ours = ("TAP_", "TARGET_", "MELTANO_", "SANDBOX_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "PYTHONUNBUFFERED": "1", **(extra or {})}


def run(
    *command: str,
    cwd: Path | None = None,
    stdin: str = "",
    env: Mapping[str, str] | None = None,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Ended:
    """Run a command to its end."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment(env),
        input=stdin.encode(),
        capture_output=True,
        timeout=patience_seconds,
        check=False,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace"))


def pipe(
    source: Sequence[str],
    sink: Sequence[str],
    cwd: Path,
    env: Mapping[str, str] | None = None,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Piped:
    """Run `source | sink` as a shell would, to the end of both."""
    complete = environment(env)
    with (
        (cwd / "source.err").open("w+b") as source_err,
        (cwd / "sink.err").open("w+b") as sink_err,
    ):
        first = subprocess.Popen(
            source, cwd=cwd, env=complete, stdout=subprocess.PIPE, stderr=source_err
        )
        assert first.stdout is not None
        second = subprocess.Popen(
            sink, cwd=cwd, env=complete, stdin=first.stdout, stdout=subprocess.PIPE, stderr=sink_err
        )
        first.stdout.close()
        try:
            out, _ = second.communicate(timeout=patience_seconds)
            first.wait(timeout=patience_seconds)
        finally:
            first.kill()
            second.kill()
            first.wait()
            second.wait()
        return Piped(
            Ended(first.returncode, "", _text(source_err)),
            Ended(second.returncode, out.decode(), _text(sink_err)),
        )


def catalog(*streams: str) -> dict[str, Any]:
    """Give the tap's catalog with only these streams selected, all where none is given."""
    picked: dict[str, Any] = json.loads(_discovered())
    for stream in picked["streams"]:
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["selected"] = not streams or stream["tap_stream_id"] in streams
    return picked


@cache
def _discovered() -> str:
    found = run(program(TAP), "--discover")
    assert found.code == 0, found.err
    return found.out


def write_json(path: Path, value: object) -> str:
    """Write a value as JSON and give the path as an argument for a command."""
    path.write_text(json.dumps(value), "utf-8")
    return str(path)


def archive_run(
    folder: Path,
    tap_config: Mapping[str, Any],
    state: Mapping[str, Any] | None = None,
    catalog: Mapping[str, Any] | None = None,
    target_config: Mapping[str, Any] | None = None,
    env: Mapping[str, str] | None = None,
    patience_seconds: float = PATIENCE_SECONDS,
    tap: Sequence[str] = (),
) -> Piped:
    """Run our tap, or the command `tap`, into our target; `archive.db` in the folder is filled."""
    source = [*(tap or [program(TAP)]), "--config", write_json(folder / "tap.json", tap_config)]
    if state is not None:
        source += ["--state", write_json(folder / "state.json", state)]
    if catalog is not None:
        source += ["--catalog", write_json(folder / "catalog.json", catalog)]
    settings = {"database": str(folder / "archive.db"), **(target_config or {})}
    sink = [program(TARGET), "--config", write_json(folder / "target.json", settings)]
    return pipe(source, sink, folder, env, patience_seconds)


def _text(file: Any) -> str:
    file.seek(0)
    text: str = file.read().decode(errors="replace")
    return text
