"""One compaction from beginning to end: survey, dictionaries, rewriting, VACUUM.

It may end at any moment: each transaction leaves a whole archive, and a mark in the file tells the
next compaction to go on with the same dictionaries. An archive where nothing can be smaller is not
written to at all.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from target_sqlite_archive.blobs import HEAD_BYTES, DamagedBlobError, Dictionaries, FrameFacts
from target_sqlite_archive.chains import CompressedColumn
from target_sqlite_archive.compaction.rewriting import Rewriter, Rewritten
from target_sqlite_archive.compaction.space import (
    FreeBytes,
    Space,
    choose_temporary_folder,
    needed_space,
)
from target_sqlite_archive.compaction.survey import (
    Kind,
    all_columns,
    needs_dictionary,
    survey,
    train_for,
)
from target_sqlite_archive.database import Database
from target_sqlite_archive.internal import COMPACTING_SINCE
from target_sqlite_archive.naming import quote
from target_sqlite_archive.progress import Progress

_TEXT_BYTES_A_COMMIT = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes of the whole file, of all compressed texts in it, and of their dictionaries."""

    file_bytes: int
    text_bytes: int
    dictionary_bytes: int


@dataclass(slots=True)
class Outcome:
    """What a compaction has done; ``space`` is empty where nothing was written."""

    before: Sizes
    after: Sizes
    rewritten: Rewritten
    space: list[Space]

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return bool(self.space)


class Compaction:
    """Compacts one archive; ``now`` gives the time as ISO 8601 UTC.

    ``announce`` is told what space will be taken, before anything is written.
    """

    def __init__(
        self,
        path: Path,
        now: Callable[[], str],
        free: FreeBytes,
        announce: Callable[[Sequence[Space]], None],
        progress: Progress,
    ) -> None:
        """Open the archive for writing; raises :class:`DatabaseError` where that cannot be."""
        choose_temporary_folder(path.resolve())
        self._database = Database(path, now=now())
        self._connection = self._database.connection
        self._now = now
        self._free = free
        self._announce = announce
        self._progress = progress
        self._space: list[Space] = []
        self._pending = 0

    def run(self) -> Outcome:
        """Compact the archive and close it."""
        database = self._database
        try:
            with database.explained():
                before, rewritten = self._compact()
                texts, dictionaries = self._content_sizes()
        finally:
            database.close()
        after = Sizes(database.path.stat().st_size, texts, dictionaries)
        return Outcome(before, after, rewritten, self._space)

    def _compact(self) -> tuple[Sizes, Rewritten]:
        # The order of the rows of a large archive has no place in memory, nor has a copy of it.
        self._connection.execute("PRAGMA temp_store = FILE")
        self._database.upgrade()
        if self._connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
            # A kill has left the log switched on; who has begun once folds it at the end.
            self._database.begin()
            self._database.commit()
        before = Sizes(self._database.path.stat().st_size, *self._content_sizes())
        dictionaries = Dictionaries(self._connection)
        columns = all_columns(self._connection)
        if self._marked():
            self._writing(0)
        else:
            self._train(
                dictionaries, survey(self._connection, dictionaries, columns, self._progress)
            )
        rewritten = Rewritten()
        for column in columns:
            rewriter = Rewriter(self._connection, dictionaries, column, self._writing)
            rewriter.run(self._progress)
            rewritten.texts += rewriter.rewritten.texts
            rewritten.deltas += rewriter.rewritten.deltas
        self._drop_dictionaries(columns)
        self._vacuum()
        return before, rewritten

    def _content_sizes(self) -> tuple[int, int]:
        run = self._connection.execute
        texts = sum(
            run(
                f"SELECT coalesce(sum(length({quote(c.name)})), 0) FROM {quote(c.table)}"
            ).fetchone()[0]
            for c in all_columns(self._connection)
        )
        total = run("SELECT coalesce(sum(length(dictionary)), 0) FROM _dictionaries").fetchone()[0]
        return texts, total

    # Writing

    def _marked(self) -> bool:
        return bool(
            self._connection.execute(
                "SELECT 1 FROM _meta WHERE key = ?", (COMPACTING_SINCE,)
            ).fetchone()
        )

    def _writing(self, text_bytes: int) -> None:
        """Be in a transaction, and not in one that grows without end; call before each write."""
        if not self._space:
            self._space = self._needed()
            self._announce(self._space)
        if self._pending >= _TEXT_BYTES_A_COMMIT:
            self._database.commit()
            self._pending = 0
        if not self._connection.in_transaction:
            self._database.begin()
            self._connection.execute(
                "INSERT OR IGNORE INTO _meta (key, value) VALUES (?, ?)",
                (COMPACTING_SINCE, self._now()),
            )
        self._pending += text_bytes

    def _needed(self) -> list[Space]:
        pages, free, size = (
            self._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return needed_space(self._database.path, (pages - free) * size, self._free)

    def _train(self, dictionaries: Dictionaries, kinds: dict[str, Kind]) -> None:
        """Store all new dictionaries at once: who goes on after a kill finds all or none."""
        wanted = {name: kind for name, kind in kinds.items() if needs_dictionary(kind)}
        for number, (name, kind) in enumerate(wanted.items()):
            self._progress.show("training dictionaries", number, len(wanted))
            content = train_for(self._connection, dictionaries, kind)
            if content is not None:
                self._writing(0)
                dictionaries.add(name, content, kind.texts, self._now())
        self._database.commit()

    def _drop_dictionaries(self, columns: Sequence[CompressedColumn]) -> None:
        """Remove the dictionaries that no text is compressed with; a later run trains its own."""
        known = {row[0] for row in self._connection.execute("SELECT id FROM _dictionaries")}
        unused = known - self._used(columns) if known else known
        for number in unused:
            self._writing(0)
            self._connection.execute("DELETE FROM _dictionaries WHERE id = ?", (number,))
        self._database.commit()

    def _used(self, columns: Sequence[CompressedColumn]) -> set[int]:
        used = set()
        places = [(c.table, c.name) for c in columns] + [("_quarantine", "line")]
        for table, name in places:
            for (head,) in self._connection.execute(
                f"SELECT substr({quote(name)}, 1, {HEAD_BYTES}) FROM {quote(table)} "
                f"WHERE {quote(name)} IS NOT NULL"
            ):
                with contextlib.suppress(DamagedBlobError):
                    used.add(FrameFacts.of(head).dictionary)
        return used

    def _vacuum(self) -> None:
        holes = self._connection.execute("PRAGMA freelist_count").fetchone()[0]
        if not holes and not self._marked():
            return
        self._writing(0)
        self._database.commit()
        self._progress.show("giving free pages back", 0, 1)
        self._database.vacuum()
        self._database.begin()
        self._connection.execute("DELETE FROM _meta WHERE key = ?", (COMPACTING_SINCE,))
        self._database.commit()
