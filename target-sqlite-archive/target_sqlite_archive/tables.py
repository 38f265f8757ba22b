"""The rows of one stream on their way into its table: gathered, then written in one statement.

Statements come from ``sql.py``, the table itself from ``evolution.py``, versions of payloads go
through ``payloads.py``. When to write and commit is left to ``archive.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from target_sqlite_archive.blobs import digest
from target_sqlite_archive.chains import Chains, compressed_columns
from target_sqlite_archive.columns import Property, Role
from target_sqlite_archive.evolution import Layout, ensure_layout, loosen
from target_sqlite_archive.fulltext import FullText, has_room, indexable
from target_sqlite_archive.naming import quote
from target_sqlite_archive.payloads import PayloadTable
from target_sqlite_archive.session import Session
from target_sqlite_archive.shaping import SQLValue
from target_sqlite_archive.sql import (
    DELETED_AT,
    ROW_ARRIVAL,
    SYNC_STARTED,
    TABLE_VERSION,
    Column,
    insert,
    upsert,
    where,
)
from target_sqlite_archive.training import KindDictionaries
from target_sqlite_archive.versions import ShownVersions

Row = list[SQLValue]
Present = tuple[int, ...]
"""Which columns a row has values for, as indexes; the others stay as they are in the file."""


class _Form(NamedTuple):
    """What rows must share to be written by one statement; no ``present`` means all columns."""

    present: Present | None
    version: int | None
    deleted: bool


class Table:
    """Gathers rows for one stream's table and writes them, in their order, on :meth:`flush`.

    Of this run, ``stored`` and ``refused`` are how many records were, ``left_out`` how many were of
    somebody forgotten, ``arrived`` the versions of those that were stored and written.
    """

    def __init__(
        self, session: Session, stream: str, properties: Sequence[Property], keys: Sequence[str]
    ) -> None:
        """Make the table, or widen it to these properties."""
        self._session = session
        self._connection = session.database.connection
        session.database.begin()
        self.layout = ensure_layout(
            self._connection,
            session.registry,
            stream,
            properties,
            keys,
            session.options.metadata,
        )
        self.everything: Present = tuple(range(len(properties)))
        self.versions = ShownVersions(self._connection, self.layout.table)
        self.stored = self.refused = self.left_out = 0
        self.arrived: set[int] = set()
        self._number = next(session.numbers)
        self._open_parts()
        self._form = _Form(None, None, deleted=False)
        self._rows: list[Row] = []
        self._statements: dict[tuple[Present | None, bool, bool], str] = {}

    def _open_parts(self) -> None:
        """Set up what depends on the table's columns in the file."""
        layout, session = self.layout, self._session
        key_set = set(layout.keys)
        self.key_indexes = tuple(
            next(i for i, c in enumerate(layout.columns) if c.name == key) for key in layout.keys
        )
        self._sieve = session.tombstones.sieve(layout.shape) if session.tombstones else None
        self._deletable = DELETED_AT in layout.metadata
        self._adds_metadata = session.options.add_record_metadata
        texts = indexable([c.name for c in layout.columns if c.source.role is Role.TEXT])
        self._fulltext: FullText | None = None
        if texts and has_room(self._connection, layout.table):
            number = self._number
            self._fulltext = FullText(self._connection, layout.table, texts, number)
        self._chains = {
            column.name: Chains(self._connection, session.dictionaries, column)
            for column in compressed_columns(self._connection, layout.table)
        }
        self._compressors: dict[int, KindDictionaries] = {}
        self._payloads: PayloadTable | None = None
        for index, column in enumerate(layout.columns):
            if column.source.role is not Role.BLOB:
                continue
            version = column.source.version_of
            if version and key_set and all(layout.column(n) for n in version.properties):
                self._payloads = PayloadTable(
                    self._connection,
                    session.dictionaries,
                    self._chains[column.name],
                    layout,
                    column,
                    version,
                    session.options.policy,
                    session.now,
                )
            self._compressors[index] = KindDictionaries(
                self._connection, session.dictionaries, layout.table, column.name, None, session.now
            )

    @property
    def holds_payloads(self) -> bool:
        """Whether rows are versions of objects, which never change once stored."""
        return self._payloads is not None

    # Gathering

    def add(
        self,
        row: Row,
        extracted_at: str | None,
        version: int | None,
        present: Present | None = None,
        deleted_at: str | None = None,
    ) -> None:
        """Take one row, to keep: values in the columns' order, or in that of ``present``."""
        form = (present, version, deleted_at is not None)
        if form != self._form:
            self.flush()
            self._form = _Form(*form)
        if self._adds_metadata:
            stamp = self._session.stamp
            row += (extracted_at, stamp.received, stamp.received, stamp.sequence)
            if version is not None:
                row.append(version)
        if deleted_at is not None and self._deletable:
            row.append(deleted_at)
        self._rows.append(row)

    def refuse(self, key: Row | None, version: int | None) -> None:
        """Count a record that could not be stored; its row, if it has one, is not gone.

        ``key`` is None where it cannot be read.
        """
        self.refused += 1
        if version is not None:
            self.flush()
            self.versions.keep(version, self.layout.keys, key)

    @property
    def taken(self) -> int:
        """How many records the stream has brought in this run."""
        return self.stored + len(self._rows) + self.refused + self.left_out

    # Writing

    def flush(self) -> None:
        """Write the gathered rows into the open transaction."""
        rows = self._rows
        if not rows:
            return
        self._rows = []
        # A row of another form, or a slow one, comes here in the middle of a record.
        with self._session.database.explained():
            self._write(rows)

    def _write(self, rows: list[Row]) -> None:
        self._session.database.begin()
        form, layout = self._form, self.layout
        if self._sieve:
            arrived = len(rows)
            rows = self._sieve.kept(self._present_columns(), rows)
            self.left_out += arrived - len(rows)
        if self._fulltext:
            self._fulltext.before_write()
        names, constants = self._columns()
        last = self._max_row_id() if form.version is not None and not layout.keys else 0
        if self._payloads and self._payloads.needs(names):
            self._payloads.store(names, constants, rows)
        else:
            if self._compressors:
                rows = self._compressed(rows)
            self._connection.executemany(self._statement(names, constants), rows)
        self.stored += len(rows)
        if form.version is not None:
            self._note_version(form.version, rows, last)

    def _columns(self) -> tuple[list[str], dict[str, str]]:
        """Give the columns that a gathered row has values for, and those equal in all of them."""
        form, constants = self._form, {}
        names = self._present_columns()
        if self._adds_metadata:
            names += ROW_ARRIVAL
            constants[SYNC_STARTED] = str(self._session.started)
            if form.version is None:
                constants[TABLE_VERSION] = "NULL"
            else:
                names.append(TABLE_VERSION)
        if self._deletable:
            if form.deleted:
                names.append(DELETED_AT)
            else:
                constants[DELETED_AT] = "NULL"
        return names, constants

    def _present_columns(self) -> list[str]:
        present = self.everything if self._form.present is None else self._form.present
        return [self.layout.columns[i].name for i in present]

    def _statement(self, names: list[str], constants: dict[str, str]) -> str:
        form, layout = self._form, self.layout
        variant = (form.present, form.version is None, form.deleted)
        if variant not in self._statements:
            columns = [c for c in layout.columns if c.name in set(names)]
            blobs = [c for c in columns if c.source.role is Role.BLOB]
            names = names + [c.sha256 for c in blobs]
            nothing = (name for c in blobs for name in (c.emptied_at, c.base_rowid))
            constants = constants | dict.fromkeys(nothing, "NULL")
            if layout.keys:
                compared = [_compared(c) for c in columns if c.name not in layout.keys]
                compared += [DELETED_AT] if self._deletable else []
                # A text that was given up for a redaction does not come back with its row.
                told_by = {
                    name: c.sha256 for c in blobs for name in (c.name, c.emptied_at, c.base_rowid)
                }
                text = upsert(layout.table, names, constants, layout.keys, compared, told_by)
            else:
                text = insert(layout.table, names, constants)
            self._statements[variant] = text
        return self._statements[variant]

    def _compressed(self, rows: Sequence[Row]) -> list[Row]:
        """Give the rows with compressed texts, and behind each row their hashes."""
        present = self.everything if self._form.present is None else self._form.present
        places = [(at, i) for at, i in enumerate(present) if i in self._compressors]
        done = []
        for row in rows:
            values: Row = list(row)
            hashes: Row = []
            for at, index in places:
                text = row[at]
                if text is None:
                    hashes.append(None)
                else:
                    content = str(text).encode()
                    values[at] = self._compressors[index].compress(None, content)
                    hashes.append(digest(content))
                self._release_changed(index, row, hashes[-1])
            done.append(values + hashes)
        return done

    def _release_changed(self, index: int, row: Row, sha256: SQLValue) -> None:
        """Let go of a text that this row is about to replace by another."""
        column = self.layout.columns[index]
        chains = self._chains[column.name]
        if chains.has_deltas and self.layout.keys:
            present = self.everything if self._form.present is None else self._form.present
            key = [row[present.index(i)] for i in self.key_indexes]
            changed = f"{where(self.layout.keys)} AND {quote(column.sha256)} IS NOT ?"
            chains.release(changed, (*key, sha256))

    def _note_version(self, version: int, rows: Sequence[Row], last_row_id: int) -> None:
        """Remember, apart from the rows, that a version of the stream has shown them."""
        self.arrived.add(version)
        table, keys = self.layout.table, self.layout.keys
        note = "INSERT OR IGNORE INTO _versions_seen (table_name, version, row_id) SELECT ?, ?, "
        if keys:
            present = self.everything if self._form.present is None else self._form.present
            places = [present.index(i) for i in self.key_indexes]
            self._connection.executemany(
                f"{note} rowid FROM {quote(table)} WHERE {where(keys)}",
                [(table, version, *(row[at] for at in places)) for row in rows],
            )
        else:
            self._connection.execute(
                f"{note} rowid FROM {quote(table)} WHERE rowid > ?", (table, version, last_row_id)
            )

    def sync(self) -> None:
        """Write what is gathered and bring the full text up to it, as before every commit."""
        self.flush()
        if self._fulltext:
            self._fulltext.sync()

    # Deleting

    def delete(self, key: Sequence[SQLValue]) -> None:
        """Remove the row with this key for good."""
        with self._session.database.explained():
            self._remove(where(self.layout.keys), key)

    def activate(self, version: int) -> None:
        """Retire every row that this version of the stream has not shown."""
        table = self.layout.table
        unseen = (
            "rowid NOT IN (SELECT row_id FROM _versions_seen WHERE table_name = ? AND version = ?)"
        )
        if self._session.options.hard_delete:
            self._remove(unseen, (table, version))
        else:
            self.sync()
            self._connection.execute(
                f"UPDATE {quote(table)} SET {quote(DELETED_AT)} = ? "
                f"WHERE {quote(DELETED_AT)} IS NULL AND {unseen}",
                (self._session.now(), table, version),
            )
        self.versions.activated(version)

    def _remove(self, condition: str, values: Sequence[SQLValue]) -> None:
        self.sync()
        self._session.database.begin()
        for chains in self._chains.values():
            chains.release(condition, values)
        if self._fulltext:
            self._fulltext.before_write()
        gone = self._connection.execute(
            f"DELETE FROM {quote(self.layout.table)} WHERE {condition}", values
        ).rowcount
        if gone:
            self._session.note_rows_left_out()
        # A freed row id may be given to the next row, so the index must not lag behind here.
        self.sync()

    # Changing

    def loosen(self, columns: Sequence[Column]) -> None:
        """Let columns keep values that their declared type would alter."""
        self.sync()
        self._session.database.begin()
        if self._fulltext:
            self._fulltext.close()
        loosen(self._connection, self.layout.table, [c.name for c in columns])
        changed = {c.name for c in columns}
        self.layout = Layout(
            stream=self.layout.stream,
            table=self.layout.table,
            columns=tuple(
                Column(c.source, c.name, "" if c.name in changed else c.declared)
                for c in self.layout.columns
            ),
            keys=self.layout.keys,
            metadata=self.layout.metadata,
        )
        self._open_parts()

    def close(self) -> None:
        """Give up the table's part of the connection, as before it is made anew."""
        self.sync()
        if self._fulltext:
            self._fulltext.close()

    def _max_row_id(self) -> int:
        row = self._connection.execute(
            f"SELECT max(rowid) FROM {quote(self.layout.table)}"
        ).fetchone()
        return row[0] or 0


def _compared(column: Column) -> str:
    """The column that tells whether a value changed: for a compressed one, its hash."""
    return column.sha256 if column.source.role is Role.BLOB else column.name
