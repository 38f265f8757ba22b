"""What was asked of the server: every request in order, and the counts over them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True)
class Served:
    """One request: method, path with its query, the route it fell under, the status it got."""

    method: str
    path: str
    route: str
    status: int


class Ledger:
    """Keeps the requests since the last reset."""

    def __init__(self) -> None:
        """Begin empty."""
        self._served: list[Served] = []

    def note(self, served: Served) -> None:
        """Add a request."""
        self._served.append(served)

    def reset(self) -> None:
        """Forget all requests."""
        self._served.clear()

    def counts(self) -> dict[str, object]:
        """How many requests in all, by route, by status."""
        return {
            "total": len(self._served),
            "by_route": dict(Counter(f"{s.method} {s.route}" for s in self._served)),
            "status": dict(Counter(str(s.status) for s in self._served)),
        }

    def log(self, after: int = 0) -> list[tuple[str, str, int]]:
        """Method, path and status of the requests after the first `after`."""
        return [(s.method, s.path, s.status) for s in self._served[after:]]
