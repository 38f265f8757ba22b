"""Walks: how a list without a search is kept current, and how a whole list is proven.

No order is promised for these lists, and a row that changes may jump behind a reader. So a
walk begins at page 1, may stop early only where enough pages held nothing new and everything
read so far was newest first, and is repeated until it finds nothing new. An early stop proves
nothing of old rows, so from time to time the list is swept: read to its end until two readings
agree.

Pure: the pages come in as an argument. Times are whole epoch seconds, UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tap_intercom_archive.times import epoch, iso
from tap_intercom_archive.windows import Hit

MAXIMUM_WALKS = 6
# As for windows: several walked lists share the state's 64 kB.
REMEMBERED_ROWS = 150
SECONDS_PER_DAY = 86_400


@dataclass(frozen=True)
class RowsPage:
    """One page of a list: its rows, and the list's size where the page tells it."""

    hits: list[Hit]
    total_count: int | None = None


Pages = Callable[[], Iterable[RowsPage]]


@dataclass
class WalkBookmark:
    """What is known of one walked list.

    Rows changed before `mark` less the lookback are archived, `settled` gives the fingerprints
    of those changed since; `swept_at` is when the list was last swept; `total_count` is its size
    as last told.
    """

    mark: int | None = None
    swept_at: int | None = None
    settled: dict[str, str] = field(default_factory=dict)
    total_count: int | None = None

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> WalkBookmark:
        """Read a stream's state; what cannot be read counts as unknown."""
        settled, total = state.get("settled"), state.get("total_count")
        return cls(
            mark=_second(state.get("high_water_mark")),
            swept_at=_second(state.get("swept_at")),
            settled=dict(settled) if isinstance(settled, dict) else {},
            total_count=total if isinstance(total, int) else None,
        )

    def to_state(self) -> dict[str, Any]:
        """Give the state's entries; those without a value are left out."""
        state: dict[str, Any] = {}
        if self.mark is not None:
            state["high_water_mark"] = iso(self.mark)
        if self.swept_at is not None:
            state["swept_at"] = iso(self.swept_at)
        if self.settled:
            state["settled"] = dict(list(self.settled.items())[-REMEMBERED_ROWS:])
        if self.total_count is not None:
            state["total_count"] = self.total_count
        return state

    def remember(
        self, known: dict[str, str], times: dict[str, int], until: int, lookback_seconds: int
    ) -> None:
        """Move the mark to `until`, keeping what is known of rows changed within the lookback."""
        self.mark = until
        recent = until - lookback_seconds
        self.settled = {
            row_id: fingerprint
            for row_id, fingerprint in known.items()
            if times.get(row_id, recent) >= recent
        }

    def sweep_is_due(self, now: float, sweep_days: int) -> bool:
        """Say whether the list is to be read to its end in this run."""
        return self.swept_at is None or now - self.swept_at >= sweep_days * SECONDS_PER_DAY


def walk(
    bookmark: WalkBookmark,
    pages: Pages,
    until: int,
    lookback_seconds: int,
    overlap_pages: int,
    enough: Callable[[], bool] = lambda: True,
) -> Iterator[list[Hit]]:
    """Give the rows that are new or changed, a page at a time, until a walk finds none.

    All rows given must be written before the next page is asked for; the bookmark moves when
    the last walk is done, to `until`. `enough` may keep a walk from stopping early.
    """
    horizon = None if bookmark.mark is None else bookmark.mark - lookback_seconds
    known = dict(bookmark.settled)
    times: dict[str, int] = {}
    for _ in range(MAXIMUM_WALKS):
        found = False
        for fresh in _one_walk(pages, known, horizon, overlap_pages, enough):
            yield fresh
            for hit in fresh:
                known[hit.id] = hit.fingerprint
                times[hit.id] = hit.updated_at
            found = found or bool(fresh)
        if not found:
            break
    bookmark.remember(known, times, until, lookback_seconds)


def _one_walk(
    pages: Pages,
    known: dict[str, str],
    horizon: int | None,
    overlap_pages: int,
    enough: Callable[[], bool],
) -> Iterator[list[Hit]]:
    newest_first, last, quiet = True, None, 0
    for page in pages():
        for hit in page.hits:
            newest_first = newest_first and (last is None or hit.updated_at <= last)
            last = hit.updated_at
        fresh = [
            hit
            for hit in page.hits
            if known.get(hit.id) != hit.fingerprint
            and (hit.id in known or horizon is None or hit.updated_at >= horizon)
        ]
        yield fresh
        quiet = 0 if fresh else quiet + 1
        if newest_first and quiet >= overlap_pages and enough():
            return


class Sweep:
    """A whole list, read until two readings in a row saw the same rows.

    A row can slide past one reading when others vanish before it, so one reading proves nothing,
    and none counts that saw fewer rows than the list says it has, unless two in a row saw and
    were told just the same. `proven` says afterwards whether two agreed: only then may what was
    not seen be retired. Rows changed since `began_at` may come and go meanwhile; they are given,
    but not compared.
    """

    def __init__(self, pages: Pages, began_at: float | None = None) -> None:
        """Read `pages`; without `began_at` every row is compared."""
        self._pages = pages
        self._began_at = began_at
        self._moving: set[str] = set()
        self.known: dict[str, str] = {}
        self.times: dict[str, int] = {}
        self.proven = False

    def rows(self) -> Iterator[list[Hit]]:
        """Give the rows to write, a page at a time: all once, and again those that changed."""
        before: tuple[set[str], set[int | None]] | None = None
        for _ in range(MAXIMUM_WALKS):
            seen: set[str] = set()
            totals: set[int | None] = set()
            for page in self._pages():
                totals.add(page.total_count)
                seen.update(hit.id for hit in page.hits)
                yield [hit for hit in page.hits if self.known.get(hit.id) != hit.fingerprint]
                self._note(page.hits)
            told = max((total for total in totals if total is not None), default=0)
            if before is not None and not (seen ^ before[0]) - self._moving:
                stood_still = before == (seen, totals) and len(totals) == 1
                self.proven = len(seen) >= told or stood_still
                if self.proven:
                    return
            before = seen, totals

    def _note(self, hits: list[Hit]) -> None:
        for hit in hits:
            self.known[hit.id] = hit.fingerprint
            self.times[hit.id] = hit.updated_at
            if self._began_at is not None and hit.updated_at >= self._began_at:
                self._moving.add(hit.id)


def _second(value: Any) -> int | None:
    seconds = epoch(value) if isinstance(value, str) else None
    return None if seconds is None else int(seconds)
