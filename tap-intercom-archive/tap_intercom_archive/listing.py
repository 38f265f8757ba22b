"""Reading a row's list: once, or once for each of the values that it is asked for with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from urllib.parse import quote

from tap_intercom_archive.client import Request
from tap_intercom_archive.errors import Gone
from tap_intercom_archive.normalize import record_id
from tap_intercom_archive.paging import PAGERS, Page, PatientList, Send, read_page
from tap_intercom_archive.payload import parse
from tap_intercom_archive.resources import Each, Listing
from tap_intercom_archive.settings import Settings

PLACE = "{each}"
_WHOLE = ("single", "object")


def within(listing: Listing, begin: int, end: int) -> Listing:
    """Give the part of a log between two seconds, by bounds that may be strict or inclusive."""
    bounds = {"after": str(begin - 1), "before": str(end + 1)}
    params = tuple((name, text.format_map(bounds)) for name, text in listing.params)
    return replace(listing, params=params)


class Lists:
    """The lists that a row gives, one after the other.

    `missing` holds the values of which Intercom knew no list in the last reading, where they were
    chosen and not found in another list.
    """

    def __init__(self, send: Send, settings: Settings, listing: Listing, scope: str) -> None:
        """Read `listing` with `send`; `scope` is for the errors."""
        self._send = send
        self._settings = settings
        self._listing = listing
        self._scope = scope
        self.missing: list[str] = []

    def pages(self) -> Iterator[Page]:
        """Read to the end; raises ApiError where a list that must be there cannot be read."""
        self.missing = []
        each = self._listing.each
        if each is None:
            yield from self._list.pages(self._request)
            return
        for value in self._values(each, Lists.pages):
            try:
                for page in self.of(value):
                    yield replace(page, asked_for=value)
            except Gone:
                if each.listing is None:
                    self.missing.append(value)

    def of(self, value: str) -> Iterator[Page]:
        """Read the list that is asked for with one value; raises ApiError."""
        return self._list.pages(partial(self._request, value=value))

    def sample(self, per_page: int, tries: int, value: str = "") -> Page | None:
        """Read the beginning of the list asked for with `value`, or else of the first list.

        It is tried so often; None where there is no list.
        """
        each = self._listing.each
        if each is not None:
            values = self._values(each, lambda lists: filter(None, [lists.sample(1, tries)]))
            if not values:
                return None
            value = values[0]
        request = replace(self._request(per_page, value), tries=tries)
        if self._listing.probe is not None:
            request = replace(request, method="POST", path=self._listing.probe)
        holds_one = self._listing.pager == "object"
        return read_page(self._send(request), self._listing.items, holds_one=holds_one)

    @cached_property
    def _list(self) -> PatientList:
        listing = self._listing
        # There are no smaller pages to try where there is no choice.
        most = listing.per_page if self._has_size else None
        per_page = min(most or 1, self._settings.page_size)
        return PatientList(self._send, listing.items, PAGERS[listing.pager], per_page)

    @property
    def _has_size(self) -> bool:
        """Say whether the size of a page can be chosen."""
        return self._listing.per_page is not None and self._listing.pager not in _WHOLE

    def _values(self, each: Each, read: Callable[[Lists], Iterable[Page]]) -> Sequence[str]:
        """Give what to ask for; `read` reads the list that has it."""
        if each.listing is None:
            return getattr(self._settings, each.setting) if each.setting else each.values
        pages = read(Lists(self._send, self._settings, each.listing, self._scope))
        ids = (record_id(parse(body)) for page in pages for body in page.items)
        return [found for found in dict.fromkeys(ids) if found is not None]

    def _request(self, per_page: int, value: str = "") -> Request:
        listing = self._listing
        params = tuple((name, text.replace(PLACE, value)) for name, text in listing.params)
        if self._has_size:
            params = (*params, ("per_page", str(per_page)))
        path = listing.path.replace(PLACE, quote(value, safe=""))
        # A list is cut, not parsed whole: only a path that names an object is told by its route.
        route = listing.path if value else ""
        return Request("GET", path, params, scope=self._scope, route=route)
