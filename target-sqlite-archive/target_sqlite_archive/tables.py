"""The rows of one stream on their way into its table: gathered, then written in one statement.

Statements come from ``sql.py``, the table itself from ``evolution.py``, versions of payloads go
through ``payloads.py``. When to write and commit is left to ``archive.py``.
"""

from __future__ import annotations

from collections.abc import Sequence

from target_sqlite_archive.blobs import digest
from target_sqlite_archive.columns import Property, Role
from target_sqlite_archive.evolution import Layout, ensure_layout, loosen
from target_sqlite_archive.fulltext import FullText, has_room, indexable
from target_sqlite_archive.naming import quote
from target_sqlite_archive.payloads import KindDictionaries, PayloadTable
from target_sqlite_archive.session import Session
from target_sqlite_archive.shaping import SQLValue
from target_sqlite_archive.sql import DELETED_AT, Column, insert, upsert, where

Row = tuple[SQLValue, ...]
Present = tuple[int, ...]
"""Which columns a row has values for, as indexes; the others stay as they are in the file."""


class Table:
    """Gathers rows for one stream's table and writes them, in their order, on :meth:`flush`."""

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
        self.stored = 0
        self._number = next(session.numbers)
        self._open_parts()
        self._present = self.everything
        self._rows: list[Row] = []
        self._seen: list[tuple[int, Row]] = []
        self._statements: dict[Present, str] = {}

    def _open_parts(self) -> None:
        """Set up what depends on the table's columns in the file."""
        layout, session = self.layout, self._session
        key_set = set(layout.keys)
        self.key_indexes = tuple(
            next(i for i, c in enumerate(layout.columns) if c.name == key) for key in layout.keys
        )
        self._deletable = DELETED_AT in layout.metadata
        texts = indexable([c.name for c in layout.columns if c.source.role is Role.TEXT])
        self._fulltext: FullText | None = None
        if texts and has_room(self._connection, layout.table):
            number = self._number
            self._fulltext = FullText(self._connection, layout.table, texts, number)
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
        values: Row,
        extracted_at: str | None,
        version: int | None,
        present: Present | None = None,
        deleted_at: str | None = None,
    ) -> None:
        """Take one row; ``values`` are in the columns' order, or in that of ``present``."""
        wanted = self.everything if present is None else present
        if wanted != self._present:
            self.flush()
            self._present = wanted
        if self._session.options.add_record_metadata:
            stamp = self._session.stamp
            self._rows.append(
                (
                    *values,
                    extracted_at,
                    stamp.received,
                    stamp.received,
                    stamp.sequence,
                    version,
                    stamp.started,
                    deleted_at,
                )
            )
        elif self._deletable:
            self._rows.append((*values, deleted_at))
        else:
            self._rows.append(values)
        if version is not None:
            self._seen.append((version, values))

    # Writing

    def flush(self) -> None:
        """Write the gathered rows into the open transaction."""
        rows = self._rows
        if not rows:
            return
        self._rows = []
        self._session.database.begin()
        layout, present = self.layout, self._present
        if self._fulltext:
            self._fulltext.before_write()
        names = [layout.columns[i].name for i in present] + list(layout.metadata)
        last = 0
        if self._seen and not layout.keys:
            last = self._max_row_id()
        if self._payloads and self._payloads.needs(names):
            self._payloads.store(names, rows)
        else:
            if self._compressors.keys() & set(present):
                rows = self._compressed(rows)
            self._connection.executemany(self._statement(), rows)
        self.stored += len(rows)
        self._note_versions(last)

    def _statement(self) -> str:
        present = self._present
        if present not in self._statements:
            layout = self.layout
            columns = [layout.columns[i] for i in present]
            names = [c.name for c in columns] + list(layout.metadata)
            blobs = [c for c in columns if c.source.role is Role.BLOB]
            names += [name for c in blobs for name in (c.sha256, c.emptied_at)]
            if layout.keys:
                compared = [_compared(c) for c in columns if c.name not in layout.keys]
                compared += [DELETED_AT] if self._deletable else []
                text = upsert(layout.table, names, layout.keys, compared)
            else:
                text = insert(layout.table, names)
            self._statements[present] = text
        return self._statements[present]

    def _compressed(self, rows: Sequence[Row]) -> list[Row]:
        places = [(at, i) for at, i in enumerate(self._present) if i in self._compressors]
        done = []
        for row in rows:
            values = list(row)
            for at, index in places:
                text = row[at]
                if text is None:
                    values += [None, None]
                else:
                    content = str(text).encode()
                    values[at] = self._compressors[index].compress(None, content)
                    values += [digest(content), None]
            done.append(tuple(values))
        return done

    def _note_versions(self, last_row_id: int) -> None:
        """Remember, apart from the rows, which of them a stream's version has shown."""
        seen, self._seen = self._seen, []
        if not seen:
            return
        table = self.layout.table
        note = "INSERT OR IGNORE INTO _versions_seen (table_name, version, row_id) SELECT ?, ?, "
        if self.layout.keys:
            places = [self._present.index(i) for i in self.key_indexes]
            self._connection.executemany(
                f"{note} rowid FROM {quote(table)} WHERE {where(self.layout.keys)}",
                [(table, version, *(row[at] for at in places)) for version, row in seen],
            )
        else:
            self._connection.execute(
                f"{note} rowid FROM {quote(table)} WHERE rowid > ?",
                (table, seen[-1][0], last_row_id),
            )

    def sync(self) -> None:
        """Write what is gathered and bring the full text up to it, as before every commit."""
        self.flush()
        if self._fulltext:
            self._fulltext.sync()

    # Deleting

    def delete(self, key: Row) -> None:
        """Remove the row with this key for good."""
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
        self._connection.execute(
            "DELETE FROM _versions_seen WHERE table_name = ? AND version <= ?", (table, version)
        )

    def _remove(self, condition: str, values: Row) -> None:
        self.sync()
        self._session.database.begin()
        if self._fulltext:
            self._fulltext.before_write()
        self._connection.execute(
            f"DELETE FROM {quote(self.layout.table)} WHERE {condition}", values
        )
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
