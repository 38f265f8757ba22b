"""Records reach stdout as the SDK would write them, whichever way they take."""

from __future__ import annotations

import contextlib
import copy
import fcntl
import io
import json
import logging
import os
import re
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from singer_sdk import Stream
from singer_sdk.contrib.msgspec import MsgSpecWriter
from singer_sdk.singerlib import Catalog, StateMessage

from tap_intercom_archive.messages import Writer, goes_as_it_is
from tap_intercom_archive.report import Report
from tap_intercom_archive.streams import ArchiveStream
from tap_intercom_archive.tap import TapIntercomArchive
from tests.tap.strategies import VALUES

EXTRACTED = re.compile(rb'"time_extracted":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"')
STREAM = "conversation_parts"
# The record's columns of every kind that the SDK treats apart.
RECORDS = st.lists(
    st.fixed_dictionaries(
        {"id": VALUES, "body": VALUES, "tags": VALUES, "metadata": VALUES, "state": VALUES}
    ),
    max_size=3,
)
VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "alias": {"stream_maps": {STREAM: {"__alias__": "pieces", "loud": "str(body).upper()"}}},
    "filter": {"stream_maps": {STREAM: {"__filter__": "state is not None"}}},
    "copy": {"stream_maps": {"copied": {"__source__": STREAM, "body": None}}},
    "narrow": {"stream_maps": {STREAM: {"id": "id", "__else__": None}}},
    "none": {"stream_maps": {"__else__": None}},
    "flat": {"flattening_enabled": True, "flattening_max_depth": 2},
    "deselected": {"without": ("body", "metadata")},
}


def tap_with(without: tuple[str, ...] = (), **config: Any) -> TapIntercomArchive:
    """Give a tap that has not begun, for which nothing is fetched."""
    catalog = TapIntercomArchive(config={"access_token": "t"}).catalog_dict
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            if entry["breadcrumb"] and entry["breadcrumb"][-1] in without:
                entry["metadata"]["selected"] = False
    # A copy: the SDK takes entries out of the maps it is given.
    tap = TapIntercomArchive(
        config={"access_token": "t", **copy.deepcopy(config)}, catalog=Catalog.from_dict(catalog)
    )
    vars(tap)["run"] = SimpleNamespace(
        report=Report(logging.getLogger(__name__), SimpleNamespace())  # type: ignore[arg-type]
    )
    return tap


def printed(write: Any) -> bytes:
    """Give what `write` writes to stdout."""
    out = io.TextIOWrapper(io.BytesIO(), "utf-8")
    with contextlib.redirect_stdout(out):
        write()
    return out.buffer.getvalue()


def by_the_sdk(stream: ArchiveStream, records: list[dict[str, Any]]) -> bytes:
    """Give what the SDK's own loop and writer make of the records."""

    def write() -> None:
        for record in copy.deepcopy(records):
            for message in Stream._generate_record_messages(stream, record):
                MsgSpecWriter().write_message(message)

    return printed(write)


def by_us(stream: ArchiveStream, records: list[dict[str, Any]]) -> bytes:
    def write() -> None:
        stream.put(copy.deepcopy(records))
        stream.tap.message_writer.flush()

    return printed(write)


def timeless(lines: bytes) -> bytes:
    """Give the lines without their times, each of which must have had one."""
    without, found = EXTRACTED.subn(b"", lines)
    assert found == lines.count(b"\n")
    return without


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("version", [None, 1_700_000_000])
def test_records_are_written_as_the_sdk_writes_them(variant: str, version: int | None) -> None:
    stream = tap_with(**VARIANTS[variant]).streams[STREAM]
    assert isinstance(stream, ArchiveStream)
    stream._stream_version = version
    assert goes_as_it_is(stream) is (variant == "plain")

    @given(RECORDS)
    @settings(max_examples=20)
    def check(records: list[dict[str, Any]]) -> None:
        written = by_us(stream, records)
        assert timeless(written) == timeless(by_the_sdk(stream, records))
        assert (b'"version":1700000000' in written) is (version is not None and written != b"")

    check()


def test_records_wait_for_their_object_and_go_before_any_other_message() -> None:
    writer = Writer()
    assert printed(lambda: writer.write_records("tags", [{"id": "1"}, {"id": "2"}], None)) == b""
    lines = printed(lambda: writer.write_message(StateMessage(value={}))).splitlines()
    assert [json.loads(line)["type"] for line in lines] == ["RECORD", "RECORD", "STATE"]
    assert printed(writer.flush) == b""


@given(st.dictionaries(st.text(), VALUES))
@settings(max_examples=30)
def test_states_are_written_as_the_sdk_writes_them(state: dict[str, Any]) -> None:
    message = StateMessage(value=state)
    assert printed(lambda: Writer().write_message(message)) == printed(
        lambda: MsgSpecWriter().write_message(message)
    )


class CutShort(io.RawIOBase):
    """A pipe that takes a few bytes at a time, as one does at a signal when nothing buffers."""

    def __init__(self) -> None:
        self.taken = b""

    def write(self, data: Any, /) -> int:
        self.taken += bytes(data[:7])
        return len(data[:7])


def test_a_write_that_is_cut_short_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = CutShort()
    monkeypatch.setattr("sys.stdout", SimpleNamespace(buffer=pipe, flush=lambda: None))
    writer = Writer()
    writer.write_message(StateMessage(value={"bookmarks": {"things": {"at": "x" * 100}}}))
    assert json.loads(pipe.taken)["value"]["bookmarks"]["things"]["at"] == "x" * 100


@pytest.mark.skipif(not hasattr(fcntl, "F_GETPIPE_SZ"), reason="only Linux resizes a pipe")
@pytest.mark.parametrize(
    ("object_bytes", "holds"),
    [(500, 64 * 1024), (20_000, 256 * 1024), (60_000, 1024 * 1024), (9_000_000, 1024 * 1024)],
)
def test_pipe_holds_some_objects_of_their_size(
    monkeypatch: pytest.MonkeyPatch, object_bytes: int, holds: int
) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as reader, os.fdopen(writing, "w") as stdout:
        monkeypatch.setattr("sys.stdout", stdout)
        eater = threading.Thread(target=reader.read)
        eater.start()
        writer = Writer()
        for number in range(4):
            writer.write_records(STREAM, [{"id": number, "body": "x" * object_bytes}], None)
            writer.flush()
        writer.fit_pipe(4)
        assert fcntl.fcntl(stdout.fileno(), fcntl.F_GETPIPE_SZ) == holds
        writer.fit_pipe(0)
        assert fcntl.fcntl(stdout.fileno(), fcntl.F_GETPIPE_SZ) == holds
        monkeypatch.undo()
        stdout.close()
        eater.join()
