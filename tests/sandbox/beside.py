"""What was answered about single objects beside the objects themselves, as it was last served.

An answer that comes in pages has a name for each: the object's id, then the id with `:2` and so on.
"""

from __future__ import annotations

from collections.abc import Mapping

_FOLLOWING = ("page", "cursor", "before")


class AnswersBeside:
    """Keeps the bytes of such answers by stream and name."""

    def __init__(self) -> None:
        """Begin with nothing served."""
        self._bodies: dict[str, dict[str, bytes]] = {}
        self._pages: dict[tuple[str, str], int] = {}

    def note(self, stream: str, object_id: str, query: Mapping[str, str], body: bytes) -> None:
        """An answer goes out; `query` tells whether it follows another one."""
        follows = any(name in query for name in _FOLLOWING)
        number = self._pages.get((stream, object_id), 1) + 1 if follows else 1
        self._pages[stream, object_id] = number
        name = object_id if number == 1 else f"{object_id}:{number}"
        self._bodies.setdefault(stream, {})[name] = body

    def body(self, stream: str, name: str) -> bytes | None:
        """The bytes last served; None where none were."""
        return self._bodies.get(stream, {}).get(name)
