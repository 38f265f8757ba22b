"""Reads an archive file of target-sqlite-archive: its payload versions in fetch order.

Only what the target's README tells of the file is used, and the file is never changed. How texts
are stored is left to `frames`, what becomes of payloads to `replaying`.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from heapq import heappop, heappush
from pathlib import Path
from typing import Any

from tap_intercom_archive.errors import Refusal
from tap_intercom_archive.frames import Frames
from tap_intercom_archive.resources import RAW_PAYLOADS, Record

_APPLICATION_ID = 0x49434152
_LAYOUT = 3
_TEXT = "payload"
# A row that has it is gone since then.
DELETED_AT = "_sdc_deleted_at"
_OTHERS = (
    *("id", "sha256", "stream", "record_id", "updated_at", "fetched_at", "api_version"),
    *("request", "content_type"),
)

Key = tuple[str, ...]


@dataclass(frozen=True)
class Version:
    """A payload version as it arrived: its record of `raw_payloads`, but for the text.

    `row_id` is where the text is kept; two arrivals of one payload share it.
    """

    row_id: int
    record: Record

    @property
    def of(self) -> tuple[str, str]:
        """The object: its stream and its id there."""
        return str(self.record["stream"]), str(self.record["record_id"])

    @property
    def fetched_at(self) -> str:
        """When it was fetched, ISO 8601 UTC; empty where that is not known."""
        return self.record["fetched_at"] or ""


@dataclass(frozen=True)
class _Table:
    """A stream's table, and its columns by property."""

    name: str
    columns: dict[str, str]


class Archived:
    """An archive that is open for reading, and stays as it is until it is closed."""

    def __init__(self, path: str, connection: sqlite3.Connection) -> None:
        """Take an open connection; raises Refusal where there is nothing to replay."""
        self._connection = connection
        self._tables = {
            stream: _Table(table, json.loads(columns))
            for stream, table, columns in connection.execute(
                "SELECT stream, table_name, columns FROM _streams"
            )
        }
        payloads = self._tables.get(RAW_PAYLOADS)
        if payloads is None or not {*_OTHERS, _TEXT} <= payloads.columns.keys():
            raise Refusal(
                f"The archive {path} has no payloads to replay: it was filled without the "
                f"stream {RAW_PAYLOADS}."
            )
        self._payloads = payloads
        self._frames = Frames(connection, payloads.name, payloads.columns[_TEXT])
        # How far `versions` has come: the last row, and what returned after the row that it was.
        self._place = 0
        connection.execute(
            "CREATE TEMP TABLE shown (answer TEXT, payload TEXT, PRIMARY KEY (answer, payload)) "
            "WITHOUT ROWID"
        )
        self._returned: dict[tuple[str, str], int] = {}

    def text(self, version: Version) -> bytes | None:
        """Give a version's exact text; None where it was given up. Raises frames.Damaged."""
        return self._frames.text(version.row_id)

    def retired(self, stream: str, keys: Sequence[str]) -> Mapping[Key, str]:
        """Give the keys of a stream's rows that are gone, and since when."""
        table = self._tables.get(stream)
        if table is None or not set(keys) <= table.columns.keys():
            return {}
        info = self._connection.execute(f'PRAGMA table_info("{table.name}")')
        if DELETED_AT not in {row[1] for row in info}:
            return {}
        named = ", ".join(f'"{table.columns[key]}"' for key in keys)
        found = self._connection.execute(
            f'SELECT "{DELETED_AT}", {named} FROM "{table.name}" WHERE "{DELETED_AT}" IS NOT NULL'
        )
        return {tuple(map(str, key)): deleted_at for deleted_at, *key in found}

    def note_answers(self, stream: str) -> None:
        """Take note of which versions of their objects the rows are of that came out of answers."""
        table = self._tables.get(stream)
        if table is not None and {"payload_id", "list_payload_id"} <= table.columns.keys():
            answer, payload = table.columns["list_payload_id"], table.columns["payload_id"]
            self._connection.execute(
                f'INSERT OR IGNORE INTO temp.shown SELECT "{answer}", "{payload}" '
                f'FROM "{table.name}" WHERE "{answer}" IS NOT NULL'
            )

    def is_of_others(self, answer_id: str, payload_id: str) -> bool:
        """Say whether an answer has rows, and all of them are of other versions of its object.

        Where the answer was asked for again in vain, nothing but this tells.
        """
        (found,) = self._connection.execute(
            "SELECT max(payload = ?) FROM temp.shown WHERE answer = ?", (payload_id, answer_id)
        ).fetchone()
        return bool(found == 0)

    def newest(self, stream: str, record_id: str) -> Version | None:
        """Give the newest version of an object among those that `versions` has given so far."""
        row_id = self._returned.get((stream, record_id))
        if row_id is None:
            columns = self._payloads.columns
            of = f'"{columns["stream"]}" = ? AND "{columns["record_id"]}" = ? AND rowid <= ?'
            (row_id,) = self._connection.execute(
                f'SELECT max(rowid) FROM "{self._payloads.name}" WHERE {of}',
                (stream, record_id, self._place),
            ).fetchone()
        if row_id is None:
            return None
        row = self._connection.execute(self._select("WHERE p.rowid = ?"), (row_id,)).fetchone()
        return Version(row_id, dict(zip(_OTHERS, row[1:], strict=True)))

    def versions(self) -> Iterator[Version]:
        """Give every version in the order in which it was fetched, returns to older ones too.

        Rows stand in that order. A return is known by its time alone: it comes after the version
        that it followed, before the object's next one, and before what was fetched later.
        """
        returns = self._returns()
        waiting: list[tuple[str, int, Version]] = []
        waiting_of: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        given: set[int] = set()

        def due(before: Version | None) -> Iterator[Version]:
            urgent = set(waiting_of.pop(before.of, ())) if before is not None else set()
            while waiting and (
                before is None or waiting[0][0] <= before.fetched_at or urgent - given
            ):
                _, number, version = heappop(waiting)
                given.add(number)
                self._returned[version.of] = version.row_id
                yield version

        for version in self._rows():
            yield from due(version)
            self._place = version.row_id
            self._returned.pop(version.of, None)
            yield version
            for number, again in returns.pop(version.row_id, ()):
                heappush(waiting, (again.fetched_at, number, again))
                waiting_of[again.of].append(number)
        yield from due(None)

    def _rows(self) -> Iterator[Version]:
        for row_id, *values in self._connection.execute(self._select("ORDER BY p.rowid")):
            yield Version(row_id, dict(zip(_OTHERS, values, strict=True)))

    def _returns(self) -> dict[int, list[tuple[int, Version]]]:
        """Give the returns by the row of the version that each followed."""
        found: defaultdict[int, list[tuple[int, Version]]] = defaultdict(list)
        joined = "JOIN _sightings AS s ON s.row_id = p.rowid WHERE s.table_name = ? ORDER BY s.id"
        select = self._select(joined, "s.after_row_id, s.id, s.fetched_at")
        for row_id, *values, after, number, fetched_at in self._connection.execute(
            select, (self._payloads.name,)
        ):
            record = dict(zip(_OTHERS, values, strict=True))
            version = Version(row_id, {**record, "fetched_at": fetched_at})
            found[after].append((number, version))
        return found

    def _select(self, rest: str, more: str = "") -> str:
        columns = ["p.rowid", *(f'p."{self._payloads.columns[name]}"' for name in _OTHERS)]
        columns += [more] if more else []
        return f'SELECT {", ".join(columns)} FROM "{self._payloads.name}" AS p {rest}'


