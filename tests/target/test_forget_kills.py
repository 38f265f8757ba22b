"""`kill -9` at any moment of a forgetting: the archive is whole, and the next one finishes."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from target_sqlite_archive.checks.finding import Level
from target_sqlite_archive.commands.verify import run_checks
from target_sqlite_archive.compaction.space import free_bytes
from target_sqlite_archive.forgetting.running import Forgetting
from target_sqlite_archive.forgetting.whom import Asked
from target_sqlite_archive.reading import open_archive
from tests.target.compacting import SILENT, compact, now
from tests.target.forgetting import WHO, WORDS, fill
from tests.target.harness import Archive
from tests.target.killed import killed, moments
from tests.target.scanning import places

ALL, PAGES, NOTHING = "all of them is there", "old pages are there", "nothing is there"


def check(archive: Archive) -> str:
    """The archive must be whole; give what is left of the person."""
    with open_archive(archive.path) as reading:
        found = list(run_checks(reading, SILENT))
    wrong = {f.where for f in found if f.level is Level.WRONG}
    marked = archive.query("SELECT 1 FROM _meta WHERE key = 'forgetting_since'") != []
    assert wrong - {"counts"} == ({"free pages"} if marked else set())
    left = places(archive.path, WORDS)
    in_rows = {where for where, _ in left} - {"raw bytes"}
    if in_rows:
        assert in_rows >= {"compressed texts", "contacts", "full-text index"}
    assert marked or in_rows or not left
    return ALL if in_rows else PAGES if left else NOTHING


def prove(folder: Path, points: int, seed: int) -> Counter[str]:
    """Kill so many forgettings, evenly spread over all steps; give what they had left."""
    archive = Archive(folder)
    fill(archive, 105)
    compact(archive.path)
    template = folder / "template"
    shutil.copy(archive.path, template)
    steps = killed(archive.path, 0, WHO)
    assert steps is not None
    hit = Counter[str]()
    for last in moments(steps, points, seed):
        shutil.copy(template, archive.path)
        was_killed = killed(archive.path, last, WHO) is None
        left = check(archive)
        Forgetting(archive.path, Asked(contacts=(WHO,)), now, free_bytes, SILENT).run()
        assert check(archive) == NOTHING
        assert archive.query("SELECT 1 FROM _meta WHERE key = 'forgetting_since'") == []
        if was_killed:
            hit[left] += 1
    return hit


def test_a_kill_at_any_moment_leaves_all_or_nothing(tmp_path: Path) -> None:
    hit = prove(tmp_path, points=8, seed=1)
    assert {ALL, PAGES} <= set(hit), hit


@pytest.mark.prove
@pytest.mark.timeout(1800)
def test_many_kills_leave_all_or_nothing(tmp_path: Path) -> None:
    hit = prove(tmp_path, points=60, seed=2)
    print(f"{hit.total()} kills, {dict(hit)}")
    assert {ALL, PAGES} <= set(hit), hit
