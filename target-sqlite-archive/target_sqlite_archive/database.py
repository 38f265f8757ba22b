"""Opens the archive file for one writer: who may use it, its layout, and how it is left at rest.

Tables of streams are left to ``tables.py``; what is in the target's own tables to their owners.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from target_sqlite_archive.blobs import DamagedBlobError
from target_sqlite_archive.errors import DatabaseError, explain_damage, explain_sqlite
from target_sqlite_archive.internal import APPLICATION_ID, LAYOUT, STATEMENTS
from target_sqlite_archive.layouts import upgrade
from target_sqlite_archive.locking import WriterLock

_MAGIC = b"SQLite format 3\x00"
_PAGE_BYTES = 16384
_CACHE_KIBIBYTES = 32_000
_SORTING_KIBIBYTES = 8_000
_VACUUM_CACHE_KIBIBYTES = 4_000
_BUSY_MILLISECONDS = 5_000


class Database:
    """An open archive: the only connection that writes, its lock and its transaction.

    Opening creates the file (mode 0600) where there is none and raises :class:`DatabaseError`
    when the file is somebody else's, newer than this program, or in use. ``created`` says whether
    the file is new.
    """

    def __init__(self, path: Path, *, now: str, secure_delete: bool = False) -> None:
        """Open or make the file; ``now`` is ISO 8601 UTC."""
        self.path = Path(os.path.realpath(path.expanduser()))
        self._logging = False
        self._layout = LAYOUT
        try:
            self._lock = self._prepare()
            try:
                self.created = self._create_file()
                self.connection = self._open(now, secure_delete=secure_delete)
            except BaseException:
                self._lock.release()
                raise
        except OSError as error:
            raise DatabaseError(
                f"Cannot write the archive {self.path}: {error.strerror or error}. "
                "Make this path writable, or name another one."
            ) from error
        except sqlite3.Error as error:
            raise explain_sqlite(error, self.path) from error

    def _prepare(self) -> WriterLock:
        if self.path.is_dir():
            raise DatabaseError(
                f"Cannot write the archive {self.path}: it is a folder. "
                "Give the setting `database` the path of a file."
            )
        if self.path.exists() and not self.path.is_file():
            raise DatabaseError(
                f"Cannot write the archive {self.path}: it is no ordinary file. "
                "Choose another path with the setting `database`."
            )
        if not self.path.parent.is_dir():
            raise DatabaseError(
                f"Cannot write the archive {self.path}: its folder does not exist. "
                "Create the folder, or choose another path with the setting `database`."
            )
        if self.path.exists():
            # A wrong file is refused before anything, a lock file included, is put beside it.
            self._check_file()
        return WriterLock(self.path)

    def _check_file(self) -> None:
        with self.path.open("rb") as file:
            head = file.read(100)
        if head and not head.startswith(_MAGIC):
            raise DatabaseError(
                f"{self.path} is not an SQLite file. Nothing was changed. "
                "Choose another path with the setting `database`."
            )

    def _create_file(self) -> bool:
        try:
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            # Opening for writing, without writing, tells a file that may only be read.
            os.close(os.open(self.path, os.O_RDWR))
            return False
        return True

    def _open(self, now: str, *, secure_delete: bool) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, cached_statements=512)
        try:
            _adapt_plain_values()
            connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
            fresh = self._check_owner(connection)
            connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
            # NORMAL would lose acknowledged commits in a power cut, and a STATE is a promise. For
            # the log EXTRA is FULL. For the rollback journal, which turns the log on, it also
            # makes the end of the journal durable: one that came back would undo all of the log.
            connection.execute("PRAGMA synchronous = EXTRA")
            connection.execute("PRAGMA fullfsync = 1")
            connection.execute("PRAGMA checkpoint_fullfsync = 1")
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIBIBYTES}")
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.execute("PRAGMA foreign_keys = OFF")
            # Renaming a rebuilt table must not rewrite what other tables say about it.
            connection.execute("PRAGMA legacy_alter_table = ON")
            if secure_delete:
                connection.execute("PRAGMA secure_delete = ON")
            if fresh:
                self._create_layout(connection, now)
        except BaseException:
            connection.close()
            raise
        return connection

    def _check_owner(self, connection: sqlite3.Connection) -> bool:
        """Refuse a file that is not ours; give whether it still has no layout."""
        owner = connection.execute("PRAGMA application_id").fetchone()[0]
        layout = connection.execute("PRAGMA user_version").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if owner == 0 and layout == 0 and tables == 0:
            return True
        if owner != APPLICATION_ID:
            raise DatabaseError(
                f"{self.path} is an SQLite file of another program. Nothing was changed. "
                "Choose another path with the setting `database`."
            )
        if layout > LAYOUT:
            raise DatabaseError(
                f"The archive {self.path} has layout {layout}, made by a newer "
                f"target-sqlite-archive; this one knows layout {LAYOUT}. Upgrade the target."
            )
        self._layout = layout
        return False

    def _create_layout(self, connection: sqlite3.Connection, now: str) -> None:
        self._begin(connection)
        for statement in STATEMENTS:
            connection.execute(statement)
        connection.execute(
            "INSERT INTO _meta (key, value) VALUES ('created_at', ?), ('created_by', ?)",
            (now, "target-sqlite-archive"),
        )
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {LAYOUT}")
        connection.execute("COMMIT")

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """Turn SQLite's errors, and damaged texts, into a :class:`DatabaseError` for a person."""
        try:
            yield
        except DamagedBlobError as error:
            raise explain_damage(str(error), self.path) from error
        except sqlite3.Error as error:
            raise explain_sqlite(error, self.path) from error

    @contextlib.contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Undo what was done inside, and nothing else of the transaction, on an error."""
        self.begin()
        self.connection.execute("SAVEPOINT step")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK TO step")
            raise
        finally:
            self.connection.execute("RELEASE step")

    def upgrade(self) -> None:
        """Bring a file of an older layout up to this one."""
        if self._layout < LAYOUT:
            self.begin()
            self.commit()

    def begin(self) -> None:
        """Open a transaction where none is open."""
        if not self.connection.in_transaction:
            self._begin(self.connection)

    def _begin(self, connection: sqlite3.Connection) -> None:
        if not self._logging:
            # Not on opening: a run that is refused before it writes leaves every byte as it was.
            connection.execute("PRAGMA journal_mode = WAL")
            self._logging = True
        connection.execute("BEGIN IMMEDIATE")
        if self._layout < LAYOUT:
            upgrade(connection, self._layout)
            connection.execute("COMMIT")
            self._layout = LAYOUT
            connection.execute("BEGIN IMMEDIATE")

    def spill(self) -> None:
        """Let what is sorted from now on, as for a new index, go to disk instead of memory.

        Drops what tables keep aside for their full text: nothing may be written to them any more.
        """
        self.connection.execute("PRAGMA temp_store = FILE")
        # A sort holds in memory what the cache may.
        self.connection.execute(f"PRAGMA cache_size = -{_SORTING_KIBIBYTES}")

    def vacuum(self) -> None:
        """Make the file anew without free pages, in little memory."""
        # The copy has a cache of the same size, and no page is needed twice.
        self.connection.execute(f"PRAGMA cache_size = -{_VACUUM_CACHE_KIBIBYTES}")
        self.connection.execute("VACUUM")

    def commit(self) -> None:
        """Commit; on return the data is on the disk."""
        if self.connection.in_transaction:
            self.connection.execute("COMMIT")

    def close(self) -> None:
        """Roll back what is open, fold the log into the file, and leave one plain file."""
        try:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            if self._logging:
                self._fold_log()
        finally:
            self.connection.close()
            self._lock.release()

    def _fold_log(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            # A reader in the middle of its work keeps the log; a later run folds it then.
            self.connection.execute("PRAGMA busy_timeout = 1000")
            self.connection.execute("PRAGMA optimize")
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self.connection.execute("PRAGMA journal_mode = DELETE")

    def discard(self) -> None:
        """Close, and remove the file if this run created it and stored nothing in it."""
        self.close()
        if self.created:
            self.path.unlink(missing_ok=True)


def _adapt_plain_values() -> None:
    """Tell sqlite3 what NULL and truth values are; before Python 3.12 it searches, each time."""
    sqlite3.register_adapter(type(None), lambda null: null)
    sqlite3.register_adapter(bool, int)
