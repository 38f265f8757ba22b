"""The transaction: rows of all streams, then COMMIT, then the STATE, in this order and no other.

Rows come from ``lanes.py``; what a message means is decided in ``intake.py`` and ``target.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from target_sqlite_archive.activations import Activations
from target_sqlite_archive.clock import Clock, iso
from target_sqlite_archive.columns import Property
from target_sqlite_archive.database import Database
from target_sqlite_archive.errors import ForeignStateError, NothingStoredError
from target_sqlite_archive.known_columns import KNOWN
from target_sqlite_archive.known_fivetran import FIVETRAN
from target_sqlite_archive.known_views import INDEXES, VIEWS
from target_sqlite_archive.session import Options, Session
from target_sqlite_archive.shape import ensure_shape
from target_sqlite_archive.tables import Table

SECONDS_BETWEEN_COMMITS = 1.0
# Without a STATE to wait for, a commit only keeps the log short.
SECONDS_BETWEEN_COMMITS_WITHOUT_STATE = 10.0
BYTES_TO_GATHER = 4 * 1024 * 1024

Emit = Callable[[str], None]


class Archive:
    """One open archive in one run: gathers rows, commits them, and lets STATE messages out.

    ``emit`` writes one line to standard output; ``monotonic`` gives seconds.
    """

    def __init__(
        self, options: Options, clock: Clock, monotonic: Callable[[], float], emit: Emit
    ) -> None:
        """Open the file; raises :class:`DatabaseError` where that is not possible."""
        self.options = options
        self.closed = False
        self._monotonic = monotonic
        self._emit = emit
        database = Database(
            options.database, now=iso(clock()), secure_delete=options.honour_redactions
        )
        self.session = Session(database, options, clock)
        self._database = database
        self._tables: dict[str, Table] = {}
        self.activations = Activations(self._tables)
        self._state: str | None = None
        self._committed_at = monotonic()
        self._gathered_rows = 0
        self._gathered_bytes = 0

    @property
    def is_open_to_others(self) -> bool:
        """Say whether others on this machine may read the file, as one made by hand may be."""
        return bool(self._database.path.stat().st_mode & 0o077)

    def check_starting_state(self, value: object) -> None:
        """Refuse a starting state that this file never committed; nothing is written then."""
        if self.options.accept_foreign_state:
            return
        streams = self.session.ledger.unknown(value)
        if not streams:
            return
        self.closed = True
        self._database.discard()
        shown = ", ".join(f"'{name}'" for name in streams[:5])
        more = f" and {len(streams) - 5} more" if len(streams) > 5 else ""
        raise ForeignStateError(
            f"The tap resumes from a state of {shown}{more} that the archive "
            f"{self._database.path} never committed: rows between would be missing for good. "
            "Nothing was written. Restore the archive file that belongs to this state, or run "
            "once without a state (`--full-refresh`). The setting `accept_foreign_state` "
            "overrides this."
        )

    def table(self, stream: str, properties: Sequence[Property], keys: Sequence[str]) -> Table:
        """Give the stream's table, made or widened for these properties."""
        with self._database.explained():
            old = self._tables.pop(stream, None)
            if old is not None:
                old.close()
            with self._database.all_or_nothing():
                table = Table(self.session, stream, properties, keys)
            if old is not None:
                table.stored, table.refused, table.arrived = old.stored, old.refused, old.arrived
                table.left_out = old.left_out
        self._tables[stream] = table
        return table

    def gathered(self, rows: int, size: int) -> None:
        """Count what the lanes took; write it when it is enough. ``size`` is in bytes."""
        self._gathered_rows += rows
        self._gathered_bytes += size
        if (
            self._gathered_rows >= self.options.batch_size_rows
            or self._gathered_bytes >= BYTES_TO_GATHER
        ):
            self.flush()

    def flush(self) -> None:
        """Write all gathered rows into the open transaction."""
        for table in self._tables.values():
            table.flush()
        self._gathered_rows = self._gathered_bytes = 0

    def hold_state(self, text: str) -> None:
        """Take a STATE: it goes out with the next commit, unless a newer one replaces it."""
        self._state = text
        self.activations.note_state()

    def tick(self) -> None:
        """Commit when it is time, and look at the clock between batches; call often."""
        if self._is_time():
            self.commit()
        if not self._gathered_rows:
            self.session.restamp()

    def _is_time(self) -> bool:
        if self._state is not None:
            due = SECONDS_BETWEEN_COMMITS
        elif self._gathered_rows or self._database.connection.in_transaction:
            due = SECONDS_BETWEEN_COMMITS_WITHOUT_STATE
        else:
            return False
        return self._monotonic() - self._committed_at >= due

    def commit(self) -> None:
        """Make everything taken so far durable, then let the newest STATE out."""
        with self._database.explained():
            for table in self._tables.values():
                table.sync()
            if self._state is not None:
                self._database.begin()
                self.session.ledger.record(self._state, self.session.now())
            self._database.commit()
        self._gathered_rows = self._gathered_bytes = 0
        self._committed_at = self._monotonic()
        state, self._state = self._state, None
        if state is not None:
            self._emit(state)

    def settle(self) -> None:
        """Retire what waits for the end of the pipe, in the transaction of the last STATE."""
        with self._database.explained():
            self._database.begin()
            self.activations.settle()

    def finish(self) -> None:
        """Commit everything, let the last STATE out and leave one plain file."""
        self.commit()
        with self._database.explained():
            self._database.spill()
            self._database.begin()
            self.session.ledger.prune()
            ensure_shape(self._database.connection, VIEWS, KNOWN, INDEXES)
            ensure_shape(self._database.connection, FIVETRAN, KNOWN, only_present=True)
            self._database.commit()
        self.close()

    def close(self) -> None:
        """Let the file go; what was not committed is dropped."""
        self.closed = True
        self._database.close()

    def activate(self, stream: str, version: int) -> None:
        """Retire the rows that this version of a stream has not shown, now or when it is safe."""
        with self._database.explained():
            self._database.begin()
            self.activations.activate(stream, version)

    def stored(self) -> dict[str, int]:
        """Give how many records each stream had stored in this run."""
        return {stream: table.stored for stream, table in self._tables.items()}

    def require_something_stored(self) -> None:
        """Raise when a stream's records all went to quarantine."""
        empty = [
            stream
            for stream in self.session.quarantine.streams()
            if stream not in self._tables or not self._tables[stream].stored
        ]
        if empty:
            shown = ", ".join(f"'{name}'" for name in empty)
            raise NothingStoredError(
                f"Not one record of {shown} could be stored. The reasons are in the table "
                f"_quarantine of {self._database.path}; correct the tap's schema and run again."
            )
