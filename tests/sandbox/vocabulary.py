"""Made-up words, sentences and names, the same for the same random source.

The vocabulary is large and unevenly used, as in a language, so that compression of what is written
with it is worth measuring. HTML is made from it in `prose`.
"""

from __future__ import annotations

import random
from array import array
from dataclasses import dataclass
from itertools import accumulate

_ONSETS = (
    "b bl br c ch cl cr d dr f fl fr g gl gr h j k l m n p pl pr qu r s sh sk sl st t th tr v w z"
)
_NUCLEI = "a e i o u ai ea ee ie oa oo ou ay er ar or"
_PLACES = 65_536
_CODAS = ". . . . n r l s t m d ck nd st rm sh th ng x"
_FIRST_NAMES = (
    "Synthetic Sam",
    "Invented Ines",
    "Madeup Mo",
    "Pretend Priya",
    "Fictional Finn",
    "Imagined Ida",
    "Sample Sora",
    "Mock Mateo",
    "Specimen Sven",
    "Example Esra",
    "Placeholder Pia",
    "Dummy Dan",
)
EMOJI = (
    "😀",
    "🎉",
    "👍🏽",
    "👩\u200d👩\u200d👧\u200d👦",
    "🇮🇪",
    "🧪",
    "❤️",
    "🚀",
)
RIGHT_TO_LEFT = (
    "שלום רב הודעה מומצאת לבדיקה",
    "תודה על העזרה זה רק ניסיון",
    "مرحبا هذه رسالة تجريبية مختلقة",
    "شكرا جزيلا هذا مثال فقط",
)


@dataclass(frozen=True)
class Vocabulary:
    """A language: 65,536 places, each word on as many of them as it is frequent."""

    places: tuple[str, ...]

    def some(self, rng: random.Random, count: int) -> list[str]:
        """`count` words as they fall in running text."""
        # Two random bytes point at a place: ten times cheaper than random.choices, and text is
        # most of what a workspace costs to make.
        return [self.places[place] for place in array("H", rng.randbytes(2 * count))]

    def sentence(self, rng: random.Random) -> str:
        """One sentence of 4 to 22 words, sometimes with a number in it."""
        words = self.some(rng, 4 + below(rng, 19))
        chance = rng.random()
        if chance < 0.2:
            words[below(rng, len(words))] = str(int(chance * 50_000_000))
        text = " ".join(words)
        return text[0].upper() + text[1:] + "....?!"[below(rng, 6)]

    def phrase(self, rng: random.Random, at_most: int = 5) -> str:
        """One to `at_most` words, the first with a capital."""
        return " ".join(self.some(rng, 1 + below(rng, at_most))).capitalize()


def below(rng: random.Random, limit: int) -> int:
    """A whole number from 0 to below `limit`; three times cheaper than `randrange`."""
    return int(rng.random() * limit)


def make_vocabulary(seed: int, size: int = 6_000) -> Vocabulary:
    """`size` different words; the n-th is used about 1/n as often as the first, short ones most."""
    rng = random.Random(f"vocabulary {seed}")
    onsets, nuclei, codas = _ONSETS.split(), _NUCLEI.split(), _CODAS.split()
    words: dict[str, None] = {}
    while len(words) < size:
        length = rng.choice((1, 2, 2, 2, 3, 3, 4))
        syllables = (
            rng.choice(onsets) + rng.choice(nuclei) + rng.choice(codas).strip(".")
            for _ in range(length)
        )
        words["".join(syllables)] = None
    ranked = sorted(words, key=lambda word: len(word) + 5 * rng.random())
    cumulative = list(accumulate(1 / (rank + 2.7) for rank in range(size)))
    scale = (_PLACES - size) / cumulative[-1]
    places: list[str] = []
    for rank, word in enumerate(ranked):
        until = int(cumulative[rank] * scale) + rank + 1
        places.extend([word] * (until - len(places)))
    places.extend([ranked[0]] * (_PLACES - len(places)))
    return Vocabulary(tuple(places[:_PLACES]))


def person_name(rng: random.Random, number: int) -> str:
    """A name that nobody bears."""
    return f"{rng.choice(_FIRST_NAMES)} {number}"
