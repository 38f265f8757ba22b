"""Call transcripts: asked for in batches, read from text or JSON into the same columns.

`POST /calls/search` answers for up to 20 conversations at once; calls without a conversation
are asked for one by one. A transcript may come late, so an empty answer means "not yet".
Shapes: docs/intercom-api.md.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tap_intercom_archive.client import Answer, Request
from tap_intercom_archive.columns import value_at
from tap_intercom_archive.errors import ApiError, BadRequest, Faulty, Gone
from tap_intercom_archive.hydration import Fetches, Workers
from tap_intercom_archive.normalize import record_id
from tap_intercom_archive.paging import Send, read_page
from tap_intercom_archive.payload import Payload, parse, parse_any
from tap_intercom_archive.resources import (
    TRANSCRIPT,
    TRANSCRIPT_SEARCH,
    TRANSCRIPT_SEARCH_MAXIMUM,
    Record,
    object_path,
)
from tap_intercom_archive.times import epoch, iso

STREAM = "call_transcriptions"
_LINE = re.compile(r"\[(?:(\d+):)?(\d{1,2}):(\d{2}(?:\.\d+)?)\]\s*(?:([^:\"]{1,120}):)?\s*(.*)")
_STARTS = ("start_time", "start", "start_seconds")
_ENDS = ("end_time", "end", "end_seconds")
_SPEAKERS = ("speaker", "speaker_name", "participant", "name", "role")
_CONTENTS = ("content", "text", "transcript", "body")

Call = Mapping[str, Any]
# None stands for a transcript that is not there yet, an error for one that could not be had.
Got = Payload | ApiError | None


def fetch(
    send: Send, workers: Workers, calls: Sequence[Call], scope: str, api_version: str
) -> Iterator[tuple[Call, Got]]:
    """Give each call with its transcript's payload, or what there was instead."""
    found: dict[str, Got] = {}
    failed: dict[str, ApiError] = {}
    conversations = list(
        dict.fromkeys(str(call["conversation_id"]) for call in calls if call.get("conversation_id"))
    )
    for begin in range(0, len(conversations), TRANSCRIPT_SEARCH_MAXIMUM):
        some = conversations[begin : begin + TRANSCRIPT_SEARCH_MAXIMUM]
        try:
            found.update(_search(send, some, scope, api_version))
        except (BadRequest, Gone):
            # One conversation may be what it stumbles over: the calls are asked for singly.
            continue
        except ApiError as error:
            failed.update(dict.fromkeys(some, error))
    by_id = {call_id: call for call in calls if (call_id := record_id(call)) is not None}
    for call_id, call in by_id.items():
        fault = failed.get(str(call.get("conversation_id")))
        if fault is not None:
            found.setdefault(call_id, fault)
    singly: Fetches[str, Payload | None] = Fetches(
        workers, lambda call_id: _fetch_one(send, call_id, scope, api_version)
    )
    found.update(singly.all([call_id for call_id in by_id if call_id not in found]))
    for call_id, call in by_id.items():
        yield call, found[call_id]


def _search(
    send: Send, conversations: list[str], scope: str, api_version: str
) -> dict[str, Payload | None]:
    """Give the transcripts of these conversations' calls by call id, None for an empty one.

    Raises ApiError, Faulty where the answer holds something else than calls.
    """
    request = Request(
        "POST", TRANSCRIPT_SEARCH, json={"conversation_ids": conversations}, scope=scope
    )
    answer = send(request)
    found: dict[str, Payload | None] = {}
    for body in read_page(answer, "data").items:
        try:
            document = parse(body)
        except ValueError:
            raise Faulty(f"Intercom's answer to {request.label} holds no calls.") from None
        call_id = record_id(document)
        if call_id is not None:
            is_there = bool(_said(document.get("transcript")))
            found[call_id] = _payload(call_id, body, answer, api_version) if is_there else None
    return found


