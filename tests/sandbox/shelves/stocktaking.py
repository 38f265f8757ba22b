"""What happens to the objects on shelves: a new one, another name, one taken away.

When it happens is decided by who calls.
"""

from __future__ import annotations

import copy
import random

from ..clock import iso
from ..people import Document
from ..vanished import Vanished
from ..vocabulary import Vocabulary
from .stock import Stock

_FIRST_NEW = 900_000
_FEWEST = 3
# What another version of an object differs in, by stream.
_CHANGING = {
    "audiences": "name",
    "brands": "name",
    "emails": "domain",
    "away_status_reasons": "label",
    "office_hours_schedules": "name",
    "office_hours_exceptions": "name",
    "custom_object_instances": "external_id",
    "internal_articles": "title",
    "help_centers": "display_name",
    "help_center_redirects": "from_url",
    "content_snippets": "title",
    "content_import_sources": "url",
    "external_pages": "title",
    "macros": "name",
    "newsfeeds": "name",
    "news_items": "title",
    "segments": "name",
    "subscription_types": "state",
    "data_attributes": "description",
    "conversation_attributes": "name",
    "ticket_types": "name",
    "ticket_states": "internal_label",
}
# Others point at these and are no shelves.
_NEVER_GONE = frozenset({"ticket_types", "ticket_states"})
# What lies below another, with the member that says whose it is, goes with it.
_BELOW = {
    "office_hours_schedules": ("office_hours_exceptions", "office_hours_schedule_id"),
    "help_centers": ("help_center_redirects", "help_center_id"),
}
_KEYS = {
    "data_attributes": ("model", "full_name"),
    "custom_object_instances": ("type", "id"),
}


class Stocktaking:
    """Lets things happen to a stock; what is chosen by `rng`."""

    def __init__(
        self, stock: Stock, words: Vocabulary, rng: random.Random, vanished: Vanished
    ) -> None:
        """Change this stock and note what vanishes from it."""
        self._stock = stock
        self._words = words
        self._rng = rng
        self._vanished = vanished
        self._made = 0

    def happen(self, at: int) -> tuple[str, str]:
        """Something happens at second `at`: the stream and the key of what it happened to."""
        stream = self._rng.choice(sorted(name for name in _CHANGING if self._stock[name]))
        documents = self._stock[stream]
        chance = self._rng.random()
        if chance < 0.3:
            return stream, self._create(stream, documents, at)
        if chance < 0.6 and len(documents) > _FEWEST and stream not in _NEVER_GONE:
            return stream, self._remove(stream, documents)
        return stream, self._change(stream, self._rng.choice(documents), at)

    def _key(self, stream: str, document: Document) -> tuple[str, ...]:
        return tuple(str(document[name]) for name in _KEYS.get(stream, ("id",)))

    def _change(self, stream: str, document: Document, at: int) -> str:
        document[_CHANGING[stream]] = self._words.phrase(self._rng, 4)
        if "updated_at" in document:
            is_text = isinstance(document["updated_at"], str)
            document["updated_at"] = iso(at).replace("Z", ".000Z") if is_text else at
        return ":".join(self._key(stream, document))

    def _create(self, stream: str, documents: list[Document], at: int) -> str:
        new = copy.deepcopy(self._rng.choice(documents))
        number = _FIRST_NEW + self._made
        self._made += 1
        if "id" in new:
            new["id"] = number if isinstance(new["id"], int) else str(number)
        if "full_name" in new:
            new["full_name"] = f"custom_attributes.new {number}"
        documents.append(new)
        return self._change(stream, new, at)

    def _remove(self, stream: str, documents: list[Document]) -> str:
        gone = documents.pop(self._rng.randrange(len(documents)))
        key = self._key(stream, gone)
        self._vanished.note(stream, *key)
        if stream in _BELOW:
            self._remove_below(*_BELOW[stream], str(gone["id"]))
        return ":".join(key)

    def _remove_below(self, stream: str, member: str, parent: str) -> None:
        for document in self._stock[stream][:]:
            if str(document[member]) == parent:
                self._stock[stream].remove(document)
                self._vanished.note(stream, *self._key(stream, document))
