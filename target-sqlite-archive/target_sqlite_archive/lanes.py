"""The way of one stream's records from JSON text to rows: a fast lane, and a slow one for the rest.

Both give equal rows. The fast lane decodes a line once into typed values; the slow lane takes the
record's members one by one, as stream maps, odd values and missing properties need. Finding the
lane of a line is left to ``intake.py``, writing rows to ``tables.py``.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET, structs

from target_sqlite_archive import decoders
from target_sqlite_archive.columns import Property
from target_sqlite_archive.input_errors import MissingKeyError
from target_sqlite_archive.jsontext import Members, NotJSONError, NotStorableError, members
from target_sqlite_archive.session import Session
from target_sqlite_archive.shaping import shape
from target_sqlite_archive.sql import DELETED_AT, METADATA_PROPERTIES, Column
from target_sqlite_archive.tables import Present, Row, Table
from target_sqlite_archive.validation import (
    RecordValidator,
    decode_all,
    needs_whole_record,
    residual_schema,
)

# A tap that sends very many undeclared names has data for names: they are passed over unnamed.
_MOST_UNDECLARED = 100


class Lane:
    """Turns records of one stream into rows of its table.

    ``validator`` is None where records are not validated. A record that cannot be stored goes to
    quarantine; :class:`MissingKeyError` is raised for one without its key.
    """

    def __init__(
        self,
        session: Session,
        table: Table,
        properties: tuple[Property, ...],
        keys: tuple[str, ...],
        schema: Mapping[str, Any],
        validator: RecordValidator | None,
        logger: logging.Logger,
    ) -> None:
        """Get ready for records of this schema."""
        self._session = session
        self.table = table
        self.stream = table.layout.stream
        self._properties = properties
        self._keys = keys
        self._validator = validator
        self._logger = logger
        self._required = set(schema.get("required") or ()) | set(keys)
        self._closed = schema.get("additionalProperties") not in (None, True)
        # A tap may send the SDK's metadata itself; ours is what is stored.
        self._undeclared: set[str] = set(METADATA_PROPERTIES) - {DELETED_AT}
        self._all_present = True
        self._width = len(properties)
        self._nested = tuple(
            (i, _starts(prop), prop.nullable) for i, prop in enumerate(properties) if prop.nested
        )
        self._residual: tuple[tuple[int, str], ...] = ()
        self._residual_validator: RecordValidator | None = None
        self._fast = validator is None or (
            not needs_whole_record(schema) and self._required <= {prop.name for prop in properties}
        )
        if validator is not None and self._fast:
            self._prepare_residual(schema)
        self._decoders: decoders.Decoders | None = None
        self._build()

    def _prepare_residual(self, schema: Mapping[str, Any]) -> None:
        names = [(i, p.name) for i, p in enumerate(self._properties) if not p.proven]
        if names:
            self._residual = tuple(names)
            self._residual_validator = RecordValidator(
                residual_schema(schema, [name for _, name in names]), stream=self.stream
            )

    def _build(self) -> None:
        self._decoders = None
        if self._fast:
            strict = [
                prop if prop.name not in self._keys else _not_null(prop)
                for prop in self._properties
            ]
            self._decoders = decoders.build(
                strict, self._required, self._undeclared, all_present=self._all_present
            )

    # The fast lane

    def decode_line(self, line: bytes) -> decoders.Line | None:
        """Decode a whole line, or give None where it must take the slow lane."""
        if self._decoders is None:
            return None
        try:
            found: decoders.Line = self._decoders.line.decode(line)
        except decoders.REFUSED:
            return None
        return found

    def decode_record(self, text: bytes) -> msgspec.Struct | None:
        """Decode a record alone, or give None where it must take the slow lane."""
        if self._decoders is None:
            return None
        try:
            found: msgspec.Struct = self._decoders.record.decode(text)
        except decoders.REFUSED:
            return None
        return found

    def take_decoded(self, record: Any, extracted_at: str | None, version: int | None) -> bool:
        """Store a decoded record; False where it must take the slow lane after all."""
        if record.deleted_at is not None:
            return False
        values: Any = structs.astuple(record)[: self._width]
        if self._nested:
            values = list(values)
            for index, starts, nullable in self._nested:
                raw = values[index]
                if raw is UNSET:
                    continue
                text = bytes(raw)
                if text == b"null" and nullable:
                    values[index] = None
                elif text[0] in starts:
                    try:
                        values[index] = text.decode()
                    except UnicodeDecodeError:
                        return False
                else:
                    return False
            values = tuple(values)
        if self._residual_validator is not None and not self._passes(record):
            return False
        if self._all_present:
            self.table.add(values, extracted_at, version)
            return True
        present = tuple(i for i, value in enumerate(values) if value is not UNSET)
        if len(present) == self._width:
            self.table.add(values, extracted_at, version)
        else:
            self.table.add(tuple(values[i] for i in present), extracted_at, version, present)
        return True

    def _passes(self, record: Any) -> bool:
        found: dict[str, Any] = {}
        for index, name in self._residual:
            value = getattr(record, f"c{index}")
            if value is UNSET:
                continue
            try:
                found[name] = msgspec.json.decode(value) if self._is_raw(value) else value
            except decoders.REFUSED:
                return False
        return self._residual_validator is None or self._residual_validator.reason(found) is None

    @staticmethod
    def _is_raw(value: object) -> bool:
        return isinstance(value, msgspec.Raw)

    # The slow lane

    def take_text(
        self, record: bytes, extracted_at: str | None, version: int | None, line: bytes
    ) -> None:
        """Store a record given as JSON text."""
        try:
            found = members(record)
        except (NotStorableError, NotJSONError) as error:
            self.reject(str(error), line)
            return
        self.take_members(found, extracted_at, version, line)

    def take_members(
        self,
        record: Members,
        extracted_at: str | None,
        version: int | None,
        line: bytes,
    ) -> None:
        """Store a record given as its members' JSON texts."""
        deleted_at = self._deleted_at(record)
        for name in METADATA_PROPERTIES & record.keys():
            del record[name]
        self._check_keys(record)
        reason = None if deleted_at else self._refusal(record)
        if reason is None and any(record[key].strip() == b"null" for key in self._keys):
            reason = "a key property is null"
        if reason is not None:
            self.reject(reason, line)
            return
        self._learn(record)
        self._store(record, extracted_at, version, deleted_at)

    def reject(self, reason: str, line: bytes) -> None:
        """Keep a record that cannot be stored."""
        self._session.database.begin()
        self._session.quarantine.add(self.stream, reason, line, self._session.now())

    def _check_keys(self, record: Members) -> None:
        missing = [key for key in self._keys if key not in record]
        if missing:
            raise MissingKeyError(
                f"A record of stream '{self.stream}' lacks its key property "
                f"({', '.join(missing)}). Correct the tap; what came before is stored."
            )

    def _refusal(self, record: Members) -> str | None:
        if self._validator is None:
            return None
        try:
            decoded = decode_all(record)
        except decoders.REFUSED:
            return "a number or text is too large or too deep to be checked"
        return self._validator.reason(decoded)

    @staticmethod
    def _deleted_at(record: Members) -> str | None:
        text = record.get(DELETED_AT, b"null").strip()
        if text == b"null":
            return None
        return msgspec.json.decode(text, type=str) if text[:1] == b'"' else text.decode()

    def _store(
        self,
        record: Members,
        extracted_at: str | None,
        version: int | None,
        deleted_at: str | None,
    ) -> None:
        shaped: list[Any] = []
        present: list[int] = []
        tight: list[Column] = []
        for index, column in enumerate(self.table.layout.columns):
            text = record.get(column.source.name)
            if text is not None:
                value, too_tight = shape(text, column.source, column.declared)
                shaped.append(value)
                present.append(index)
                if too_tight:
                    tight.append(column)
        if tight:
            self.table.loosen(tight)
        if deleted_at is None:
            self.table.add(tuple(shaped), extracted_at, version, self._present(present))
            return
        key: Row = tuple(shaped[present.index(i)] for i in self.table.key_indexes)
        if self._session.options.hard_delete and key:
            self.table.delete(key)
        elif self.table.holds_payloads:
            # A stored payload stays as it is: only the mark is new.
            self.table.add(key, extracted_at, version, self.table.key_indexes, deleted_at)
        else:
            self.table.add(tuple(shaped), extracted_at, version, self._present(present), deleted_at)

    def _present(self, present: list[int]) -> Present | None:
        return None if len(present) == self._width else tuple(present)

    def _learn(self, record: Members) -> None:
        """Let the fast lane take records like this one from now on."""
        if self._decoders is None:
            return
        declared = {prop.name for prop in self._properties}
        undeclared = record.keys() - declared - self._undeclared
        absent = declared - record.keys()
        if undeclared and not self._closed and len(self._undeclared) < _MOST_UNDECLARED:
            for name in sorted(undeclared):
                self._logger.warning(
                    "Stream '%s' has the property '%s' in its records but not in its schema: "
                    "it is not stored.",
                    self.stream,
                    name,
                )
            self._undeclared |= undeclared
            self._build()
        if absent and self._all_present:
            self._all_present = False
            self._build()


def _starts(prop: Property) -> bytes:
    starts = b""
    if "object" in prop.types:
        starts += b"{"
    if "array" in prop.types:
        starts += b"["
    return starts


def _not_null(prop: Property) -> Property:
    return Property(
        name=prop.name,
        types=prop.types,
        nullable=False,
        proven=prop.proven,
        role=prop.role,
        references=prop.references,
        version_of=prop.version_of,
    )
