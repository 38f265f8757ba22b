"""Who is to be forgotten: the objects that are theirs, and the values that name them in texts.

Only looks. Which tables have what is data in ``known_people.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from target_sqlite_archive.errors import DatabaseError
from target_sqlite_archive.known_people import (
    ADMINS,
    AUTHORS,
    CONTACTS,
    CONVERSATIONS,
    EMAIL,
    IDENTIFYING,
    NAME,
    OWNED,
    PERSON_RULES,
    PHONE,
    object_rules,
)
from target_sqlite_archive.known_tables import PAYLOADS
from target_sqlite_archive.naming import quote
from target_sqlite_archive.object_versions import object_of, payload_chains
from target_sqlite_archive.reading import OpenArchive
from target_sqlite_archive.redaction import words_of
from target_sqlite_archive.tombstones import Tombstones

# Shorter ones stand in too many texts that mean something else.
_SHORTEST_ID = 8
_SHORTEST_PHONE = 7


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asked to forget: ids of contacts, e-mail addresses, ids of conversations."""

    contacts: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    conversations: tuple[str, ...] = ()


@dataclass(slots=True)
class Whom:
    """Objects as stream and id, in the order in which they were found, and identifying values.

    ``values`` are by what they are: ``email``, ``phone``, ``name`` and so on.
    """

    objects: dict[tuple[str, str], None] = field(default_factory=dict)
    values: set[tuple[str, str]] = field(default_factory=set)

    def numbers(self, stream: str) -> list[str]:
        """Give the ids of a stream's objects."""
        return [number for name, number in self.objects if name == stream]


def find_whom(archive: OpenArchive, asked: Asked) -> Whom:
    """Find all that is to be forgotten; what the archive does not have is forgotten by its name.

    Raises :class:`DatabaseError` where an address is a teammate's.
    """
    whom = Whom()
    people = _People(archive)
    for email in asked.emails:
        if (
            archive.has(ADMINS, EMAIL)
            and archive.connection.execute(
                f"SELECT 1 FROM {ADMINS} WHERE {EMAIL} = ? COLLATE NOCASE", (email,)
            ).fetchone()
        ):
            raise DatabaseError(
                "This e-mail address is a teammate's, and only customers can be forgotten by "
                "theirs. Nothing was changed. Give the id of a contact with --contact."
            )
        whom.values.add((EMAIL, email))
        for number in people.with_email(email):
            whom.objects[CONTACTS, number] = None
    whom.objects.update({(CONTACTS, number): None for number in asked.contacts})
    whom.objects.update({(CONVERSATIONS, number): None for number in asked.conversations})
    waiting = list(whom.objects)
    while waiting:
        stream, number = waiting.pop()
        for other, statement in OWNED.get(stream, ()):
            for (found,) in archive.connection.execute(archive.fill(statement), {"id": number}):
                if found is not None and (other, str(found)) not in whom.objects:
                    whom.objects[other, str(found)] = None
                    waiting.append((other, str(found)))
    for number in whom.numbers(CONTACTS):
        whom.values.update(people.identifying(number))
    return whom


def is_buried(whom: Whom, tombstones: Tombstones) -> bool:
    """Whether all of this was forgotten before."""
    rules = [object_rules(stream, number)[0] for stream, number in whom.objects]
    emails = [value for what, value in whom.values if what == EMAIL]
    return all(tombstones.has(rule, values) for rule, values in rules) and all(
        map(tombstones.mentions.are_in, emails)
    )


def bury(archive: OpenArchive, whom: Whom, tombstones: Tombstones) -> None:
    """Add what keeps all of this from coming back."""
    for stream, number in whom.objects:
        for rule, values in object_rules(stream, number):
            tombstones.add(rule, values)
    for number in whom.numbers(CONTACTS):
        for rule in PERSON_RULES:
            tombstones.add(rule, (number,))
    tombstones.mention(_telling(archive, whom))


def _telling(archive: OpenArchive, whom: Whom) -> Iterator[str]:
    """Give the values that mean nothing else where they stand in a text."""
    for _, number in whom.objects:
        if len(number) >= _SHORTEST_ID:
            yield number
    for what, value in whom.values:
        words = words_of(value)
        if what == EMAIL:
            yield value
        elif what == PHONE:
            digits = "".join(filter(str.isdigit, value))
            if len(digits) >= _SHORTEST_PHONE:
                yield from (value, digits)
        elif what == NAME:
            if len(words) > 1 and not _is_shared(archive, whom, value):
                yield value
                yield " ".join([words[-1], *words[:-1]])
        elif len(value) >= _SHORTEST_ID:
            yield value


def _is_shared(archive: OpenArchive, whom: Whom, name: str) -> bool:
    """Whether somebody else has this name too, who keeps it."""
    for table in (CONTACTS, ADMINS):
        if archive.has(table, "id", NAME):
            for (number,) in archive.connection.execute(
                f"SELECT id FROM {quote(table)} WHERE {NAME} = ? COLLATE NOCASE", (name,)
            ):
                if (table, str(number)) not in whom.objects:
                    return True
    return False


class _People:
    """What an archive knows of contacts, in rows and in all versions of their payloads."""

    def __init__(self, archive: OpenArchive) -> None:
        self._archive = archive
        has_objects = archive.has(PAYLOADS.table, PAYLOADS.record_id)
        self._chains = payload_chains(archive) if has_objects else None

    def with_email(self, email: str) -> list[str]:
        """Give the ids of those who have, or once had, an e-mail address."""
        found: dict[str, None] = {}
        if self._archive.has(CONTACTS, "id", EMAIL):
            rows = self._archive.connection.execute(
                f"SELECT id FROM {CONTACTS} WHERE {EMAIL} = ? COLLATE NOCASE", (email,)
            )
            found.update({str(row[0]): None for row in rows})
        for number, _, wrote_from in self._authors(email=email):
            if number and wrote_from:
                found[number] = None
        for number, text in self._texts(None):
            if email.casefold() in text.decode(errors="replace").casefold():
                known = (object_of(text) or {}).get(EMAIL)
                if isinstance(known, str) and known.casefold() == email.casefold():
                    found[number] = None
        return list(found)

    def identifying(self, number: str) -> Iterator[tuple[str, str]]:
        """Give what a contact is, and was, known by."""
        objects: list[Mapping[str, object]] = list(self._archive.rows(CONTACTS, id=number))
        objects += [object_of(text) or {} for _, text in self._texts(number)]
        for _, name, email in self._authors(id=number):
            objects.append({NAME: name, EMAIL: email})
        for known in objects:
            for what in IDENTIFYING:
                value = known.get(what)
                if isinstance(value, str) and value.strip():
                    yield what, value

    def _authors(self, *, email: str = "", id: str = "") -> Iterator[Sequence[str | None]]:
        for statement in AUTHORS:
            yield from self._archive.connection.execute(
                self._archive.fill(statement), {"email": email, "id": id}
            )

    def _texts(self, number: str | None) -> Iterator[tuple[str, bytes]]:
        """Give the payloads of one contact, or of all, the newest first."""
        if self._chains is None:
            return
        rows = self._archive.connection.execute(
            f"SELECT rowid, {PAYLOADS.record_id} FROM {PAYLOADS.table} "
            f"WHERE {PAYLOADS.stream} = ? AND (? IS NULL OR {PAYLOADS.record_id} = ?) "
            f"ORDER BY {PAYLOADS.record_id}, rowid DESC",
            (CONTACTS, number, number),
        ).fetchall()
        for row_id, record_id in rows:
            frame = self._chains.frame(row_id)
            if frame is not None:
                yield str(record_id), self._chains.text(frame)
