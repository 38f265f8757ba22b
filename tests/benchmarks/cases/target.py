"""Target: rows a second of ours, of public targets, of sqlite-utils, and of a bare loop."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.benchmarks.bench import Bench
from tests.benchmarks.harness import Command, Failed, Usage, median, module, pipe, rounds, run
from tests.benchmarks.page import Claim, Section, Table, shown
from tests.benchmarks.peers import PEERS, SQLITE_UTILS, Peer, executable, version
from tests.benchmarks.pipeline import rows, size_of, tap, target
from tests.benchmarks.server.process import serving

OURS, LOOP = "target-sqlite-archive", "bare loop"
OURS_START, LOOP_START = "start of ours", "start of the bare loop"
MEGABYTE = 1_000_000

# Gives the command that loads what it is given into a database; settings go into the folder.
MakeLoader = Callable[[Path, Path], Command]


@dataclass(frozen=True)
class Stream:
    """A tap's output in a file; its SCHEMA messages alone; its records split by stream.

    The second is for what starting takes, the third for who knows no Singer.
    """

    file: Path
    schemas: Path
    split: Path
    keys: Mapping[str, Sequence[str]]
    records: Mapping[str, int]

    @property
    def total(self) -> int:
        """All records."""
        return sum(self.records.values())


@dataclass(frozen=True)
class Loaded:
    """One load of the stream: what it took and how many rows are there; or why it failed.

    `payload_bytes` is what compressed payloads and their dictionaries take, where there are any.
    """

    usage: Usage | None
    stored: int
    why: str = ""
    payload_bytes: int = 0


def record(bench: Bench, folder: Path, count: int) -> Stream:
    """Record the tap's output over `count` conversations."""
    with serving(bench.pool(count), count) as server:
        bench.say(f"recording the tap's output over {count:,} conversations")
        pipe([tap(folder, server.url)], folder)
    file = (folder / "out").rename(folder / "stream")
    run(module("plain.split", folder / "split"), folder / "splitting", given=file)
    said = json.loads((folder / "splitting" / "out").read_text("utf-8"))
    schemas = folder / "schemas"
    with file.open("rb") as lines, schemas.open("wb") as found:
        found.writelines(line for line in lines if line.startswith(b'{"type":"SCHEMA"'))
    return Stream(file, schemas, folder / "split", said["keys"], said["records"])


def measure(bench: Bench) -> Section:
    """Load one stream with each contestant, round by round."""
    room = bench.room("target")
    stream = record(bench, room, bench.scale.loaded)
    contestants: dict[str, Callable[[], Loaded]] = {
        OURS: partial(_loader, _target, stream, room),
        LOOP: partial(_loader, _bare_loop, stream, room),
        OURS_START: partial(_start, _target, stream, room),
        LOOP_START: partial(_start, _bare_loop, stream, room),
    }
    for name in bench.scale.peers:
        if name == SQLITE_UTILS:
            contestants[name] = partial(_sqlite_utils, stream, room)
        else:
            contestants[name] = partial(_peer, PEERS[name], stream, room)
    return _section(rounds(bench.scale.rounds, contestants, bench.say), stream)


def _target(folder: Path, database: Path) -> Command:
    return target(folder, database)


def _bare_loop(folder: Path, database: Path) -> Command:
    return module("plain.load", database)


def _loader(make: MakeLoader, stream: Stream, room: Path) -> Loaded:
    """Load all of the stream; raises Failed where a row is missing."""
    folder = _fresh(room / "loaded")
    database = folder / "loaded.db"
    usage = run(make(folder, database), folder, given=stream.file)
    stored = rows(database, stream.records)
    if stored != stream.records:
        raise Failed(f"the file holds {stored}, not {dict(stream.records)}")
    return Loaded(usage, sum(stored.values()), payload_bytes=size_of(database).stored)


def _start(make: MakeLoader, stream: Stream, room: Path) -> Loaded:
    """Load nothing: what starting, making the tables and ending take."""
    folder = _fresh(room / "started")
    return Loaded(run(make(folder, folder / "empty.db"), folder, given=stream.schemas), 0)


def _peer(peer: Peer, stream: Stream, room: Path) -> Loaded:
    folder = _fresh(room / peer.name)
    command = peer.command(folder)
    try:
        usage = run(command, folder, given=stream.file)
    except Failed as failed:
        return Loaded(None, 0, str(failed))
    return Loaded(usage, sum(peer.stored(folder).values()))


