"""The areas that pages sort the tap's streams into: those of its table of resources."""

from __future__ import annotations

from dataclasses import dataclass

from tap_intercom_archive.resources import Resource, knowledge, messages, people, workspace


@dataclass(frozen=True)
class Area:
    """A page's worth of streams."""

    page: str
    title: str
    rows: tuple[Resource, ...]

    @property
    def streams(self) -> list[str]:
        """Its streams, each before those that are cut out of it."""
        return [name for row in self.rows for name in (row.name, *(cut.name for cut in row.made))]


AREAS = (
    Area("messages", "Conversations, calls and tickets", messages.ROWS),
    Area("people", "People and companies", people.ROWS),
    Area("knowledge", "Knowledge", knowledge.ROWS),
    Area("workspace", "The workspace and its labels", workspace.ROWS),
)
