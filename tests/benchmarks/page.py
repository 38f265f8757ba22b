"""The page of figures: what one run of the benchmarks measured, on which machine, claim by claim.

A claim says what is to be shown and carries the figure; whether it is reached is worked out from
the two and nowhere written by hand. Measuring is left to the benchmarks.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from tests.pipeline.programs import ROOT

_DECIMALS_BELOW = ((10, 2), (100, 1))


def shown(value: float) -> str:
    """Write a figure with as many digits as mean something."""
    if value == int(value):
        return f"{value:,.0f}"
    for limit, decimals in _DECIMALS_BELOW:
        if abs(value) < limit:
            return f"{value:.{decimals}f}"
    return f"{value:,.0f}"


@dataclass(frozen=True)
class Claim:
    """What is to be shown: a figure and the limit that it is at least, or at most."""

    text: str
    figure: float
    limit: float
    unit: str = ""
    at_least: bool = True

    @property
    def is_reached(self) -> bool:
        """Whether the figure is on the right side of its limit."""
        return self.figure >= self.limit if self.at_least else self.figure <= self.limit

    @property
    def row(self) -> tuple[str, str, str, str]:
        """A row of the table of claims."""
        bound = "at least" if self.at_least else "at most"
        return (
            self.text,
            f"{bound} {shown(self.limit)}{self.unit}",
            f"{shown(self.figure)}{self.unit}",
            "reached" if self.is_reached else "**not reached**",
        )


@dataclass(frozen=True)
class Table:
    """A table: what its columns are called, and its rows."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def lines(self) -> list[str]:
        """Write it in Markdown, figures to the right."""
        marks = ["---", *("---:" for _ in self.columns[1:])]
        return [f"| {' | '.join(row)} |" for row in (self.columns, marks, *self.rows)]


@dataclass(frozen=True)
class Section:
    """What one benchmark found. `counts` are its facts that no clock has a part in."""

    title: str
    how: str
    claims: Sequence[Claim]
    tables: Sequence[Table]
    notes: Sequence[str] = ()
    counts: dict[str, int] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """Write it in Markdown."""
        found = [f"## {self.title}", "", self.how, ""]
        if self.claims:
            claims = Table(("claim", "wanted", "found", ""), [claim.row for claim in self.claims])
            found += [*claims.lines(), ""]
        for table in self.tables:
            found += [*table.lines(), ""]
        for note in self.notes:
            found += [note, ""]
        return found


@dataclass(frozen=True)
class Machine:
    """Where the figures come from; the load says how busy the machine was with other work."""

    load: float

    @classmethod
    def now(cls) -> Machine:
        """Look at the machine before anything is measured."""
        return cls(os.getloadavg()[0])

    def lines(self) -> list[str]:
        """Name the facts that figures depend on."""
        names = ("singer-sdk", "msgspec", "requests", "selectolax", "jsonschema-rs")
        versions = ", ".join(f"{name} {metadata.version(name)}" for name in names)
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
        return [
            f"- {os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB of memory, "
            f"{platform.system()} {platform.release()}",
            f"- load average before the first measurement: {self.load:.2f}",
            f"- {platform.python_implementation()} {platform.python_version()}, "
            f"SQLite {sqlite3.sqlite_version}, {versions}",
            f"- commit {_commit()}, {time.strftime('%Y-%m-%d', time.gmtime())}",
        ]


def _processor() -> str:
    known = Path("/proc/cpuinfo")
    if known.exists():
        for line in known.read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def write(
    path: Path,
    command: str,
    machine: Machine,
    rounds: int,
    minutes: float,
    sections: Sequence[Section],
) -> None:
    """Write the page whole."""
    claims = [claim for section in sections for claim in section.claims]
    reached = sum(claim.is_reached for claim in claims)
    lines = [
        "# Benchmarks",
        "",
        f"Written by `{command}` in {minutes:.0f} minutes, never by hand. "
        f"{reached} of {len(claims)} claims are reached.",
        f"Figures are medians of {rounds} rounds in which the contestants take turns, all in one "
        "run; trust ratios within a table, not single times across machines.",
        "",
        *machine.lines(),
        "",
    ]
    for section in sections:
        lines += section.lines()
    path.write_text("\n".join(lines).rstrip() + "\n", "utf-8")
