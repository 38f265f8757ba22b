"""What admins did: a log that only grows."""

from __future__ import annotations

import random
import uuid

from .people import Document
from .shelves.office import EVENT_TYPES
from .vocabulary import Vocabulary

LOG_PAGE = 20
_DAY = 86_400


def make_log(
    seed: int, number: int, at: int, words: Vocabulary, admins: list[Document]
) -> Document:
    """The entry of this number, made at second `at`."""
    rng = random.Random(f"activity {seed} {number}")
    admin = rng.choice(admins)
    return {
        "id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        "performed_by": {
            "type": "admin",
            "id": admin["id"],
            "email": admin["email"],
            "ip": "127.0.0.1",
        },
        "metadata": {"before": {"name": words.phrase(rng, 1)}} if number % 3 else None,
        "created_at": at,
        "activity_type": EVENT_TYPES[number % len(EVENT_TYPES)],
        "activity_description": words.sentence(rng),
    }


def make_logs(seed: int, start: int, words: Vocabulary, admins: list[Document]) -> list[Document]:
    """Entries of two years, more than a page of them within one hour."""
    rng = random.Random(f"activity {seed}")
    moments = [start - rng.randrange(3_600, 700 * _DAY) for _ in range(70)]
    moments += [start - 9 * _DAY + rng.randrange(3_600) for _ in range(45)]
    return [make_log(seed, number, at, words, admins) for number, at in enumerate(sorted(moments))]
