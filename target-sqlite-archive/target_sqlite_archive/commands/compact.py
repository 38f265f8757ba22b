"""`sqlite-archive compact`: makes an archive smaller and proves that no text has changed.

How that is done is in ``compaction/``; the proof is the one that `verify` has for texts.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

from target_sqlite_archive.checks.finding import Finding, Level
from target_sqlite_archive.checks.payloads import check_dictionaries, check_payloads
from target_sqlite_archive.clock import iso, system_clock
from target_sqlite_archive.commands.verify import as_object, as_text
from target_sqlite_archive.compaction.running import Compaction, Outcome
from target_sqlite_archive.compaction.space import Space, free_bytes
from target_sqlite_archive.progress import Progress
from target_sqlite_archive.reading import open_archive


@click.command()
@click.argument("archive", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for machines.")
def compact(archive: Path, as_json: bool) -> None:
    """Make ARCHIVE smaller; every text stays as it is, byte for byte.

    \b
        sqlite-archive compact archive.db

    Trains dictionaries on what the archive holds now, compresses texts anew, keeps older versions
    of an object as what they differ by from the next newer one, and gives free pages back. Each
    text is checked against its hash before and after. No run may be writing meanwhile.

    It may be stopped or killed at any moment: the archive is whole, and the next compact goes on.

    Exit code 0: done, or nothing to do. 1: a text is damaged, or it could not be done.
    """
    progress = Progress(sys.stderr, time.monotonic)

    def announce(spaces: Sequence[Space]) -> None:
        progress.clear()
        for space in [] if as_json else spaces:
            click.echo(
                f"takes up to {space.needed:,} bytes for a while in {space.folder}, "
                f"{space.free:,} are free"
            )

    with open_archive(archive):
        pass  # What is no archive is refused before anything is put beside it.
    outcome = Compaction(archive, lambda: iso(system_clock()), free_bytes, announce, progress).run()
    with open_archive(archive) as reading:
        findings = [*check_dictionaries(reading, progress), *check_payloads(reading, progress)]
    progress.clear()
    if as_json:
        click.echo(json.dumps(_as_object(archive, outcome, findings), ensure_ascii=False))
    else:
        for line in [*map(as_text, findings), *_as_lines(archive, outcome)]:
            click.echo(line)
    if any(finding.level is Level.WRONG for finding in findings):
        sys.exit(1)


def _as_object(archive: Path, outcome: Outcome, findings: Sequence[Finding]) -> dict[str, object]:
    return {
        "archive": str(archive),
        "changed": outcome.changed,
        "space": [
            {"folder": str(space.folder), "needed_bytes": space.needed, "free_bytes": space.free}
            for space in outcome.space
        ],
        "before": dataclasses.asdict(outcome.before),
        "after": dataclasses.asdict(outcome.after),
        "rewritten": dataclasses.asdict(outcome.rewritten),
        "findings": list(map(as_object, findings)),
    }


def _as_lines(archive: Path, outcome: Outcome) -> list[str]:
    before, after, rewritten = outcome.before, outcome.after, outcome.rewritten
    if not outcome.changed:
        return [f"{archive}: {after.file_bytes:,} bytes, as small as before: nothing was changed"]
    return [
        f"texts: {rewritten.texts:,} rewritten, {rewritten.deltas:,} of them as deltas on newer "
        "versions",
        f"texts and dictionaries: {before.text_bytes + before.dictionary_bytes:,} bytes before, "
        f"{after.text_bytes + after.dictionary_bytes:,} after",
        f"{archive}: {before.file_bytes:,} bytes before, {after.file_bytes:,} after",
    ]
