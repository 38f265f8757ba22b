"""`make bench`, `make bench-long`: measure side by side in one run, write the page of figures.

What is measured is in ``cases``, how large in ``bench``.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.bench import LONG, USUAL, Bench, Scale
from tests.benchmarks.cases import growth, headroom, limit, restart, search, sizes, target
from tests.benchmarks.harness import Failed
from tests.benchmarks.page import Machine, Section, write
from tests.pipeline.programs import ROOT

CASES: Mapping[str, Callable[[Bench], Section]] = {
    "limit": limit.measure,
    "headroom": headroom.measure,
    "target": target.measure,
    "sizes": sizes.measure,
    "growth": growth.measure,
    "restart": restart.measure,
    "search": search.measure,
}
FOLDER = ROOT / ".bench"


@dataclass(frozen=True)
class Run:
    """What a make target measures, and the page that it writes."""

    scale: Scale
    cases: Sequence[str]
    page: Path


RUNS = {
    "bench": Run(USUAL, tuple(CASES), ROOT / "docs/benchmarks.md"),
    "bench-long": Run(LONG, ("growth", "search"), ROOT / "docs/benchmarks-long.md"),
}


def main() -> int:
    """Measure; gives the exit code, which says whether all ran, not what they showed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("run", choices=RUNS, nargs="?", default="bench")
    parser.add_argument("--only", choices=CASES, nargs="+", help="these alone, and no page")
    asked = parser.parse_args()
    run, began, machine = RUNS[asked.run], time.monotonic(), Machine.now()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()

    def say(line: str) -> None:
        print(f"[{(time.monotonic() - began) / 60:5.1f} min] {line}", flush=True)

    sections = []
    try:
        for name in asked.only or run.cases:
            say(f"== {name}")
            section = CASES[name](Bench(FOLDER, run.scale, say))
            sections.append(section)
            for claim in section.claims:
                say(" | ".join(claim.row))
    except Failed as failed:
        print(f"{failed} The programs' own words are in {FOLDER}.", file=sys.stderr)
        return 1
    shutil.rmtree(FOLDER)
    if asked.only:
        print("\n".join(line for section in sections for line in section.lines()))
        return 0
    minutes = (time.monotonic() - began) / 60
    write(run.page, f"make {asked.run}", machine, run.scale.rounds, minutes, sections)
    say(f"written to {run.page.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
