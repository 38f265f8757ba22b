"""What a run found, archived and owes: lines for people, numbers for machines.

Counting only; nothing here decides what happens next.
"""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from tap_intercom_archive.client import Client
from tap_intercom_archive.drift import Drift
from tap_intercom_archive.errors import ApiError, Denied
from tap_intercom_archive.normalize import Unfits
from tap_intercom_archive.pacing import WINDOW_SECONDS
from tap_intercom_archive.resources import RESOURCES
from tap_intercom_archive.times import iso

INCOMPLETE = (
    "The archive is incomplete: see the warnings above for what is missing and what "
    "to do. What could be read is written, and the next run goes on from there."
)
# Measured on synthetic workspaces with some 20 parts a conversation: tables, full text, payloads.
BYTES_PER_HYDRATED = 30_000
BYTES_PER_LISTED = 2_000
_KEYS = {row.name: row.keys for row in RESOURCES} | {
    cut.name: cut.keys for row in RESOURCES for cut in row.made
}
_SHOWN_OWED = 20
# What a state says of a stream's run, beside its bookmarks and within their 64 kB.
_IN_STATE = frozenset(
    {"found", "archived", "unchanged", "deleted", "truncated", "awaited", "denied", "accepted"}
    | {"failed", "unavailable", "proven_from", "proven_until"}
)
LONGEST_IN_STATE = 160


@dataclass
class StreamReport:
    """One resource's figures.

    `denied` and `failed` hold the sentence to show, `unavailable` the first version of the API
    that has the resource, where the chosen one has not; `deleted` counts deletions that explain
    what could not be found, `awaited` transcripts that may still come, `awaited_later` those
    of them that only the next sweep asks for; it is proven complete from `proven_from` (None: from
    the beginning) to `proven_until`, epoch seconds.
    """

    found: int = 0
    archived: int = 0
    unchanged: int = 0
    deleted: int = 0
    truncated: int = 0
    owed: list[str] = field(default_factory=list)
    awaited: int = 0
    awaited_later: int = 0
    denied: str | None = None
    accepted: bool = False
    failed: str | None = None
    unavailable: str | None = None
    calls: int = 0
    retries: int = 0
    throttled: int = 0
    seconds: float = 0.0
    proven_from: float | None = None
    proven_until: float | None = None

    def end_by(self, error: ApiError, *, accepted: bool) -> None:
        """Note what ended the reading; `accepted` says that this stream may be denied."""
        if isinstance(error, Denied):
            self.denied, self.accepted = str(error), accepted
        else:
            self.failed = str(error)

    @property
    def is_complete(self) -> bool:
        """Say whether everything that could be shown is there; transcripts may come later."""
        denied = self.denied is not None and not self.accepted
        return not (self.owed or denied or self.failed)

    def to_json(self) -> dict[str, Any]:
        """Give the figures; times are ISO 8601."""
        figures = asdict(self)
        figures["seconds"] = round(self.seconds, 3)
        figures["complete"] = self.is_complete
        for name in ("proven_from", "proven_until"):
            figures[name] = None if figures[name] is None else iso(int(figures[name]))
        return figures

    def to_state(self) -> dict[str, Any]:
        """Give what is not zero, what is owed as a number and sentences cut short."""
        figures = {name: figure for name, figure in self.to_json().items() if name in _IN_STATE}
        figures["owed"] = len(self.owed)
        why = "denied" if self.denied else "failed"
        sentence = (self.denied or self.failed or "")[:LONGEST_IN_STATE]
        figures |= {"denied": None, "failed": None, why: sentence}
        return {name: figure for name, figure in figures.items() if figure}


