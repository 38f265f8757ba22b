"""Checks records against their schema with a compiled validator, and says why one fails.

A reason names a path and a keyword and never a value. What types alone can prove is left to the
decoder in ``lanes.py``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

import jsonschema_rs
import msgspec
from singer_sdk.exceptions import InvalidRecord
from singer_sdk.sinks.core import BaseJSONSchemaValidator

from target_sqlite_archive.input_errors import BadSchemaError
from target_sqlite_archive.jsontext import read

# These say how the target stores a string; they are no claim to hold a record to.
_STORAGE_KEYWORDS = frozenset({"contentMediaType", "contentEncoding"})
# What the decoder, or the way past it for undeclared properties, sees to by itself.
_PLAIN_KEYWORDS = frozenset(
    {
        "type",
        "properties",
        "required",
        "additionalProperties",
        "title",
        "description",
        "$schema",
        "$id",
        "$comment",
        "$defs",
        "definitions",
    }
)
_decode = msgspec.json.Decoder(float_hook=Decimal).decode


class RecordValidator(BaseJSONSchemaValidator):
    """A compiled validator for one schema; formats are not checked, as in the SDK.

    Raises :class:`BadSchemaError` where the schema itself is wrong.
    """

    def __init__(self, schema: dict[str, Any], *, stream: str) -> None:
        """Compile the schema."""
        super().__init__(schema)
        try:
            self._validator = jsonschema_rs.validator_for(
                _without_storage_keywords(schema), validate_formats=False
            )
        except ValueError as error:
            where = "/".join(map(str, getattr(error, "instance_path", ())))
            raise BadSchemaError(
                f"The SCHEMA of stream '{stream}' is no valid JSON Schema (at /{where}). "
                "Update or correct the tap."
            ) from error

    def validate(self, record: dict[str, Any]) -> None:
        """Raise the SDK's ``InvalidRecord``, without a value in it, for a record that fails."""
        reason = self.reason(record)
        if reason is not None:
            raise InvalidRecord(reason, {})

    def reason(self, record: Mapping[str, Any]) -> str | None:
        """Give why the record fails, as paths and keywords, or None where it passes."""
        try:
            if self._validator.is_valid(record):
                return None
        except (ValueError, RecursionError):
            return "nested too deeply to be checked"
        found = []
        for error in self._validator.iter_errors(record):
            where = "/".join(map(str, error.instance_path))
            keyword = error.kind.name
            named = getattr(error.kind, "property", None)
            found.append(f"/{where}: {keyword}" + (f" '{named}'" if named is not None else ""))
            if len(found) == 5:
                break
        return "; ".join(found)


def _without_storage_keywords(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {
            key: _without_storage_keywords(value)
            for key, value in schema.items()
            if key not in _STORAGE_KEYWORDS or not isinstance(value, str)
        }
    if isinstance(schema, list):
        return [_without_storage_keywords(item) for item in schema]
    return schema


def needs_whole_record(schema: Mapping[str, Any]) -> bool:
    """Whether a schema says more about a record than about its properties one by one."""
    return any(key not in _PLAIN_KEYWORDS and not key.startswith("x-") for key in schema)


def residual_schema(schema: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """Give the schema of some properties alone, all of them optional."""
    properties = schema.get("properties", {})
    rest = {name: properties[name] for name in names}
    kept = {key: schema[key] for key in ("$schema", "$defs", "definitions") if key in schema}
    return {**kept, "type": "object", "properties": rest}


def decode_all(values: Mapping[str, bytes]) -> dict[str, Any]:
    """Decode exact JSON texts into the plain values that a validator reads."""
    return {name: read(_decode, text) for name, text in values.items()}
