"""Readable text from HTML, for searching and reading.

Blocks and `<br>` end a line, list items begin with `- `, a link reads `label (address)` where
the label is not the address itself, an image `[image: alt]`. Runs of white space become one
blank; empty lines are dropped.

Most bodies are well nested and of a few kinds of tags: those are read as they stand, which gives
what the parser would give (a test compares). Everything else is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

# fmt: off
_SEEN_AS_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "dd", "details", "div", "dl", "dt",
    "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header",
    "hr", "html", "li", "main", "nav", "ol", "p", "pre", "section", "summary", "table",
    "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
})
# fmt: on
_CELLS = frozenset({"td", "th"})
_UNSEEN = frozenset({"script", "style", "head", "template", "title", "noscript"})


def readable(html: str) -> str:
    """Give the text a person would read; text without any markup keeps its lines."""
    if "<" not in html and "&" not in html:
        return _tidy(html)
    pieces = _pieces_as_they_stand(html)
    return parsed(html) if pieces is None else _tidy("".join(pieces))


def parsed(html: str) -> str:
    """Give what `readable` gives, by the parser in any case."""
    body = LexborHTMLParser(html).body
    if body is None:
        return ""
    return _tidy("".join(_pieces(body, keep_lines="<" not in html)))


# The parser moves none of these about as long as each is closed in its turn, no block stands in
# a paragraph, a list's items stand right in the list and no link in another.
_INLINE = frozenset(
    {"a", "b", "code", "em", "i", "s", "small", "span", "strong", "sub", "sup", "u"}
)
_PARAGRAPHS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "p", "pre"})
_BLOCKS = _PARAGRAPHS | {"blockquote", "div", "li", "ol", "ul"}
_ENDS = {name: f"/{name}" for name in _INLINE | _BLOCKS}
_BLOCK_ENDS = frozenset(f"/{name}" for name in _BLOCKS)
_LIST_ENDS = frozenset({"/ol", "/ul"})
_BREAKS = frozenset({"br", "br/"})
_TAG = re.compile(r"<([^<>]+)>")
_ATTRIBUTES = re.compile(r'(?:[a-z-]+="[^"]*" ?)*/?')
_ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"')
_REFERENCES = (
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", '"'),
    ("&#39;", "'"),
    ("&nbsp;", "\xa0"),
    ("&amp;", "&"),  # the last, so that nothing is read twice
)
_OTHER_REFERENCE = re.compile(r"&(?!(?:lt|gt|quot|#39|nbsp|amp);)[A-Za-z0-9#]")


def _pieces_as_they_stand(html: str) -> list[str] | None:
    """Read tag after tag; None as soon as only the parser can tell."""
    if "\0" in html or ("&" in html and _OTHER_REFERENCE.search(html)):
        return None
    before, *tags_and_texts = _TAG.split(html)
    if 2 * html.count("<") != len(tags_and_texts):
        return None
    is_one_line = not tags_and_texts or len(html.splitlines()) == 1
    is_plain = is_one_line and "&" not in html
    pieces = [_as_it_stands(before, is_one_line)]
    awaited: list[str] = []
    in_paragraph = False
    label_begins, address = 0, ""
    alternating = iter(tags_and_texts)
    for tag, text in zip(alternating, alternating):  # noqa: B905  they come in pairs
        if tag[0] == "/":
            if not awaited or awaited.pop() != tag:
                return None
            if tag in _BLOCK_ENDS:
                pieces.append("\n")
                in_paragraph = False
            elif tag == "/a":
                label = " ".join("".join(pieces[label_begins:]).split())
                pieces[label_begins:] = [_link(label, address)]
        else:
            name, attributes = tag, ""
            if " " in tag:
                name, _, attributes = tag.partition(" ")
                if not _ATTRIBUTES.fullmatch(attributes):
                    return None
            if name in _BREAKS:
                pieces.append("\n")
            elif name == "img":
                pieces.append(_image(_attribute(attributes, "alt")))
            else:
                end = _ENDS.get(name)
                if end is None or not _keeps_its_place(end, awaited, in_paragraph):
                    return None
                awaited.append(end)
                if end in _BLOCK_ENDS:
                    pieces.append("\n- " if name == "li" else "\n")
                    in_paragraph = name in _PARAGRAPHS
                elif name == "a":
                    label_begins, address = len(pieces), _attribute(attributes, "href")
        if text:
            pieces.append(text if is_plain else _as_it_stands(text, is_one_line))
    return None if awaited else pieces


def _keeps_its_place(end: str, awaited: list[str], in_paragraph: bool) -> bool:
    """Say whether the parser, too, opens the element here and closes no other for it."""
    if end == "/a":
        return end not in awaited
    if end == "/li":
        return bool(awaited) and awaited[-1] in _LIST_ENDS
    return not (in_paragraph and end in _BLOCK_ENDS)


def _as_it_stands(text: str, is_one_line: bool) -> str:
    text = _dereferenced(text)
    return text if is_one_line else " ".join(_padded(text))


def _dereferenced(text: str) -> str:
    if "&" not in text:
        return text
    for reference, character in _REFERENCES:
        text = text.replace(reference, character)
    return text


def _attribute(attributes: str, wanted: str) -> str:
    for name, value in _ATTRIBUTE.findall(attributes):
        if name == wanted:
            return _dereferenced(value).strip()
    return ""


@dataclass
class _Open:
    """An element being read: what is left of it, and what to write at its end."""

    children: Iterator[LexborNode]
    after: str = ""
    link: LexborNode | None = None
    begin: int = 0


def _pieces(body: LexborNode, *, keep_lines: bool) -> list[str]:
    """Read the tree without recursion: a customer's mail may nest deeper than Python's stack."""
    pieces: list[str] = []
    opened = [_Open(body.iter(include_text=True))]
    while opened:
        child = next(opened[-1].children, None)
        if child is None:
            done = opened.pop()
            if done.link is not None:
                label = " ".join("".join(pieces[done.begin :]).split())
                pieces[done.begin :] = [_link(label, _value(done.link, "href"))]
            pieces.append(done.after)
            continue
        tag = child.tag
        if tag == "-text":
            text = child.text_content or ""
            pieces.append(text if keep_lines else " ".join(_padded(text)))
        elif tag == "br":
            pieces.append("\n")
        elif tag == "img":
            pieces.append(_image(_value(child, "alt")))
        elif tag not in _UNSEEN:
            opened.append(_opened(child, pieces))
    return pieces


def _opened(node: LexborNode, pieces: list[str]) -> _Open:
    tag, children = node.tag, node.iter(include_text=True)
    if tag == "a":
        return _Open(children, link=node, begin=len(pieces))
    if tag in _CELLS:
        return _Open(children, after=" ")
    if tag in _SEEN_AS_BLOCKS:
        pieces.append("\n- " if tag == "li" else "\n")
        return _Open(children, after="\n")
    return _Open(children)


def _padded(text: str) -> list[str]:
    """Split at white space, keeping that there was some at either end."""
    words = text.split()
    if not words:
        return [" "] if text else []
    if text[0].isspace():
        words.insert(0, "")
    if text[-1].isspace():
        words.append("")
    return words


def _value(node: LexborNode, name: str) -> str:
    return (node.attributes.get(name) or "").strip()


def _image(alt: str) -> str:
    return f"[image: {alt}]" if alt else "[image]"


def _link(label: str, address: str) -> str:
    if not label:
        return address
    return f"{label} ({address})" if address and address != label else label


def _tidy(text: str) -> str:
    lines: Iterable[str]
    # The only white space that counts as printable is the blank.
    if "  " in text or not text.replace("\n", "").isprintable():
        lines = (" ".join(line.split()) for line in text.splitlines())
    else:
        lines = map(str.strip, text.split("\n"))
    return "\n".join(filter(None, lines))
