"""Archives to read, made by the target itself, and the reading command. No test lives here."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.target.harness import Archive, bookmark, record, schema, state

COMMAND = str(Path(sys.executable).with_name("sqlite-archive"))
TEXT = {"type": ["string", "null"]}
NUMBER = {"type": ["integer", "null"]}
POINTER = {**TEXT, "x-sql-datatype-properties": {"references": "raw_payloads.id"}}

SCHEMAS = (
    schema(
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
    ),
    schema(
        "conversations",
        {
            "id": "string",
            "parts_total_count": NUMBER,
            "parts_returned": NUMBER,
            "parts_truncated": {"type": ["boolean", "null"]},
            "admin_id": {**TEXT, "x-sql-datatype-properties": {"references": "admins.id"}},
            "payload_id": POINTER,
        },
    ),
    schema(
        "conversation_parts",
        {
            "id": "string",
            "conversation_id": {
                **TEXT,
                "x-sql-datatype-properties": {"references": "conversations.id"},
            },
            "body_text": {**TEXT, "contentMediaType": "text/plain"},
            "payload_id": POINTER,
        },
    ),
)


def conversation(
    number: int, parts: int, total: int | None = None, *, version: int = 1
) -> list[str]:
    """A conversation's payload, itself and its parts; past a ``total`` of its own it was cut."""
    name = str(number)
    text = json.dumps({"id": name, "version": version, "by": "Synthetic Sam"})
    payload = f"payload-{number}-{version}"
    return [
        record(
            "raw_payloads",
            {
                "id": payload,
                "sha256": hashlib.sha256(text.encode()).hexdigest(),
                "stream": "conversations",
                "record_id": name,
                "payload": text,
            },
        ),
        record(
            "conversations",
            {
                "id": name,
                "parts_total_count": parts if total is None else total,
                "parts_returned": parts,
                "parts_truncated": total is not None,
                "admin_id": None,
                "payload_id": payload,
            },
        ),
        *(
            record(
                "conversation_parts",
                {
                    "id": f"{number}-{part}",
                    "conversation_id": name,
                    "body_text": f"Synthetic Sam says hello for the {part}. time",
                    "payload_id": payload,
                },
            )
            for part in range(parts)
        ),
    ]


def fill(archive: Archive, *lines: str) -> None:
    """Make an archive of three conversations, and of these lines too."""
    made = [line for number in (1, 2, 3) for line in conversation(number, parts=number)]
    archive.feed(*SCHEMAS, *made, *lines, state(bookmark("conversations", 3)))


def tamper(archive: Archive, sql: str, *values: Any) -> None:
    """Change the file as a fault would, past the target."""
    connection = sqlite3.connect(archive.path)
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute(sql, values)
    connection.commit()
    connection.close()


def read(*arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run `sqlite-archive` with these arguments."""
    return subprocess.run(
        [COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **(env or {})},
        check=False,
    )


def verified(archive: Archive) -> dict[str, Any]:
    """Verify an archive and give what the machine's form says; the exit code must agree."""
    done = read("verify", str(archive.path), "--json")
    assert done.stderr == ""
    told: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (0 if told["well"] else 1)
    return told


def found(archive: Archive, level: str) -> list[dict[str, Any]]:
    """Give the findings of one level."""
    return [f for f in verified(archive)["findings"] if f["level"] == level]


@contextlib.contextmanager
def unprivileged(*paths: Path) -> Iterator[None]:
    """Own these paths as a user without privileges, and be that user, where the tests run as root.

    The superuser can write everywhere, so nothing is read-only for it.
    """
    if os.geteuid() != 0:
        yield
        return
    nobody = 65534
    for path in paths:
        os.chown(path, nobody, nobody)
    os.seteuid(nobody)
    try:
        yield
    finally:
        os.seteuid(0)