def _sqlite_utils(stream: Stream, room: Path) -> Loaded:
    """One process for each stream that has records, as a person would do it."""
    folder = _fresh(room / SQLITE_UTILS)
    program = str(executable(SQLITE_UTILS, SQLITE_UTILS))
    filled = [name for name, count in stream.records.items() if count]
    took = []
    for name in filled:
        keys = [argument for key in stream.keys[name] for argument in ("--pk", key)]
        lines = str(stream.split / f"{name}.nl")
        arguments = [program, "upsert", str(folder / "peer.db"), name, lines, "--nl", *keys]
        took.append(run(Command(SQLITE_UTILS, arguments), folder))
    whole = Usage(
        sum(usage.wall_seconds for usage in took),
        sum(usage.cpu_seconds for usage in took),
        max(usage.peak_bytes for usage in took),
    )
    return Loaded(whole, sum(rows(folder / "peer.db", filled).values()))


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


@dataclass(frozen=True)
class Medians:
    """What a contestant's loads took: seconds, processor seconds, bytes of memory."""

    seconds: float
    cpu_seconds: float
    peak_bytes: float
    stored: int


def _medians(loads: Sequence[Loaded]) -> Medians | None:
    """Give a contestant's medians and the fewest rows it stored; None where a load failed."""
    took = [load.usage for load in loads if load.usage is not None]
    if len(took) < len(loads):
        return None
    return Medians(
        median(took, lambda usage: usage.wall_seconds),
        median(took, lambda usage: usage.cpu_seconds),
        median(took, lambda usage: usage.peak_bytes),
        min(load.stored for load in loads),
    )


def _section(found: Mapping[str, Sequence[Loaded]], stream: Stream) -> Section:
    known = {name: took for name, loads in found.items() if (took := _medians(loads))}
    ours, loop = known[OURS], known[LOOP]
    ours_start, loop_start = known.pop(OURS_START).seconds, known.pop(LOOP_START).seconds
    of_loop = 100 * loop.seconds / ours.seconds
    without_starts = 100 * (loop.seconds - loop_start) / (ours.seconds - ours_start)
    claims = [Claim("rows a second, of those of the bare loop", of_loop, 70, " %")]
    singer = {name: took for name, took in known.items() if name in PEERS}
    if singer:
        fastest = min(singer, key=lambda name: singer[name].seconds)
        times = singer[fastest].seconds / ours.seconds
        claims.append(
            Claim(f"rows a second, times those of the fastest peer ({fastest})", times, 4)
        )
    megabytes = stream.file.stat().st_size / MEGABYTE
    columns = ("", "rows/s", "of ours", "MB/s", "CPU µs a row", "peak MB", "rows missing")
    return Section(
        title="Target",
        how=(
            f"The tap's output over {stream.records['conversations']:,} conversations of 20 parts, "
            f"{stream.total:,} records in {megabytes:,.0f} MB, from a file into a fresh database; "
            "settings as a first user has them, so ours validates, indexes the texts and "
            "compresses the payloads. Peers do less: none keeps full text or compresses, "
            "target-jsonl and target-csv only write files. The bare loop decodes, upserts with "
            "`executemany` under the same unique index, and makes the same full text and frames; "
            "it validates nothing and keeps no STATE. Programs' starts are in the figures."
        ),
        claims=claims,
        tables=(
            Table(columns, [_cells(name, took, ours, stream) for name, took in known.items()]),
        ),
        notes=(
            f"Without the starts ({shown(ours_start)} s of ours, {shown(loop_start)} s of the "
            f"loop) ours has {shown(without_starts)} % of the rows a second of the bare loop.",
            "Compressed payloads and their dictionaries are "
            f"{shown(found[OURS][-1].payload_bytes / MEGABYTE)} MB in ours and "
            f"{shown(found[LOOP][-1].payload_bytes / MEGABYTE)} MB in the loop's.",
            *_failures(found),
            "The registry's target-sqlite 0.2.0 starts on no Python since 3.10; MeltanoLabs' "
            "target-sqlite and the SDK's sample target are not in the registry.",
        ),
        counts={
            "records": stream.total,
            **{f"stored by {name}": took.stored for name, took in known.items()},
        },
    )


def _failures(found: Mapping[str, Sequence[Loaded]]) -> list[str]:
    """Say which peers did not get through, and their last words."""
    return sorted(
        {
            f"`{name}` did not get through: {load.why}"
            for name, loads in found.items()
            for load in loads
            if load.usage is None
        }
    )


def _cells(name: str, took: Medians, ours: Medians, stream: Stream) -> tuple[str, ...]:
    own = {OURS: f"**{OURS}**", LOOP: LOOP}
    called = own[name] if name in own else version(name)
    return (
        called + (" upsert, of records split before" if name == SQLITE_UTILS else ""),
        shown(stream.total / took.seconds),
        f"{ours.seconds / took.seconds:.2f}",
        shown(stream.file.stat().st_size / MEGABYTE / took.seconds),
        shown(took.cpu_seconds * 1_000_000 / stream.total),
        shown(took.peak_bytes / MEGABYTE),
        f"{stream.total - took.stored:,}",
    )
