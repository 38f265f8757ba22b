"""`sqlite-archive verify`: runs every check over an archive and lists what they found.

The checks themselves are in ``checks/``.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import click

from target_sqlite_archive.checks.books import QUARANTINE, check_quarantine, check_state
from target_sqlite_archive.checks.counters import check_counters
from target_sqlite_archive.checks.file import check_file, check_forgetting, check_keys
from target_sqlite_archive.checks.finding import Finding, Level
from target_sqlite_archive.checks.index import check_indexes
from target_sqlite_archive.checks.links import check_references, check_traces
from target_sqlite_archive.checks.objects import check_objects
from target_sqlite_archive.checks.payloads import check_dictionaries, check_payloads
from target_sqlite_archive.progress import Progress
from target_sqlite_archive.reading import OpenArchive, open_archive

Check = Callable[[OpenArchive, Progress], Iterable[Finding]]

CHECKS: tuple[tuple[str, Check], ...] = (
    ("file", check_file),
    ("file", check_forgetting),
    ("keys", check_keys),
    ("index", check_indexes),
    ("dictionaries", check_dictionaries),
    ("payloads", check_payloads),
    ("traces", check_traces),
    ("objects", check_objects),
    ("references", check_references),
    ("counters", check_counters),
    ("quarantine", check_quarantine),
    ("state", check_state),
)
_COLOURS = {Level.OK: "green", Level.NOTE: "cyan", Level.SKIPPED: "yellow", Level.WRONG: "red"}
_INDENT = " " * 9


@click.command()
@click.argument("archive", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for machines.")
@click.option(
    "--accept-quarantine",
    is_flag=True,
    help="Note quarantined records: known to you, and whole in the archive.",
)
def verify(archive: Path, as_json: bool, accept_quarantine: bool) -> None:
    """Prove that ARCHIVE is whole, or list what is wrong with it.

    \b
        sqlite-archive verify archive.db
        sqlite-archive verify archive.db --json

    Checks the file and its indexes, reads every compressed text back against its hash, traces
    every row to the payload it came from and every payload to its row, compares counters with what
    is there, and looks for quarantined records. The file is only read; a run may be writing to it
    meanwhile.

    Exit code 0: all well. 1: something is wrong.
    """
    progress = Progress(sys.stderr, time.monotonic)
    with open_archive(archive) as reading:
        findings = list(run_checks(reading, progress))
    progress.clear()
    if accept_quarantine:
        findings = [_accepted(finding) for finding in findings]
    wrong = [finding for finding in findings if finding.level is Level.WRONG]
    if as_json:
        click.echo(json.dumps(_as_object(archive, findings), ensure_ascii=False))
    else:
        for finding in findings:
            click.echo(as_text(finding))
        click.echo(_summary(archive, findings))
    if wrong:
        sys.exit(1)


def run_checks(archive: OpenArchive, progress: Progress) -> Iterator[Finding]:
    """Run every check; one that the file's damage stops is itself a finding."""
    for name, check in CHECKS:
        try:
            yield from check(archive, progress)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError) and "no such" not in str(error):
                raise
            cure = "Restore the file from a backup, or fill a new one."
            yield Finding(name, Level.WRONG, "file", f"cannot be checked: {error}", cure=cure)


def _accepted(finding: Finding) -> Finding:
    known = finding.check == QUARANTINE and finding.level is Level.WRONG
    return replace(finding, level=Level.NOTE) if known else finding


def _as_object(archive: Path, findings: Sequence[Finding]) -> dict[str, object]:
    return {
        "archive": str(archive),
        "well": all(finding.level is not Level.WRONG for finding in findings),
        "findings": list(map(as_object, findings)),
    }


def as_object(finding: Finding) -> dict[str, object]:
    """Give a finding for machines."""
    return {
        "check": finding.check,
        "level": finding.level.value,
        "where": finding.where,
        "what": finding.what,
        "count": finding.count,
        "first": list(finding.first),
        "cure": finding.cure,
    }


def as_text(finding: Finding) -> str:
    """Give a finding for people, on a few lines."""
    level = click.style(f"{finding.level.value:<8}", fg=_COLOURS[finding.level])
    count = f"{finding.count:,} " if finding.count else ""
    lines = [f"{level} {finding.check}: {finding.where}: {count}{finding.what}"]
    if finding.first:
        more = ", …" if finding.count > len(finding.first) else ""
        lines.append(f"{_INDENT}first: {', '.join(finding.first)}{more}")
    if finding.cure:
        lines.append(f"{_INDENT}do: {finding.cure}")
    return "\n".join(lines)


def _summary(archive: Path, findings: Sequence[Finding]) -> str:
    counts = {level: sum(f.level is level for f in findings) for level in Level}
    more = ", ".join(
        f"{counts[level]} {name}"
        for level, name in ((Level.NOTE, "to note"), (Level.SKIPPED, "skipped"))
        if counts[level]
    )
    told = f" ({more})" if more else ""
    if counts[Level.WRONG]:
        return f"{archive}: {counts[Level.WRONG]} of {len(findings)} findings are wrong{told}"
    return f"{archive}: all well{told}"
