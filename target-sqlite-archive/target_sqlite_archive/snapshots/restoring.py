"""Makes an archive of the lines of a snapshot, compressing texts anew on the way."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from functools import lru_cache

from target_sqlite_archive.blobs import Dictionaries, compress_plain, digest
from target_sqlite_archive.database import Database
from target_sqlite_archive.fulltext import FullText
from target_sqlite_archive.internal import LAYOUT, ROWS_LEFT_OUT_SINCE, TABLES
from target_sqlite_archive.known_columns import KNOWN
from target_sqlite_archive.known_fivetran import FIVETRAN
from target_sqlite_archive.known_views import INDEXES, VIEWS
from target_sqlite_archive.progress import Progress
from target_sqlite_archive.shape import ensure_shape
from target_sqlite_archive.shaping import SQLValue
from target_sqlite_archive.snapshots.form import (
    VERSION,
    BadLineError,
    Line,
    Manifest,
    Opening,
    SnapshotError,
    StreamForm,
    Tally,
    read_line,
    read_row,
)
from target_sqlite_archive.sql import (
    beside,
    create_bases_index,
    create_index,
    create_table,
    define,
    insert,
    sha256_of,
    versions_index,
)
from target_sqlite_archive.training import KindDictionaries

_ROWS_A_COMMIT = 20_000


class Restorer:
    """Takes lines into a new archive; :meth:`finish` says whether they were all there.

    Both raise :class:`BadLineError`, or SQLite's own errors, for what is no whole snapshot; what is
    in the file then is worth nothing.
    """

    def __init__(self, database: Database, now: Callable[[], str], progress: Progress) -> None:
        """Fill an archive that has just been made."""
        self._database = database
        self._connection = database.connection
        self._dictionaries = Dictionaries(self._connection)
        self._now = now
        self._progress = progress
        self._opening: Opening | None = None
        self._manifest: Manifest | None = None
        self._forms: dict[str, StreamForm] = {}
        self._compressors: dict[tuple[str, str], KindDictionaries] = {}
        self.tally = Tally()

    def take(self, text: bytes) -> None:
        """Take one line, its end included."""
        line = read_line(text)
        if self._manifest is not None:
            raise BadLineError("something follows its manifest")
        if line.manifest is not None:
            self._manifest = line.manifest
            return
        self._database.begin()
        self.tally.add(text, line.table)
        self._take(line)

    def _take(self, line: Line) -> None:
        if self._opening is None:
            if line.snapshot is None:
                raise BadLineError("its first line is not that of a snapshot")
            self._opening = line.snapshot
            if line.snapshot.version > VERSION or line.snapshot.layout > LAYOUT:
                raise SnapshotError(
                    "The snapshot was made by a newer target-sqlite-archive. Nothing was changed. "
                    "Upgrade the target."
                )
        elif line.stream is not None:
            self._make_table(line.stream)
        elif line.row is not None and line.table in self._forms:
            self._take_row(self._forms[line.table], read_row(line.row))
        elif line.row is not None and line.table in TABLES:
            self._take_internal(line.table, read_row(line.row))
        else:
            raise BadLineError("it has a line that has no place in a snapshot")
        if self.tally.rows and self.tally.rows % _ROWS_A_COMMIT == 0:
            self._progress.show("rows", self.tally.rows, self.tally.rows)
            self._database.commit()

    def _make_table(self, form: StreamForm) -> None:
        run = self._connection.execute
        definitions = []
        for name, declared, link in form.columns:
            references = (link[0], link[1]) if len(link) == 2 else None
            definitions.append(define(name, declared if declared.isalpha() else "", references))
            if name in form.compressed:
                definitions += [define(other, kind, None) for other, kind in beside(name)]
        run(create_table(form.table, definitions))
        if form.keys:
            run(create_index(f"_key_{form.table}", form.table, form.keys, unique=True))
        for name, of in form.compressed.items():
            if of:
                index = versions_index(form.table, name)
                run(create_index(index, form.table, of, unique=False))
                run(create_bases_index(form.table, name))
            self._compressors[form.table, name] = KindDictionaries(
                self._connection,
                self._dictionaries,
                form.table,
                name,
                of[0] if of else None,
                self._now,
            )
        self._forms[form.table] = form

    def _take_row(self, form: StreamForm, values: dict[str, SQLValue]) -> None:
        for name, of in form.compressed.items():
            text = values.get(name)
            if text is not None:
                content = str(text).encode()
                kind = values.get(of[0]) if of else None
                values[name] = self._compressors[form.table, name].compress(kind, content)
                values[sha256_of(name)] = digest(content)
        self._insert(form.table, values)

    def _take_internal(self, table: str, values: dict[str, SQLValue]) -> None:
        if table == "_quarantine":
            line = values.get("line")
            values["line"] = compress_plain(line if isinstance(line, bytes) else b"")
        self._insert(table, values, replacing=table == "_meta")

    def _insert(
        self, table: str, values: Mapping[str, SQLValue], *, replacing: bool = False
    ) -> None:
        statement = _insertion(table, tuple(values), replacing=replacing)
        self._connection.execute(statement, tuple(values.values()))

    def finish(self) -> None:
        """Compare what came with the manifest, and make what is made of rows: indexes and views."""
        if self._manifest is None or self._opening is None:
            raise BadLineError("its end is missing")
        if self._manifest != self.tally.manifest():
            raise BadLineError("its lines are not those that its manifest counts")
        self._database.begin()
        for number, form in enumerate(self._forms.values()):
            self._progress.show("full-text indexes", number, len(self._forms))
            if form.texts:
                FullText(self._connection, form.table, form.texts, number).close()
        ensure_shape(self._connection, VIEWS, KNOWN, INDEXES)
        if {view.name for view in FIVETRAN} & set(self._opening.views):
            ensure_shape(self._connection, FIVETRAN, KNOWN)
        if self._opening.is_partial:
            self._connection.execute(
                "INSERT OR IGNORE INTO _meta (key, value) VALUES (?, ?)",
                (ROWS_LEFT_OUT_SINCE, self._now()),
            )
        self._database.commit()


@lru_cache(maxsize=1_000)
def _insertion(table: str, names: tuple[str, ...], *, replacing: bool) -> str:
    statement = insert(table, names, {})
    return statement.replace("INSERT", "INSERT OR REPLACE", 1) if replacing else statement


DAMAGE = (BadLineError, sqlite3.Error)
"""What a restorer raises for what is no whole snapshot."""
