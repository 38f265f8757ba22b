"""`kill -9` at any moment of a compaction: the archive is whole, and the next one finishes."""

from __future__ import annotations

import shutil
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from target_sqlite_archive.checks.finding import Level
from target_sqlite_archive.commands.verify import run_checks
from target_sqlite_archive.progress import Progress
from target_sqlite_archive.reading import open_archive
from tests.target.compacting import compact, depths, texts
from tests.target.growing import arriving, expected, versions
from tests.target.harness import Archive
from tests.target.killed import killed, moments

OBJECTS = [versions(seed, 4) for seed in range(110)]
BEFORE, WITHIN, AFTER = "before the first rewritten text", "with some rewritten", "with all"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive that was never compacted."""
    archive = Archive(tmp_path_factory.mktemp("template"))
    archive.feed(*arriving(OBJECTS))
    return archive.path


def check(archive: Archive) -> int:
    """The archive must be whole; give how many texts are deltas."""
    with open_archive(archive.path) as reading:
        found = list(run_checks(reading, Progress(sys.stderr, time.monotonic)))
    assert [f for f in found if f.level is Level.WRONG] == []
    assert texts(archive.path) == expected(OBJECTS)
    return sum(map(bool, depths(archive)))


def finish(archive: Archive) -> int:
    """The next compaction must come to its end; give how many texts are deltas then."""
    compact(archive.path)
    assert archive.query("SELECT 1 FROM _meta WHERE key = 'compacting_since'") == []
    assert {path.name for path in archive.path.parent.iterdir()} == {"archive.db", "target.json"}
    return check(archive)


def prove(template: Path, folder: Path, points: int, seed: int) -> Counter[str]:
    """Kill so many compactions, evenly spread over all steps; give how far they had come."""
    archive = Archive(folder)
    shutil.copy(template, archive.path)
    steps = killed(archive.path, 0)
    assert steps is not None
    hit = Counter[str]()
    for last in moments(steps, points, seed):
        shutil.copy(template, archive.path)
        was_killed = killed(archive.path, last) is None
        deltas, all_deltas = check(archive), finish(archive)
        if was_killed:
            hit[BEFORE if not deltas else WITHIN if deltas < all_deltas else AFTER] += 1
    return hit


def test_a_kill_at_any_moment_loses_nothing(template: Path, tmp_path: Path) -> None:
    hit = prove(template, tmp_path, points=7, seed=1)
    assert set(hit) == {BEFORE, WITHIN, AFTER}, hit


def test_kills_again_and_again_come_to_an_end(template: Path, tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    shutil.copy(template, archive.path)
    steps = killed(archive.path, 0)
    assert steps is not None
    shutil.copy(template, archive.path)
    deltas: list[int] = []
    # What cannot be divided, VACUUM above all, needs a run that is long enough in the end.
    while killed(archive.path, steps * (3 + len(deltas)) // 10) is None:
        deltas.append(check(archive))
    assert len(deltas) > 2
    assert deltas == sorted(deltas)
    assert len(set(deltas)) > 2
    assert finish(archive) >= deltas[-1]
    content = archive.path.read_bytes()
    compact(archive.path)
    assert archive.path.read_bytes() == content


@pytest.mark.prove
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(10, 12))
def test_many_kills_lose_nothing(template: Path, tmp_path: Path, seed: int) -> None:
    hit = prove(template, tmp_path, points=80, seed=seed)
    print(f"seed {seed}: {hit.total()} kills, {dict(hit)}")
    assert set(hit) == {BEFORE, WITHIN, AFTER}, hit
