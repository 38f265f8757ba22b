"""Objects that grow version by version, as payloads of a tap. No test lives here."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator, Sequence

from tests.target.harness import bookmark, record, schema, state

TEXT = {"type": ["string", "null"]}
SCHEMA = schema(
    "raw_payloads",
    {
        "id": "string",
        "sha256": TEXT,
        "stream": TEXT,
        "record_id": TEXT,
        "payload": {
            **TEXT,
            "contentMediaType": "application/json",
            "x-sql-datatype-properties": {
                "version_of": ["stream", "record_id"],
                "redaction_flag": "redacted",
            },
        },
    },
)
END = state(bookmark("raw_payloads", 1))


def payload_id(text: str, record_id: str) -> str:
    """The key of a text among an object's versions."""
    return hashlib.sha256(f"{record_id}\0{text}".encode()).hexdigest()[:16]


def payload(text: str, record_id: str = "1", kind: str = "notes") -> str:
    """One RECORD line with a version of an object."""
    values = {
        "id": payload_id(text, record_id),
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "stream": kind,
        "record_id": record_id,
        "payload": text,
    }
    return record("raw_payloads", values)


def versions(seed: int, count: int) -> list[str]:
    """The texts of one object as it grows by a message at a time, of random words."""
    chance = random.Random(seed)
    messages = [_message(chance, number) for number in range(count)]
    return [
        json.dumps({"id": seed, "updated_at": 1_700_000_000 + 61 * n, "parts": messages[:n]})
        for n in range(1, count + 1)
    ]


def _message(chance: random.Random, number: int) -> dict[str, object]:
    words = " ".join(f"{chance.getrandbits(20):x}" for _ in range(chance.randint(3, 40)))
    return {"id": number, "author": "Synthetic Sam", "body": f"<p>{words}</p>"}


def arriving(objects: Sequence[Sequence[str]]) -> Iterator[str]:
    """The first version of each object, then the second of each, and so on; a STATE at the end."""
    yield SCHEMA
    for number in range(max(map(len, objects))):
        for index, texts in enumerate(objects):
            if number < len(texts):
                yield payload(texts[number], str(index))
    yield END


def expected(objects: Sequence[Sequence[str]]) -> dict[str, str | None]:
    """What an archive of these objects must hold, by key."""
    return {payload_id(t, str(i)): t for i, texts in enumerate(objects) for t in texts}
