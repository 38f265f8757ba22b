"""The public programs that ours is measured against: how each is run, and what it has stored.

Each has an environment of its own under `.venvs/`, made by `make bench` from the lock file beside
this module.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.harness import Command, Failed
from tests.pipeline.programs import ROOT, write_json

Settings = Mapping[str, str | bool]


SQLITE_UTILS = "sqlite-utils"


@dataclass(frozen=True)
class Peer:
    """A public Singer target: `name` is its distribution and its environment.

    `settings` makes it write into a folder, `stored` counts the rows of each stream there.
    """

    name: str
    program: str
    settings: Callable[[Path], Settings]
    stored: Callable[[Path], dict[str, int]]

    def command(self, folder: Path) -> Command:
        """Give the command that loads what it is given into `folder`."""
        config = write_json(folder / "config.json", self.settings(folder))
        return Command(self.name, [str(executable(self.name, self.program)), "--config", config])


def executable(environment: str, program: str) -> Path:
    """Give the path of a public program; raises Failed where it is not installed."""
    path = ROOT / ".venvs" / environment / "bin" / program
    if not path.exists():
        raise Failed(f"{environment} is not installed: run `make bench`")
    return path


def version(name: str) -> str:
    """Give the name and the version of what is installed in the environment of that name."""
    script = f"from importlib.metadata import version; print(version({name!r}))"
    return f"{name} {_ask(name, script)}"


def _ask(environment: str, script: str) -> str:
    command = [str(executable(environment, "python")), "-c", script]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _lines(folder: Path) -> dict[str, int]:
    found = {}
    for file in folder.glob("*.jsonl"):
        with file.open("rb") as lines:
            found[file.stem] = sum(1 for _ in lines)
    return found


def _csv_rows(folder: Path) -> dict[str, int]:
    csv.field_size_limit(sys.maxsize)
    found = {}
    for file in folder.glob("*.csv"):
        with file.open(encoding="utf-8", newline="") as lines:
            found[file.stem] = sum(1 for _ in csv.reader(lines)) - 1
    return found


_COUNT_DUCKDB = """
import duckdb, json
connection = duckdb.connect({path!r}, read_only=True)
tables = connection.execute("SELECT table_name FROM information_schema.tables").fetchall()
counts = {{
    name: connection.execute(f'SELECT count(*) FROM main."{{name}}"').fetchone()[0]
    for (name,) in tables
}}
print(json.dumps(counts))
"""


def _duckdb_rows(folder: Path) -> dict[str, int]:
    script = _COUNT_DUCKDB.format(path=str(folder / "peer.duckdb"))
    found: dict[str, int] = json.loads(_ask("target-duckdb", script))
    return found


PEERS = {
    peer.name: peer
    for peer in (
        Peer(
            "target-jsonl",
            "target-jsonl",
            lambda folder: {"destination_path": str(folder), "do_timestamp_file": False},
            _lines,
        ),
        Peer(
            "target-duckdb",
            "target-duckdb",
            lambda folder: {"path": str(folder / "peer.duckdb"), "default_target_schema": "main"},
            _duckdb_rows,
        ),
        Peer(
            "meltanolabs-target-csv",
            "target-csv",
            lambda folder: {"output_path": str(folder)},
            _csv_rows,
        ),
    )
}
