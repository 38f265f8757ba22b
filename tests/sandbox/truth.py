"""The rows that an archive of this workspace must hold (tables of the truth, by stream)."""

from __future__ import annotations

from collections.abc import Callable

from .errors import not_found
from .people import Document
from .workspace import Workspace


class Truth:
    """States the rows of every stream as they must be now."""

    def __init__(self, workspace: Workspace, fetch_count: Callable[[str], int]) -> None:
        """Of this workspace; `fetch_count` tells which signature was served last."""
        self._workspace = workspace
        self._fetch_count = fetch_count

    def rows(self, stream: str, first: int, count: int) -> list[Document]:
        """Rows of a stream for `count` objects from the `first` on."""
        raise not_found(f"No truth of {stream}")
