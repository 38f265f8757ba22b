"""What was there once and is no more, stream by stream, by its key."""

from __future__ import annotations

Key = tuple[str, ...]


class Vanished:
    """Keeps the keys of what went away; what comes back is forgotten again."""

    def __init__(self) -> None:
        """Begin with nothing gone."""
        self._keys: dict[str, dict[Key, None]] = {}

    def note(self, stream: str, *key: str) -> None:
        """Something went away; `key` has one value per key property of the stream."""
        self._keys.setdefault(stream, {})[key] = None

    def back(self, stream: str, *key: str) -> None:
        """Something is there (again)."""
        self._keys.get(stream, {}).pop(key, None)

    def keys(self, stream: str) -> list[Key]:
        """The keys of all that is gone from a stream, in the order in which it went."""
        return list(self._keys.get(stream, {}))
