"""Split a tap's output into the records of each stream, one JSON object a line.

`python -m tests.benchmarks.plain.split FOLDER < OUTPUT` writes `STREAM.nl` files, for programs that
load records and know nothing of Singer; its last line says each stream's key and records.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec


class _Message(msgspec.Struct):
    type: str
    stream: str = ""
    record: msgspec.Raw = msgspec.Raw(b"")
    key_properties: list[str] | None = None


def main() -> None:
    """Split."""
    folder = Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    decode = msgspec.json.Decoder(_Message).decode
    files, keys, counts = {}, {}, {}
    for line in sys.stdin.buffer:
        message = decode(line)
        if message.type == "SCHEMA":
            files[message.stream] = (folder / f"{message.stream}.nl").open("wb")
            keys[message.stream] = message.key_properties
            counts[message.stream] = 0
        elif message.type == "RECORD":
            files[message.stream].write(bytes(message.record) + b"\n")
            counts[message.stream] += 1
    for file in files.values():
        file.close()
    print(json.dumps({"keys": keys, "records": counts}))


if __name__ == "__main__":
    main()
