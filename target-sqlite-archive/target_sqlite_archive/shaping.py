"""One JSON value, as its exact text, to what its column stores. Pure.

Rows that are wholly of the declared types take the shorter way through ``lanes.py``; this is the
way for all others. Validation is left to ``validation.py``.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal

import msgspec

from target_sqlite_archive.columns import Property
from target_sqlite_archive.jsontext import read

SQLValue = str | int | float | bytes | None

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
# Past this an integer is not exact in a column of floating point numbers.
EXACT_FLOAT_INTEGER = 2**53
_INTEGER = re.compile(rb"-?[0-9]+")
_string = msgspec.json.Decoder(str)
_KINDS = {b'"': "string", b"{": "object", b"[": "array", b"t": "boolean", b"f": "boolean"}
_CONSTANTS: dict[bytes, int | None] = {b"null": None, b"true": 1, b"false": 0}


def shape(text: bytes, prop: Property, declared: str) -> tuple[SQLValue, bool]:
    """Give the value to store, and whether the column's affinity would not keep it as it is.

    ``declared`` is the SQL type that the column has in the file now.
    """
    text = text.strip()
    first = text[:1]
    if first in b"{[":
        return text.decode("utf-8", errors="replace"), declared not in ("", "TEXT")
    if first == b'"':
        return read(_string.decode, text), declared not in ("", "TEXT", "BLOB")
    if text in _CONSTANTS:
        value = _CONSTANTS[text]
        return value, declared == "TEXT" and value is not None
    if declared == "TEXT" or prop.types == {"string"}:
        return text.decode(), False
    return _number(text, prop, declared)


def tells_apart(text: bytes, prop: Property, value: SQLValue) -> bool:
    """Whether no other value that the property may hold is stored as this JSON text's is."""
    first, others = text.strip()[:1], prop.types - {"array", "object"}
    if first == b'"':
        return True
    if first in b"tf":
        return not others & {"integer", "number"}
    if isinstance(value, str):
        return "string" not in others or prop.types == {"string"}
    return not isinstance(value, float) or Decimal(text.decode()) == Decimal(repr(value))


def fits(text: bytes, prop: Property, value: SQLValue) -> bool:
    """Whether a JSON text, stored as this value, is of a type that the property may hold."""
    first = text.strip()[:1]
    if first in _KINDS:
        return _KINDS[first] in prop.types
    if not first.isdigit() and first != b"-":
        return False
    return "number" in prop.types or ("integer" in prop.types and not isinstance(value, float))


def always_tells_apart(prop: Property) -> bool:
    """Whether :func:`tells_apart` holds for whatever fits the property's types and 64 bits."""
    return prop.types <= {"string", "integer"} or prop.types <= {"string", "boolean"}


def _number(text: bytes, prop: Property, declared: str) -> tuple[SQLValue, bool]:
    if _INTEGER.fullmatch(text):
        # int() refuses thousands of digits, so the length is looked at first.
        number = int(text) if len(text) <= 20 else None
        if number is None or not INT64_MIN <= number <= INT64_MAX:
            return text.decode(), declared != ""
        return number, declared == "REAL" and abs(number) > EXACT_FLOAT_INTEGER
    value = float(text)
    if math.isinf(value):
        return text.decode(), declared != ""
    if "number" not in prop.types and value.is_integer():
        whole = int(Decimal(text.decode()))
        if INT64_MIN <= whole <= INT64_MAX:
            return whole, False
        return text.decode(), declared != ""
    return value, declared == "INTEGER" and value.is_integer()
