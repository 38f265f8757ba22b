"""Message bodies: HTML together with the readable text it was made from.

The text is written beside the HTML, never read back from it, so it can serve as the truth for
whoever turns HTML into text. The rules: blocks and `<br>` end a line; list items begin with "- ";
a link is its address, or "label (address)" where the label differs; an image is "[image: alt]" or
"[image]"; entities are decoded, white space is one space, lines are trimmed, empty lines dropped.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from .vocabulary import EMOJI, RIGHT_TO_LEFT, Vocabulary, below


@dataclass(frozen=True)
class Body:
    """A message's body as the API gives it, and as a person reads it; both null or neither."""

    html: str | None
    text: str | None


NO_BODY = Body(None, None)
EMPTY_BODY = Body("", "")

# A block is its HTML and its lines of text.
_Block = tuple[str, list[str]]


def join(*blocks: _Block) -> Body:
    """Blocks below one another."""
    lines = [line for _, block_lines in blocks for line in block_lines if line]
    return Body("".join(html for html, _ in blocks), "\n".join(lines))


def paragraph(text: str, tag: str = "p") -> _Block:
    """One block of plain text."""
    return f"<{tag}>{escape(text, quote=False)}</{tag}>", [text]


def broken_lines(lines: list[str], tag: str = "div") -> _Block:
    """One block with line breaks in it."""
    inner = "<br>".join(escape(line, quote=False) for line in lines)
    return f"<{tag}>{inner}</{tag}>", lines


def bullets(items: list[str], tag: str = "ul") -> _Block:
    """A list."""
    inner = "".join(f"<li>{escape(item, quote=False)}</li>" for item in items)
    return f"<{tag}>{inner}</{tag}>", [f"- {item}" for item in items]


def link(before: str, label: str, url: str, after: str) -> _Block:
    """A paragraph with one link in it."""
    shown = url if label == url else f"{label} ({url})"
    html = (
        f'<p>{escape(before, quote=False)} <a href="{escape(url)}" rel="nofollow">'
        f"{escape(label, quote=False)}</a> {escape(after, quote=False)}</p>"
    )
    return html, [f"{before} {shown} {after}"]


def image(url: str, alt: str | None) -> _Block:
    """An inline image in its own container, with or without a description."""
    described = "" if alt is None else f' alt="{escape(alt)}"'
    shown = "[image]" if alt is None else f"[image: {alt}]"
    return f'<div class="intercom-container"><img src="{escape(url)}"{described}></div>', [shown]


def untidy(text: str) -> _Block:
    """The same words with the white space and entities that e-mail programs leave behind."""
    words = text.split(" ")
    inner = escape(words[0], quote=False)
    for number, word in enumerate(words[1:]):
        gap = ("\n  ", "&nbsp; ", " ", "  ")[number % 4]
        inner += gap + escape(word, quote=False)
    return f"\n<p>  {inner}&nbsp;</p>\n", [text]


def _plain(rng: random.Random, words: Vocabulary) -> _Block:
    return paragraph(" ".join(words.sentence(rng) for _ in range(1 + below(rng, 4))))


def _emphasised(rng: random.Random, words: Vocabulary) -> _Block:
    first, second, third = (words.phrase(rng) for _ in range(3))
    return f"<p>{first} <b>{second}</b> <i>{third}</i>.</p>", [f"{first} {second} {third}."]


def _linked(rng: random.Random, words: Vocabulary) -> _Block:
    url = f"https://docs.example.com/{words.phrase(rng, 1).lower()}?a={rng.randrange(99)}&b=2"
    label = url if rng.random() < 0.3 else words.phrase(rng, 3)
    return link(words.phrase(rng), label, url, words.phrase(rng).lower())


def _listed(rng: random.Random, words: Vocabulary) -> _Block:
    items = [words.phrase(rng, 8) for _ in range(rng.randint(2, 5))]
    return bullets(items, rng.choice(("ul", "ol")))


def _pictured(rng: random.Random, words: Vocabulary) -> _Block:
    url = f"https://images.example.com/{rng.randrange(10**9)}.png"
    return image(url, words.phrase(rng, 3) if rng.random() < 0.6 else None)


def _signed(rng: random.Random, words: Vocabulary) -> _Block:
    return broken_lines([words.phrase(rng, 3), "", "https://example.com", words.phrase(rng, 2)])


def _coded(rng: random.Random, words: Vocabulary) -> _Block:
    return paragraph(f"if a < {rng.randrange(9)} && b > 0: say \"{words.phrase(rng, 2)}\" & 'done'")


def _emojied(rng: random.Random, words: Vocabulary) -> _Block:
    return paragraph(f"{rng.choice(EMOJI)} {words.phrase(rng)} {rng.choice(EMOJI)}")


def _right_to_left(rng: random.Random, words: Vocabulary) -> _Block:
    text = f"{rng.choice(RIGHT_TO_LEFT)} {words.phrase(rng, 1)}"
    return f'<p dir="rtl">{text}</p>', [text]


def _untidied(rng: random.Random, words: Vocabulary) -> _Block:
    return untidy(words.sentence(rng))


def _empty(rng: random.Random, words: Vocabulary) -> _Block:
    del rng, words
    return "<p></p>", []


_Maker = Callable[[random.Random, Vocabulary], _Block]
_USUAL: tuple[tuple[_Maker, int], ...] = (
    (_plain, 70),
    (_linked, 6),
    (_emphasised, 5),
    (_listed, 5),
    (_signed, 4),
    (_emojied, 4),
    (_untidied, 3),
    (_pictured, 3),
    (_right_to_left, 2),
    (_coded, 2),
    (_empty, 2),
)
_MAKERS = tuple(maker for maker, _ in _USUAL)
_WEIGHTS = tuple(weight for _, weight in _USUAL)


def write(rng: random.Random, words: Vocabulary, most_blocks: int = 3) -> Body:
    """A message such as people write: mostly plain paragraphs."""
    makers = rng.choices(_MAKERS, _WEIGHTS, k=1 + below(rng, most_blocks))
    return join(*(maker(rng, words) for maker in makers))


def show_everything(rng: random.Random, words: Vocabulary) -> Body:
    """One message with every kind of block in it."""
    return join(*(maker(rng, words) for maker in _MAKERS))


def article(rng: random.Random, words: Vocabulary, sections: int) -> Body:
    """A help-centre article with headings."""
    blocks: list[_Block] = []
    for _ in range(sections):
        blocks.append(paragraph(words.phrase(rng), rng.choice(("h1", "h2"))))
        blocks.extend(_plain(rng, words) for _ in range(1 + below(rng, 4)))
        blocks.append(rng.choices(_MAKERS, _WEIGHTS)[0](rng, words))
    return join(*blocks)
