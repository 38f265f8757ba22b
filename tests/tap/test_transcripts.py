"""Transcripts as text or JSON, both read into both columns; empty ones mean "not yet"."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_intercom_archive.payload import Payload
from tap_intercom_archive.transcripts import transcript_record, turns
from tests.tap.strategies import SPELLED


def payload(body: str | bytes, content_type: str = "application/json") -> Payload:
    exact = body if isinstance(body, bytes) else body.encode()
    return Payload(
        "call_transcriptions", "1", exact, "2024-01-01T00:00:00Z", "2.16", "GET /x", content_type
    )


def turn(start: Any = None, end: Any = None, speaker: Any = None, content: Any = None) -> Any:
    return {"start_time": start, "end_time": end, "speaker": speaker, "content": content}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('[{"start_time": 1, "end_time": 2.5, "speaker": "Sam", "content": "hi"}]',
         [turn(1, 2.5, "Sam", "hi")]),
        ('{"transcript": [{"start": "00:01:05", "text": "hi"}]}', [turn(65, content="hi")]),
        ('[{"speaker": {"type": "admin", "name": "Sam"}, "content": "x"}]',
         [turn(speaker="Sam", content="x")]),
        ('[{"content": "half \\ud83d"}]', [turn(content="half \ufffd")]),
        ('[{"start_time": "nan", "end_time": NaN, "content": "x"}]', [turn(content="x")]),
        ('[{"start_time": 1e999, "end_time": "inf", "content": "x"}]', [turn(content="x")]),
        ('[{"start_time": true, "content": 7}]', [turn()]),
        ("[{}]", []), ("[]", []), ("{}", []), ("null", []), ('"x"', []), ("[1, null]", []),
        ("{broken", []), ("[" * 100_000, []),
    ],
)  # fmt: skip
def test_json_is_read_or_is_not_yet_there(body: str, expected: list[Any]) -> None:
    assert turns(payload(body)) == expected


def test_text_is_read_line_by_line() -> None:
    text = '[00:01] Sam: hello\n\n[1:02:03.5] Bot: "quoted"\ngoes on\n'
    assert turns(payload(text, "text/plain")) == [
        turn(1, None, "Sam", "hello"),
        turn(3723.5, None, "Bot", '"quoted"\ngoes on'.replace('"', "")),
    ]
    assert turns(payload(" \n", "text/plain")) == []


@given(SPELLED | st.text(), st.sampled_from(["application/json", "text/plain"]))
def test_any_transcript_gives_a_record_that_can_be_written(body: str, content_type: str) -> None:
    exact = payload(body.encode(errors="replace"), content_type)
    msgspec.json.encode(transcript_record(exact, {"updated_at": 1_700_000_000}))


def test_both_columns_are_there_for_both_kinds() -> None:
    said = payload('[{"start_time": 61, "speaker": "Sam", "content": "hi"}]')
    record = transcript_record(said, {"updated_at": 0})
    assert record["transcript_text"] == "[00:01:01] Sam: hi"
    text = payload("[01:01] Sam: hi", "text/plain")
    assert transcript_record(text, {})["transcript_text"] == "[01:01] Sam: hi"
    assert transcript_record(text, {})["transcript"] == [turn(61, None, "Sam", "hi")]
