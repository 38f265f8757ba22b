"""JSON text the decoder refuses, made decodable; and the exact slices of a message. Pure.

The fast decoder wants well-formed UTF-8, paired surrogates and moderate depth. What the slices
mean is left to ``messages.py`` and ``shaping.py``.
"""

from __future__ import annotations

import json
import re

import msgspec

Members = dict[str, bytes]
"""The members of a JSON object: each value as its exact JSON text."""

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ESCAPES = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    rb"|\\."
)
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],]', re.DOTALL)


class NotJSONError(Exception):
    """The text is not JSON."""


class NotStorableError(Exception):
    """The text is nearly JSON, and complete, but no column can hold it. The message says why."""


def members(text: bytes) -> Members:
    """Slice an object into its members, repairing what can be repaired.

    Lone surrogates and broken UTF-8 become U+FFFD. Raises :class:`NotStorableError` for NaN,
    Infinity and for more nesting than the decoder follows, :class:`NotJSONError` for the rest.
    """
    try:
        return _slices(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    except RecursionError:
        raise NotStorableError("nested too deeply") from None
    repaired = _repair(text)
    try:
        return _slices(repaired)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    except RecursionError:
        raise NotStorableError("nested too deeply") from None
    constants: list[str] = []
    try:
        found = json.loads(repaired, parse_constant=constants.append)
    except RecursionError:
        raise NotStorableError("nested too deeply") from None
    except ValueError as error:
        raise NotJSONError("no JSON") from error
    if isinstance(found, dict) and constants:
        raise NotStorableError("holds NaN or Infinity, which JSON does not have")
    raise NotJSONError("no JSON object")


def _slices(text: bytes) -> Members:
    # Text inside a slice is not checked by the decoder, so it is here.
    text.decode()
    return {name: bytes(raw) for name, raw in _members.decode(text).items()}


def _repair(text: bytes) -> bytes:
    readable = text.decode("utf-8", errors="replace").encode()
    return _ESCAPES.sub(lambda match: rb"\ufffd" if match[1] else match[0], readable)


def outline(text: bytes) -> dict[str, str]:
    """Give the string members of an object that :func:`members` finds too deep or odd.

    Needs no recursion; members that are not strings are left out. Raises :class:`NotJSONError`
    where brackets do not match.
    """
    try:
        return _outline(text)
    except ValueError as error:
        raise NotJSONError("no JSON") from error


def _outline(text: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    depth = 0
    pending: list[str] = []
    for match in _TOKENS.finditer(text.decode("utf-8", errors="replace")):
        token = match[0]
        if token in "{[":
            depth += 1
            pending = [] if depth == 1 else [*pending[:1], ""]
        elif token in "}]":
            depth -= 1
        elif token == ",":
            if depth == 1:
                pending = []
        elif depth == 1:
            pending.append(token)
            if len(pending) == 2:
                with_name, value = pending
                found[json.loads(with_name)] = json.loads(value)
    if depth:
        raise ValueError("brackets do not match")
    return found
