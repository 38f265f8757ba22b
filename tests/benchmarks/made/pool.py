"""A pool of conversations as the API serves them, their own number left open, in one file.

`python -m tests.benchmarks.made.pool FILE --count N` makes it, in a process of its own. A workspace
of any size is served from a pool by filling numbers in, so that memory stays flat. The shape is
the sandbox's, the words are ``prose``'s. Serving is left to ``server``.
"""

from __future__ import annotations

import argparse
import hashlib
import random
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tests.benchmarks.made.prose import Corpus, Writer
from tests.sandbox import people
from tests.sandbox.conversations import Conversation, Setting, make_conversation, settle
from tests.sandbox.features import Plan
from tests.sandbox.parts import make_attachment
from tests.sandbox.serialise import sign

# Stands where a conversation's number does, as long as one; parts' numbers begin with it.
MARK = "@@@@@@@@@@@@"
FIRST_NUMBER = 215_400_000_000
# All conversations ended before this second and began within the two years before it.
START = 1_735_689_600
_SPAN_SECONDS = 2 * 365 * 86_400
_SHORTEST_SECONDS, _LONGEST_SECONDS = 3_600, 20 * 86_400
# How often a conversation can be made as it grew, from version 1 to this one.
VERSIONS = 10
_CONTACTS = 1_500
_ATTACHED = 0.06
_FEATURES = {"rated": 0.2, "fin_confirmed": 0.2, "email": 0.15, "company": 0.15, "titled": 0.4}


@dataclass(frozen=True)
class Pool:
    """Templates by index: the whole object, the search's hit, the second of the last change."""

    whole: list[bytes]
    hits: list[bytes]
    updated_at: list[int]
    admins: bytes
    teams: bytes
    tags: bytes


def number_of(index: int) -> str:
    """Give the number of a workspace's conversation, as long as the mark."""
    return str(FIRST_NUMBER + index)


class Maker:
    """Makes conversations; the same for the same seed, count of parts and Python."""

    def __init__(self, seed: int) -> None:
        """Make the people and the words of a workspace."""
        self._seed = seed
        self._writer = Writer(seed, Corpus.read())
        words = self._writer.vocabulary
        admins = people.make_admins(seed, words)
        tags = people.make_tags(seed, words)
        self.setting = Setting(
            seed=seed,
            words=words,
            admins=admins,
            teams=people.make_teams(admins, seed, words),
            tags=tags,
            companies=people.make_companies(seed, words, START),
            contacts=[
                people.make_contact(seed, index, START, words, tags)[0]
                for index in range(_CONTACTS)
            ],
        )

    def conversation(self, index: int, parts: int, version: int | None) -> Conversation:
        """Make the conversation of this index: with all its parts, or as one of its versions.

        From one version to the next it grows by one to three parts.
        """
        rng = random.Random(f"benchmark {self._seed} {index}")
        ended = START - 1 - rng.randrange(_SPAN_SECONDS)
        began = ended - rng.randrange(_SHORTEST_SECONDS, _LONGEST_SECONDS)
        features = frozenset(name for name, share in _FEATURES.items() if rng.random() < share)
        plan = Plan(index, FIRST_NUMBER + index, began, ended, parts, features)
        made = make_conversation(plan, self.setting)
        self._write(rng, made)
        growth = [rng.randint(1, 3) for _ in range(VERSIONS)]
        if version is not None:
            del made.parts[max(1, parts - sum(growth[version:])) :]
            settle(made, made.parts[-1].document["created_at"])
        self._leave_number_open(made)
        return made

    def _write(self, rng: random.Random, made: Conversation) -> None:
        source = made.document["source"]
        source["body"] = self._writer.body(rng, by_agent=source["author"]["type"] == "admin")
        for part in made.parts:
            document = part.document
            if not document["body"]:
                continue
            by_agent = document["author"]["type"] == "admin"
            document["body"] = self._writer.body(rng, by_agent=by_agent)
            if rng.random() < _ATTACHED:
                document["attachments"] = [make_attachment(rng, self.setting.words)]

    @staticmethod
    def _leave_number_open(made: Conversation) -> None:
        made.document["id"] = MARK
        made.document["source"]["id"] = MARK
        for number, part in enumerate(made.parts):
            part.document["id"] = f"{MARK}{number:03d}"
            if part.document["external_id"]:
                part.document["external_id"] = f"ext-{MARK}{number:03d}"


def make_pool(seed: int, count: int, parts: int, version: int | None = None) -> Pool:
    """Make `count` conversations of `parts` parts each; `version` as it grew, None for all."""
    maker = Maker(seed)
    encode = msgspec.json.Encoder().encode
    pool = Pool(
        [],
        [],
        [],
        encode(maker.setting.admins),
        encode(maker.setting.teams),
        encode(maker.setting.tags),
    )
    for index in range(count):
        made = maker.conversation(index, parts, version)
        name = hashlib.sha256(f"{index} {version}".encode()).hexdigest()
        shown = [part.document for part in made.parts]
        around = {
            "type": "conversation_part.list",
            "conversation_parts": shown,
            "total_count": len(shown),
        }
        whole = encode({**made.document, "conversation_parts": around})
        pool.whole.append(sign(whole, name, version or 1, START))
        pool.hits.append(sign(encode(made.document), f"{name} hit", version or 1, START))
        pool.updated_at.append(int(made.document["updated_at"]))
    return pool


def write_pool(path: Path, pool: Pool) -> None:
    """Write a pool to a file."""
    path.write_bytes(msgspec.msgpack.encode(pool))


def read_pool(path: Path) -> Pool:
    """Read a pool back."""
    return msgspec.msgpack.decode(path.read_bytes(), type=Pool)


def main() -> None:
    """Make a pool as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.made.pool")
    parser.add_argument("file", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, required=True, metavar="N")
    parser.add_argument("--parts", type=int, default=20, metavar="N")
    parser.add_argument("--version", type=int, choices=range(1, VERSIONS + 1))
    asked = parser.parse_args()
    write_pool(asked.file, make_pool(asked.seed, asked.count, asked.parts, asked.version))


if __name__ == "__main__":
    main()
