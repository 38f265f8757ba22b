"""Companies with what belongs to them: segments, some more than a list shows, and notes.

The rows that an archive must hold are in `truth_companies`, the endpoints in `company_api`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from . import prose
from .people import INLINE_LIMIT, Document, hex_id, workspace_id
from .vocabulary import Vocabulary

_DAY = 86_400
_FIRST_NOTE = 32_000
_NOTES_OF_ONE = 60  # note ids of one company lie in a range of this size
MOST_NOTES = 70
FIRST_NEW_NOTE = 9_000_000


@dataclass
class Note:
    """A note as the API shows it, and the words behind its HTML."""

    document: Document
    text: str | None


@dataclass
class Company:
    """A company without its lists, and the lists in full."""

    index: int
    document: Document
    segments: list[Document]
    notes: list[Note]

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.document["id"])

    def shown(self) -> Document:
        """The company as lists show it: at most ten segments, notes with every fourth."""
        segments = {"type": "segment.list", "segments": self.segments[:INLINE_LIMIT]}
        document = self.document | {"segments": segments}
        if self.index % 4 == 0:
            notes = [note.document for note in self.notes]
            document["notes"] = {"type": "note.list", "notes": notes}
        return document


def make_note(
    rng: random.Random, words: Vocabulary, number: int, at: int, admin: Document, about: Document
) -> Note:
    """A note of this number, `about` a contact or a company."""
    body = prose.EMPTY_BODY if rng.random() < 0.05 else prose.write(rng, words, 2)
    shown = {name: admin[name] for name in ("type", "id", "name", "email", "away_mode_enabled")}
    return Note(
        {
            "type": "note",
            "id": str(number),
            "created_at": at,
            about["type"]: {"type": about["type"], "id": about["id"]},
            "author": shown if rng.random() < 0.9 else None,
            "body": body.html,
        },
        body.text,
    )


def make_company(
    seed: int,
    index: int,
    start: int,
    words: Vocabulary,
    admins: list[Document],
    segments: list[Document],
) -> Company:
    """The company of this index, last changed within the 300 days before `start`."""
    rng = random.Random(f"company {seed} {index}")
    updated = start - 3_600 - rng.randrange(300 * _DAY)
    document: Document = {
        "type": "company",
        "company_id": f"customer-{index}",
        "id": hex_id(seed, "company", index),
        "app_id": workspace_id(seed),
        "name": f"Invented {words.phrase(rng, 2)} Ltd",
        "remote_created_at": updated - 200 * _DAY if index % 3 else None,
        "created_at": updated - 100 * _DAY,
        "updated_at": updated,
        "last_request_at": updated - 60 if index % 2 else None,
        "monthly_spend": rng.randrange(1, 9_000) if index % 5 else 0,
        "session_count": rng.randrange(500),
        "user_count": index % 7,
        "tags": {"type": "tag.list", "tags": []},
        "plan": {},
        "custom_attributes": {},
    }
    if index % 4 == 1:
        document |= {
            "size": 50 * index,
            "website": "https://company.example.com",
            "industry": "Make-believe",
            "plan": {"type": "plan", "id": str(index), "name": words.phrase(rng, 1)},
            "custom_attributes": {"tier": index % 3, "größe": 1.5 * index, "none": None},
        }
        document["tags"]["tags"] = [{"type": "tag", "id": "7700000", "name": words.phrase(rng, 1)}]
    if index % 13 == 6:
        document["field_of_the_future"] = True
    many = index % 23 == 3
    own = rng.sample(segments, len(segments) if many else rng.choice((0, 0, 1, 2)))
    count = 53 if index == 5 else rng.choice((0, 0, 1, 3))
    first = _FIRST_NOTE + _NOTES_OF_ONE * index
    notes = [
        make_note(rng, words, first + number, updated - 60 * number, rng.choice(admins), document)
        for number in range(count)
    ]
    return Company(index, document, own, notes)
