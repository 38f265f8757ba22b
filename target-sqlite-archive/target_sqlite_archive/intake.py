"""The hot loop: every line of the input to what handles it, with one decode for a known RECORD.

It replaces the SDK's loop over messages and nothing else. A RECORD's lane is found by the bytes in
front of its record; other messages, and the first of each kind, are sliced and handed on. What
messages do is left to ``target.py``, rows to ``lanes.py``.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from typing import IO, Any, Protocol

import msgspec
from singer_sdk.singerlib.encoding import GenericSingerReader

from target_sqlite_archive.input_errors import InputError
from target_sqlite_archive.jsontext import (
    Members,
    NotJSONError,
    NotStorableError,
    members,
    outline,
    read,
)
from target_sqlite_archive.lanes import Lane
from target_sqlite_archive.lines import LineSource, StoppedError

_MARK = b'"record"'
_FARTHEST_MARK = 1024
_string = msgspec.json.Decoder(str)
_KNOWN = ("RECORD", "SCHEMA", "STATE", "ACTIVATE_VERSION", "BATCH")


class Handler(Protocol):
    """What the loop hands messages to."""

    def open_archive(self) -> None:
        """Get ready for the first line."""

    def lane(self, stream: str) -> Lane | None:
        """Give the lane of a stream whose records need no mapping."""

    def take_record(self, stream: str, message: Members, line: bytes) -> None:
        """Store a RECORD that has no lane, or report that its stream is unknown."""

    def take_unsliceable(self, stream: str, reason: str, message: Members, line: bytes) -> None:
        """Keep a RECORD that cannot even be decoded; ``message`` is its outline."""

    def take_message(self, kind: str, message: Members, number: int) -> None:
        """Handle a message other than a RECORD; ``number`` is the line's."""

    def warn_unknown(self, kind: str) -> None:
        """Report a kind of message that the target does not know."""

    def gathered(self, rows: int, size: int) -> None:
        """Note that rows of so many bytes were taken."""

    def tick(self) -> None:
        """Do what is due, after each chunk of the input."""

    def interrupted(self, error: BaseException | None) -> None:
        """Keep what came before an error in the input, or before a signal."""


class Intake(GenericSingerReader[bytes]):
    """Reads a tap's messages from bytes."""

    default_input = sys.stdin.buffer

    def __init__(self, handler: Handler) -> None:
        """Read for this handler."""
        super().__init__()
        self.source = LineSource()
        self._handler = handler
        self._takers: dict[bytes, Callable[[bytes], bool]] = {}

    def forget_lanes(self) -> None:
        """Look lanes up again, as after a SCHEMA."""
        self._takers.clear()

    def deserialize_json(self, line: bytes) -> dict[str, Any]:
        """Decode a message, for callers outside of the loop."""
        return {name: msgspec.json.decode(text) for name, text in members(line).items()}

    def process_lines(
        self,
        file_input: IO[Any] | None,
        callbacks: dict[str, Callable[[dict[str, Any]], None]],
    ) -> Counter[str]:
        """Read all lines; give how many messages of each kind there were.

        What came before a bad line, or before a signal, is committed before this raises or ends.
        """
        self._handler.open_archive()
        counts: Counter[str] = Counter()
        try:
            self._run(file_input if file_input is not None else sys.stdin.buffer, counts)
        except StoppedError:
            pass
        except BaseException as error:
            self._handler.interrupted(error)
            raise
        if self.source.stopped():
            self._handler.interrupted(None)
        return counts

    def _run(self, stream: IO[Any], counts: Counter[str]) -> None:
        handler, takers = self._handler, self._takers
        number = rows = size = 0
        for line in self.source.lines(stream):
            if line is None:
                handler.gathered(rows, size)
                counts["RECORD"] += rows
                rows = size = 0
                handler.tick()
                continue
            number += 1
            take = takers.get(line[: line.find(_MARK, 0, _FARTHEST_MARK)])
            if take is not None and take(line):
                rows += 1
                size += len(line)
                continue
            if line.isspace():
                continue
            handler.gathered(rows, size)
            counts["RECORD"] += rows
            rows = size = 0
            counts[self._take(line.rstrip(b"\n"), number)] += 1
            handler.gathered(0, len(line))
        handler.gathered(rows, size)
        counts["RECORD"] += rows

    def _take(self, line: bytes, number: int) -> str:
        try:
            # A RECORD's own text stays as it came: what a repair does to it is for its lane to see.
            message = members(line, exact=("record",))
        except NotStorableError as error:
            return self._take_unsliceable(line, number, str(error))
        except NotJSONError:
            raise InputError(
                f"Line {number} of the input is not a JSON object. Look at what the tap prints to "
                "standard output; what came before is stored."
            ) from None
        kind = self._text(message, "type", number)
        if kind == "RECORD":
            stream = self._text(message, "stream", number)
            if "record" not in message:
                raise _lacks(number, "RECORD", "record")
            self._handler.take_record(stream, message, line)
            self._learn(stream, line)
        elif kind in _KNOWN:
            self._handler.take_message(kind, message, number)
        else:
            self._handler.warn_unknown(kind)
        return kind

    def _take_unsliceable(self, line: bytes, number: int, reason: str) -> str:
        message = outline(line)
        try:
            kind, stream = (read(_string.decode, message[name]) for name in ("type", "stream"))
        except (KeyError, msgspec.MsgspecError):
            kind = stream = ""
        if kind != "RECORD":
            raise InputError(
                f"Line {number} of the input cannot be read ({reason}). Look at what the tap "
                "prints to standard output; what came before is stored."
            )
        self._handler.take_unsliceable(stream, reason, message, line)
        return "RECORD"

    @staticmethod
    def _text(message: Members, name: str, number: int) -> str:
        try:
            return msgspec.json.decode(message[name], type=str)
        except (KeyError, msgspec.MsgspecError):
            raise _lacks(number, "message", name) from None

    def _learn(self, stream: str, line: bytes) -> None:
        """Know the lane of lines that begin like this one, if only type and stream are there."""
        end = line.find(_MARK, 0, _FARTHEST_MARK)
        lane = self._handler.lane(stream)
        if end < 0 or lane is None or lane.fast is None:
            return
        try:
            head = msgspec.json.decode(line[:end] + _MARK + b":0}")
        except msgspec.MsgspecError:
            return
        if head == {"type": "RECORD", "stream": stream, "record": 0}:
            self._takers[line[:end]] = lane.fast.take_line


def _lacks(number: int, kind: str, name: str) -> InputError:
    return InputError(
        f"Line {number} of the input is a {kind} without a usable `{name}`. Correct the tap; what "
        "came before is stored."
    )
