"""What all benchmarks of a run share: how large they are, where they work, what is served."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tests.benchmarks.harness import module, run
from tests.benchmarks.peers import PEERS, SQLITE_UTILS


@dataclass(frozen=True)
class Scale:
    """How often and how much is measured; conversations, `searched` parts of them.

    Pairs are a smaller and a larger size that are compared. `peers` are the public programs that
    take part, which have to be installed before.
    """

    rounds: int
    pool: int
    limited: int
    calls_per_window: int
    latency_ms: int
    headroom: int
    loaded: int
    squeezed: int
    versioned: int
    versions: int
    archived: tuple[int, int]
    loaded_short: tuple[int, int]
    unchanged: int
    searched: int
    peers: tuple[str, ...] = (*PEERS, SQLITE_UTILS)


SMOKE = Scale(
    rounds=1,
    pool=60,
    limited=60,
    calls_per_window=500,
    latency_ms=5,
    headroom=60,
    loaded=60,
    squeezed=60,
    versioned=12,
    versions=2,
    archived=(30, 60),
    loaded_short=(100, 300),
    unchanged=60,
    searched=2_000,
    peers=("target-jsonl",),
)
USUAL = Scale(
    rounds=5,
    pool=6_000,
    limited=5_000,
    calls_per_window=1_666,
    latency_ms=150,
    headroom=5_000,
    loaded=6_000,
    squeezed=5_000,
    versioned=500,
    versions=10,
    archived=(1_000, 5_000),
    loaded_short=(10_000, 50_000),
    unchanged=5_000,
    searched=100_000,
)
LONG = replace(
    USUAL, archived=(10_000, 100_000), loaded_short=(100_000, 1_000_000), searched=1_000_000
)


@dataclass(frozen=True)
class Bench:
    """One run of benchmarks in a folder of its own; `say` tells a person how far it is."""

    folder: Path
    scale: Scale
    say: Callable[[str], None]

    def pool(self, count: int, *, parts: int = 20, version: int | None = None) -> Path:
        """Give a pool's file, made when first asked for; never of more than the scale's pool."""
        most = min(count, self.scale.pool)
        file = self.folder / f"pool-{most}-{parts}-{version or 'whole'}"
        if not file.exists():
            self.say(f"making a pool of {most:,} conversations of {parts} parts")
            asked = ["--count", most, "--parts", parts]
            asked += [] if version is None else ["--version", version]
            run(module("made.pool", file, *asked), self.folder / "making")
        return file

    def room(self, name: str) -> Path:
        """Give a folder for a benchmark's files."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return folder
