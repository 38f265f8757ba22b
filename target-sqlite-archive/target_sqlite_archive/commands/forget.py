"""`sqlite-archive forget`: removes a person or a conversation for good, and keeps them away.

How that is done is in ``forgetting/``.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click

from target_sqlite_archive.clock import iso, system_clock
from target_sqlite_archive.compaction.space import free_bytes
from target_sqlite_archive.errors import DatabaseError
from target_sqlite_archive.forgetting.running import Forgetting, Outcome
from target_sqlite_archive.forgetting.whom import Asked
from target_sqlite_archive.output import as_json, counted, one_line
from target_sqlite_archive.progress import Progress

_INDENT = " " * 4


@click.command()
@click.argument("archive", type=click.Path(path_type=Path))
@click.option("--contact", "contacts", multiple=True, metavar="ID", help="A contact, by its id.")
@click.option("--email", "emails", multiple=True, metavar="ADDRESS", help="All who had this one.")
@click.option("--conversation", "conversations", multiple=True, metavar="ID", help="One of these.")
@click.option("--dry-run", is_flag=True, help="List what would go, and change nothing.")
@click.option("--json", "machine", is_flag=True, help="Print one JSON object for machines.")
def forget(
    archive: Path,
    contacts: tuple[str, ...],
    emails: tuple[str, ...],
    conversations: tuple[str, ...],
    dry_run: bool,
    machine: bool,
) -> None:
    """Remove a person or a conversation from ARCHIVE for good.

    \b
        sqlite-archive forget archive.db --email jane@example.com --dry-run
        sqlite-archive forget archive.db --email jane@example.com
        sqlite-archive forget archive.db --contact 64f0c1a2b3c4d5e6f7a8b9c0
        sqlite-archive forget archive.db --conversation 215400000813

    With a contact go the conversations that they have opened, or that no other contact takes part
    in, their calls, transcripts, tickets and all else of theirs: rows, every version of every
    payload, full text, quarantined lines, states. In others' conversations what they said is
    emptied, and their id, addresses, phone and full name become [forgotten]; the list says where.
    Dictionaries that were trained on it are made anew, and free pages are given up.

    Keyed hashes stay in the file, so that no later run and no replay brings them back. Backups and
    copies are yours to delete, and Intercom keeps what it has.

    It may be stopped or killed at any moment: the archive is whole, and the same command again ends
    what was begun. No run may be writing meanwhile.

    Exit code 0: forgotten, now or before. 1: the archive has nothing of them, or it could not be
    done.
    """
    asked = Asked(contacts, emails, conversations)
    if not (contacts or emails or conversations):
        raise click.UsageError("Name whom to forget: --contact, --email or --conversation.")
    progress = Progress(sys.stderr, time.monotonic)
    forgetting = Forgetting(archive, asked, lambda: iso(system_clock()), free_bytes, progress)
    try:
        outcome = forgetting.preview() if dry_run else forgetting.run()
    finally:
        progress.clear()
    if not outcome.plan and not outcome.known:
        raise DatabaseError(
            f"The archive {archive} has nothing of them. Nothing was changed. Look for the id with "
            "`sqlite-archive search` or in the table `contacts`."
        )
    if machine:
        click.echo(as_json(_as_object(archive, outcome, dry_run=dry_run)))
        return
    for line in _as_lines(archive, outcome, dry_run=dry_run):
        click.echo(line)


def _as_object(archive: Path, outcome: Outcome, *, dry_run: bool) -> dict[str, object]:
    plan = outcome.plan
    return {
        "archive": str(archive),
        "dry_run": dry_run,
        "objects": [{"stream": stream, "id": number} for stream, number in outcome.whom.objects],
        "removed_rows": {table.table: len(table.gone) for table in plan.tables if table.gone},
        "changed_rows": {table.table: len(table.changed) for table in plan.tables if table.changed},
        "mentions": [
            {"stream": stream, "id": number, "rows": count}
            for (stream, number), count in sorted(plan.mentions.items())
        ],
        "quarantined_lines": plan.lines,
        "states": plan.states,
        "dictionaries": outcome.dictionaries,
    }


def _as_lines(archive: Path, outcome: Outcome, *, dry_run: bool) -> Iterator[str]:
    plan = outcome.plan
    if not plan:
        yield f"{archive}: they were forgotten before, and nothing of them has come back"
        return
    would = "would be " if dry_run else ""
    yield f"{would}forgotten:"
    kinds = Counter(stream for stream, _ in outcome.whom.objects)
    for stream, count in sorted(kinds.items()):
        numbers = outcome.whom.numbers(stream)
        yield f"{_INDENT}{count:,} {one_line(stream)}: {one_line(', '.join(numbers))}"
    for table in plan.tables:
        if table.gone:
            yield f"{_INDENT}{counted(len(table.gone), 'row')} of {one_line(table.table)}"
    if plan.mentions:
        yield f"{would}redacted, as others' things that mention them:"
    for (stream, number), count in sorted(plan.mentions.items()):
        yield f"{_INDENT}{one_line(stream)} {one_line(number)}: {counted(count, 'row')}"
    for count, what in ((plan.lines, "quarantined line"), (plan.states, "state")):
        if count:
            yield f"{would}changed or removed: {counted(count, what)}"
    if dry_run:
        yield f"{archive}: nothing was changed"
        return
    if outcome.dictionaries:
        yield f"dictionaries made anew or given up: {outcome.dictionaries:,}"
    yield f"{archive}: forgotten, and the free pages are gone"