def _fetch_one(send: Send, call_id: str, scope: str, api_version: str) -> Payload | None:
    request = Request(
        "GET",
        object_path(TRANSCRIPT, call_id),
        scope=scope,
        route=TRANSCRIPT,
        accept=("application/json", "text/plain"),
    )
    try:
        answer = send(request)
    except Gone:
        return None
    payload = _payload(call_id, answer.body, answer, api_version)
    return payload if turns(payload) else None


def _payload(call_id: str, body: bytes, answer: Answer, api_version: str) -> Payload:
    return Payload(
        STREAM,
        call_id,
        body,
        answer.fetched_at,
        api_version,
        answer.request.label,
        answer.content_type,
    )


def transcript_record(payload: Payload, call: Call) -> Record:
    """Give the record of `call_transcriptions` for a call and its transcript's payload."""
    said = turns(payload)
    changed = epoch(call.get("updated_at"))
    is_text = payload.content_type == "text/plain"
    return {
        "call_id": payload.record_id,
        "call_updated_at": None if changed is None else iso(changed),
        "transcript": said,
        "transcript_text": payload.text if is_text else "\n".join(map(_as_line, said)),
        "payload_id": payload.id,
    }


def turns(payload: Payload) -> list[Record]:
    """Read who said what, in order, from text or JSON; empty where nothing was said yet."""
    if payload.content_type == "text/plain":
        return _turns_of_text(payload.text)
    try:
        document = parse_any(payload.body)
    except ValueError:
        return []
    if isinstance(document, dict):
        document = document.get("transcript", document.get("data"))
    return [_turn(item) for item in _said(document)]


def _said(transcript: Any) -> list[dict[str, Any]]:
    """Leave out the empty objects that stand for "no transcript"."""
    if not isinstance(transcript, list):
        return []
    return [item for item in transcript if isinstance(item, dict) and item]


def _turn(item: Mapping[str, Any]) -> Record:
    speaker = _first(item, _SPEAKERS)
    if isinstance(speaker, dict):
        speaker = value_at(speaker, ("name",)) or value_at(speaker, ("type",))
    content = _first(item, _CONTENTS)
    return {
        "start_time": _seconds(_first(item, _STARTS)),
        "end_time": _seconds(_first(item, _ENDS)),
        "speaker": speaker if isinstance(speaker, str) else None,
        "content": content if isinstance(content, str) else None,
    }


def _first(item: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((item[name] for name in names if item.get(name) is not None), None)


def _seconds(value: Any) -> float | int | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        parts = value.strip().split(":")
        try:
            numbers = [float(part) for part in parts]
        except ValueError:
            return None
        total = 0.0
        for number in numbers:
            total = total * 60 + number
        if math.isfinite(total):
            return int(total) if total.is_integer() else total
    return None


def _turns_of_text(text: str) -> list[Record]:
    said: list[Record] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        match = _LINE.match(line.strip())
        if match:
            hours, minutes, seconds, speaker, content = match.groups()
            said.append(
                {
                    "start_time": _seconds(f"{hours or 0}:{minutes}:{seconds}"),
                    "end_time": None,
                    "speaker": speaker.strip() if speaker else None,
                    "content": _unquoted(content),
                }
            )
        elif said:
            said[-1]["content"] = f"{said[-1]['content']}\n{line.strip()}"
        else:
            said.append(
                {"start_time": None, "end_time": None, "speaker": None, "content": line.strip()}
            )
    return said


def _unquoted(content: str) -> str:
    quoted = len(content) >= 2 and content[0] == content[-1] == '"'
    return content[1:-1] if quoted else content


def _as_line(turn: Mapping[str, Any]) -> str:
    line = turn["content"] or ""
    if turn["speaker"]:
        line = f"{turn['speaker']}: {line}"
    if turn["start_time"] is not None:
        whole = int(turn["start_time"])
        line = f"[{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}] {line}"
    return line
