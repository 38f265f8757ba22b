"""Objects as the exact bytes that the API sends.

JSON may be written in many ways and mean the same; who keeps bytes must keep any of them. So each
object has its own way of writing, chosen by its id. Signed addresses are left open here and closed
at each fetch by `sign`.
"""

from __future__ import annotations

import hashlib
import json
from json.encoder import encode_basestring_ascii
from typing import Any
from zlib import crc32

import msgspec

from .parts import EXPIRES, SIGNATURE

_COMPACT = msgspec.json.Encoder()
_EXPIRES_MARK = EXPIRES.encode()
_SIGNATURE_MARK = SIGNATURE.encode()
# Three of sixteen objects are written with HTML's own characters escaped, as Rails does, one in
# sixteen in the odd way; the others compactly.
_WAYS = 16
_RAILS = (1, 5, 9)
_ODD = 13
_LIFETIME = 30 * 86_400


def _rails(compact: bytes) -> bytes:
    # These three never stand outside of strings, so plain replacement is safe.
    return compact.replace(b"<", b"\\u003c").replace(b">", b"\\u003e").replace(b"&", b"\\u0026")


def _odd_string(text: str) -> str:
    return encode_basestring_ascii(text).replace("/", "\\/")


def _odd_number(number: float) -> str:
    text = json.dumps(number)
    mantissa, exponent, power = text.partition("e")
    # A trailing zero says nothing in JSON and must survive all the same.
    padded = mantissa + ("0" if "." in mantissa else ".0") if exponent or "." in text else text
    return padded + (f"E{power}" if exponent else "")


def _odd(value: Any) -> str:
    if isinstance(value, dict):
        inside = ", ".join(f"{_odd_string(k)} : {_odd(value[k])}" for k in reversed(value))
        return "{ " + inside + " }"
    if isinstance(value, list):
        return "[" + " , ".join(_odd(item) for item in value) + "]"
    if isinstance(value, str):
        return _odd_string(value)
    if value is None:
        return "null"
    if isinstance(value, float):
        return _odd_number(value)
    return json.dumps(value)


def encode(value: Any, name: str = "", odd: bool = False) -> bytes:
    """JSON text in UTF-8. `name` (the object's id) chooses the way of writing; `odd` forces it."""
    way = crc32(name.encode()) % _WAYS if name else 0
    if odd or way == _ODD:
        return _odd(value).encode()
    compact = _COMPACT.encode(value)
    return _rails(compact) if way in _RAILS else compact


def is_signed(template: bytes) -> bool:
    """Whether there is a signed address to close."""
    return _SIGNATURE_MARK in template


def sign(template: bytes, name: str, fetch: int, start: int) -> bytes:
    """Close the signed addresses for the `fetch`-th fetch of the object called `name`."""
    if not is_signed(template):
        return template
    signature = hashlib.sha256(f"{name} {fetch}".encode()).hexdigest()
    expires = str(start + _LIFETIME + 600 * fetch)
    return template.replace(_EXPIRES_MARK, expires.encode()).replace(
        _SIGNATURE_MARK, signature.encode()
    )