@contextmanager
def open_archived(path: str) -> Iterator[Archived]:
    """Open an archive and hold it as it is; no run can write to it meanwhile.

    Raises Refusal where it cannot be replayed, SQLite's own errors included.
    """
    if not Path(path).is_file():
        raise Refusal(f"There is no archive at {path}: correct `replay_path`.")
    try:
        address = f"{Path(path).resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
            _check(path, connection)
            yield Archived(path, connection)
    except sqlite3.Error as error:
        what = "is not an SQLite file" if "not a database" in str(error) else "cannot be read"
        raise Refusal(
            f"{path} {what} ({error}): give `replay_path` an archive that is whole, and that no "
            "run is writing to."
        ) from None


def _check(path: str, connection: sqlite3.Connection) -> None:
    """Refuse what is no archive at rest; begin to read from one moment."""

    def pragma(name: str) -> Any:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]

    if pragma("application_id") != _APPLICATION_ID:
        raise Refusal(f"{path} is not an archive of target-sqlite-archive: correct `replay_path`.")
    layout = pragma("user_version")
    if layout > _LAYOUT:
        raise Refusal(
            f"The archive {path} has layout {layout}, made by a newer target-sqlite-archive; this "
            f"tap reads up to layout {_LAYOUT}. Upgrade the tap."
        )
    if pragma("journal_mode") == "wal":
        # Beside a log a replay into its own archive would go unnoticed.
        raise Refusal(
            f"The archive {path} is being written to, or its last run was killed: let a run end "
            "well, then replay."
        )
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM _meta").fetchone()
