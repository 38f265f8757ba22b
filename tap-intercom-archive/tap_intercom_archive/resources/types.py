"""What a row of the table can say: where objects are listed, searched, fetched, and cut apart.

Words only; what is done with them is in `readers` and its neighbours, which know no row by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

Record = dict[str, Any]
Document = Mapping[str, Any]
Params = tuple[tuple[str, str], ...]
REFERENCE = "https://developers.intercom.com/docs/references/rest-api/api.intercom.io"
OLDEST_VERSION = "2.11"


@dataclass(frozen=True)
class Each:
    """What a list is asked for again and again with: it stands as `{each}` in path or parameters.

    One of: fixed `values`, those of a `setting`, or the ids of the objects of another `listing`.
    """

    values: tuple[str, ...] = ()
    setting: str | None = None
    listing: Listing | None = None


@dataclass(frozen=True)
class Listing:
    """A list that one request or pages of it give.

    `items` is the member that holds the objects (several names with bars between them where one of
    them does), `pager` one of `paging.PAGERS` or `scroll`, `per_page` the API's own maximum, None
    where it cannot be chosen. `bare` is the name to give to values that are no objects, `probe` a
    POST that lists the same, to find out whether it may be read where reading it would keep others
    waiting.
    """

    path: str
    items: str
    pager: str = "single"
    per_page: int | None = 150
    params: Params = ()
    each: Each | None = None
    bare: str | None = None
    probe: str | None = None


@dataclass(frozen=True)
class Search:
    """A list filtered and sorted by `updated_at` on the server.

    `widen_seconds` is added to both ends of a window, because operators may be strict or
    inclusive, or compare by day in a time zone that may change its clocks; `window_seconds`
    is the shortest window worth asking for.
    """

    path: str
    items: str
    per_page: int = 150
    widen_seconds: int = 1
    window_seconds: int = 1


@dataclass(frozen=True)
class Items:
    """Where in a payload the items of a cut stream stand, and what they lack."""

    path: str
    defaults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FollowUp:
    """What is asked for beside an object, where `needed` says that its payload lacks it.

    `listing` is the list, `{each}` standing for the object's id; `items` where the rows are in an
    answer, the listed objects where nothing is said. `hydrate` is the path of a listed object
    where the list gives less, `{each}` and `{id}` standing for the two ids.
    """

    listing: Listing
    needed: Callable[[Document], bool]
    docs: str
    items: tuple[Items, ...] = ()
    hydrate: str | None = None

    @property
    def rows(self) -> tuple[Items, ...]:
        """Where the rows are in an answer."""
        if self.hydrate is not None:
            return (Items(""),)
        return self.items or tuple(Items(name) for name in self.listing.items.split("|"))


@dataclass(frozen=True)
class Cut:
    """A stream cut out of another one's payload: by listed items, or by a function.

    `finish` completes a record. `follow_up` asks for what the payload lacks, `with_param` has the
    lists show what they otherwise leave out. `retires` says whether a row that a sweep of the
    objects does not give is gone. `scope`, `since` and `cost` are as in a row of the table, the
    row's own where nothing is said.
    """

    name: str
    keys: tuple[str, ...]
    items: tuple[Items, ...] = ()
    derive: Callable[[Document], Iterable[Record]] | None = None
    finish: Callable[[Record], None] | None = None
    follow_up: FollowUp | None = None
    with_param: Params = ()
    retires: bool = False
    selected: bool = True
    scope: str | None = None
    since: str | None = None
    cost: str = "none more"


_LABELS = {
    "full": "full",
    "windows": "incremental by the server",
    "walk": "change-detected",
    "log": "incremental by the server",
}


@dataclass(frozen=True)
class Resource:
    """One thing Intercom serves.

    `method` is how it is kept current: `full` (the whole list every run), `windows` (server
    search, window protocol), `walk` (list without a search) or `log` (list that only grows).
    `time_field` is the object's time of change. `hydrate` is the path of the whole object where
    the list gives less, `is_whole` tells a hit that is the whole object already, `single` is the
    path of one object that lists give whole. `search_since` is the search from another version of
    the API on. `cost` says in words what calls it takes, `selected`
    whether it is selected by default. `sweeps` says whether all that a search finds is listed now
    and then, `retires` whether a row that a sweep does not find is gone, `bounded` whether start
    and end dates leave objects out; `tombstones_of` names the stream whose deletions the rows are;
    `shown_by_search` members that a search hit and the whole object both show.
    """

    name: str
    method: str
    scope: str
    cost: str
    docs: str
    listing: Listing | None = None
    search: Search | None = None
    search_since: tuple[str, Search] | None = None
    hydrate: str | None = None
    single: str | None = None
    is_whole: Callable[[Document], bool] | None = None
    takes_display_as: bool = False
    keys: tuple[str, ...] = ("id",)
    time_field: str | None = "updated_at"
    cuts: tuple[Cut, ...] = ()
    fed: tuple[Cut, ...] = ()
    finish: Callable[[Record], None] | None = None
    since: str = OLDEST_VERSION
    selected: bool = True
    bounded: bool = True
    overlap_setting: str | None = None
    sweeps: bool = True
    retires: bool = True
    tombstones_of: str | None = None
    shown_by_search: tuple[str, ...] = ()

    @property
    def source(self) -> Listing | Search:
        """Where the objects are found: by search where there is one."""
        found = self.search or self.listing
        assert found is not None, "a row has a list or a search"
        return found

    @property
    def is_fetched(self) -> bool:
        """Say whether each object costs a call of its own."""
        return self.hydrate is not None and self.is_whole is None

    @property
    def bare(self) -> str | None:
        """The name to give to listed values that are no objects."""
        return self.listing.bare if self.listing else None

    @property
    def label(self) -> str:
        """Say in a few words what a run costs where nothing changed."""
        return _LABELS[self.method]

    @property
    def asks_by(self) -> str | None:
        """The setting that says what the list is asked for with, where one does."""
        return self.listing.each.setting if self.listing and self.listing.each else None

    def search_in(self, api_version: str) -> Search | None:
        """Give how to search in a version; one without a number is not known to be the newest."""
        if self.search_since is not None and api_version[:1].isdigit():
            since, search = self.search_since
            if has(api_version, since):
                return search
        return self.search

    @property
    def made(self) -> tuple[Cut, ...]:
        """The streams that are made beside the row's own."""
        return (*self.cuts, *self.fed)

    def scope_of(self, cut: Cut) -> str:
        """Give the scope that a stream made beside the row's own needs."""
        return cut.scope or self.scope

    def since_of(self, cut: Cut) -> str:
        """Give the first version of the API that has a stream made beside the row's own."""
        return cut.since or self.since

    def is_served_by(self, api_version: str, cut: Cut | None = None) -> bool:
        """Say whether that version of the API has it; `Preview` and `Unstable` have everything."""
        return has(api_version, self.since if cut is None else self.since_of(cut))


def has(api_version: str, since: str) -> bool:
    """Say whether a version of the API has what came with `since`; one without a number has."""
    return not api_version[:1].isdigit() or _version(api_version) >= _version(since)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in text.split("."))


def object_path(template: str, record_id: str, each: str = "") -> str:
    """Give the path of one object; an id from a state or an answer stays one path segment."""
    return template.format(id=quote(record_id, safe=""), each=quote(each, safe=""))
