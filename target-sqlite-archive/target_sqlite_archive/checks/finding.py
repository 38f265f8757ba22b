"""One thing that a check found: what, where, how many, the first few keys, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

_KEYS_SHOWN = 5
_LONGEST_KEY = 80


class Level(Enum):
    """How much a finding matters; only ``WRONG`` makes an archive fail."""

    OK = "ok"
    NOTE = "note"
    SKIPPED = "skipped"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check has to say about one place.

    ``first`` holds keys of rows, never texts; ``cure`` is for findings that ask for one.
    """

    check: str
    level: Level
    where: str
    what: str
    count: int = 0
    first: tuple[str, ...] = ()
    cure: str = ""


class Rows:
    """Counts rows of one kind and remembers the keys of the first few."""

    def __init__(self) -> None:
        """Start with none."""
        self.count = 0
        self.first: list[str] = []

    def add(self, key: Iterable[object], more: str = "") -> None:
        """Count a row by the values of its key."""
        self.count += 1
        if len(self.first) < _KEYS_SHOWN:
            text = " ".join(map(str, key))
            cut = text if len(text) <= _LONGEST_KEY else text[: _LONGEST_KEY - 1] + "…"
            self.first.append(cut + more)
