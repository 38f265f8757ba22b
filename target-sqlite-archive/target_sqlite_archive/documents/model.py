"""What a document is: facts at its head, then entries in the order in which they happened. Pure.

Texts are as they are archived; whoever prints them makes them safe for where they go.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Role(Enum):
    """On which side of a conversation somebody is."""

    CUSTOMER = "customer"
    TEAMMATE = "teammate"
    AGENT = "AI agent"
    BOT = "bot"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message; its address may have expired."""

    name: str
    address: str | None
    media_type: str | None
    size_bytes: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that was said or happened: ``at`` is ISO 8601 UTC, ``event`` says what if not said.

    ``internal`` texts were not shown to the customer.
    """

    at: str | None
    who: str
    role: Role
    event: str | None = None
    text: str | None = None
    attachments: tuple[Attachment, ...] = ()
    internal: bool = False

    def as_row(self) -> dict[str, object]:
        """Give the entry for machines."""
        return {
            "at": self.at,
            "who": self.who,
            "role": self.role.value,
            "event": self.event,
            "internal": self.internal,
            "text": self.text,
            "attachments": [
                {
                    "name": file.name,
                    "url": file.address,
                    "content_type": file.media_type,
                    "bytes": file.size_bytes,
                }
                for file in self.attachments
            ],
        }


@dataclass(frozen=True, slots=True)
class Document:
    """One object as a person reads it. ``notes`` say what the reader should know about the text."""

    kind: str
    id: str
    title: str | None
    facts: tuple[tuple[str, str], ...]
    entries: tuple[Entry, ...]
    notes: tuple[str, ...] = ()

    @property
    def heading(self) -> str:
        """What it is: `Conversation 1234`."""
        return f"{self.kind.capitalize()} {self.id}"

    def as_object(self) -> dict[str, object]:
        """Give the document for machines."""
        return {
            "kind": self.kind,
            "id": self.id,
            "title": self.title,
            "facts": dict(self.facts),
            "notes": list(self.notes),
            "entries": [entry.as_row() for entry in self.entries],
        }


def given(facts: Iterable[tuple[str, str | None]]) -> tuple[tuple[str, str], ...]:
    """Give the facts that have a value."""
    return tuple((label, value) for label, value in facts if value)
