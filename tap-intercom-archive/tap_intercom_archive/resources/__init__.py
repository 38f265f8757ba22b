"""THE TABLE: one row per thing Intercom serves; the only place that names endpoints.

A row says where the objects are listed, which pager reads the list, whether each object is
fetched whole, which streams are cut out of its payload, and what to tell a person whose token
may not read it. Rows stand in one module per area, in the order in which they are synced; what
they can say is in `types`. Facts and sources: docs/intercom-api.md.
"""

from __future__ import annotations

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
]

# Small lists first: what others point at is there when the long ones come.
RESOURCES: tuple[Resource, ...] = (
    *workspace.ROWS,
    *people.ROWS,
    *knowledge.ROWS,
    *messages.ROWS,
)

RAW_PAYLOADS = "raw_payloads"
TRANSCRIPT_SEARCH = "/calls/search"
TRANSCRIPT_SEARCH_MAXIMUM = 20
TRANSCRIPT = "/calls/{id}/transcript"
WORKSPACE = "/me"
