"""Reads a payload of Intercom into rows as an archive has them, as far as documents need them.

Pure. An object inside becomes columns with its name in front, times become ISO 8601 UTC, as the tap
writes them; so a document of an old version is made by the same code as one of today's rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from html.parser import HTMLParser

from target_sqlite_archive.documents.fields import Row, items, nested

_DEEPEST = 4
_TIMES = ("_at", "_since", "_until")
# fmt: off
_BLOCKS = frozenset({
    "blockquote", "dd", "div", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ol", "p", "pre",
    "section", "table", "tr", "ul",
})
# fmt: on
_UNSEEN = frozenset({"head", "script", "style", "template", "title"})


def as_row(thing: Row) -> dict[str, object]:
    """Give an object of the API as the row that the tap makes of it."""
    row = _flat(thing, "", _DEEPEST)
    for name in ("body", "source_body"):
        body = row.get(name)
        if isinstance(body, str):
            row[f"{name}_text"] = readable(body)
    row["contact_ids"] = [item.get("id") for item in listed(thing, "contacts")]
    row["tag_names"] = [item.get("name") for item in listed(thing, "tags")]
    return row


def listed(thing: Row, name: str) -> list[Row]:
    """Give the things of a list that the API wraps into an object of the list's own name."""
    wrapper = nested(thing, name)
    found = items(wrapper, name) or items(wrapper, "data") or items(thing, name)
    return [item for item in found if isinstance(item, Mapping)]


def _flat(thing: Row, prefix: str, depth: int) -> dict[str, object]:
    row: dict[str, object] = {}
    for name, value in thing.items():
        column = f"{prefix}{name}"
        row[column] = as_time(str(name), value)
        if isinstance(value, Mapping) and depth:
            row |= _flat(value, f"{column}_", depth - 1)
    return row


def as_time(name: str, value: object) -> object:
    """Give a value as ISO 8601 UTC where a field of this name holds a time, in epoch seconds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not name.endswith(_TIMES):
        return value
    try:
        moment = datetime.fromtimestamp(value, tz=timezone.utc)
    except (OverflowError, OSError, ValueError):
        return None
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def readable(html: str) -> str:
    """Give the text of a message that came as HTML; a text without markup keeps its lines."""
    if "<" not in html and "&" not in html:
        return html
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.pieces).split("\n"))
    return "\n".join(line for line in lines if line)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag == "li":
            self.pieces.append("\n- ")
        elif tag == "br" or tag in _BLOCKS:
            self.pieces.append("\n")
        elif tag == "img":
            alt = (dict(attrs).get("alt") or "").strip()
            self.pieces.append(f"[image: {alt}]" if alt else "[image]")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            # The bars keep that there was white space at either end.
            self.pieces.append(" ".join(f"|{data}|".split())[1:-1])
