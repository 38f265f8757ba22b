"""Singer messages to stdout: all records of one object are encoded together and written at once.

The SDK writes message after message, which costs several times what encoding the records does.
Here only its loop is replaced, and only for streams of which nothing is deselected, mapped or
flattened; a test compares both ways byte for byte. Which records belong together is left to
`streams`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import datetime, timezone

from singer_sdk import Stream
from singer_sdk.contrib.msgspec import MsgSpecWriter, encoder, serialize_jsonl
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib import Message, RecordMessage, StateMessage

from tap_intercom_archive import outlet
from tap_intercom_archive.resources import Record


class Writer(MsgSpecWriter):
    """Holds records back until `flush`, or until a message of another kind follows them."""

    def __init__(self) -> None:
        """Begin with nothing held back."""
        super().__init__()
        self._held: list[bytes] = []
        self._bytes = 0

    def serialize_message(self, message: Message) -> bytearray:
        """Encode a message; a state as it is, where the SDK would first copy it piece by piece."""
        if isinstance(message, StateMessage):
            return serialize_jsonl({"type": message.type, "value": message.value})
        return super().serialize_message(message)

    def write_message(self, message: Message) -> None:
        """Write a message after all that came before it."""
        self._held.append(bytes(self.serialize_message(message)))
        if not isinstance(message, RecordMessage):
            self.flush()

    def write_records(self, stream: str, records: Iterable[Record], version: int | None) -> None:
        """Write records as they are, extracted now."""
        now = datetime.now(timezone.utc)
        frame = RecordMessage(stream, {}, version, now).to_dict()
        self._held.append(encoder.encode_lines([{**frame, "record": record} for record in records]))

    def flush(self) -> None:
        """Write what is held back, in one piece."""
        held, self._held = self._held, []
        left = memoryview(b"".join(held))
        self._bytes += len(left)
        # With PYTHONUNBUFFERED a signal in the middle of a write, and be it to go on after a
        # pause, leaves the rest of it to be written.
        while left:
            left = left[sys.stdout.buffer.write(left) :]
        if held:
            sys.stdout.flush()

    def fit_pipe(self, objects: int) -> None:
        """Size a pipe by what was written since this was last called, which was so many objects."""
        written, self._bytes = self._bytes, 0
        if objects:
            outlet.fit(sys.stdout, written // objects)


def goes_as_it_is(stream: Stream) -> bool:
    """Say whether the SDK would write the stream's records unchanged, each as one message."""
    return (
        stream.TYPE_CONFORMANCE_LEVEL is TypeConformanceLevel.NONE
        and all(stream.mask.values())
        and [type(each) for each in stream.stream_maps] == [SameRecordTransform]
        and not stream.stream_maps[0].flattening_enabled
    )
