"""After a power cut at any point the file opens clean and holds what the last STATE said."""

from __future__ import annotations

import json
import pickle
import random
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from target_sqlite_archive.checks.finding import Level
from target_sqlite_archive.commands.verify import run_checks
from target_sqlite_archive.progress import Progress
from target_sqlite_archive.reading import open_archive
from tests.target.harness import Archive, bookmark, record, schema, state
from tests.target.power.disk import Cut, Disk, Event, Files, Sync, Told
from tests.target.power.vfs import reachable

ROWS_PER_STATE = 6
ROWS_PER_RUN = 30 * ROWS_PER_STATE
CUTS_PER_RUN = 90

pytestmark = pytest.mark.skipif(
    not reachable(), reason="this build of Python hides the functions of its SQLite"
)


@dataclass(frozen=True)
class Recording:
    """A run: the files and the STATE that it found, and what it did to the disk and told."""

    files: Files
    told: str | None
    events: list[Event]


def lines(chance: random.Random, start: int) -> Iterator[str]:
    """Rows numbered from a start, a row that always changes, payloads, and a STATE per few."""
    text = {"type": ["string", "null"], "contentMediaType": "text/plain"}
    payload = {"type": "string", "contentMediaType": "application/json"}
    yield schema("t", {"id": "integer", "s": text, "p": payload})
    for first in range(start, start + ROWS_PER_RUN, ROWS_PER_STATE):
        for row in range(first, first + ROWS_PER_STATE):
            words = " ".join(str(chance.randrange(1000)) for _ in range(chance.choice([5, 2000])))
            yield record("t", {"id": row, "s": f"Synthetic Sam {words}", "p": f'["{words}"]'})
        yield record("t", {"id": -1, "s": str(first), "p": "[]"})
        yield state(bookmark("t", first + ROWS_PER_STATE))


def recordings(
    folder: Path, seed: int, journal: str = "EXTRA", log: str = "EXTRA"
) -> list[Recording]:
    """A run that makes the file, and one that goes on with it."""
    folder.mkdir()
    archive, file = Archive(folder), folder / "events.pickle"
    chance, done = random.Random(seed), list[Recording]()
    files: Files = {}
    told = None
    for start in (0, ROWS_PER_RUN):
        command = [sys.executable, "-m", "tests.target.power.record", str(archive.config_path)]
        ended = subprocess.run(
            [*command, str(file), journal, log],
            input="\n".join(lines(chance, start)).encode(),
            capture_output=True,
            cwd=Path(__file__).parents[3],
            check=False,
        )
        assert ended.returncode == 0, ended.stderr.decode()
        done.append(Recording(files, told, pickle.loads(file.read_bytes())))
        files = {archive.path.name: archive.path.read_bytes()}
        told = [event.text for event in done[-1].events if isinstance(event, Told)][-1]
    return done


def outcomes(folder: Path, recorded: list[Recording], seed: int, cuts: int) -> Counter[str]:
    """Cut the power at so many points of each run, in every way, and count what was found."""
    chance, counts = random.Random(seed), Counter[str]()
    for run in recorded:
        points = Counter(chance.randint(0, len(run.events)) for _ in range(cuts))
        disk = Disk({name: bytearray(content) for name, content in run.files.items()})
        disk.told = run.told
        for number in range(len(run.events) + 1):
            for _ in range(points[number]):
                how = chance.choice(list(Cut))
                counts[outcome(folder, disk.cut(how, chance), disk.told)] += 1
            if number < len(run.events):
                disk.play(run.events[number])
    return counts


def outcome(folder: Path, files: Files, told: str | None) -> str:
    """Start again from these files: ``well``, ``lost`` or ``corrupt``."""
    for path in folder.iterdir():
        path.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    path = folder / "archive.db"
    connection = sqlite3.connect(path)
    try:
        if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            return "corrupt"
        if told is None:
            return "well"
        position = json.loads(told)["bookmarks"]["t"]["position"]
        rows = connection.execute(
            "SELECT count(*) FROM t WHERE id BETWEEN 0 AND ?", (position - 1,)
        )
        if rows.fetchone()[0] != position:
            return "lost"
        changing = connection.execute("SELECT s FROM t WHERE id = -1").fetchone()[0]
        if int(changing) < position - ROWS_PER_STATE:
            return "lost"
    except sqlite3.OperationalError:
        return "lost" if told else "corrupt"
    except sqlite3.DatabaseError:
        return "corrupt"
    finally:
        connection.close()
    with open_archive(path) as reading:
        found = run_checks(reading, Progress(sys.stderr, lambda: 0.0))
        return "corrupt" if any(f.level is Level.WRONG for f in found) else "well"


@pytest.fixture
def restart(tmp_path: Path) -> Path:
    folder = tmp_path / "restart"
    folder.mkdir()
    return folder


def test_a_power_cut_loses_nothing_that_a_state_has_told(tmp_path: Path, restart: Path) -> None:
    recorded = recordings(tmp_path / "run", seed=1)
    # The cuts only mean something where commits, checkpoints and states take turns.
    for run in recorded:
        states = sum(isinstance(event, Told) for event in run.events)
        assert states == ROWS_PER_RUN / ROWS_PER_STATE
        syncs = Counter(event.file for event in run.events if isinstance(event, Sync))
        assert syncs["archive.db-wal"] >= states
        assert syncs["archive.db"] >= 5
    counts = outcomes(restart, recorded, seed=1, cuts=CUTS_PER_RUN)
    assert counts == {"well": 2 * CUTS_PER_RUN}


def test_the_recording_is_what_is_on_the_disk(tmp_path: Path) -> None:
    first, second = recordings(tmp_path / "run", seed=2)
    disk = Disk()
    for event in first.events:
        disk.play(event)
    assert disk.whole() == second.files


@pytest.mark.parametrize(
    ("journal", "log", "harm"),
    [("FULL", "FULL", "lost"), ("EXTRA", "NORMAL", "lost"), ("EXTRA", "OFF", "corrupt")],
)
def test_less_than_the_target_asks_for_is_caught(
    tmp_path: Path, restart: Path, journal: str, log: str, harm: str
) -> None:
    recorded = recordings(tmp_path / "run", 1, journal, log)
    counts = outcomes(restart, recorded, seed=1, cuts=CUTS_PER_RUN // 3)
    assert counts[harm] >= 3, counts


@pytest.mark.prove
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(100, 112))
def test_no_power_cut_loses_what_was_told(tmp_path: Path, restart: Path, seed: int) -> None:
    counts = outcomes(restart, recordings(tmp_path / "run", seed), seed, cuts=300)
    print(f"seed {seed}: 600 power cuts, {dict(counts)}")
    assert counts == {"well": 600}
