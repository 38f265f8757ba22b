"""One forgetting from beginning to end: look, one transaction, then the free pages.

It may end at any moment. Before the COMMIT nothing has changed; after it nothing can be read any
more, and a mark in the file tells the next one to make the free pages go too.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from target_sqlite_archive.blobs import DamagedBlobError, Dictionaries
from target_sqlite_archive.compaction.space import (
    FreeBytes,
    choose_temporary_folder,
    needed_space,
)
from target_sqlite_archive.database import Database
from target_sqlite_archive.errors import DatabaseError, explain_damage
from target_sqlite_archive.forgetting.erasing import Eraser
from target_sqlite_archive.forgetting.plan import Plan, Planner
from target_sqlite_archive.forgetting.renewing import renew, tainted_kinds
from target_sqlite_archive.forgetting.whom import Asked, Whom, bury, find_whom, is_buried
from target_sqlite_archive.internal import FORGETTING_SINCE
from target_sqlite_archive.progress import Progress
from target_sqlite_archive.reading import OpenArchive, open_archive, seen_by
from target_sqlite_archive.tombstones import Tombstones, load_tombstones

_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Outcome:
    """Who was meant, what of them there was, and how many dictionaries were made anew or given up.

    ``known`` says that all of it had been forgotten before.
    """

    whom: Whom
    plan: Plan
    known: bool
    dictionaries: int = 0


class Forgetting:
    """Forgets in one archive; ``now`` gives the time as ISO 8601 UTC."""

    def __init__(
        self, path: Path, asked: Asked, now: Callable[[], str], free: FreeBytes, progress: Progress
    ) -> None:
        """Get ready; nothing is opened yet."""
        self._path = path
        self._asked = asked
        self._now = now
        self._free = free
        self._progress = progress

    def preview(self) -> Outcome:
        """Look what would be forgotten, and change nothing."""
        with open_archive(self._path) as archive:
            try:
                whom, _, known, plan = self._look(archive, Dictionaries(archive.connection))
            except DamagedBlobError as error:
                raise explain_damage(str(error), self._path) from error
        return Outcome(whom, plan, known)

    def run(self) -> Outcome:
        """Forget; where this raises :class:`DatabaseError` nothing has changed, unless it says so.

        Nothing is written either where the archive has nothing of them and never had.
        """
        with open_archive(self._path):
            pass  # What is no archive is refused before anything is put beside it.
        choose_temporary_folder(self._path.resolve())
        database = Database(self._path, now=self._now(), secure_delete=True)
        try:
            with database.explained():
                outcome = self._forget(database)
                self._sweep(database)
        finally:
            database.close()
        return outcome

    def _look(
        self, archive: OpenArchive, dictionaries: Dictionaries
    ) -> tuple[Whom, Tombstones, bool, Plan]:
        whom = find_whom(archive, self._asked)
        tombstones = load_tombstones(archive.connection, secrets.token_bytes(_KEY_BYTES))
        known = is_buried(whom, tombstones)
        bury(archive, whom, tombstones)
        return (
            whom,
            tombstones,
            known,
            Planner(archive, tombstones, dictionaries, self._progress).make(),
        )

    def _forget(self, database: Database) -> Outcome:
        connection = database.connection
        connection.execute("PRAGMA temp_store = FILE")
        pages, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "page_size")
        )
        needed_space(database.path, pages * size, self._free, "Forgetting in")
        database.begin()
        dictionaries = Dictionaries(connection)
        archive = seen_by(connection, database.path)
        whom, tombstones, known, plan = self._look(archive, dictionaries)
        if plan or known:
            # A newer version may know more of what belongs to somebody who was forgotten before.
            tombstones.save(connection, self._now())
        if not plan:
            return Outcome(whom, plan, known)
        kinds = tainted_kinds(connection, tombstones.mentions)
        kinds |= Eraser(archive, dictionaries, tombstones, self._progress).carry_out(plan)
        renewed = renew(connection, dictionaries, kinds, self._now, self._progress)
        connection.execute(
            "INSERT OR IGNORE INTO _meta (key, value) VALUES (?, ?)",
            (FORGETTING_SINCE, self._now()),
        )
        database.commit()
        return Outcome(whom, plan, known, renewed)

    def _sweep(self, database: Database) -> None:
        """Make free pages, and whatever else still has old bytes, go from the file."""
        connection = database.connection
        database.commit()
        if not connection.execute(
            "SELECT 1 FROM _meta WHERE key = ?", (FORGETTING_SINCE,)
        ).fetchone():
            return
        self._progress.show("giving free pages back", 0, 1)
        database.vacuum()
        is_held = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if is_held:
            raise DatabaseError(
                f"Another program is reading {self._path}: what was forgotten is out of the "
                "archive, but the file still has its old pages. End it, then run this again."
            )
        database.begin()
        connection.execute("DELETE FROM _meta WHERE key = ?", (FORGETTING_SINCE,))
        database.commit()
