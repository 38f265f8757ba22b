"""A document as text for a terminal: wrapped, coloured, without control characters."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import click

from target_sqlite_archive.documents.model import Attachment, Document, Entry, Role
from target_sqlite_archive.output import clean, minute, one_line
from target_sqlite_archive.rendering.facts import file_facts, who

_INDENT = " " * 4
_WIDEST = 100
_COLOURS = {
    Role.CUSTOMER: "cyan",
    Role.TEAMMATE: "green",
    Role.AGENT: "magenta",
    Role.BOT: "magenta",
    Role.SYSTEM: "white",
}


def as_text(document: Document, width: int) -> Iterator[str]:
    """Give the lines of a document, none longer than ``width`` where its words allow that."""
    columns = max(40, min(width, _WIDEST))
    yield click.style(one_line(document.heading), bold=True)
    if document.title:
        yield click.style(one_line(document.title), bold=True)
    longest = max((len(label) for label, _ in document.facts), default=0)
    for label, value in document.facts:
        yield f"  {click.style(one_line(label).ljust(longest), dim=True)}  {one_line(value)}"
    for note in document.notes:
        yield from _wrapped(f"! {one_line(note)}", columns)
    for entry in document.entries:
        yield ""
        yield from _entry(entry, columns)


def _entry(entry: Entry, columns: int) -> Iterator[str]:
    at = click.style(minute(entry.at), dim=True)
    name = click.style(one_line(who(entry)), fg=_COLOURS[entry.role], bold=True)
    event = f" {one_line(entry.event)}" if entry.event else ""
    yield f"{at}  {name}{event}"
    bar = click.style("│", fg="yellow") + " " if entry.internal else ""
    if entry.text:
        for line in clean(entry.text).strip("\n").split("\n"):
            for piece in _wrapped(line.expandtabs(4), columns - len(_INDENT)):
                yield f"{_INDENT}{bar}{piece}"
    for file in entry.attachments:
        yield f"{_INDENT}{bar}{_file(file)}"


def _file(file: Attachment) -> str:
    known = file_facts(file)
    told = f"attached: {file.name}{f' ({known})' if known else ''}"
    return one_line(f"{told} {file.address}" if file.address else told)


def _wrapped(line: str, columns: int) -> list[str]:
    pieces = textwrap.wrap(line, columns, break_long_words=False, break_on_hyphens=False)
    return pieces or [""]
