"""The object whose records a run was in the middle of, so that it is not taken for a loss.

A run commits between any two records, and a payload comes before the rows that are made from it.
"""

from __future__ import annotations

from target_sqlite_archive.known_tables import PAYLOADS
from target_sqlite_archive.naming import quote
from target_sqlite_archive.reading import OpenArchive

RECEIVED_AT = "_sdc_received_at"

UNFINISHED = "is being written, or was when its run was cut off: the next run completes it"


def being_written(archive: OpenArchive) -> tuple[object, object] | None:
    """Give stream and id of the object whose payload came last, if a run may not be done with it.

    It may where a run is writing or was killed, which leaves a log beside the file, and where no
    STATE has followed the payload: a tap that is killed leaves a target that ends in good order.
    """
    if not archive.has(PAYLOADS.table, PAYLOADS.stream, PAYLOADS.record_id):
        return None
    logging = archive.connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    told = "(SELECT max(committed_at) FROM _states)"
    is_last = archive.has(PAYLOADS.table, RECEIVED_AT)
    waits = f"{quote(RECEIVED_AT)} > coalesce({told}, '')" if is_last else "0"
    row: tuple[object, object] | None = archive.connection.execute(
        f"SELECT {quote(PAYLOADS.stream)}, {quote(PAYLOADS.record_id)} FROM "
        f"(SELECT * FROM {quote(PAYLOADS.table)} ORDER BY rowid DESC LIMIT 1) WHERE ? OR {waits}",
        (logging,),
    ).fetchone()
    return row
