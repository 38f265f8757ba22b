"""Runs the target as a user does, and looks at the file it leaves. No test lives here."""

from __future__ import annotations

import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from singer_sdk.helpers._compat import SingerSDKPythonEOLWarning

from target_sqlite_archive.target import TargetSQLiteArchive

COMMAND = str(Path(sys.executable).with_name("target-sqlite-archive"))


def schema(
    stream: str, properties: Mapping[str, Any], keys: Iterable[str] = ("id",), **more: Any
) -> str:
    """One SCHEMA line; a property given as a name or a list of names is of that type."""
    full = {
        name: spec if isinstance(spec, dict) else {"type": spec}
        for name, spec in properties.items()
    }
    return json.dumps(
        {
            "type": "SCHEMA",
            "stream": stream,
            "schema": {"type": "object", "properties": full, **more},
            "key_properties": list(keys),
        }
    )


def record(stream: str, values: Mapping[str, Any], **more: Any) -> str:
    """One RECORD line."""
    return json.dumps({"type": "RECORD", "stream": stream, "record": values, **more})


def state(value: Any) -> str:
    """One STATE line."""
    return json.dumps({"type": "STATE", "value": value})


def bookmark(stream: str, position: Any) -> dict[str, Any]:
    """A state's value with one bookmark."""
    return {"bookmarks": {stream: {"position": position}}}


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    code: int
    out: str
    err: str

    @property
    def states(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def errors(self) -> list[str]:
        """The lines of stderr at ERROR level."""
        return [line for line in self.err.splitlines() if "| ERROR" in line]


class Archive:
    """An archive file in the making, with the settings to write it."""

    def __init__(self, folder: Path, **config: Any) -> None:
        self.path = folder / "archive.db"
        self.config_path = folder / "target.json"
        self.configure(**config)

    def configure(self, **config: Any) -> None:
        self.config_path.write_text(json.dumps({"database": str(self.path), **config}))

    @property
    def command(self) -> list[str]:
        return [COMMAND, "--config", str(self.config_path)]

    def run(self, *lines: str | bytes, env: Mapping[str, str] | None = None) -> Outcome:
        """Pipe lines through the target and wait for its end."""
        done = subprocess.run(
            self.command,
            input=_joined(lines),
            capture_output=True,
            env={**os.environ, **(env or {})},
            timeout=120,
            check=False,
        )
        return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())

    def load(self, *lines: str | bytes) -> Outcome:
        """Like :meth:`run`, and the run must end well."""
        outcome = self.run(*lines)
        assert outcome.code == 0, outcome.err
        return outcome

    def feed(self, *lines: str | bytes) -> None:
        """Load lines inside this process, where only the file matters."""
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SingerSDKPythonEOLWarning)
                target = TargetSQLiteArchive(config=json.loads(self.config_path.read_text()))
            target.listen(io.BytesIO(_joined(lines)))  # type: ignore[arg-type]
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def start(self) -> subprocess.Popen[bytes]:
        """Start the target with open pipes."""
        return subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Read from the file through a connection of our own."""
        try:
            return self._ask("ro", sql, values)
        except sqlite3.OperationalError as error:
            if "readonly" not in str(error):
                raise
            # Killed while it turned the log on: SQLite mends that before it reads.
            return self._ask("rw", sql, values)

    def _ask(self, mode: str, sql: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(f"file:{self.path}?mode={mode}", uri=True)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def dump(self, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
        return self.query(f'SELECT {columns} FROM "{table}" ORDER BY rowid')

    def check_index(self, table: str) -> None:
        """Let FTS5 compare its index with the table's text."""
        connection = sqlite3.connect(self.path)
        try:
            connection.execute(
                f'INSERT INTO "{table}_fts" ("{table}_fts", rank) VALUES (\'integrity-check\', 1)'
            )
        finally:
            connection.close()


def _joined(lines: Iterable[str | bytes]) -> bytes:
    return b"".join(
        (line.encode("utf-8", "surrogatepass") if isinstance(line, str) else line) + b"\n"
        for line in lines
    )
