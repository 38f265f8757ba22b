"""Which conversations are special: a table of features per conversation, the rest by chance.

A feature is a word that `conversations` acts upon. The first conversations of every workspace carry
each feature at least once, so that the smallest workspace holds every case.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

SHOWN_PARTS = 500
_DAY = 86_400


@dataclass(frozen=True)
class Plan:
    """What is decided about a conversation before it is made."""

    index: int
    number: int  # its id
    created_at: int
    updated_at: int
    parts: int
    features: frozenset[str]


# (number of parts, or None for chance; features)
_SPECIALS: tuple[tuple[int | None, str], ...] = (
    (0, "plain"),
    (SHOWN_PARTS, "plain"),
    (560, "busy"),
    (SHOWN_PARTS + 1, "plain"),
    (None, "every_part"),
    (8, "redacted_source"),
    (9, "redacted_parts"),
    (6, "rated remark"),
    (5, "rated"),
    (10, "fin_escalated"),
    (7, "fin_confirmed"),
    (4, "fin_silent"),
    (6, "sales"),
    (9, "email"),
    (7, "email email_history"),
    (12, "attachments"),
    (6, "inline_image"),
    (5, "every_attribute odd"),
    (6, "linked"),
    (8, "company"),
    (3, "every_block"),
    (4, "null_body"),
    (4, "empty_body"),
    (2, "no_statistics"),
    (6, "three_contacts"),
    (5, "no_contact"),
    (7, "many_tags"),
    (8, "sla_hit"),
    (8, "sla_missed"),
    (8, "sla_active"),
    (8, "sla_cancelled"),
    (5, "urgent"),
    (6, "snoozed_now"),
    (5, "unknown_fields odd"),
    (5, "unassigned_zero"),
    (5, "unassigned_null"),
    (6, "right_to_left odd"),
    (6, "emoji odd"),
    (5, "external"),
    (4, "titled"),
)
_BY_CHANCE: tuple[tuple[str, float], ...] = (
    ("rated", 0.2),
    ("remark", 0.1),
    ("fin_escalated", 0.12),
    ("fin_confirmed", 0.15),
    ("sales", 0.02),
    ("email", 0.15),
    ("attachments", 0.05),
    ("inline_image", 0.02),
    ("linked", 0.05),
    ("company", 0.15),
    ("empty_body", 0.02),
    ("null_body", 0.01),
    ("no_statistics", 0.02),
    ("redacted_source", 0.01),
    ("redacted_parts", 0.03),
    ("sla_hit", 0.1),
    ("sla_missed", 0.05),
    ("urgent", 0.03),
    ("unassigned_zero", 0.04),
    ("titled", 0.4),
)
_FIRST_SHARED = len(_SPECIALS)
_FIRST_NUMBER = 215_400_000_000


def shared_second_count(conversations: int) -> int:
    """How many conversations bear one and the same `updated_at`: more than a page if it can be."""
    return 170 if conversations >= 300 else conversations // 8


def number_of(index: int) -> int:
    """The id of the conversation of this index; every third number is taken."""
    return _FIRST_NUMBER + 3 * index


def deleted_number_of(index: int) -> int:
    """The id of a deleted conversation: numbers between those of the living."""
    return _FIRST_NUMBER + 3 * index + 1


def _part_count(rng: random.Random) -> int:
    # Most conversations are short and a few are long: the mean is near 12.
    return min(400, int(rng.lognormvariate(2.1, 0.85)))


def make_plans(seed: int, count: int, start: int) -> list[Plan]:
    """The plans of all conversations, by index. All end before `start` (epoch seconds)."""
    rng = random.Random(f"plans {seed}")
    shared_until = _FIRST_SHARED + shared_second_count(count)
    shared_second = start - 30 * _DAY
    plans: list[Plan] = []
    for index in range(count):
        updated = start - 3_600 - int(rng.random() ** 1.5 * 700 * _DAY)
        if _FIRST_SHARED <= index < shared_until:
            updated = shared_second
        elif index >= count - 5:
            # The newest changed only minutes ago, within any lookback.
            updated = start - 60 * (count - index)
        created = updated - int(600 + rng.random() ** 3 * 40 * _DAY)
        parts = _part_count(rng)
        features = frozenset(name for name, chance in _BY_CHANCE if rng.random() < chance)
        if index < len(_SPECIALS):
            fixed, words = _SPECIALS[index]
            parts = parts if fixed is None else fixed
            features = frozenset(words.split())
        plans.append(Plan(index, number_of(index), created, updated, parts, features))
    return plans
