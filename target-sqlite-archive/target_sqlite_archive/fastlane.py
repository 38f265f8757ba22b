"""The fast lane of one stream: a RECORD's line to its row in one decode, where types prove enough.

What it refuses takes the slow lane in ``lanes.py``, which gives equal rows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, structs

from target_sqlite_archive import decoders
from target_sqlite_archive.columns import Property
from target_sqlite_archive.tables import Table
from target_sqlite_archive.validation import RecordValidator

# Combinations of common texts that are remembered; few come up.
_MOST_REMEMBERED = 1000


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
        self._required = required
        self._validator = validator
        self._width = len(properties)
        self._nested = [_Nested(prop, validator) for prop in properties if prop.nested]
        self._first_nested = self._width - len(self._nested)
        self._remembered: dict[bytes, list[object]] = {}
        plain = [(i, p) for i, p in enumerate(properties) if not (p.nested or p.proven)]
        self._checked = [] if validator is None else [(i, prop.name) for i, prop in plain]
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
        raws = values[self._first_nested : self._width]
        nested = self._remembered.get(b",".join(raws))
        if nested is None:
            nested = self._read(raws)
            if nested is None:
                return False
        row: list[Any] = [*values[: self._first_nested], *nested]
        if self._checked and not self._passes(row):
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

    def _read(self, raws: Sequence[msgspec.Raw]) -> list[object] | None:
        """Give what nested values are stored as; None where one must take the slow lane."""
        read: list[object] = []
        all_common = True
        for nested, raw in zip(self._nested, raws, strict=True):
            text = bytes(raw)
            if text in nested.common:
                read.append(nested.common[text])
                continue
            value = nested.read(text)
            if value is None:
                return None
            read.append(value)
            all_common = False
        if all_common and len(self._remembered) < _MOST_REMEMBERED:
            self._remembered[b",".join(raws)] = read
        return read

    def _passes(self, row: Sequence[object]) -> bool:
        values = {name: row[i] for i, name in self._checked if row[i] is not UNSET}
        return self._validator is None or self._validator.reason(values) is None


class _Nested:
    """A property that may hold objects or lists, and what it stores for common texts."""

    def __init__(self, prop: Property, validator: RecordValidator | None) -> None:
        self._name = prop.name
        self._starts = {b"{": "object" in prop.types, b"[": "array" in prop.types}
        self._validator = None if prop.proven else validator
        self._items: msgspec.json.Decoder[Any] | None = None
        if prop.proven and prop.items is not None:
            self._items = decoders.items_decoder(prop.items)
        self.common: dict[bytes, object] = {b"": UNSET}
        if prop.nullable and self._passes(b"null"):
            self.common[b"null"] = None
        for text in (b"[]", b"{}"):
            value = self.read(text)
            if value is not None:
                self.common[text] = value

    def read(self, text: bytes) -> str | None:
        """Give the text to store of an object or a list; None where it is not as declared."""
        if not self._starts.get(text[:1]):
            return None
        try:
            if self._items is not None and text[:1] == b"[":
                self._items.decode(text)
            return text.decode() if self._passes(text) else None
        except decoders.REFUSED:
            return None

    def _passes(self, text: bytes) -> bool:
        if self._validator is None:
            return True
        return self._validator.reason({self._name: msgspec.json.decode(text)}) is None
