"""Takes what is forgotten out of rows, texts, quarantined lines, states and full-text indexes.

Runs inside the caller's transaction, after a plan that was made in it.
"""

from __future__ import annotations

from collections.abc import Iterable

from target_sqlite_archive.blobs import Dictionaries, compress_plain, digest
from target_sqlite_archive.chains import quarantined
from target_sqlite_archive.forgetting.plan import Plan, TablePlan
from target_sqlite_archive.naming import quote
from target_sqlite_archive.progress import Progress
from target_sqlite_archive.reading import OpenArchive
from target_sqlite_archive.shaping import SQLValue
from target_sqlite_archive.sql import base_rowid_of, sha256_of
from target_sqlite_archive.states import StateLedger
from target_sqlite_archive.stored_rows import StoredRows
from target_sqlite_archive.tombstones import Row, Tombstones
from target_sqlite_archive.training import kind_name

_GOING = "(SELECT row_id FROM temp._going)"
_GONE = f"rowid IN {_GOING}"


class Eraser:
    """Carries a plan out in an archive that is open for writing."""

    def __init__(
        self,
        archive: OpenArchive,
        dictionaries: Dictionaries,
        tombstones: Tombstones,
        progress: Progress,
    ) -> None:
        """Work on one archive."""
        self._archive = archive
        self._connection = archive.connection
        self._dictionaries = dictionaries
        self._tombstones = tombstones
        self._progress = progress

    def carry_out(self, plan: Plan) -> set[str]:
        """Take all of it out; give the kinds whose texts were concerned."""
        kinds = {kind for table in plan.tables for kind in self._rewrite(table)}
        self._rewrite_lines()
        self._rewrite_states()
        self._index_again(plan)
        return kinds

    def _rewrite(self, table: TablePlan) -> set[str]:
        stored = StoredRows(self._archive, self._dictionaries, table.table, table.columns)
        self._line_up(table.gone)
        kinds = self._let_go(table, stored)
        self._delete(table.table)
        self._line_up(table.changed)
        kinds |= self._let_go(table, stored)
        sieve = self._tombstones.sieve(table.shape)
        # A delta is older than its base, and is read before that changes.
        for number, row_id in enumerate(sorted(table.changed)):
            self._progress.show(f"changing {table.table}", number, len(table.changed))
            before = stored.read(row_id)
            after = sieve.sift(table.columns, before)
            assert after is not None
            self._update(table, stored, row_id, before, after)
        return kinds

    def _line_up(self, row_ids: Iterable[int]) -> None:
        """List rows in the temporary table `_going`."""
        self._connection.execute("DROP TABLE IF EXISTS temp._going")
        self._connection.execute("CREATE TEMP TABLE _going (row_id INTEGER PRIMARY KEY)")
        self._connection.executemany("INSERT INTO temp._going VALUES (?)", ((n,) for n in row_ids))

    def _let_go(self, table: TablePlan, stored: StoredRows) -> set[str]:
        """Make whole what builds on the texts of those rows; give the kinds of these."""
        kinds = set()
        for column in stored.compressed:
            stored.chains[column.name].release(_GONE, ())
            kind = quote(column.kind_column) if column.kind_column else "NULL"
            kinds |= {
                kind_name(table.table, column.kind_column, value)
                for (value,) in self._connection.execute(
                    f"SELECT DISTINCT {kind} FROM {quote(table.table)} WHERE {_GONE}"
                )
            }
        return kinds

    def _delete(self, table: str) -> None:
        run = self._connection.execute
        run(
            f"DELETE FROM _sightings WHERE table_name = ? "
            f"AND (row_id IN {_GOING} OR after_row_id IN {_GOING})",
            (table,),
        )
        # A freed row id may be given to a row that no version has shown.
        run(f"DELETE FROM _versions_seen WHERE table_name = ? AND row_id IN {_GOING}", (table,))
        run(f"DELETE FROM {quote(table)} WHERE {_GONE}")

    def _update(
        self, table: TablePlan, stored: StoredRows, row_id: int, before: Row, after: Row
    ) -> None:
        values: dict[str, SQLValue] = {}
        compressed = {column.name: column for column in stored.compressed}
        for name, old, new in zip(table.columns, before, after, strict=True):
            if old == new:
                continue
            values[name] = new
            if name in compressed:
                at = compressed[name].kind_column
                kind = None if at is None else after[table.columns.index(at)]
                text = str(new).encode()
                values[name] = self._dictionaries.compress(kind_name(table.table, at, kind), text)
                values[sha256_of(name)] = digest(text)
                values[base_rowid_of(name)] = None
        assignments = ", ".join(f"{quote(name)} = ?" for name in values)
        self._connection.execute(
            f"UPDATE {quote(table.table)} SET {assignments} WHERE rowid = ?",
            (*values.values(), row_id),
        )

    def _rewrite_lines(self) -> None:
        run = self._connection.execute
        for number, stream, line, sha256 in run(
            "SELECT id, stream, line, sha256 FROM _quarantine"
        ).fetchall():
            text = quarantined(self._dictionaries, number, line, sha256)
            kept = self._tombstones.line_kept(stream, text)
            if kept is None:
                run("DELETE FROM _quarantine WHERE id = ?", (number,))
            elif kept is not text:
                run(
                    "UPDATE OR REPLACE _quarantine SET line = ?, sha256 = ? WHERE id = ?",
                    (compress_plain(kept), digest(kept), number),
                )

    def _rewrite_states(self) -> None:
        ledger = StateLedger(self._connection, self._tombstones)
        rows = self._connection.execute("SELECT id, value FROM _states").fetchall()
        for number, text in rows:
            kept = self._tombstones.state_kept(text)
            if kept is not text:
                self._connection.execute(
                    "UPDATE _states SET value = ? WHERE id = ?", (kept, number)
                )
                ledger.know(kept, number)

    def _index_again(self, plan: Plan) -> None:
        """Make full-text indexes anew: deleted words would stay in their older segments."""
        for number, table in enumerate(plan.tables):
            index = f"{table.table}_fts"
            self._progress.show("full-text indexes", number, len(plan.tables))
            if index in self._archive.indexes:
                name = quote(index)
                self._connection.execute(f"INSERT INTO {name} ({name}) VALUES ('rebuild')")
        for statistics in ("sqlite_stat1", "sqlite_stat4"):
            # The second holds samples of what was in the indexes; a later run makes both anew.
            if statistics in self._statistics():
                self._connection.execute(f"DELETE FROM {statistics}")

    def _statistics(self) -> set[str]:
        rows = self._connection.execute(
            "SELECT name FROM sqlite_master WHERE name LIKE 'sqlite_stat%'"
        )
        return {row[0] for row in rows}
