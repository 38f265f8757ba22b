"""Compacts an archive and kills itself after so many steps of SQLite: `… ARCHIVE STEPS [CONTACT]`.

With a contact, that is forgotten instead.

Steps are counted in hundreds of instructions of SQLite's machine, so a kill may fall anywhere: in
the survey, between two rows, in a COMMIT's wake, in the middle of VACUUM. One that comes to its end
prints how many steps it took. Transactions are short, so that there are many.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any
from unittest import mock

from target_sqlite_archive.compaction import running
from target_sqlite_archive.compaction.space import free_bytes
from target_sqlite_archive.forgetting.running import Forgetting
from target_sqlite_archive.forgetting.whom import Asked
from tests.target.compacting import SILENT, compact, now

_INSTRUCTIONS_A_STEP = 100
_TEXT_BYTES_A_COMMIT = 20_000
_ROOT = Path(__file__).parents[2]


def killed(path: Path, last: int, *contact: str) -> int | None:
    """Run this program to its kill at a step; give how many it took where it came to its end."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.target.killed", str(path), str(last), *contact],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == -signal.SIGKILL:
        return None
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def moments(steps: int, points: int, seed: int) -> Iterator[int]:
    """Give so many of the steps, evenly spread over all, each at a random place in its share."""
    chance = random.Random(seed)
    for point in range(points):
        last = 1 + int(steps * (point + chance.random()) / points)
        # The very last steps may come to lie behind the end, as the clock is in the file too.
        yield min(last, steps - 1)


def main() -> None:
    """Compact or forget, or die in it."""
    path, last = Path(sys.argv[1]), int(sys.argv[2])
    steps = count(1)

    def step() -> None:
        if next(steps) == last:
            os.kill(os.getpid(), signal.SIGKILL)

    connect = sqlite3.connect

    def watched(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = connect(*arguments, **options)
        connection.set_progress_handler(step, _INSTRUCTIONS_A_STEP)
        return connection

    with (
        mock.patch.object(running, "_TEXT_BYTES_A_COMMIT", _TEXT_BYTES_A_COMMIT),
        mock.patch.object(sqlite3, "connect", watched),
    ):
        if len(sys.argv) > 3:
            Forgetting(path, Asked(contacts=(sys.argv[3],)), now, free_bytes, SILENT).run()
        else:
            compact(path)
    print(next(steps) - 1)


if __name__ == "__main__":
    main()
