"""THE TABLE: one row per thing Intercom serves; the only place that names endpoints.

A row says where the objects are listed, which pager reads the list, whether each object is
fetched whole, which streams are cut out of its payload, and what to tell a person whose token
may not read it. Rows stand in one module per area, in the order in which they are synced; what
they can say is in `types`. Facts and sources: docs/intercom-api.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tap_intercom_archive.resources import knowledge, messages, people, workspace
from tap_intercom_archive.resources.types import (
    Cut,
    Document,
    Each,
    FollowUp,
    Items,
    Listing,
    Params,
    Record,
    Resource,
    Search,
    has,
    object_path,
)

__all__ = [
    "RAW_PAYLOADS",
    "RESOURCES",
    "TRANSCRIPT",
    "TRANSCRIPT_SEARCH",
    "TRANSCRIPT_SEARCH_MAXIMUM",
    "UNLISTED",
    "WORKSPACE",
    "Cut",
    "Document",
    "Each",
    "FollowUp",
    "Items",
    "Listing",
    "Params",
    "Record",
    "Resource",
    "Search",
    "has",
    "object_path",
    "requests",
]

# Small lists first: what others point at is there when the long ones come.
RESOURCES: tuple[Resource, ...] = (
    *workspace.ROWS,
    *people.ROWS,
    *knowledge.ROWS,
    *messages.ROWS,
)

# What a person may look for in vain, and why.
UNLISTED = (
    ("visitors", "Intercom lists none; it finds one at a time, by `user_id`"),
    ("messages", "Intercom lists none; what was answered to is a conversation"),
    ("attachments", "rows and payloads have names, sizes and addresses, not the files behind them"),
    ("company_contacts", "it would be `contact_companies`, read from the other side"),
)
RAW_PAYLOADS = "raw_payloads"
TRANSCRIPT_SEARCH = "/calls/search"
TRANSCRIPT_SEARCH_MAXIMUM = 20
TRANSCRIPT = "/calls/{id}/transcript"
WORKSPACE = "/me"


def requests(rows: Iterable[Resource] = RESOURCES) -> set[tuple[str, str]]:
    """Give every request that rows make: method and path, ids as `{id}` or `{each}`.

    The tap makes no others, but for asking first whose workspace it is.
    """
    return {request for row in rows for request in _requests(row)}


def _requests(row: Resource) -> Iterator[tuple[str, str]]:
    follow_ups = [cut.follow_up for cut in row.cuts if cut.follow_up]
    paths = [row.hydrate, row.single, *(follow_up.hydrate for follow_up in follow_ups)]
    for listing in filter(None, (row.listing, *(one.listing for one in follow_ups))):
        paths.append(listing.path)
        if listing.each and listing.each.listing:
            paths.append(listing.each.listing.path)
        if listing.probe:
            yield "POST", listing.probe
    if row.fed:
        paths.append(TRANSCRIPT)
        yield "POST", TRANSCRIPT_SEARCH
    for path in filter(None, paths):
        yield "GET", path
    if row.search:
        yield "POST", row.search.path
