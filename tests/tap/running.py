"""Run the tap as a user does: a process of its own, its messages read back from the pipe."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from tests.sandbox.process import Sandbox
from tests.sandbox.shelves.office import CUSTOM_OBJECT_TYPES

COMMAND = (sys.executable, "-m", "tap_intercom_archive")
PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Ended:
    """How a run ended: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @cached_property
    def messages(self) -> list[dict[str, Any]]:
        """The Singer messages; every line must be one, whatever line ends a text may hold."""
        return [json.loads(line) for line in self.out.split("\n") if line]

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """The messages of one type."""
        return [message for message in self.messages if message["type"] == kind]

    def records(self, stream: str) -> list[dict[str, Any]]:
        """The records of one stream."""
        return [m["record"] for m in self.of_type("RECORD") if m["stream"] == stream]

    @property
    def counts(self) -> Counter[str]:
        """How many records each stream has."""
        return Counter(message["stream"] for message in self.of_type("RECORD"))

    @property
    def state(self) -> dict[str, Any]:
        """The last state."""
        value: dict[str, Any] = self.of_type("STATE")[-1]["value"]
        return value

    def bookmark(self, stream: str) -> dict[str, Any]:
        """What the last state says of one stream."""
        bookmarks: dict[str, dict[str, Any]] = self.state["bookmarks"]
        return bookmarks.get(stream, {})


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Give this process's environment without any setting of the tap, plus `extra`."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TAP_")}
    return {**kept, **(extra or {})}


def config(sandbox: Sandbox, **more: Any) -> dict[str, Any]:
    """Give a configuration for a sandbox."""
    types = list(CUSTOM_OBJECT_TYPES)
    own = {"access_token": sandbox.token, "api_url": sandbox.url, "custom_object_types": types}
    return {**own, **more}


def arguments(
    folder: Path,
    settings: Mapping[str, Any] | None = None,
    state: Any = None,
    catalog: Mapping[str, Any] | None = None,
) -> list[str]:
    """Write the files and give the command line that names them."""
    found = []
    for option, value in (("config", settings), ("state", state), ("catalog", catalog)):
        if value is not None:
            path = folder / f"{option}.json"
            path.write_text(json.dumps(value), "utf-8")
            found += [f"--{option}", str(path)]
    return found


def start(
    args: Sequence[str], env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> subprocess.Popen[str]:
    """Start the tap with pipes for both outputs."""
    return subprocess.Popen(
        [*COMMAND, *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(env),
        cwd=cwd,
    )


def run(*args: str, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Ended:
    """Run the tap to its end."""
    done = subprocess.run(
        [*COMMAND, *args],
        capture_output=True,
        text=True,
        env=environment(env),
        cwd=cwd,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def sync(
    folder: Path,
    settings: Mapping[str, Any],
    state: Any = None,
    catalog: Mapping[str, Any] | None = None,
    env: Mapping[str, str] | None = None,
) -> Ended:
    """Run a sync to its end."""
    return run(*arguments(folder, settings, state, catalog), env=env, cwd=folder)


def discover() -> dict[str, Any]:
    """Give the tap's own catalog, a new one at each call."""
    catalog: dict[str, Any] = json.loads(_discovered())
    return catalog


@cache
def _discovered() -> str:
    done = run("--discover")
    assert done.code == 0, done.err
    return done.out


def select(catalog: dict[str, Any], *streams: str, without: Sequence[str] = ()) -> dict[str, Any]:
    """Give the catalog with only these streams selected; `without` are columns to leave out."""
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["selected"] = stream["tap_stream_id"] in streams
            elif entry["breadcrumb"][-1] in without:
                entry["metadata"]["selected"] = False
    return catalog


def everything() -> dict[str, Any]:
    """Give the catalog with every stream selected."""
    catalog = discover()
    return select(catalog, *(stream["tap_stream_id"] for stream in catalog["streams"]))


def assert_one_clear_line(done: Ended, *words: str, code: int = 1) -> None:
    """The words stand on one line; there is no traceback and the exit code is right."""
    assert done.code == code, done.err
    assert "Traceback" not in done.err, done.err
    assert [line for line in done.err.splitlines() if all(word in line for word in words)], done.err
