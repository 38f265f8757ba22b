"""Makes the document of an id: as the archive's rows have it now, or as it looked at a time.

How each kind reads is left to ``conversation.py`` and ``others.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from target_sqlite_archive.documents.conversation import Conversation, conversation_document
from target_sqlite_archive.documents.fields import Row, items, text
from target_sqlite_archive.documents.model import Document
from target_sqlite_archive.documents.others import (
    article_document,
    call_document,
    contact_document,
    ticket_document,
)
from target_sqlite_archive.documents.payload_rows import as_row, listed
from target_sqlite_archive.documents.people import People
from target_sqlite_archive.errors import DatabaseError
from target_sqlite_archive.known_columns import SETS
from target_sqlite_archive.known_tables import MEANT_FIRST, PAYLOADS
from target_sqlite_archive.object_versions import Texts, Version, object_of, version_at, versions_of
from target_sqlite_archive.periods import Period
from target_sqlite_archive.reading import OpenArchive
from target_sqlite_archive.shaping import SQLValue

# What a person may ask to see, and the table and stream that has it. The first that has an id wins.
KINDS = {table.removesuffix("s"): table for table in MEANT_FIRST}

# What a contact has, in which set, and the table with the names.
_SETS_OF_CONTACTS = (
    ("company_names", "contact_companies", "company_id", "companies"),
    ("tag_names", "contact_tags", "tag_id", "tags"),
    ("segment_names", "contact_segments", "segment_id", "segments"),
)


@dataclass(frozen=True, slots=True)
class _Then:
    """An object as a version of it had it; ``end`` is when time stops, exclusive."""

    row: Row
    payload: Mapping[str, object]
    end: str
    notes: tuple[str, ...]


def kinds_of(archive: OpenArchive, record_id: str) -> list[str]:
    """Name the kinds of which the archive has a row with this id."""
    return [kind for kind, table in KINDS.items() if archive.rows(table, id=record_id)]


def build(archive: OpenArchive, kind: str, record_id: str, at: Period | None) -> Document:
    """Make the document of an object, as it is now or as it looked at the end of a time.

    Raises :class:`DatabaseError` where it did not exist then or no version of it is archived.
    """
    builder = _Builder(archive)
    makers: dict[str, Callable[[Row, _Then | None], Document]] = {
        "conversation": builder.conversation,
        "ticket": builder.ticket,
        "call": builder.call,
        "contact": builder.contact,
        "article": builder.article,
    }
    [row] = archive.rows(KINDS[kind], id=record_id)
    then = None if at is None else _look_back(archive, kind, record_id, at)
    document = makers[kind](row if then is None else then.row, then)
    if then is None:
        return document
    return replace(document, notes=(*then.notes, *document.notes))


def _look_back(archive: OpenArchive, kind: str, record_id: str, at: Period) -> _Then:
    versions = versions_of(archive, KINDS[kind], record_id)
    if not versions:
        raise DatabaseError(
            f"The archive {archive.path} has no payload of {kind} {record_id} that tells how it "
            "looked before."
        )
    version = version_at(versions, at)
    payload = Texts(archive).read_object(version or versions[0])
    row = as_row(payload)
    created_at = text(row, "created_at")
    if created_at is not None and created_at >= at.end:
        raise DatabaseError(
            f"There was no {kind} {record_id} before {at.end}: it was created at {created_at}."
        )
    if version is None:
        note = (
            f"The archive's first version is of {versions[0].since}. What was written later than "
            f"{at.end} is left out; state, tags and other fields are that version's."
        )
    else:
        note = f"As version {version.number} of {len(versions)} has it, of {version.since}."
    return _Then(row, payload, at.end, (note,))


class _Builder:
    """Gathers what documents are made of from the tables of one archive."""

    def __init__(self, archive: OpenArchive) -> None:
        self._archive = archive
        self._people = People(archive)

    def conversation(self, row: Row, then: _Then | None) -> Document:
        number = text(row, "id") or ""
        stored = self._archive.rows("conversation_parts", conversation_id=number)
        changes: Sequence[Row] = ()
        if then is None:
            parts: Sequence[Row] = stored
            current = self._current("conversation_tags", row)
            tags = [text(tag, "name") or f"tag {text(tag, 'tag_id')}" for tag in current]
            changes = self._archive.rows(
                "conversation_state_changes", conversation_id=number, from_statistics=1
            )
        else:
            parts = _before(_parts(then.payload, "conversation_parts", stored), "created_at", then)
            tags = [str(name) for name in items(row, "tag_names") if name]
        calls = [
            {**call, **(self._transcript(text(call, "id")) or {}), "id": call["id"]}
            for call in self._archive.rows("calls", conversation_id=number)
        ]
        deleted = _before(
            self._archive.rows("deleted_conversations", id=number), "deleted_at", then
        )
        conversation = Conversation(
            row=row,
            parts=parts,
            tags=tags,
            changes=changes,
            calls=_before(calls, "initiated_at", then),
            deleted_at=text(deleted[0], "deleted_at") if deleted else None,
        )
        return conversation_document(conversation, self._people)

    def ticket(self, row: Row, then: _Then | None) -> Document:
        stored = self._archive.rows("ticket_parts", ticket_id=text(row, "id"))
        parts: Sequence[Row] = stored
        if then is not None:
            parts = _before(_parts(then.payload, "ticket_parts", stored), "created_at", then)
        return ticket_document(row, parts, self._people)

    def call(self, row: Row, then: _Then | None) -> Document:
        number = text(row, "id") or ""
        if then is None:
            return call_document(row, self._transcript(number), self._people)
        versions = versions_of(self._archive, "call_transcriptions", number)
        version = version_at(versions, Period(then.end, then.end))
        transcript = None if version is None else self._transcript_of(number, version)
        return call_document(row, transcript, self._people)

    def contact(self, row: Row, then: _Then | None) -> Document:
        number = text(row, "id")
        taken_part = self._archive.rows("conversation_participants", id=number)
        seen = dict.fromkeys(text(participant, "conversation_id") for participant in taken_part)
        conversations = [
            found for name in seen for found in self._archive.rows("conversations", id=name)
        ]
        shown = dict(row)
        if then is None:
            for label, table, column, named in _SETS_OF_CONTACTS:
                shown[label] = self._names(self._current(table, row), column, named)
        return contact_document(
            shown,
            _before(conversations, "created_at", then),
            _before(self._archive.rows("calls", contact_id=number), "initiated_at", then),
            _before(self._archive.rows("contact_notes", contact_id=number), "created_at", then),
            self._people,
        )

    def article(self, row: Row, then: _Then | None) -> Document:
        parent = text(row, "parent_id")
        collections = self._archive.rows("collections", id=parent) if parent else []
        named = text(collections[0], "name") if collections else None
        return article_document(row, named, self._people)

    def _transcript(self, call_id: str | None) -> Row | None:
        found = self._archive.rows("call_transcriptions", call_id=call_id)
        return found[0] if found else None

    def _transcript_of(self, call_id: str, version: Version) -> Row:
        """Give a version of a transcript as the tap has read it, or else as it came."""
        stored = self._transcript(call_id)
        if stored is not None and stored.get(PAYLOADS.pointer) == version.payload_id:
            return stored
        came = Texts(self._archive).read(version)
        found = object_of(came)
        return {"transcript_text": came.decode(errors="replace")} if found is None else found

    def _current(self, table: str, parent: Row) -> list[dict[str, SQLValue]]:
        """Give the rows of a set that the newest version of their parent has."""
        column = next(column for name, column, _ in SETS if name == table)
        pointer = PAYLOADS.pointer
        return [
            row
            for row in self._archive.rows(table, **{column: text(parent, "id")})
            if row.get(pointer) == parent.get(pointer)
        ]

    def _names(self, rows: Sequence[Row], column: str, table: str) -> list[str]:
        found = []
        for row in rows:
            number = text(row, column)
            named = self._archive.rows(table, id=number)
            found.append((text(named[0], "name") if named else None) or number or "?")
        return found


def _before(rows: Sequence[Row], column: str, then: _Then | None) -> Sequence[Row]:
    """Leave out what was later than the time that is looked back to."""
    if then is None:
        return rows
    return [row for row in rows if (text(row, column) or "") < then.end]


def _parts(payload: Mapping[str, object], name: str, stored: Sequence[Row]) -> list[Row]:
    """Give a payload's parts as rows, with the tap's own reading of a body that is the same."""
    known = {row["id"]: row for row in stored}
    parts: list[Row] = []
    for thing in listed(payload, name):
        part = as_row(thing)
        row = known.get(part.get("id"), {})
        if row.get("body") == part.get("body"):
            part["body_text"] = row.get("body_text")
        parts.append(part)
    return parts
