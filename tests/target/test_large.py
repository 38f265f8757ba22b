"""One very large payload: stored byte for byte, within a known measure of memory."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys

import pytest

from target_sqlite_archive.blobs import Dictionaries
from target_sqlite_archive.reading import open_archive
from tests.target.harness import Archive, bookmark, record, schema, state
from tests.target.reading_harness import SCHEMAS, TEXT, verified

MEGABYTE = 1_000_000
# Measured: 57 MB for the program; for each byte of the longest line 5.6 bytes where its text is
# plain, 10.5 where it has an emoji, for then Python takes four bytes for every character.
PROGRAM_BYTES = 120 * MEGABYTE
BYTES_PER_BYTE_OF_LINE = 12


# A child's peak begins with that of the process it was forked from, so a small one starts it.
LAUNCHER = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(done.returncode)
"""


def payload_of(size: int) -> str:
    """A made conversation's JSON of so many bytes."""
    part = '{"body": "<p class=\\"no-margin\\">Synthetic Sam é 😀 %d</p>", "at": 1700000000}'
    parts: list[str] = []
    reached = 0
    while reached < size:
        parts.append(part % len(parts))
        reached += len(parts[-1].encode()) + 1
    return f"[{','.join(parts)}]"


def store(archive: Archive, size: int) -> tuple[int, int]:
    """Store one payload; give the peak of the target's memory and the line's length in bytes."""
    content = payload_of(size)
    line = record(
        "raw_payloads",
        {
            "id": "large",
            "sha256": hashlib.sha256(content.encode()).hexdigest(),
            "stream": "conversations",
            "record_id": "1",
            "payload": content,
        },
    )
    sent = [SCHEMAS[0], line, schema("t", {"s": TEXT}, keys=()), state(bookmark("t", 1))]
    done = subprocess.run(
        [sys.executable, "-c", LAUNCHER, *archive.command],
        input="\n".join(sent).encode(),
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout) == bookmark("t", 1)
    with open_archive(archive.path) as reading:
        (row,) = reading.connection.execute("SELECT payload, _payload_sha256 FROM raw_payloads")
        assert Dictionaries(reading.connection).read(*row) == content.encode()
    assert verified(archive)["well"]
    unit = 1 if sys.platform == "darwin" else 1024
    return int(done.stderr) * unit, len(line)


@pytest.mark.parametrize(
    "megabytes", [20, pytest.param(100, marks=pytest.mark.prove)], ids=lambda size: f"{size} MB"
)
def test_a_large_payload_is_stored_within_a_known_memory(archive: Archive, megabytes: int) -> None:
    peak, length = store(archive, megabytes * MEGABYTE)
    print(f"{length / MEGABYTE:.0f} MB line: {peak / MEGABYTE:.0f} MB at most")
    assert peak < PROGRAM_BYTES + BYTES_PER_BYTE_OF_LINE * length
