"""A tap's output over many short conversations, made from a recording of few: numbers filled in.

`python -m tests.benchmarks.made.repeat RECORDING COUNT` writes the recording's SCHEMA messages,
then its conversations, their parts and payloads again and again under new numbers, with its STATE
messages between them, until there are COUNT. Memory stays that of the recording.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tests.benchmarks.made.pool import MARK, number_of

STREAMS = frozenset({"conversations", "conversation_parts", "raw_payloads"})
# Stands where a payload's id does, as long as one.
_PAYLOAD_MARK = b"#" * 64


class _Record(msgspec.Struct):
    id: str
    stream: str | None = None
    record_id: str | None = None
    conversation_id: str | None = None
    payload_id: str | None = None


class _Message(msgspec.Struct):
    type: str
    stream: str = ""
    record: msgspec.Raw = msgspec.Raw(b"")


class Recording:
    """What a tap has written, taken apart: its schemas, and lines with their numbers left open."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        """Take a recording apart; each element of `lines` ends with a line feed."""
        self.schemas: list[bytes] = []
        # A STATE's line stands under None.
        self._lines: list[tuple[str | None, bytes]] = []
        message = msgspec.json.Decoder(_Message).decode
        record = msgspec.json.Decoder(_Record).decode
        for line in lines:
            found = message(line)
            if found.type == "SCHEMA" and found.stream in STREAMS:
                self.schemas.append(line)
            elif found.type == "STATE" and self._lines:
                self._lines.append((None, line))
            elif found.type == "RECORD" and found.stream in STREAMS:
                self._take(found.stream, record(found.record), line)

    def _take(self, stream: str, record: _Record, line: bytes) -> None:
        if stream == "raw_payloads":
            if record.stream != "conversations":
                return
            number, payload = record.record_id, record.id
        else:
            number, payload = record.conversation_id or record.id, record.payload_id or ""
        assert number, "every payload is of an object"
        line = line.replace(number.encode(), MARK.encode())
        self._lines.append((number, line.replace(payload.encode(), _PAYLOAD_MARK)))

    def repeated(self, count: int) -> Iterator[bytes]:
        """Give the lines of `count` conversations."""
        done, before = 0, None
        new = payload = b""
        while True:
            for number, line in self._lines:
                if number is None:
                    yield line
                    continue
                if number != before:
                    if done == count:
                        return
                    new = number_of(done).encode()
                    payload = hashlib.sha256(new).hexdigest().encode()
                    done, before = done + 1, number
                yield line.replace(MARK.encode(), new).replace(_PAYLOAD_MARK, payload)
            before = None


def main() -> None:
    """Repeat."""
    with Path(sys.argv[1]).open("rb") as file:
        recording = Recording(iter(file))
    out = sys.stdout.buffer
    out.writelines(recording.schemas)
    count = int(sys.argv[2])
    if count:
        out.writelines(recording.repeated(count))


if __name__ == "__main__":
    main()
