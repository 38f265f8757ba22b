"""Walks: how a list without a search is kept current, and how a whole list is proven.

No order is promised for these lists, and a row that changes may jump behind a reader. So a
walk begins at page 1, may stop early only where enough pages held nothing new and everything
read so far was newest first, and is repeated until it finds nothing new. An early stop proves
nothing of old rows, so from time to time the list is swept: read to its end.

Pure: the pages come in as an argument. Times are whole epoch seconds, UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tap_intercom_archive.times import epoch, iso
from tap_intercom_archive.windows import REMEMBERED_OBJECTS, Hit

MAXIMUM_WALKS = 6
SECONDS_PER_DAY = 86_400

Pages = Callable[[], Iterable[list[Hit]]]


@dataclass
class WalkBookmark:
    """What is known of one walked list.

    Rows changed before `mark` less the lookback are archived, `settled` gives the fingerprints
    of those changed since; `swept_at` is when the list was last read to its end.
    """

    mark: int | None = None
    swept_at: int | None = None
    settled: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> WalkBookmark:
        """Read a stream's state; what cannot be read counts as unknown."""
        settled = state.get("settled")
        return cls(
            mark=_second(state.get("high_water_mark")),
            swept_at=_second(state.get("swept_at")),
            settled=dict(settled) if isinstance(settled, dict) else {},
        )

    def to_state(self) -> dict[str, Any]:
        """Give the state's entries; those without a value are left out."""
        state: dict[str, Any] = {}
        if self.mark is not None:
            state["high_water_mark"] = iso(self.mark)
        if self.swept_at is not None:
            state["swept_at"] = iso(self.swept_at)
        if self.settled:
            state["settled"] = dict(list(self.settled.items())[-REMEMBERED_OBJECTS:])
        return state

    def sweep_is_due(self, now: float, sweep_days: int) -> bool:
        """Say whether the list is to be read to its end in this run."""
        return self.swept_at is None or now - self.swept_at >= sweep_days * SECONDS_PER_DAY


def walk(
    bookmark: WalkBookmark,
    pages: Pages,
    now: float,
    lookback_seconds: int,
    overlap_pages: int,
    *,
    sweep: bool,
) -> Iterator[list[Hit]]:
    """Give the rows to write, a page at a time; the bookmark moves when the last walk is done.

    All rows given must be written before the next page is asked for. In a sweep every row
    counts as new once.
    """
    horizon = None if sweep or bookmark.mark is None else bookmark.mark - lookback_seconds
    known = {} if sweep else dict(bookmark.settled)
    times: dict[str, int] = {}
    for number in range(MAXIMUM_WALKS):
        found = False
        to_the_end = sweep and number == 0
        for fresh in _one_walk(pages, known, horizon, None if to_the_end else overlap_pages):
            yield fresh
            for hit in fresh:
                known[hit.id] = hit.fingerprint
                times[hit.id] = hit.updated_at
            found = found or bool(fresh)
        if not found:
            break
    bookmark.mark = int(now)
    if sweep:
        bookmark.swept_at = int(now)
    recent = int(now) - lookback_seconds
    bookmark.settled = {
        row_id: fingerprint
        for row_id, fingerprint in known.items()
        if times.get(row_id, recent) >= recent
    }


def _one_walk(
    pages: Pages, known: dict[str, str], horizon: int | None, overlap_pages: int | None
) -> Iterator[list[Hit]]:
    newest_first, last, quiet = True, None, 0
    for page in pages():
        for hit in page:
            newest_first = newest_first and (last is None or hit.updated_at <= last)
            last = hit.updated_at
        fresh = [
            hit
            for hit in page
            if known.get(hit.id) != hit.fingerprint
            and (hit.id in known or horizon is None or hit.updated_at >= horizon)
        ]
        yield fresh
        quiet = 0 if fresh else quiet + 1
        if overlap_pages is not None and newest_first and quiet >= overlap_pages:
            return


@dataclass
class Whole:
    """A whole list, read until two readings in a row saw the same ids.

    `proven` says afterwards whether they did: only then may what is missing be retired.
    """

    pages: Callable[[], Iterable[tuple[list[Hit], int | None]]]
    proven: bool = False

    def rows(self) -> Iterator[list[Hit]]:
        """Give the rows to write, a page at a time: all once, and again those that changed."""
        known: dict[str, str] = {}
        before: set[str] | None = None
        for _ in range(MAXIMUM_WALKS):
            seen: set[str] = set()
            total: int | None = None
            for page, total_count in self.pages():
                total = total_count
                seen.update(hit.id for hit in page)
                yield [hit for hit in page if known.get(hit.id) != hit.fingerprint]
                known.update((hit.id, hit.fingerprint) for hit in page)
            if seen == before and total in (None, len(seen)):
                self.proven = True
                return
            before = seen


def _second(value: Any) -> int | None:
    seconds = epoch(value) if isinstance(value, str) else None
    return None if seconds is None else int(seconds)
