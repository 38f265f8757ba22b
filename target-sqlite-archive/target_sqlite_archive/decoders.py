"""Typed decoders for one stream: a line, or a record, straight into a row's values. Pure.

A decoder that succeeds has proven the types of every value. Records that it refuses are left to
the slower way in ``lanes.py``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Union

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from target_sqlite_archive.columns import Property
from target_sqlite_archive.shaping import EXACT_FLOAT_INTEGER, INT64_MAX, INT64_MIN
from target_sqlite_archive.sql import DELETED_AT

_INTEGER = Annotated[int, Meta(ge=INT64_MIN, le=INT64_MAX)]
_EXACT = Annotated[int, Meta(ge=-EXACT_FLOAT_INTEGER, le=EXACT_FLOAT_INTEGER)]

REFUSED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What a decoder raises for a text that it cannot prove."""


class Line(Struct):
    """A RECORD message; ``record`` is a struct with the row's values in the columns' order."""

    type: str
    stream: str
    record: Any
    version: int | None = None
    time_extracted: str | None = None


@dataclass(frozen=True, slots=True)
class Decoders:
    """Decoders of one stream: for whole lines and for records alone."""

    line: msgspec.json.Decoder[Any]
    record: msgspec.json.Decoder[Any]


def build(
    properties: Sequence[Property],
    required: Collection[str],
    undeclared: Collection[str],
    *,
    all_present: bool,
) -> Decoders | None:
    """Build decoders, or None where a name cannot be a decoder's field.

    ``undeclared`` are properties outside of the schema that are known and passed over; any other
    is refused. With ``all_present`` a record that lacks a property is refused too; without, what
    is absent becomes ``UNSET``.
    """
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    rename: dict[str, str] = {}
    optional: list[tuple[str, Any, Any]] = []
    for number, prop in enumerate(properties):
        name = f"c{number}"
        rename[name] = prop.name
        kind = value_type(prop, nullable=prop.nullable)
        if all_present or prop.name in required:
            fields.append((name, kind))
        else:
            fields.append((name, kind | UnsetType, UNSET))
    for number, extra in enumerate(sorted(undeclared)):
        rename[f"u{number}"] = extra
        optional.append((f"u{number}", Raw | UnsetType, UNSET))
    rename["deleted_at"] = DELETED_AT
    optional.append(("deleted_at", str | None, None))
    try:
        record = msgspec.defstruct(
            "Record",
            [*fields, *optional],
            rename=rename,
            forbid_unknown_fields=True,
            kw_only=True,
            gc=False,
        )
        line = msgspec.defstruct("RecordLine", [("record", record)], bases=(Line,), kw_only=True)
    except ValueError:
        return None
    return Decoders(msgspec.json.Decoder(line), msgspec.json.Decoder(record))


def value_type(prop: Property, *, nullable: bool) -> Any:
    """Give the decoder's type for a property; nested values stay as their exact text."""
    if prop.nested:
        return Raw
    kinds: list[Any] = []
    if "string" in prop.types:
        kinds.append(str)
    if "number" in prop.types:
        kinds += [_EXACT, float]
    elif "integer" in prop.types:
        kinds.append(_INTEGER)
    if "boolean" in prop.types:
        kinds.append(bool)
    if nullable or not kinds:
        kinds.append(None)
    return Union[tuple(kinds)]  # noqa: UP007 the members are known at run time only
