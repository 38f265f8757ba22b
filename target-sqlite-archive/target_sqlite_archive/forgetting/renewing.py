"""Makes the dictionaries anew that were trained on what is forgotten, and compresses with them.

Runs inside the caller's transaction, after the texts themselves have changed. Sampling and training
are those of ``compaction/``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection

from target_sqlite_archive.blobs import Dictionaries, Purpose
from target_sqlite_archive.chains import Chains, line_up
from target_sqlite_archive.compaction.survey import (
    TRAINING,
    Kind,
    all_columns,
    listed,
    survey,
    train_for,
)
from target_sqlite_archive.progress import Progress
from target_sqlite_archive.redaction import Mentions


def tainted_kinds(connection: sqlite3.Connection, mentions: Mentions) -> set[str]:
    """Name the kinds with a dictionary in which a forgotten value can be read."""
    return {
        kind
        for kind, content in connection.execute("SELECT kind, dictionary FROM _dictionaries")
        if mentions.may_be_in(content.decode("utf-8", errors="replace"))
    }


def renew(
    connection: sqlite3.Connection,
    dictionaries: Dictionaries,
    kinds: Collection[str],
    now: Callable[[], str],
    progress: Progress,
) -> int:
    """Replace all dictionaries of these kinds; give how many are gone.

    A kind with too few texts left to train on has none afterwards.
    """
    old = {
        number
        for number, kind in connection.execute("SELECT id, kind FROM _dictionaries").fetchall()
        if kind in kinds
    }
    if not old:
        return 0
    columns = all_columns(connection)
    surveyed = survey(connection, dictionaries, columns, progress)
    new = set()
    for kind in sorted(kinds):
        known = surveyed.get(kind, Kind())
        has_enough = known.newest >= TRAINING.texts
        content = train_for(connection, dictionaries, known) if has_enough else None
        dictionaries.retire(kind)
        if content is not None:
            dictionaries.add(kind, content, known.texts, now())
            new.add(dictionaries.newest(kind))
    for column in columns:
        chains = Chains(connection, dictionaries, column)
        rows = line_up(connection, column, by_object=False)
        for text in listed(connection, column):
            progress.show(f"compressing {column.table} anew", text.place, rows)
            frame = chains.frame(text.row_id)
            if frame is None or text.facts is None or text.facts.dictionary not in old:
                continue
            purpose = Purpose.COMPACTING if text.facts.is_compacted else Purpose.WRITING
            whole = dictionaries.compress(text.kind, chains.text(frame), purpose)
            chains.store(text.row_id, whole, None)
    gone = old - new
    connection.executemany("DELETE FROM _dictionaries WHERE id = ?", [(n,) for n in gone])
    return len(gone)
