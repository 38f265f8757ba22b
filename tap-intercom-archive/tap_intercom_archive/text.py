"""Readable text from HTML, for searching and reading.

Blocks and `<br>` end a line, list items begin with `- `, a link reads `label (address)` where
the label is not the address itself, an image `[image: alt]`. Runs of white space become one
blank; empty lines are dropped.
"""

from __future__ import annotations

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
    pieces: list[str] = []
    _collect(body, pieces, keep_lines="<" not in html)
    return _tidy("".join(pieces))


def _collect(node: LexborNode, pieces: list[str], *, keep_lines: bool) -> None:
    for child in node.iter(include_text=True):
        tag = child.tag
        if tag == "-text":
            text = child.text_content or ""
            pieces.append(text if keep_lines else " ".join(_padded(text)))
        elif tag == "br":
            pieces.append("\n")
        elif tag == "img":
            alt = (child.attributes.get("alt") or "").strip()
            pieces.append(f"[image: {alt}]" if alt else "[image]")
        elif tag == "a":
            pieces.append(_link(child))
        elif tag in _UNSEEN:
            continue
        elif tag in _CELLS:
            _collect(child, pieces, keep_lines=keep_lines)
            pieces.append(" ")
        elif tag in _BLOCKS:
            pieces.append("\n- " if tag == "li" else "\n")
            _collect(child, pieces, keep_lines=keep_lines)
            pieces.append("\n")
        else:
            _collect(child, pieces, keep_lines=keep_lines)


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


def _link(node: LexborNode) -> str:
    inner: list[str] = []
    _collect(node, inner, keep_lines=False)
    label = " ".join("".join(inner).split())
    address = (node.attributes.get("href") or "").strip()
    if not label:
        return address
    return f"{label} ({address})" if address and address != label else label


def _tidy(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)
