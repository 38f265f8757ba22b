"""A tap's output over many conversation parts, with words in it that are in just so many of them.

`python -m tests.benchmarks.made.parts COUNT` writes the messages. The texts are those of `prose`;
in some of them stand planted words, so that it is known how many parts a query finds.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from importlib import resources

import msgspec

from tests.benchmarks.made.prose import Corpus

PARTS_PER_CONVERSATION = 20
_MILLION = 1_000_000
# How many parts of a million have each planted word, which stands before a second one.
HITS = (
    *(1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000),
    *(20_000, 30_000, 50_000, 70_000, 100_000),
)
_MEDIAN_WORDS, _SPREAD, _MOST_WORDS = 30, 1.05, 420
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def word(number: int) -> str:
    """Give a planted word."""
    return f"planted{_LETTERS[number]}"


def follower(number: int) -> str:
    """Give the word that stands behind a planted one."""
    return f"{word(number)}too"


def hits(number: int, count: int) -> int:
    """Give how many of `count` parts have a planted word."""
    return max(1, HITS[number] * count // _MILLION)


def messages(count: int) -> Iterator[dict[str, object]]:
    """Give the messages of so many parts and their conversations."""
    rng, corpus = random.Random("parts"), Corpus.read()
    planted = [hits(number, count) for number in range(len(HITS))]
    for stream in ("conversations", "conversation_parts"):
        schema = resources.files("tap_intercom_archive") / "schemas" / f"{stream}.json"
        yield {
            "type": "SCHEMA",
            "stream": stream,
            "schema": msgspec.json.decode(schema.read_bytes()),
            "key_properties": ["id"],
        }
    for index in range(count):
        conversation = f"9{index // PARTS_PER_CONVERSATION:09}"
        if index % PARTS_PER_CONVERSATION == 0:
            record = {"id": conversation, "created_at": _at(index), "state": "open"}
            yield {"type": "RECORD", "stream": "conversations", "record": record}
        words = corpus.run(rng, _length(rng))
        pairs = []
        for number, wanted in enumerate(planted):
            # As often as wanted, and evenly: the product passes another multiple of the count.
            if index * wanted // count != (index - 1) * wanted // count:
                pairs += [word(number), follower(number)]
        words[len(words) // 2 : len(words) // 2] = pairs
        yield {
            "type": "RECORD",
            "stream": "conversation_parts",
            "record": {
                "id": f"{index}",
                "conversation_id": conversation,
                "part_type": "comment",
                "created_at": _at(index),
                "body_text": " ".join(words),
                "author_type": "user",
                "author_id": f"{index % 1_000}",
            },
        }


def _length(rng: random.Random) -> int:
    return max(2, min(_MOST_WORDS, int(rng.lognormvariate(0, _SPREAD) * _MEDIAN_WORDS)))


def _at(index: int) -> str:
    day, minute = divmod(index, 1_440)
    year, day = divmod(day, 336)
    month, day = divmod(day, 28)
    return f"{2023 + year:04}-{month + 1:02}-{day + 1:02}T{minute // 60:02}:{minute % 60:02}:00Z"


def main() -> None:
    """Write them."""
    encoder = msgspec.json.Encoder()
    for message in messages(int(sys.argv[1])):
        sys.stdout.buffer.write(encoder.encode(message) + b"\n")


if __name__ == "__main__":
    main()
