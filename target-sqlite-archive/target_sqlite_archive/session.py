"""What the parts of one run share: the open file, its books, the options and the clock.

Each part keeps its own job; what ties them into transactions is left to ``archive.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from target_sqlite_archive.blobs import Dictionaries
from target_sqlite_archive.clock import Clock, iso
from target_sqlite_archive.database import Database
from target_sqlite_archive.internal import ROWS_LEFT_OUT_SINCE
from target_sqlite_archive.payloads import PayloadPolicy
from target_sqlite_archive.quarantine import Quarantine
from target_sqlite_archive.registry import Registry
from target_sqlite_archive.sql import ARRIVAL_COLUMNS, DELETED_AT
from target_sqlite_archive.states import StateLedger
from target_sqlite_archive.tombstones import Tombstones, load_tombstones


@dataclass(frozen=True, slots=True)
class Options:
    """The settings of one run, typed."""

    database: Path
    batch_size_rows: int
    add_record_metadata: bool
    hard_delete: bool
    validate_records: bool
    only_latest: bool
    honour_redactions: bool
    accept_foreign_state: bool

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Options:
        """Read a validated configuration."""
        return cls(
            database=Path(config.get("database", "archive.db")),
            batch_size_rows=int(config.get("batch_size_rows", 10_000)),
            add_record_metadata=bool(config.get("add_record_metadata", True)),
            hard_delete=bool(config.get("hard_delete", False)),
            validate_records=bool(config.get("validate_records", True)),
            only_latest=config.get("payload_history", "all") == "latest",
            honour_redactions=bool(config.get("honour_redactions", False)),
            accept_foreign_state=bool(config.get("accept_foreign_state", False)),
        )

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """The metadata columns that every table has, with their types."""
        arrival = ARRIVAL_COLUMNS if self.add_record_metadata else ()
        deleted = ((DELETED_AT, "TEXT"),)
        return (*arrival, *(deleted if self.add_record_metadata or not self.hard_delete else ()))

    @property
    def policy(self) -> PayloadPolicy:
        """What to keep of payloads."""
        return PayloadPolicy(self.only_latest, self.honour_redactions)


@dataclass(frozen=True, slots=True)
class Stamp:
    """The time put on arriving rows, looked up once for many of them.

    ``received`` is ISO 8601 UTC, ``sequence`` is milliseconds since 1970.
    """

    received: str
    sequence: int

    @classmethod
    def at(cls, moment: datetime) -> Stamp:
        """Write a moment down."""
        return cls(iso(moment), round(moment.timestamp() * 1000))


@dataclass(slots=True)
class Session:
    """One run on one open file.

    ``numbers`` are for names that must not meet in it; ``started`` is milliseconds since 1970.
    """

    database: Database
    options: Options
    clock: Clock
    registry: Registry = field(init=False)
    dictionaries: Dictionaries = field(init=False)
    tombstones: Tombstones = field(init=False)
    ledger: StateLedger = field(init=False)
    quarantine: Quarantine = field(init=False)
    stamp: Stamp = field(init=False)
    started: int = field(init=False)
    numbers: Iterator[int] = field(default_factory=count)
    rows_left_out: bool = False

    def __post_init__(self) -> None:
        """Read the books of the file."""
        connection = self.database.connection
        self.registry = Registry(connection)
        self.dictionaries = Dictionaries(connection)
        self.tombstones = load_tombstones(connection)
        self.ledger = StateLedger(connection, self.tombstones)
        self.quarantine = Quarantine(connection, self.tombstones)
        self.stamp = Stamp.at(self.clock())
        self.started = self.stamp.sequence

    def now(self) -> str:
        """Give the time, ISO 8601 UTC."""
        return iso(self.clock())

    def note_rows_left_out(self) -> None:
        """Leave word in the file that rows are missing on request: readers must not miss them."""
        if not self.rows_left_out:
            self.rows_left_out = True
            self.database.begin()
            self.database.connection.execute(
                "INSERT OR IGNORE INTO _meta (key, value) VALUES (?, ?)",
                (ROWS_LEFT_OUT_SINCE, self.now()),
            )

    def restamp(self) -> None:
        """Look at the clock for the rows that arrive next."""
        self.stamp = Stamp.at(self.clock())
