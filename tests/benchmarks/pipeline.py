"""Our tap and our target as the benchmarks run them, and what their archive holds afterwards."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.harness import Command, Failed, Usage, pipe
from tests.benchmarks.server.process import Counts, Server
from tests.pipeline.programs import TAP, TARGET, program, write_json


@dataclass(frozen=True)
class Archived:
    """One run of `tap | target`: what each took, what it asked for, where the archive is."""

    tap: Usage
    target: Usage
    asked: Counts
    database: Path
    conversations: int

    @property
    def seconds(self) -> float:
        """From the start of both to the end of both."""
        return self.target.wall_seconds

    @property
    def per_second(self) -> float:
        """Conversations archived a second, the programs' start and end included."""
        return self.conversations / self.seconds

    @property
    def tap_cpu_ms(self) -> float:
        """The tap's processor time for a conversation."""
        return self.tap.cpu_seconds * 1_000 / self.conversations

    @property
    def target_cpu_ms(self) -> float:
        """The target's processor time for a conversation."""
        return self.target.cpu_seconds * 1_000 / self.conversations


@dataclass(frozen=True)
class Size:
    """What an archive's payloads take, in bytes; `payloads` counts them."""

    payloads: int
    blobs: int
    dictionaries: int
    file: int

    @property
    def stored(self) -> int:
        """Blobs and dictionaries together."""
        return self.blobs + self.dictionaries


def tap(folder: Path, url: str, state: Path | None = None, **settings: Any) -> Command:
    """Give the tap's command; no part of the rate limit is left to others."""
    folder.mkdir(exist_ok=True)
    config = {
        "access_token": "synthetic-token",
        "api_url": url,
        "rate_limit_reserve_percent": 0,
        **settings,
    }
    arguments = [program(TAP), "--config", write_json(folder / "tap.json", config)]
    if state is not None:
        arguments += ["--state", str(state)]
    return Command(TAP, arguments)


def target(folder: Path, database: Path, **settings: Any) -> Command:
    """Give the target's command, settings as a first user has them."""
    folder.mkdir(exist_ok=True)
    config = {"database": str(database), **settings}
    arguments = [program(TARGET), "--config", write_json(folder / "target.json", config)]
    return Command(TARGET, arguments)


def archive(
    server: Server,
    folder: Path,
    conversations: int,
    *,
    database: Path | None = None,
    state: Path | None = None,
    **settings: Any,
) -> Archived:
    """Archive the server's workspace; raises Failed where the archive does not hold it all.

    The file is made anew in `folder`, unless `database` names one to go on with.
    """
    file = folder / "archive.db" if database is None else database
    if database is None:
        file.unlink(missing_ok=True)
    server.begin()
    took = pipe([tap(folder, server.url, state, **settings), target(folder, file)], folder)
    asked = server.counts()
    held = rows(file, ["conversations"])["conversations"]
    if held != conversations:
        raise Failed(f"the archive holds {held:,} conversations of {conversations:,}")
    return Archived(took[0], took[1], asked, file, conversations)


def reading(database: Path) -> closing[sqlite3.Connection]:
    """Open an SQLite file for reading alone, and close it afterwards."""
    return closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True))


def rows(database: Path, streams: Iterable[str]) -> dict[str, int]:
    """Count the rows of these streams' tables in an SQLite file."""
    with reading(database) as connection:
        return {
            stream: connection.execute(f'SELECT count(*) FROM "{stream}"').fetchone()[0]
            for stream in streams
        }


def size_of(database: Path) -> Size:
    """Look into an archive."""
    with reading(database) as connection:
        payloads, blobs = connection.execute(
            "SELECT count(*), sum(length(payload)) FROM raw_payloads"
        ).fetchone()
        (dictionaries,) = connection.execute(
            "SELECT coalesce(sum(length(dictionary)), 0) FROM _dictionaries"
        ).fetchone()
    return Size(payloads, blobs, dictionaries, database.stat().st_size)


def last_state(folder: Path) -> Path:
    """Write the last state that left the target in `folder` to a file for the next run."""
    lines = (folder / "out").read_text("utf-8").rstrip("\n").split("\n")
    path = folder / "state.json"
    path.write_text(json.dumps(json.loads(lines[-1])), "utf-8")
    return path
