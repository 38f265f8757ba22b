"""Write a small dBase III file, the input of the public tap-dbf."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

_WINDOWS_1252 = 0x03


@dataclass(frozen=True)
class Field:
    """A column: `kind` is C (text), N (number), L (truth) or D (day); `length` in bytes."""

    name: str
    kind: str
    length: int
    decimals: int = 0


def table(fields: Sequence[Field], rows: Sequence[Sequence[str]]) -> bytes:
    """Give the bytes of a table; each value as the file spells it, the empty string for none."""
    record_length = 1 + sum(field.length for field in fields)
    head = struct.pack(
        "<BBBBIHH17xB2x",
        3,
        126,
        11,
        20,
        len(rows),
        32 + 32 * len(fields) + 1,
        record_length,
        _WINDOWS_1252,
    )
    columns = b"".join(
        struct.pack("<11sc4xBB14x", f.name.encode(), f.kind.encode(), f.length, f.decimals)
        for f in fields
    )
    return head + columns + b"\r" + b"".join(_record(fields, row) for row in rows) + b"\x1a"


def _record(fields: Sequence[Field], row: Sequence[str]) -> bytes:
    cells = (
        value.encode("cp1252").rjust(field.length)
        if field.kind == "N"
        else value.encode("cp1252").ljust(field.length)
        for field, value in zip(fields, row, strict=True)
    )
    return b" " + b"".join(cells)
