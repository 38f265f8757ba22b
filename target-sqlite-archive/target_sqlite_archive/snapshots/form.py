"""What the lines of a snapshot are, and the manifest that proves them. Pure.

    {"snapshot": …}        the first line: versions, and whether rows were left out
    {"stream": …}          a stream's table: names, columns, key
    {"row": …, "table": …} a row, without what is NULL; compressed texts as texts, bytes as base64
    {"manifest": …}        the last line: the number of each table's rows, and hashes of lines

Members are sorted and there is no space between them, so equal archives give equal lines.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from target_sqlite_archive.errors import TargetError
from target_sqlite_archive.shaping import SQLValue

VERSION = 1
_encode = msgspec.json.Encoder(order="sorted").encode

Values = Mapping[str, object]


class SnapshotError(TargetError):
    """A snapshot cannot be written, opened or understood."""


class BadLineError(Exception):
    """A line is none of a snapshot, or not the one that was written; the message says why."""


class Bytes(msgspec.Struct, forbid_unknown_fields=True):
    """Bytes in a row."""

    base64: str


class Opening(msgspec.Struct, forbid_unknown_fields=True):
    """The first line. ``is_partial`` says that rows were left out by a filter."""

    version: int
    layout: int
    is_partial: bool
    views: list[str]


class StreamForm(msgspec.Struct, forbid_unknown_fields=True):
    """A stream's table; ``columns`` are name, type and the table and column that it references.

    ``compressed`` gives the columns that name a text's object, none where rows are no versions.
    """

    table: str
    columns: list[tuple[str, str, list[str]]]
    keys: list[str]
    compressed: dict[str, list[str]]
    texts: list[str]


class Manifest(msgspec.Struct, forbid_unknown_fields=True):
    """The last line: of each table the number of rows and their lines' SHA-256, and that of all."""

    tables: dict[str, tuple[int, str]]
    sha256: str


class Line(msgspec.Struct, forbid_unknown_fields=True):
    """Any line; of the first four members it has one."""

    snapshot: Opening | None = None
    stream: StreamForm | None = None
    row: dict[str, str | int | float | Bytes] | None = None
    manifest: Manifest | None = None
    table: str = ""


_decode = msgspec.json.Decoder(Line).decode


def row_line(table: str, values: Mapping[str, SQLValue]) -> bytes:
    """Write a row."""
    row = {
        name: {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
        for name, value in values.items()
        if value is not None
    }
    return _line({"row": row, "table": table})


def read_row(row: Mapping[str, str | int | float | Bytes]) -> dict[str, SQLValue]:
    """Read a row; raises :class:`BadLineError` where bytes are none."""
    try:
        return {
            name: base64.b64decode(value.base64, validate=True)
            if isinstance(value, Bytes)
            else value
            for name, value in row.items()
        }
    except ValueError as error:
        raise BadLineError("it has bytes that are no base64") from error


def opening_line(opening: Opening) -> bytes:
    """Write the first line."""
    return _line({"snapshot": opening})


def stream_line(form: StreamForm) -> bytes:
    """Write a stream's table."""
    return _line({"stream": form})


def read_line(line: bytes) -> Line:
    """Read a line; raises :class:`BadLineError` where it is none of a snapshot."""
    try:
        return _decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadLineError("a line is not one of a snapshot") from error


def _line(value: Values) -> bytes:
    return _encode(value) + b"\n"


@dataclass(slots=True)
class Tally:
    """Counts and hashes lines on their way, in either direction; ``rows`` is of all tables."""

    rows: int = 0
    _all: hashlib._Hash = field(default_factory=hashlib.sha256)
    _tables: dict[str, tuple[int, hashlib._Hash]] = field(default_factory=dict)

    def add(self, line: bytes, table: str = "") -> None:
        """Take a line, with its table if it is a row's."""
        self._all.update(line)
        if table:
            self.rows += 1
            count, digest = self._tables.get(table) or (0, hashlib.sha256())
            digest.update(line)
            self._tables[table] = (count + 1, digest)

    def manifest(self) -> Manifest:
        """Give what the manifest of these lines says."""
        tables = {name: (count, h.hexdigest()) for name, (count, h) in self._tables.items()}
        return Manifest(tables, self._all.hexdigest())

    def manifest_line(self) -> bytes:
        """Write the last line."""
        return _line({"manifest": self.manifest()})