class Report:
    """Collects the figures of a run and says them."""

    def __init__(self, logger: logging.Logger, client: Client, reserve_percent: int = 0) -> None:
        """Write lines to `logger`, take calls from `client`, which leaves a reserve to others."""
        self._usable = 1 - reserve_percent / 100
        self._logger = logger
        self._client = client
        self.streams: dict[str, StreamReport] = {}
        self.rows: Counter[str] = Counter()
        self.unfits: Unfits = Counter()
        self.drift = Drift()

    def of(self, stream: str) -> StreamReport:
        """Give a resource's figures, to be counted up."""
        return self.streams.setdefault(stream, StreamReport())

    @property
    def is_complete(self) -> bool:
        """Say whether the run got everything it was asked for."""
        return all(stream.is_complete for stream in self.streams.values())

    @contextmanager
    def timed(self, stream: str) -> Iterator[None]:
        """Count calls, retries, 429s and seconds of what is done inside to a resource."""
        counted, counts = self.of(stream), self._client.counts
        calls, retries, throttled = counts.calls, counts.retries, counts.throttled
        begun_at = time.monotonic()
        try:
            yield
        finally:
            counted.calls += counts.calls - calls
            counted.retries += counts.retries - retries
            counted.throttled += counts.throttled - throttled
            counted.seconds += time.monotonic() - begun_at

    def to_json(self) -> str:
        """Give the report as one line of JSON; ids are named, nothing else of a customer's."""
        counts = self._client.counts
        return json.dumps(
            {
                "complete": self.is_complete,
                "calls": counts.calls,
                "retries": counts.retries,
                "throttled": counts.throttled,
                "waited_seconds": round(self._client.limiter.waited_seconds, 1),
                "rows": dict(sorted(self.rows.items())),
                "undeclared": {s: sorted(names) for s, names in self._undeclared()},
                "unfit": {f"{s}.{column}": n for (s, column), n in sorted(self.unfits.items())},
                "streams": {name: counted.to_json() for name, counted in self.streams.items()},
            },
            separators=(",", ":"),
        )

    def to_state(self, ended_at: float) -> dict[str, Any]:
        """Give the report for a state: bounded, and without an id; `ended_at` is epoch seconds.

        All numbers are whole: some targets cannot write a state with a fraction in it.
        """
        counts = self._client.counts
        streams: dict[str, dict[str, Any]] = {
            name: counted.to_state() for name, counted in self.streams.items()
        }
        for name, rows in sorted(self.rows.items()):
            streams.setdefault(name, {})["rows"] = rows
        return {
            "ended_at": iso(int(ended_at)),
            "complete": self.is_complete,
            "calls": counts.calls,
            "retries": counts.retries,
            "throttled": counts.throttled,
            "waited_seconds": round(self._client.limiter.waited_seconds),
            "unfit": sum(self.unfits.values()),
            "streams": streams,
        }

    def _undeclared(self) -> list[tuple[str, set[str]]]:
        return [(stream, names) for stream, names in sorted(self.drift.fields.items()) if names]

    def backfill(
        self, stream: str, found: int, calls: int, bytes_free: int, hydrated: bool = True
    ) -> None:
        """Say before a first reading what it will take; `hydrated` objects are fetched whole."""
        limit = self._client.limiter.limit
        usable = max(1, int(limit * self._usable))
        needed = found * (BYTES_PER_HYDRATED if hydrated else BYTES_PER_LISTED)
        self._logger.info(
            "Backfill: %s %s found; about %s calls, %s at %s calls per %s s; an archive needs "
            "about %s on disk, %s are free here.",
            f"{found:,}",
            stream,
            f"{calls:,}",
            _duration(calls / usable * WINDOW_SECONDS),
            f"{usable:,}",
            WINDOW_SECONDS,
            _size(needed),
            _size(bytes_free),
        )

    def window(self, stream: str, begin: int, end: int, found: int, archived: int) -> None:
        """Say that a window is proven."""
        used, limit = self._client.limiter.budget
        self._logger.info(
            "%s %s..%s: %s found, %s archived, %s calls, budget %s/%s",
            stream,
            _short(begin) if begin > 0 else "",
            _short(end),
            f"{found:,}",
            f"{archived:,}",
            f"{self._client.counts.calls:,}",
            used,
            limit,
        )

    def unavailable(self, stream: str, since: str) -> None:
        """Say that the chosen version of the API does not have a resource."""
        self.of(stream).unavailable = since
        self._logger.warning(
            "%s: not in this version of the API; `api_version` %s has it.", stream, since
        )

    def done(self, stream: str) -> None:
        """Say that a resource is done."""
        counted = self.of(stream)
        # A window counts what it found and could not fetch as unchanged; what is owed of another
        # stream begins with that one's name.
        own = sum(name.partition(" ")[0] not in _KEYS for name in counted.owed)
        counted.unchanged = max(0, counted.unchanged - own)
        if counted.denied:
            archived = max(counted.archived, self.rows[stream])
            cure = (
                "Accepted by `accept_denied`."
                if counted.accepted
                else "Grant the scope, deselect the stream, or name it in `accept_denied`."
            )
            self._logger.warning(
                "%s: denied, %s archived. %s %s",
                stream,
                f"{archived:,}" if archived else "nothing",
                counted.denied,
                cure,
            )
        elif counted.failed:
            self._logger.error("%s: not finished. %s", stream, counted.failed)
        else:
            self._logger.info(
                "%s: %s found, %s archived, %s unchanged%s",
                stream,
                f"{counted.found:,}",
                f"{counted.archived:,}",
                f"{counted.unchanged:,}",
                _more(counted),
            )

    def end(self) -> None:
        """Say what is owed by name, the totals, how far all is complete; last, one line of JSON."""
        for stream, counted in self.streams.items():
            for name in counted.owed[:_SHOWN_OWED]:
                self._logger.warning("owed: %s %s; the next run asks for it first.", stream, name)
            if len(counted.owed) > _SHOWN_OWED:
                self._logger.warning(
                    "owed: %s more of %s.", len(counted.owed) - _SHOWN_OWED, stream
                )
        for (stream, column), count in sorted(self.unfits.items()):
            if column in _KEYS.get(stream, ()):
                self._logger.warning(
                    "%s: %s rows without `%s` were left out; the payload keeps them.",
                    stream,
                    f"{count:,}",
                    column,
                )
                continue
            self._logger.warning(
                "%s.%s: %s values did not fit and became null; the payload keeps them.",
                stream,
                column,
                f"{count:,}",
            )
        for stream, names in self._undeclared():
            self._logger.info(
                "%s: the API sent %s fields that no stream declares, kept in the payload: %s.",
                stream,
                len(names),
                ", ".join(sorted(names)),
            )
        counts = self._client.counts
        self._logger.info(
            "Total: %s, %s calls, %s retries, %s answers of 429.",
            _rows(self.rows.items()),
            f"{counts.calls:,}",
            f"{counts.retries:,}",
            f"{counts.throttled:,}",
        )
        for stream, counted in self.streams.items():
            if counted.is_complete and counted.proven_until is not None:
                begin = "" if counted.proven_from is None else f" from {iso(counted.proven_from)}"
                until = iso(int(counted.proven_until))
                self._logger.info("Proven complete: %s%s up to %s.", stream, begin, until)
        if not self.is_complete:
            self._logger.error("%s", INCOMPLETE)
        self._logger.info("Run report: %s", self.to_json())


def _rows(rows: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{count:,} {stream}" for stream, count in sorted(rows)) or "no records"


def _more(counted: StreamReport) -> str:
    parts = []
    if counted.truncated:
        parts.append(f"{counted.truncated:,} with parts past the API's cap")
    if counted.awaited:
        parts.append(f"{counted.awaited:,} transcripts awaited")
    if counted.awaited_later:
        parts.append(f"{counted.awaited_later:,} of them only with the next sweep")
    if counted.owed:
        parts.append(f"{len(counted.owed):,} owed")
    return "".join(f", {part}" for part in parts)


def _short(epoch_seconds: int) -> str:
    return iso(epoch_seconds).removesuffix("T00:00:00Z").removesuffix("Z")


def _size(count: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
