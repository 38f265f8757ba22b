"""The versions of one object that an archive holds, in the order in which they were seen.

A payload that came again after a newer one is a version of its own, which returns to the older one.
What changed between two is left to ``differences.py``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from target_sqlite_archive.blobs import DamagedBlobError, Dictionaries
from target_sqlite_archive.chains import Chains, compressed_columns
from target_sqlite_archive.errors import DatabaseError
from target_sqlite_archive.known_tables import MEANT_FIRST, PAYLOADS
from target_sqlite_archive.naming import quote
from target_sqlite_archive.periods import Period
from target_sqlite_archive.reading import OpenArchive
from target_sqlite_archive.shaping import SQLValue
from target_sqlite_archive.sql import emptied_at_of

_TABLE = quote(PAYLOADS.table)
_EMPTIED_AT = emptied_at_of(PAYLOADS.text)
_NAMED = (PAYLOADS.stream, PAYLOADS.record_id)


@dataclass(frozen=True, slots=True)
class Version:
    """One version: ``number`` counts from 1, ``since`` is from when on the object looked so.

    ``returns_to`` is the number of the version that this one is again; ``emptied_at`` says when its
    text was given up for a redaction.
    """

    number: int
    row_id: int
    payload_id: str
    since: str | None
    updated_at: str | None
    fetched_at: str | None
    returns_to: int | None
    emptied_at: str | None


def streams_with(archive: OpenArchive, record_id: str) -> list[str]:
    """Name the streams that have payloads of an object with this id."""
    if not archive.has(PAYLOADS.table, *_NAMED):
        return []
    # One look into the index for each stream, instead of a walk over all payloads.
    rows = archive.connection.execute(
        f"WITH RECURSIVE streams (name) AS (SELECT min(stream) FROM {_TABLE} UNION ALL "
        f"SELECT (SELECT min(stream) FROM {_TABLE} WHERE stream > name) FROM streams "
        "WHERE name IS NOT NULL) SELECT name FROM streams WHERE EXISTS "
        f"(SELECT 1 FROM {_TABLE} AS p WHERE p.stream = name AND p.record_id = ?)",
        (record_id,),
    )
    return [row[0] for row in rows]


def versions_of(archive: OpenArchive, stream: str, record_id: str) -> tuple[Version, ...]:
    """Give all versions of an object, oldest first; none where the archive has no payload of it."""
    if not archive.has(PAYLOADS.table, *_NAMED):
        return ()
    stored = {
        row["rowid"]: row
        for row in archive.rows(PAYLOADS.table, stream=stream, record_id=record_id)
    }
    # Where in the order it was seen, which row it was, and when.
    seen = [((row_id, 0), row_id, _text(row.get("fetched_at"))) for row_id, row in stored.items()]
    for row_id in stored:
        seen += [
            ((after, number), again, at)
            for number, again, at, after in archive.connection.execute(
                "SELECT id, row_id, fetched_at, after_row_id FROM _sightings "
                "WHERE table_name = ? AND after_row_id = ?",
                (PAYLOADS.table, row_id),
            )
            if again in stored
        ]
    found: list[Version] = []
    first: dict[SQLValue, int] = {}
    for _, row_id, fetched_at in sorted(seen, key=lambda entry: entry[0]):
        row = stored[row_id]
        updated_at = _text(row.get("updated_at"))
        found.append(
            Version(
                number=len(found) + 1,
                row_id=int(str(row_id)),
                payload_id=str(row[PAYLOADS.key]),
                since=_since(updated_at, fetched_at, found[-1] if found else None),
                updated_at=updated_at,
                fetched_at=fetched_at,
                returns_to=first.get(row_id),
                emptied_at=_text(row.get(_EMPTIED_AT)),
            )
        )
        first.setdefault(row_id, len(found))
    return tuple(found)


def find_versions(
    archive: OpenArchive, record_id: str, stream: str | None
) -> tuple[str, tuple[Version, ...]]:
    """Give the stream that an id is found in, and its versions there.

    Where several streams know the id, it is the one that people mean first, unless one is named.
    Raises :class:`DatabaseError` where there is no payload.
    """
    found = streams_with(archive, record_id)
    if not found or (stream is not None and stream not in found):
        what = f"{stream} {record_id}" if stream else record_id
        told = f" There is one of {', '.join(found)}." if found else ""
        raise DatabaseError(f"The archive {archive.path} has no payload of {what}.{told}")
    order = {name: place for place, name in enumerate(MEANT_FIRST)}
    chosen = stream or min(found, key=lambda name: (order.get(name, len(order)), name))
    return chosen, versions_of(archive, chosen, record_id)


def _since(updated_at: str | None, fetched_at: str | None, before: Version | None) -> str | None:
    """An object looked so since its own `updated_at`, or, where that did not move, since we saw."""
    moved = before is None or before.updated_at is None or (updated_at or "") > before.updated_at
    times = [at for at in (updated_at if moved else None, fetched_at) if at]
    return min(times) if times else None


def version_at(versions: Sequence[Version], at: Period) -> Version | None:
    """Give the version that the object had at the end of this time; None where it had none yet."""
    return next((v for v in reversed(versions) if v.since is None or v.since < at.end), None)


def payload_chains(archive: OpenArchive) -> Chains | None:
    """Give what reads the payloads of an archive; None where it has none."""
    for column in compressed_columns(archive.connection, PAYLOADS.table):
        if column.name == PAYLOADS.text:
            return Chains(archive.connection, Dictionaries(archive.connection), column)
    return None


class Texts:
    """The exact texts of an archive's payloads; versions are read best from newest to oldest."""

    def __init__(self, archive: OpenArchive) -> None:
        """Read the texts of this archive."""
        self._path = archive.path
        self._chains = payload_chains(archive)

    def read(self, version: Version) -> bytes:
        """Give the exact text of a version.

        Raises :class:`DatabaseError` where it was given up for a redaction or cannot be read.
        """
        frame = self._chains.frame(version.row_id) if self._chains else None
        if self._chains is None or frame is None:
            emptied = version.emptied_at
            why = f"was emptied for a redaction at {emptied}" if emptied else "has none"
            raise DatabaseError(
                f"The archive {self._path} has no text of version {version.number}: it {why}. "
                "Another version may have one."
            )
        try:
            return self._chains.text(frame)
        except DamagedBlobError as error:
            raise DatabaseError(
                f"Version {version.number} in the archive {self._path} cannot be read: {error}. "
                "Run `sqlite-archive verify`, and restore the file from a backup."
            ) from error

    def read_object(self, version: Version) -> dict[str, object]:
        """Give a version as the object that it is.

        Raises :class:`DatabaseError` as `read` does, and where it is none.
        """
        found = object_of(self.read(version))
        if found is None:
            raise DatabaseError(
                f"Version {version.number} in the archive {self._path} is no JSON object. "
                "`sqlite-archive raw` prints it as it is."
            )
        return found


def object_of(text: bytes) -> dict[str, object] | None:
    """Give the JSON object that a text is; None where it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _text(value: SQLValue) -> str | None:
    return None if value is None else str(value)
