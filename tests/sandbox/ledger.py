"""What was asked of the server: every request in order, and the counts over them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

_FETCH = "/conversations/{id}"


@dataclass(frozen=True)
class Served:
    """One request: method, path with its query, the route it fell under, the status it got.

    `fault` is the one that it met, or empty; the status is 0 where no answer was sent; `body` is
    what was sent with it.
    """

    method: str
    path: str
    route: str
    status: int
    fault: str = ""
    body: str = ""

    @property
    def fetched(self) -> str | None:
        """The id of the conversation that was asked for, if one was."""
        if self.route != _FETCH:
            return None
        return self.path.partition("?")[0].rpartition("/")[2]


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

    def counts(self, more_than: int = 1) -> dict[str, object]:
        """How many requests in all, by route, by status, by fault, by conversation.

        `conversations` counts fetches of single ones: `gets` in all, `distinct` ids asked for,
        `answered` distinct ids that got a good answer, and those asked for `more_than` so often.
        """
        fetches = Counter(served.fetched for served in self._served if served.fetched)
        answered = {s.fetched for s in self._served if s.status == 200 and not s.fault}
        return {
            "total": len(self._served),
            "by_route": dict(Counter(f"{s.method} {s.route}" for s in self._served)),
            "status": dict(Counter(str(s.status) for s in self._served)),
            "faults": dict(Counter(s.fault for s in self._served if s.fault)),
            "conversations": {
                "gets": fetches.total(),
                "distinct": len(fetches),
                "answered": len(answered - {None}),
                "more_than": {i: count for i, count in fetches.items() if count > more_than},
            },
        }

    def log(self, after: int = 0) -> list[tuple[str, str, int, str]]:
        """Method, path, status and body of the requests after the first `after`."""
        return [(s.method, s.path, s.status, s.body) for s in self._served[after:]]
