"""What a search hit and the fetched object show alike, so that a lagging answer can be told.

Two answers of one second can only be told apart by what both show. Whether a member is shown
alike at all is not documented, so it is learned from objects that have long stood still: there,
nothing but the way of showing can differ. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

# No replica lags so long, so a difference this long after a change is one of showing.
STOOD_STILL_SECONDS = 600
_SAMPLES = 50
_DIFFERENCES_TO_TELL = 3

Document = Mapping[str, Any]


class Likeness:
    """Compares hits with fetched objects by `members`; those `unlike` are known to differ."""

    def __init__(self, members: Iterable[str], unlike: Iterable[str] = ()) -> None:
        """Begin with what earlier runs have learned."""
        self._members = tuple(members)
        self._unlike = set(unlike) & set(self._members)
        self._samples = 0
        self._alike: Counter[str] = Counter()
        self._differing: Counter[str] = Counter()

    @property
    def unlike(self) -> list[str]:
        """The members that the two show differently, by name."""
        return sorted(self._unlike)

    @property
    def is_learning(self) -> bool:
        """Say whether more objects that have stood still would teach anything."""
        return bool(self._members) and self._samples < _SAMPLES

    def agrees(self, hit: Document, whole: Document) -> bool:
        """Say whether both show the same, in the members that they show alike."""
        compared = (name for name in self._members if name not in self._unlike)
        return all(hit[name] == whole[name] for name in compared if name in hit and name in whole)

    def learn(self, hit: Document, whole: Document) -> None:
        """Learn from an object that has stood still."""
        self._samples += 1
        for name in self._members:
            if name in hit and name in whole:
                alike = hit[name] == whole[name]
                (self._alike if alike else self._differing)[name] += 1
                self._decide(name)

    def _decide(self, name: str) -> None:
        if self._differing[name] >= max(_DIFFERENCES_TO_TELL, self._alike[name]):
            self._unlike.add(name)
        elif self._alike[name] > max(_DIFFERENCES_TO_TELL, self._differing[name]):
            self._unlike.discard(name)
