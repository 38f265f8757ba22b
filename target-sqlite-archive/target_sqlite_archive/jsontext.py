"""JSON text the decoder refuses, made decodable; and the exact slices of a message. Pure.

The fast decoder wants well-formed UTF-8, paired surrogates and moderate depth. What the slices
mean is left to ``messages.py`` and ``shaping.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from typing import TypeVar

import msgspec

T = TypeVar("T")
Members = dict[str, bytes]
"""The members of a JSON object: each value as its exact JSON text."""

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ESCAPES = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    rb"|\\."
)
_TOKENS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]', re.DOTALL)
_string = msgspec.json.Decoder(str)


class NotJSONError(Exception):
    """The text is not JSON."""


class NotStorableError(Exception):
    """The text is nearly JSON, and complete, but no column can hold it. The message says why."""


def members(text: bytes, *, exact: Collection[str] | None = ()) -> Members:
    """Slice an object into its members, repairing what can be repaired.

    Lone surrogates and broken UTF-8 become U+FFFD, but not in the members named in ``exact`` (None
    for all): their text stays as it came. Raises :class:`NotStorableError` for NaN, Infinity and
    for more nesting than the decoder follows, :class:`NotJSONError` for the rest.
    """
    try:
        return _slices(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    except RecursionError:
        raise NotStorableError("nested too deeply") from None
    fixed = repaired(text)
    try:
        found = _slices(fixed)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    except RecursionError:
        raise NotStorableError("nested too deeply") from None
    else:
        as_it_came = outline(text) if exact is None or exact else {}
        kept = as_it_came.keys() if exact is None else as_it_came.keys() & set(exact)
        return {**found, **{name: as_it_came[name] for name in kept}}
    constants: list[str] = []
    try:
        value = json.loads(fixed, parse_constant=constants.append)
    except RecursionError:
        raise NotStorableError("nested too deeply") from None
    except ValueError as error:
        raise NotJSONError("no JSON") from error
    if isinstance(value, dict) and constants:
        raise NotStorableError("holds NaN or Infinity, which JSON does not have")
    raise NotJSONError("no JSON object")


def _slices(text: bytes) -> Members:
    # Text inside a slice is not checked by the decoder, so it is here.
    text.decode()
    return {name: bytes(raw) for name, raw in _members.decode(text).items()}


def needs_repair(text: bytes) -> bool:
    """Whether a JSON text has broken UTF-8 or lone surrogates."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return True
    return any(match[1] for match in _ESCAPES.finditer(text))


def repaired(text: bytes) -> bytes:
    """Give a JSON text with U+FFFD in the place of broken UTF-8 and lone surrogates."""
    readable = text.decode("utf-8", errors="replace").encode()
    return _ESCAPES.sub(lambda match: rb"\ufffd" if match[1] else match[0], readable)


def read(decode: Callable[[bytes], T], text: bytes) -> T:
    """Decode a JSON text, repaired where the decoder refuses it as it is."""
    try:
        return decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return decode(repaired(text))


def outline(text: bytes) -> Members:
    """Slice an object by its quotes and brackets alone; each value is as it came, and not checked.

    Needs no recursion and no well-formed UTF-8. Gives nothing where brackets do not match.
    """
    found: Members = {}
    depth = start = 0
    string, name = b"", b""
    for match in _TOKENS.finditer(text):
        token = match[0]
        if token[:1] == b'"':
            string = token
        elif token in b"{[":
            depth += 1
        elif token == b":":
            if depth == 1:
                name, start = string, match.end()
        else:
            if depth == 1 and name:
                try:
                    found[read(_string.decode, name)] = text[start : match.start()].strip()
                except msgspec.DecodeError:
                    return {}
                name = b""
            depth -= token != b","
    return {} if depth else found
