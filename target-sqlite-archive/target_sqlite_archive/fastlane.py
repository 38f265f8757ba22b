"""The fast lane of one stream: a RECORD's line to its row in one decode, where types prove enough.

What it refuses takes the slow lane in ``lanes.py``, which gives equal rows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, structs

from target_sqlite_archive import decoders
from target_sqlite_archive.columns import Property
from target_sqlite_archive.shaping import SQLValue
from target_sqlite_archive.tables import Table
from target_sqlite_archive.validation import RecordValidator

# What most nested values are; the empty one is a property that is absent.
_COMMON = (b"", b"null", b"[]", b"{}")
# Combinations of these that are remembered; few come up.
_MOST_REMEMBERED = 1000
_KINDS = {b"{": "object", b"[": "array"}


class FastLane:
    """Takes records whose every value is of a declared type; ``validator`` checks the rest.

    ``properties`` have nested ones last. ``validator`` holds the schema of those that types do not
    prove, and is None where there are none or where records are not validated.
    """

    def __init__(
        self,
        table: Table,
        properties: Sequence[Property],
        required: Collection[str],
        validator: RecordValidator | None,
    ) -> None:
        """Get ready for records that have every property and no other."""
        self._table = table
        self._properties = properties
        self._width = len(properties)
        self._required = required
        self._validator = validator
        self._nested = [
            (prop, decoders.items_decoder(prop.items) if prop.proven and prop.items else None)
            for prop in properties
            if prop.nested
        ]
        self._first_nested = len(properties) - len(self._nested)
        self._plain: list[tuple[int, str]] = []
        if validator is not None:
            self._plain = [
                (i, p.name) for i, p in enumerate(properties) if not (p.proven or p.nested)
            ]
        self._remembered: dict[bytes, list[Any]] = {}
        self.expect(all_present=True, undeclared=())

    def expect(self, *, all_present: bool, undeclared: Collection[str]) -> None:
        """Take records that lack properties, or have undeclared ones of these names, as well."""
        self._all_present = all_present
        self._decoders = decoders.build(
            self._table.layout.stream,
            self._properties,
            self._required,
            undeclared,
            all_present=all_present,
        )

    def take_line(self, line: bytes) -> bool:
        """Store the record of a line; False where it must take the slow lane."""
        if self._decoders is None:
            return False
        try:
            found: decoders.Line = self._decoders.line.decode(line)
        except decoders.REFUSED:
            return False
        return self._take(found.record, found.time_extracted, found.version)

    def take_record(self, text: bytes, extracted_at: str | None, version: int | None) -> bool:
        """Store a record alone; False where it must take the slow lane."""
        if self._decoders is None:
            return False
        try:
            found: msgspec.Struct = self._decoders.record.decode(text)
        except decoders.REFUSED:
            return False
        return self._take(found, extracted_at, version)

    def _take(self, record: msgspec.Struct, extracted_at: str | None, version: int | None) -> bool:
        values = structs.astuple(record)
        texts = values[self._first_nested : self._width]
        nested = self._remembered.get(b",".join(texts))
        if nested is None:
            nested = self._read(texts)
            if nested is None:
                return False
        row = [*values[: self._first_nested], *nested]
        if self._plain and not self._passes(
            {name: row[i] for i, name in self._plain if row[i] is not UNSET}
        ):
            return False
        if self._all_present:
            self._table.add(row, extracted_at, version)
            return True
        present = tuple([i for i, value in enumerate(row) if value is not UNSET])
        if len(present) == self._width:
            self._table.add(row, extracted_at, version)
        else:
            self._table.add([row[i] for i in present], extracted_at, version, present)
        return True

    def _read(self, raws: Sequence[msgspec.Raw]) -> list[Any] | None:
        """Give what nested values are stored as; None where one is not of its declared type."""
        read: list[Any] = []
        checked: dict[str, Any] = {}
        texts = list(map(bytes, raws))
        for (prop, items), text in zip(self._nested, texts, strict=True):
            if not text:
                read.append(UNSET)
            elif text == b"null":
                if not prop.nullable:
                    return None
                read.append(None)
            elif _KINDS.get(text[:1]) in prop.types:
                try:
                    if items is not None and text[:1] == b"[":
                        items.decode(text)
                    read.append(text.decode())
                except decoders.REFUSED:
                    return None
            else:
                return None
            if text and not prop.proven:
                checked[prop.name] = text
        if checked and not self._passes(checked):
            return None
        if len(self._remembered) < _MOST_REMEMBERED and all(text in _COMMON for text in texts):
            self._remembered[b",".join(raws)] = read
        return read

    def _passes(self, values: Mapping[str, SQLValue]) -> bool:
        """Whether values, nested ones as their JSON text, fit their part of the schema."""
        if self._validator is None:
            return True
        try:
            decoded = {
                name: msgspec.json.decode(value) if isinstance(value, bytes) else value
                for name, value in values.items()
            }
        except decoders.REFUSED:
            return False
        return self._validator.reason(decoded) is None
