"""A tap that asks for contacts within narrower bounds than a search by day needs. Run as a command.

The first argument says how narrow: by the second, or by whole days of another zone.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from unittest import mock

from tap_intercom_archive import streams
from tap_intercom_archive.client import Request
from tap_intercom_archive.resources import Search
from tap_intercom_archive.searching import WindowReader
from tap_intercom_archive.tap import TapIntercomArchive

DAY = 86_400
SECOND, UTC_DAY = "by-second", "by-utc-day"


class Narrow(WindowReader):
    """Takes the window as it is, give or take a second."""

    @property
    def _search(self) -> Search:
        search = super()._search
        return replace(search, widen_seconds=1) if self.resource.name == "contacts" else search


class ByUtcDay(Narrow):
    """Takes the days of the window, but those of UTC instead of the workspace's zone."""

    def _search_request(self, after: int, before: int, per_page: int) -> Request:
        if self.resource.name == "contacts":
            begin, end = after + 1, before - 1
            after, before = begin // DAY * DAY - 1, (end // DAY + 1) * DAY
        return super()._search_request(after, before, per_page)


if __name__ == "__main__":
    narrow = {SECOND: Narrow, UTC_DAY: ByUtcDay}[sys.argv.pop(1)]
    with mock.patch.object(streams, "WindowReader", narrow):
        TapIntercomArchive.cli()
