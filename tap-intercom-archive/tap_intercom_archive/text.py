"""Readable text from HTML, for searching and reading.

Blocks and `<br>` end a line, list items begin with `- `, a link reads `label (address)` where
the label is not the address itself, an image `[image: alt]`. Runs of white space become one
blank; empty lines are dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

# fmt: off
_BLOCKS = frozenset({
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
    body = LexborHTMLParser(html).body
    if body is None:
        return ""
    return _tidy("".join(_pieces(body, keep_lines="<" not in html)))


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
                pieces[done.begin :] = [_link(label, done.link)]
            pieces.append(done.after)
            continue
        tag = child.tag
        if tag == "-text":
            text = child.text_content or ""
            pieces.append(text if keep_lines else " ".join(_padded(text)))
        elif tag == "br":
            pieces.append("\n")
        elif tag == "img":
            alt = (child.attributes.get("alt") or "").strip()
            pieces.append(f"[image: {alt}]" if alt else "[image]")
        elif tag not in _UNSEEN:
            opened.append(_opened(child, pieces))
    return pieces


def _opened(node: LexborNode, pieces: list[str]) -> _Open:
    tag, children = node.tag, node.iter(include_text=True)
    if tag == "a":
        return _Open(children, link=node, begin=len(pieces))
    if tag in _CELLS:
        return _Open(children, after=" ")
    if tag in _BLOCKS:
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


def _link(label: str, node: LexborNode) -> str:
    address = (node.attributes.get("href") or "").strip()
    if not label:
        return address
    return f"{label} ({address})" if address and address != label else label


def _tidy(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)
