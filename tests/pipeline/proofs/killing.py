"""A running `tap | target` that can be watched from outside and killed at any instant.

The watching is by what anybody sees: the requests a workspace was asked, the lines that left the
target, the archive file. When to kill whom is decided in `campaign`.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import sqlite3
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.pipeline import programs
from tests.sandbox.process import Sandbox

SEARCH = "/conversations/search"
FETCHED = "/conversations/"
LISTING, HYDRATION, CLOSING = "listing", "hydration", "closing listing"
ELSEWHERE = "elsewhere"
_RAREST_FIRST = (CLOSING, LISTING, HYDRATION, ELSEWHERE)
# Linux's smallest: a target whose STATE nobody reads soon waits, its rows committed.
_PIPE_BYTES = 4096
_PATIENCE_SECONDS = 120


class Asked:
    """What a workspace was asked in one run: the phase that it is in, and what was fetched."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Begin to count now."""
        self._sandbox = sandbox
        sandbox.reset_requests()
        self.requests = 0
        self.before_first_fetch: int | None = None
        self.fetched: list[str] = []
        self._listed: set[str] = set()
        self._searching = LISTING
        self.phase = ELSEWHERE

    def look(self) -> None:
        """Read on in the workspace's log; of phases that overlap the rarest one counts."""
        seen = set()
        for method, path, _, body in self._sandbox.log(after=self.requests):
            self.requests += 1
            seen.add(self._note(method, path.partition("?")[0], body))
        if seen:
            self.phase = min(seen, key=_RAREST_FIRST.index)

    def _note(self, method: str, path: str, body: str) -> str:
        if path == SEARCH:
            asked = json.loads(body)
            if "starting_after" not in asked["pagination"]:
                # A window that is listed from its first page once more is being closed.
                window = json.dumps(asked["query"])
                self._searching = CLOSING if window in self._listed else LISTING
                self._listed.add(window)
            return self._searching
        if method == "GET" and path.startswith(FETCHED) and path != "/conversations/deleted":
            if self.before_first_fetch is None:
                self.before_first_fetch = self.requests - 1
            self.fetched.append(path.removeprefix(FETCHED))
            return HYDRATION
        return ELSEWHERE


class Pipeline:
    """Both processes of `tap | target`; `told` are the lines that left the target."""

    def __init__(self, source: Sequence[str], sink: Sequence[str], folder: Path) -> None:
        """Start both."""
        self._errors = [(folder / name).open("w+b") for name in ("tap.err", "target.err")]
        environment = programs.environment()
        self.tap = subprocess.Popen(
            source, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=self._errors[0]
        )
        assert self.tap.stdout
        self.target = subprocess.Popen(
            sink,
            cwd=programs.ROOT,
            env=environment,
            stdin=self.tap.stdout,
            stdout=subprocess.PIPE,
            stderr=self._errors[1],
        )
        self.tap.stdout.close()
        assert self.target.stdout
        self._out = self.target.stdout.fileno()
        with contextlib.suppress(AttributeError, OSError):
            fcntl.fcntl(self._out, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._begun = b""
        self.told: list[str] = []

    def listen(self, seconds: float = 0.0) -> bool:
        """Read what has left the target, waiting up to `seconds` for it; say if lines came."""
        before = len(self.told)
        while select.select([self._out], [], [], seconds)[0]:
            piece = os.read(self._out, _PIPE_BYTES)
            *lines, self._begun = (self._begun + piece).split(b"\n")
            self.told += [line.decode() for line in lines]
            seconds = 0.0
            if not piece:
                break
        return len(self.told) > before

    @property
    def is_blocked(self) -> bool:
        """Whether the target waits for somebody to read its lines."""
        waiting = struct.unpack("i", fcntl.ioctl(self._out, termios.FIONREAD, b"\0" * 4))[0]
        return bool(waiting >= _PIPE_BYTES)

    @property
    def is_running(self) -> bool:
        """Whether both processes still run."""
        return self.tap.poll() is None and self.target.poll() is None

    def kill(self, *victims: str) -> None:
        """Kill the `tap`, the `target` or both with SIGKILL, in this order."""
        for victim in victims:
            (self.tap if victim == "tap" else self.target).kill()

    def end(self) -> tuple[int, int]:
        """Wait until both have ended; give their exit codes."""
        while self.target.poll() is None:
            self.listen(0.05)
        self.listen(0.05)
        return self.tap.wait(_PATIENCE_SECONDS), self.target.wait(_PATIENCE_SECONDS)

    def close(self) -> str:
        """End what still runs; give what both said to people."""
        for process in (self.tap, self.target):
            process.kill()
            process.wait()
        assert self.target.stdout
        self.target.stdout.close()
        said = ""
        for file in self._errors:
            file.seek(0)
            said += file.read().decode(errors="replace")
            file.close()
        return said


class States:
    """The states that an archive file holds, seen through a connection of one's own."""

    def __init__(self, path: Path) -> None:
        """Look into this file, which need not be there yet."""
        self._path = path

    def newest(self) -> str:
        """Give the newest state, an empty text where there is none."""
        found = self._ask("SELECT value FROM _states ORDER BY id DESC LIMIT 1")
        return found[0][0] if found else ""

    def has(self, state: str) -> bool:
        """Whether a state is in the file."""
        return bool(self._ask("SELECT 1 FROM _states WHERE value = ?", state))

    def health(self) -> list[str]:
        """Give what SQLite finds wrong with the file."""
        found = [str(row[0]) for row in self._ask("PRAGMA integrity_check")]
        return [] if found == ["ok"] else found

    def _ask(self, sql: str, *values: str) -> list[tuple[Any, ...]]:
        if not self._path.exists():
            return []
        with closing(sqlite3.connect(self._path)) as connection:
            # The file may be made while its tables are not yet.
            made = connection.execute("SELECT 1 FROM sqlite_master WHERE name = '_states'")
            return list(connection.execute(sql, values)) if made.fetchone() else []


def commands(
    folder: Path,
    tap_config: Mapping[str, Any],
    state: str,
    sink: Sequence[str],
) -> tuple[list[str], list[str]]:
    """Give the commands of a run from a state, an empty text for none."""
    settings = {"database": str(folder / "archive.db")}
    source = [programs.program(programs.TAP), "--config"]
    source.append(programs.write_json(folder / "tap.json", tap_config))
    if state:
        (folder / "state.json").write_text(state, "utf-8")
        source += ["--state", str(folder / "state.json")]
    return source, [*sink, "--config", programs.write_json(folder / "target.json", settings)]
