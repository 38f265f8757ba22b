"""Text that reads like a help desk's: words and their sequence from the standard library's docs.

Message bodies are HTML paragraphs of it, with macros, order numbers, links and emoji. The same for
the same seed and the same Python, whose docs the words come from. What a conversation is made of
beside its bodies is left to ``pool``.
"""

from __future__ import annotations

import random
import re
import sysconfig
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from pydoc_data.topics import topics

from tests.sandbox.vocabulary import EMOJI, Vocabulary, below

MACROS = 60
MACRO_SHARE = 0.35
_DOCSTRING = re.compile(r'"""(.+?)"""', re.DOTALL)
_WORD = re.compile(r"[A-Za-z][A-Za-z'-]*[.,;:?!]?")
# How often the next word is one that followed this word in the docs; else it is any word, as
# often as the docs have it. Always would repeat the docs' own sentences.
_FOLLOWS = 0.85
_MEDIAN_WORDS, _SPREAD, _MOST_WORDS = 30, 1.05, 420


@dataclass(frozen=True)
class Corpus:
    """The docs as a sequence of word numbers, and where each word stands in it."""

    words: tuple[str, ...]
    text: array[int]
    places: tuple[array[int], ...]

    @classmethod
    def read(cls) -> Corpus:
        """Read the docs of this Python."""
        numbers: dict[str, int] = {}
        text = array("i")
        for document in _documents():
            for word in _WORD.findall(document):
                text.append(numbers.setdefault(word, len(numbers)))
        places: tuple[array[int], ...] = tuple(array("i") for _ in numbers)
        for place, number in enumerate(text):
            places[number].append(place)
        return cls(tuple(numbers), text, places)

    def run(self, rng: random.Random, count: int) -> list[str]:
        """Give `count` words in a row."""
        chance, text, places, size = rng.random, self.text, self.places, len(self.text) - 1
        number = text[int(chance() * size)]
        found = [number]
        for _ in range(count - 1):
            if chance() < _FOLLOWS:
                known = places[number]
                number = text[(known[int(chance() * len(known))] + 1) % size]
            else:
                number = text[int(chance() * size)]
            found.append(number)
        words = self.words
        return [words[number] for number in found]


def _documents() -> list[str]:
    library = Path(sysconfig.get_path("stdlib"))
    modules = sorted(library.glob("*.py")) + sorted(library.glob("[a-z]*/__init__.py"))
    found = list(topics.values())
    for module in modules:
        if "site-packages" not in module.parts:
            found += _DOCSTRING.findall(module.read_text("utf-8", errors="replace"))
    return found


class Writer:
    """Writes message bodies; one writer per workspace."""

    def __init__(self, seed: int, corpus: Corpus) -> None:
        """Choose the workspace's macros."""
        self._corpus = corpus
        rng = random.Random(f"macros {seed}")
        self._macros = [self._html(rng, 40 + below(rng, 80)) for _ in range(MACROS)]

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Words for names of tags, titles and the like, as often as the docs have them."""
        words, text = self._corpus.words, self._corpus.text
        rng = random.Random("vocabulary")
        return Vocabulary(
            tuple(words[text[below(rng, len(text))]].rstrip(".,;:?!") for _ in range(65_536))
        )

    def body(self, rng: random.Random, *, by_agent: bool) -> str:
        """Give one message's HTML; 35 % of agents' replies are macros, signed and numbered."""
        if by_agent and rng.random() < MACRO_SHARE:
            macro = self._macros[below(rng, MACROS)]
            return self._paragraph(f"Hi, about order {_order(rng)}:") + macro
        words = int(rng.lognormvariate(0, _SPREAD) * _MEDIAN_WORDS)
        return self._html(rng, max(2, min(_MOST_WORDS, words)))

    def _html(self, rng: random.Random, count: int) -> str:
        words = self._corpus.run(rng, count)
        paragraphs = []
        while words:
            length = 12 + below(rng, 60)
            part, words = words[:length], words[length:]
            paragraphs.append(self._sentence(rng, part))
        return "".join(map(self._paragraph, paragraphs)) + self._extra(rng)

    @staticmethod
    def _sentence(rng: random.Random, words: Sequence[str]) -> str:
        text = " ".join(words)
        if rng.random() < 0.15:
            text += f" {_order(rng)}"
        return text[0].upper() + text[1:].rstrip(",;:") + "."

    @staticmethod
    def _paragraph(text: str) -> str:
        return f'<p class="no-margin">{escape(text, quote=False)}</p>'

    def _extra(self, rng: random.Random) -> str:
        chance = rng.random()
        if chance < 0.06:
            path = "-".join(word.strip(".,;:?!").lower() for word in self._corpus.run(rng, 3))
            url = f"https://help.example.com/en/articles/{rng.randrange(10**7)}-{path}"
            return f'<p class="no-margin"><a href="{url}" rel="nofollow">{url}</a></p>'
        if chance < 0.12:
            return self._paragraph(f"Thanks {EMOJI[below(rng, len(EMOJI))]}")
        return ""


def _order(rng: random.Random) -> str:
    return f"#{rng.choice('ABCDEFGH')}{rng.randrange(10**8):08d}"
