"""The object whose records a run was in the middle of, so that it is not taken for a loss.

A run commits between any two records, and a payload comes before the rows that are made from it.
"""

from __future__ import annotations

from target_sqlite_archive.known_tables import PAYLOADS
from target_sqlite_archive.naming import quote
from target_sqlite_archive.reading import OpenArchive

UNFINISHED = "is being written, or was when its run was killed: the next run completes it"


def being_written(archive: OpenArchive) -> tuple[object, object] | None:
    """Give stream and id of the object whose payload came last, if a run may not be done with it.

    A run that comes to its end leaves one plain file; with a log, one is writing or was killed.
    """
    logging = archive.connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    if not logging or not archive.has(PAYLOADS.table, PAYLOADS.stream, PAYLOADS.record_id):
        return None
    row: tuple[object, object] | None = archive.connection.execute(
        f"SELECT {quote(PAYLOADS.stream)}, {quote(PAYLOADS.record_id)} "
        f"FROM {quote(PAYLOADS.table)} ORDER BY rowid DESC LIMIT 1"
    ).fetchone()
    return row
