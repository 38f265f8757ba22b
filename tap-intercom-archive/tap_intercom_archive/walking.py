"""Reading lists without a search: by walks, and by a sweep when one is due.

The protocol itself is in `walks`. What some of these lists bring beside their rows is in
`feeding`. No stream is named.
"""

from __future__ import annotations

from collections.abc import Iterator

from tap_intercom_archive import walks
from tap_intercom_archive.readers import Fetched, ListedRows, Reader


class WalkReader(Reader):
    """Reads a list without a search: by walks, and by a sweep when one is due.

    `fresh` counts the rows that walks gave as new or changed.
    """

    fresh = 0

    def objects(self) -> Iterator[Fetched]:
        """Give the rows that are new or changed since the last run; all of them in a sweep."""
        yield from self.owed_beside()
        settings = self.run.settings
        now = self.run.client.now()
        anew = self.ledger.is_outgrown(self.scope) or self.ledger.gap(self.scope) is not None
        bookmark = walks.WalkBookmark.from_state({} if anew else self.ledger.state)
        if self.is_ahead(bookmark.mark):
            bookmark = walks.WalkBookmark()
        until = int(now if settings.end is None else min(now, settings.end))
        yield from self.owed(now)
        if bookmark.sweep_is_due(now, settings.full_sweep_days):
            yield from self._swept(now)
            bookmark.remember(self.swept.known, self.swept.times, until, settings.lookback_seconds)
            if self.swept.proven and settings.end is None:
                bookmark.swept_at = until
        else:
            yield from self.batched(self._walk(bookmark, until))
            if not self.is_whole:
                # More rows than the walk could tell as new: only the whole list has them.
                yield from self._swept(now)
        if settings.end is None:
            bookmark.total_count = self.listed.total_count
        self.counted.proven_until = bookmark.swept_at
        self.counted.awaited = self.awaited()
        self.ledger.save(self.scope.to_state(), bookmark.to_state())

    def _swept(self, now: float) -> Iterator[Fetched]:
        yield from self.batched(self.sweep(now))
        self.end_sweep()

    def _walk(self, bookmark: walks.WalkBookmark, until: int) -> Iterator[Fetched]:
        settings = self.run.settings
        self.listed = rows = ListedRows(self)
        overlap = self.resource.overlap_setting
        archived = 0
        for hits in walks.walk(
            bookmark,
            rows,
            until,
            settings.lookback_seconds,
            getattr(settings, overlap) if overlap else 1,
            self.enough,
        ):
            self.fresh += len(hits)
            wanted = [hit for hit in hits if self.is_wanted(hit)]
            archived += len(wanted)
            yield from self.complete(wanted)
        self.counted.found += len(rows.seen)
        self.counted.archived += archived
        self.counted.unchanged += max(0, len(rows.seen) - archived)

    def enough(self) -> bool:
        """Say whether a walk may stop early, as far as this list is concerned."""
        return True

    @property
    def is_whole(self) -> bool:
        """Say whether a walk has given all that the list's size says is new."""
        return True

    def awaited(self) -> int:
        """Say how much of what is owed may simply still come."""
        return 0

    def owed(self, now: float) -> Iterator[Fetched]:
        """Give first what the last run owed."""
        yield from ()

    def batched(self, fetched: Iterator[Fetched]) -> Iterator[Fetched]:
        """Give the objects with what is fed beside them."""
        return fetched
