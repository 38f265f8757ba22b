"""Reading a log that only grows: span by span, from where the last run ended.

A span is bounded on both sides, so that what is added meanwhile shifts none of its pages. No
order is relied on. No stream is named.
"""

from __future__ import annotations

from collections.abc import Iterator

from tap_intercom_archive.listing import Lists, within
from tap_intercom_archive.paging import Page
from tap_intercom_archive.readers import SECONDS_PER_DAY, Fetched, Reader
from tap_intercom_archive.times import epoch, iso

SPAN_SECONDS = 30 * SECONDS_PER_DAY
# A first run asks for no more spans than this, however old the workspace is.
MOST_SPANS = 50


class AppendReader(Reader):
    """Reads the entries of a log by the time at which they were made."""

    def objects(self) -> Iterator[Fetched]:
        """Give every entry since the last run, less the lookback; the mark moves span by span."""
        settings = self.run.settings
        now = int(self.run.client.now())
        until = now if settings.end is None else min(now, settings.end)
        begin = self._begin()
        seconds = max(SPAN_SECONDS, (until - begin) // MOST_SPANS)
        while begin <= until:
            end = min(begin + seconds - 1, until)
            for page in self._pages(begin, end):
                hits = [
                    hit
                    for hit in self.hits(page)
                    if not hit.updated_at or begin <= hit.updated_at <= end
                ]
                self.counted.found += len(hits)
                self.counted.archived += len(hits)
                yield from self.complete(hits)
            self.ledger.save(self.scope.to_state(), {"high_water_mark": iso(end)})
            begin = end + 1
        self.counted.proven_until = until - settings.lookback_seconds

    def _begin(self) -> int:
        settings = self.run.settings
        # Nothing of a workspace is older than itself.
        start = settings.start or int(self.run.workspace.created_at or 0)
        mark = epoch(self.ledger.state.get("high_water_mark"))
        anew = self.ledger.is_outgrown(self.scope) or self.ledger.gap(self.scope) is not None
        if mark is None or anew or self.is_ahead(int(mark)):
            return start
        return max(start, int(mark) + 1 - settings.lookback_seconds)

    def _pages(self, begin: int, end: int) -> Iterator[Page]:
        listing, run = self.resource.listing, self.run
        assert listing is not None, "a log is a list"
        span = within(listing, begin, end)
        return Lists(run.client.send, run.settings, span, self.resource.scope).pages()
