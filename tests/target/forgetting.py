"""An archive with a person in every corner of it, to be forgotten. No test lives here."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.target.harness import Archive, record, schema, state
from tests.target.reading_harness import POINTER, TEXT

WHO = "64f0c1a2b3c4d5e6f7a8b9c0"
OTHER = "64f0c1a2b3c4d5e6f7a8b9c9"
EMAIL = "jane.quince@example.test"
OWN = "215400000001"
GUESTED = "215400000002"  # another customer's, in which she has written and is talked about
ALIEN = "215400000003"
GROWN = "215400000004"  # of another customer, in which she is named from its second version on
FORMER = "jane.former@example.test"  # in the first version of her contact alone
WORDS = (
    WHO,
    EMAIL,
    FORMER,
    "quince",
    "4930123456",
    "external-8841",
    "kumquat",  # of her own words
    OWN,
)
BODY = {**TEXT, "contentMediaType": "text/plain"}
_PAYLOAD = {
    **TEXT,
    "contentMediaType": "application/json",
    "x-sql-datatype-properties": {
        "version_of": ["stream", "record_id"],
        "redaction_flag": "redacted",
    },
}
_TABLES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "raw_payloads": (
        {
            name: TEXT if name != "payload" else _PAYLOAD
            for name in ("id", "sha256", "stream", "record_id", "payload")
        },
        ("id",),
    ),
    "contacts": (
        dict.fromkeys(("id", "external_id", "role", "email", "phone", "name"), TEXT),
        ("id",),
    ),
    "contact_notes": (
        {"id": TEXT, "contact_id": TEXT, "body_text": BODY, "list_payload_id": POINTER},
        ("id",),
    ),
    "conversations": (
        {
            "id": TEXT,
            "created_at": TEXT,
            "state": TEXT,
            "title": TEXT,
            "contact_ids": {"type": ["array", "null"], "items": {"type": "string"}},
            "source_author_type": TEXT,
            "source_author_id": TEXT,
            "source_author_name": TEXT,
            "source_author_email": TEXT,
            "source_body_text": BODY,
        },
        ("id",),
    ),
    "conversation_parts": (
        {
            **dict.fromkeys(
                ("id", "conversation_id", "part_type", "created_at", "author_type"), TEXT
            ),
            **dict.fromkeys(("author_id", "author_name", "author_email", "body"), TEXT),
            "body_text": BODY,
        },
        ("id",),
    ),
    "conversation_participants": (
        dict.fromkeys(("conversation_id", "type", "id"), TEXT),
        ("conversation_id", "type", "id"),
    ),
    "calls": (dict.fromkeys(("id", "conversation_id", "contact_id", "phone"), TEXT), ("id",)),
    "call_transcriptions": ({"call_id": TEXT, "transcript_text": BODY}, ("call_id",)),
}
SCHEMAS = tuple(
    schema(name, {**properties, "payload_id": POINTER}, keys)
    if name != "raw_payloads"
    else schema(name, properties, keys)
    for name, (properties, keys) in _TABLES.items()
)
COUNTS = schema("counts", {"id": "string", "n": "integer", "who": TEXT})


def _payload(stream: str, number: str, value: object) -> tuple[str, str]:
    text = json.dumps(value, ensure_ascii=False)
    name = hashlib.sha256(f"{stream}\0{number}\0{text}".encode()).hexdigest()
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    values = {"id": name, "sha256": sha256, "stream": stream, "record_id": number, "payload": text}
    return record("raw_payloads", values), name


def _author(number: str) -> dict[str, str]:
    known = {
        WHO: {"type": "user", "name": "Jane Quince", "email": EMAIL},
        OTHER: {"type": "user", "name": "Other Olaf", "email": "olaf@example.test"},
    }
    return {"id": number, **known.get(number, {"type": "admin", "name": "Synthetic Sam"})}


def _contact(number: str, version: int) -> Iterator[str]:
    about = _author(number)
    tells: dict[str, str | None] = {"phone": None, "external_id": None}
    if number == WHO:
        tells = {"phone": "+49 30 123456", "external_id": "external-8841"}
    email = FORMER if number == WHO and version == 1 else about["email"]
    values = {**tells, "id": number, "email": email, "name": about["name"]}
    line, name = _payload("contacts", number, {**values, "type": "contact", "version": version})
    yield line
    yield record("contacts", {**values, "role": "user", "payload_id": name})
    if number == WHO:
        notes, listed = _payload("contact_notes", number, {"id": "note-1", "body": "kumquats"})
        yield notes
        note = {"id": "note-1", "contact_id": number, "body_text": "likes kumquats"}
        yield record("contact_notes", {**note, "payload_id": name, "list_payload_id": listed})


def conversation(number: str, starter: str, *said: tuple[str, str], version: int = 1) -> list[str]:
    """A conversation: who began it, and who said what in it, the first text its source."""
    (_, first), *parts = said
    people = sorted({who for who, _ in said if who in (WHO, OTHER)} | {starter})
    whole = {
        "type": "conversation",
        "id": number,
        "version": version,
        "title": first[:20],
        "source": {"body": f"<p>{first}</p>", "author": _author(starter)},
        "contacts": {"contacts": [{"type": "contact", "id": who} for who in people]},
        "parts": [
            {"id": f"{number}-{n}", "author": _author(who), "body": f"<p>{text}</p>"}
            for n, (who, text) in enumerate(parts)
        ],
    }
    line, name = _payload("conversations", number, whole)
    author = _author(starter)
    lines = [
        line,
        record(
            "conversations",
            {
                "id": number,
                "created_at": "2026-01-01T00:00:00Z",
                "state": "open",
                "title": first[:20],
                "contact_ids": people,
                "source_author_type": author["type"],
                "source_author_id": starter,
                "source_author_name": author["name"],
                "source_author_email": author.get("email"),
                "source_body_text": first,
                "payload_id": name,
            },
        ),
    ]
    for n, (who, text) in enumerate(parts):
        author = _author(who)
        values = {
            "id": f"{number}-{n}",
            "conversation_id": number,
            "part_type": "comment",
            "created_at": "2026-01-01T00:00:00Z",
            "author_type": author["type"],
            "author_id": who,
            "author_name": author["name"],
            "author_email": author.get("email"),
            "body": f"<p>{text}</p>",
            "body_text": text,
            "payload_id": name,
        }
        lines.append(record("conversation_parts", values))
    for who in people:
        values = {"conversation_id": number, "type": "contact", "id": who, "payload_id": name}
        lines.append(record("conversation_participants", values))
    return lines


def call(number: str, of: str) -> list[str]:
    """A call of hers."""
    whole = {"id": number, "conversation_id": of, "contact_id": WHO, "phone": "+4930123456"}
    line, name = _payload("calls", number, whole)
    return [line, record("calls", {**whole, "phone": "4930123456", "payload_id": name})]


def workspace(version: int = 1) -> list[str]:
    """All that a tap sends of the workspace, in this version of it."""
    mentions = (
        f"Please ask Jane QUINCE or <a href='mailto:{EMAIL}'>write</a>, she is {WHO}",
        "jane.quince%40example.test and QUINCE, Jane &#38; +49 30 123456; see 215400000001",
    )
    lines = [*_contact(WHO, version), *_contact(OTHER, version)]
    chats = [("admin-1", f"Answer {n} of {version}") for n in range(version)]
    lines += conversation(
        OWN, WHO, (WHO, "My kumquat is broken"), *chats, (WHO, "Kumquat!"), version=version
    )
    lines += conversation(
        GUESTED,
        OTHER,
        (OTHER, f"Hello, {mentions[0]}"),
        ("admin-1", mentions[1]),
        (WHO, "A kumquat from me"),
        *chats,
        version=version,
    )
    lines += conversation(
        ALIEN, OTHER, (OTHER, "An apple, and Annual Janes"), *chats, version=version
    )
    long = " ".join(f"word{n}" for n in range(60))
    named = [("admin-1", f"Is she not {FORMER}, or Quince, Jane?")] if version > 1 else []
    lines += conversation(GROWN, OTHER, (OTHER, long), *chats, *named, version=version)
    lines += call("call-00001", OWN)
    spoken, name = _payload("call_transcriptions", "call-00001", {"text": "kumquat"})
    lines.append(spoken)
    values = {"call_id": "call-00001", "transcript_text": "A kumquat, says Jane Quince"}
    lines.append(record("call_transcriptions", {**values, "payload_id": name}))
    lines.append(record("counts", {"id": "1", "n": "no number", "who": f"{EMAIL} and Jane Quince"}))
    lines.append(record("counts", {"id": WHO, "n": "no number", "who": None}))
    lines.append(record("counts", {"id": "2", "n": version, "who": None}))
    return lines


def others(count: int) -> list[str]:
    """Conversations of many others, some of whose words she has too."""
    chance = random.Random(7)
    lines = []
    for n in range(count):
        words = " ".join(chance.choices(["alpha", "beta", "gamma", "delta", "apple"], k=40))
        lines += conversation(f"3154000{n:05}", OTHER, (OTHER, words), ("admin-1", words))
    return lines


def tap_state(position: int) -> str:
    """A STATE that names her and her conversation."""
    bookmark = {
        "position": position,
        "window": {"done": {OWN: "5f2c", GUESTED: "77aa"}},
        "owed": [{"stream": "contacts", "id": WHO, "reason": "failed"}],
    }
    return state({"bookmarks": {"conversations": bookmark}})


def fill(archive: Archive, count: int = 120) -> None:
    """Fill an archive in two runs: a first version of everything, and a second one."""
    assert not archive.path.exists()
    archive.path.touch(0o600)
    archive.path.write_bytes(_filled(count))


@cache
def _filled(count: int) -> bytes:
    with TemporaryDirectory() as folder:
        made = Archive(Path(folder))
        made.feed(*SCHEMAS, COUNTS, *workspace(1), *others(count), tap_state(1))
        made.feed(tap_state(1), *SCHEMAS, COUNTS, *workspace(2), tap_state(2))
        return made.path.read_bytes()
