"""Typed decoders for one stream: a line, or a record, straight into a row's values. Pure.

A decoder that succeeds has proven the types of every value. Records that it refuses are left to
the slower way in ``lanes.py``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Protocol, Union

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from target_sqlite_archive.columns import Property
from target_sqlite_archive.shaping import EXACT_FLOAT_INTEGER, INT64_MAX, INT64_MIN
from target_sqlite_archive.sql import DELETED_AT

_INTEGER = Annotated[int, Meta(ge=INT64_MIN, le=INT64_MAX)]
_EXACT = Annotated[int, Meta(ge=-EXACT_FLOAT_INTEGER, le=EXACT_FLOAT_INTEGER)]

REFUSED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What a decoder raises for a text that it cannot prove."""


class Line(Protocol):
    """A RECORD message; ``record`` is a struct whose fields are the values in columns' order."""

    record: Struct
    version: int | None
    time_extracted: str | None


@dataclass(frozen=True, slots=True)
class Decoders:
    """Decoders of one stream: for whole lines and for records alone."""

    line: msgspec.json.Decoder[Any]
    record: msgspec.json.Decoder[Any]


def build(
    stream: str,
    properties: Sequence[Property],
    required: Collection[str],
    undeclared: Collection[str],
    *,
    all_present: bool,
) -> Decoders | None:
    """Build decoders of a stream, or None where a name cannot be a decoder's field.

    ``undeclared`` are properties outside of the schema that are known and passed over, behind the
    others; any other is refused, and so is a mark of deletion. With ``all_present`` a record that
    lacks a property is refused too; without, what is absent becomes ``UNSET``, and an empty text
    where the property is nested.
    """
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    rename: dict[str, str] = {}
    for number, prop in enumerate(properties):
        name = f"c{number}"
        rename[name] = prop.name
        kind = value_type(prop, nullable=prop.nullable)
        if all_present or prop.name in required:
            fields.append((name, kind))
        elif prop.nested:
            fields.append((name, kind, Raw(b"")))
        else:
            fields.append((name, kind | UnsetType, UNSET))
    for number, extra in enumerate(sorted(undeclared)):
        rename[f"u{number}"] = extra
        fields.append((f"u{number}", (None if extra == DELETED_AT else Raw) | UnsetType, UNSET))
    only: Any = Literal
    try:
        record = msgspec.defstruct(
            "Record", fields, rename=rename, forbid_unknown_fields=True, kw_only=True, gc=False
        )
        line = msgspec.defstruct(
            "RecordLine",
            [
                ("type", Literal["RECORD"]),
                ("stream", only[stream]),
                ("record", record),
                ("version", int | None, None),
                ("time_extracted", str | None, None),
            ],
            gc=False,
        )
    except ValueError:
        return None
    return Decoders(msgspec.json.Decoder(line), msgspec.json.Decoder(record))


def value_type(prop: Property, *, nullable: bool) -> Any:
    """Give the decoder's type for a property; nested values stay as their exact text."""
    if prop.nested:
        return Raw
    return _union(_plain_types(prop.types), nullable=nullable)


def items_decoder(items: Property) -> msgspec.json.Decoder[Any]:
    """Build a decoder of lists that proves the types of their items and leaves these as text."""
    kinds = _plain_types(items.types)
    if "object" in items.types:
        kinds.append(dict[str, Raw])
    if "array" in items.types:
        kinds.append(list[Raw])
    return msgspec.json.Decoder(list[_union(kinds, nullable=items.nullable)])  # type: ignore[misc]


def _plain_types(types: Collection[str]) -> list[Any]:
    kinds: list[Any] = []
    if "string" in types:
        kinds.append(str)
    if "number" in types:
        kinds += [_EXACT, float]
    elif "integer" in types:
        kinds.append(_INTEGER)
    if "boolean" in types:
        kinds.append(bool)
    return kinds


def _union(kinds: list[Any], *, nullable: bool) -> Any:
    if nullable or not kinds:
        kinds.append(None)
    return Union[tuple(kinds)]  # noqa: UP007 the members are known at run time only
