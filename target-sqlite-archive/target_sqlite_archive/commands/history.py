"""`sqlite-archive history`: the versions of one object that the archive has, and what changed.

Finding versions is ``object_versions.py``'s, comparing them ``differences.py``'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from target_sqlite_archive.differences import Change, ListChange, ValueChange, differences
from target_sqlite_archive.documents.conversation import part_entry
from target_sqlite_archive.documents.payload_rows import as_row, as_time
from target_sqlite_archive.documents.people import People
from target_sqlite_archive.object_versions import Texts, Version, find_versions, object_of
from target_sqlite_archive.output import (
    Form,
    counted,
    form_options,
    minute,
    one_line,
    write_rows,
)
from target_sqlite_archive.reading import OpenArchive, open_archive

_COLUMNS = ("version", "since", "updated_at", "fetched_at", "returns_to", "payload_id", "changes")
_INDENT = " " * 4
_LONGEST_VALUE = 60


@dataclass(frozen=True, slots=True)
class _Step:
    """A version and what made it: None for the first, and where a text is gone."""

    version: Version
    changes: tuple[Change, ...] | None


@click.command()
@click.argument("archive", type=click.Path(path_type=Path))
@click.argument("id")
@click.option("--stream", help="Whose payloads, where ids are alike: conversations, calls ...")
@form_options
def history(archive: Path, id: str, stream: str | None, form: Form) -> None:
    """List the versions of an object, and what changed.

    \b
        sqlite-archive history archive.db 215400000813
        sqlite-archive show archive.db 215400000813 --at 2026-03-01    how it looked then
        sqlite-archive raw archive.db 215400000813 --version 2         its exact text

    ID may be that of any object that has payloads in ARCHIVE: a conversation, contact, article ...
    Changed fields are named with their values before and after; of lists, what is new, gone and
    changed. A version counts from its own `updated_at`, or, where that did not move, from when it
    was first fetched.
    """
    with open_archive(archive) as reading, reading.snapshot():
        found, versions = find_versions(reading, id, stream)
        steps = list(_steps(reading, versions))
        people = People(reading)
        if form is not Form.PEOPLE:
            write_rows(form, _COLUMNS, map(_as_row, steps))
            return
        count = counted(len(steps), "version")
        click.echo(click.style(f"{one_line(found)} {one_line(id)}: {count}", bold=True))
        for step in steps:
            for line in _as_text(step, people):
                click.echo(line)


def _steps(archive: OpenArchive, versions: tuple[Version, ...]) -> Iterator[_Step]:
    before: Mapping[str, object] | None = None
    texts = Texts(archive)
    kept = {
        version.number: texts.read(version)
        for version in reversed(versions)
        if not version.emptied_at
    }
    for version in versions:
        if version.number not in kept:
            yield _Step(version, None)
            before = None
            continue
        text = kept.pop(version.number)
        found = object_of(text)
        after = {"text": text.decode(errors="replace")} if found is None else found
        yield _Step(version, None if before is None else tuple(differences(before, after)))
        before = after


def _as_row(step: _Step) -> dict[str, object]:
    version = step.version
    changes = None if step.changes is None else [_change_as_object(c) for c in step.changes]
    return {
        "version": version.number,
        "since": version.since,
        "updated_at": version.updated_at,
        "fetched_at": version.fetched_at,
        "returns_to": version.returns_to,
        "payload_id": version.payload_id,
        "emptied_at": version.emptied_at,
        "changes": changes,
    }


def _change_as_object(change: Change) -> dict[str, object]:
    if isinstance(change, ValueChange):
        return {"field": change.field, "before": change.before, "after": change.after}
    return {
        "field": change.field,
        "new": [thing.get("id") for thing in change.new],
        "gone": list(change.gone),
        "changed": {name: list(fields) for name, fields in change.changed.items()},
    }


def _as_text(step: _Step, people: People) -> Iterator[str]:
    version = step.version
    told = [f"{version.number:>3}  {minute(version.since)}"]
    if version.number == 1:
        told.append("first archived")
    if version.returns_to:
        told.append(f"again as version {version.returns_to}")
    if version.emptied_at:
        told.append(f"emptied for a redaction {minute(version.emptied_at)}")
    if version.fetched_at and version.fetched_at[:16] != (version.since or "")[:16]:
        told.append(f"fetched {minute(version.fetched_at)}")
    yield " · ".join(told)
    for change in step.changes or ():
        if isinstance(change, ValueChange):
            before = _shown(as_time(change.field, change.before))
            after = _shown(as_time(change.field, change.after))
            yield f"{_INDENT}{one_line(change.field)}: {before} → {after}"
        else:
            yield from _list_as_text(change, people)


def _list_as_text(change: ListChange, people: People) -> Iterator[str]:
    counts = (("new", change.new), ("gone", change.gone), ("changed", change.changed))
    told = ", ".join(f"{len(things)} {word}" for word, things in counts if things)
    yield f"{_INDENT}{one_line(change.field)}: {told}"
    for thing in change.new:
        yield f"{_INDENT}  + {_thing(thing, people)}"
    for name in change.gone:
        yield f"{_INDENT}  - {one_line(name)}"
    for name, fields in change.changed.items():
        yield f"{_INDENT}  ~ {one_line(name)}: {one_line(', '.join(fields))}"


def _thing(thing: Mapping[str, object], people: People) -> str:
    if "part_type" not in thing:
        return one_line(f"{thing.get('id')} {thing.get('name') or thing.get('title') or ''}")
    entry = part_entry(as_row(thing), people)
    said = [entry.event, _shown(entry.text) if entry.text else None]
    told = ": ".join(part for part in said if part)
    return one_line(f"{minute(entry.at)} {entry.who} {told}")


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, list):
        return f"{len(value)} items"
    if isinstance(value, Mapping):
        return f"{len(value)} fields"
    text = one_line(str(value))
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
