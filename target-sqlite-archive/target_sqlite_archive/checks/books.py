"""The target's own books: nothing in quarantine, and a state that the next run can start from."""

from __future__ import annotations

from collections.abc import Iterator

from target_sqlite_archive.checks.finding import Finding, Level, Rows
from target_sqlite_archive.naming import literal
from target_sqlite_archive.progress import Progress
from target_sqlite_archive.reading import OpenArchive
from target_sqlite_archive.states import NoStateError, last_state

QUARANTINE = "quarantine"


def check_quarantine(archive: OpenArchive, progress: Progress) -> Iterator[Finding]:
    """Count the records that could not be stored, by stream and reason."""
    kept: dict[tuple[str, str], Rows] = {}
    for number, stream, reason in archive.connection.execute(
        "SELECT id, stream, reason FROM _quarantine ORDER BY id"
    ):
        kept.setdefault((stream, reason), Rows()).add([number])
    for (stream, reason), rows in sorted(kept.items()):
        yield Finding(
            QUARANTINE,
            Level.WRONG,
            stream,
            f"records could not be stored: {reason}",
            rows.count,
            tuple(rows.first),
            cure="Correct the tap, let it send them again, then DELETE FROM _quarantine WHERE "
            f"stream = {literal(stream)} AND reason = {literal(reason)}",
        )
    if not kept:
        yield Finding(QUARANTINE, Level.OK, "_quarantine", "no record was kept out")


def check_state(archive: OpenArchive, progress: Progress) -> Iterator[Finding]:
    """Look at the state that the next run starts from."""
    ever = archive.connection.execute(
        "SELECT EXISTS (SELECT 1 FROM _states) OR EXISTS (SELECT 1 FROM _bookmarks)"
    ).fetchone()[0]
    if not ever:
        what = "no run has committed a state: every run begins from nothing"
        yield Finding("state", Level.NOTE, "_states", what)
        return
    try:
        last_state(archive.connection)
    except NoStateError as error:
        cure = "Run the tap once without a state."
        yield Finding("state", Level.WRONG, "_states", str(error), cure=cure)
    else:
        yield Finding("state", Level.OK, "_states", "the last committed state can be read")
