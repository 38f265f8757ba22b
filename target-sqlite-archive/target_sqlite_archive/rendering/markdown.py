"""A document as Markdown in which no text is markup: no link, picture, heading or HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator

from target_sqlite_archive.documents.model import Attachment, Document, Entry
from target_sqlite_archive.output import clean, minute, one_line
from target_sqlite_archive.rendering.facts import file_facts, who

_MARKUP = re.compile(r"[\\`*_\[\]<>#|~&$]")
# At the beginning of a line these make a list, a rule or a heading of the line before.
_AT_BEGINNING = re.compile(r"^([-+=])|^(\d+)([.)])")


def as_markdown(document: Document) -> str:
    """Give the whole text."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Document) -> Iterator[str]:
    yield f"# {_escaped(document.title or document.heading)}"
    yield ""
    if document.title:
        yield _escaped(document.heading)
        yield ""
    for label, value in document.facts:
        yield f"- **{_escaped(label)}:** {_escaped(value)}"
    for note in document.notes:
        yield ""
        yield f"**Note:** {_escaped(note)}"
    for entry in document.entries:
        yield ""
        yield from _entry(entry)


def _entry(entry: Entry) -> Iterator[str]:
    event = f" {_escaped(entry.event)}" if entry.event else ""
    internal = " *(internal)*" if entry.internal else ""
    yield f"**{_escaped(minute(entry.at))} {_escaped(who(entry))}**{event}{internal}"
    if entry.text:
        yield ""
        for line in clean(entry.text).strip("\n").split("\n"):
            # Two blanks at the end keep the line apart from the next one.
            yield f"> {_escaped(line)}  "
    if entry.attachments:
        yield ""
        for file in entry.attachments:
            yield f"- {_file(file)}"


def _file(file: Attachment) -> str:
    known = file_facts(file)
    told = f"{_escaped(file.name)}{f' ({_escaped(known)})' if known else ''}"
    return f"{told}: {_escaped(file.address)}" if file.address else told


def _escaped(text: str) -> str:
    plain = _MARKUP.sub(r"\\\g<0>", one_line(text))
    return _AT_BEGINNING.sub(r"\2\\\1\3", plain)
