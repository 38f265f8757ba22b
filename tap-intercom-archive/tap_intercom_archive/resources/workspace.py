"""Rows of the table: the workspace itself, and what it labels and describes its objects with."""

from __future__ import annotations

from tap_intercom_archive.resources.types import REFERENCE, Each, Listing, Resource

_ARCHIVED_TOO = ("include_archived", "true")

ROWS: tuple[Resource, ...] = (
    Resource(
        "workspaces",
        method="full",
        listing=Listing("/me", "app", "object"),
        time_field=None,
        scope="none: any valid token",
        cost="2 a run",
        docs=f"{REFERENCE}/admins/identifyadmin",
        selected=False,
    ),
    Resource(
        "tags",
        method="full",
        listing=Listing("/tags", "data"),
        time_field=None,
        scope="Read tags",
        cost="2 a run",
        docs=f"{REFERENCE}/tags/listtags",
    ),
    Resource(
        "data_attributes",
        method="full",
        listing=Listing(
            "/data_attributes",
            "data",
            params=(("model", "{each}"), _ARCHIVED_TOO),
            each=Each(("contact", "company")),
        ),
        keys=("model", "full_name"),
        scope="Read and list users and companies",
        cost="4 a run",
        docs=f"{REFERENCE}/data-attributes/lisdataattributes",
    ),
    Resource(
        "conversation_attributes",
        method="full",
        listing=Listing("/conversations/attributes", "data", params=(_ARCHIVED_TOO,)),
        scope="Read conversations",
        cost="2 a run",
        docs=f"{REFERENCE}/conversations/listconversationattributes",
        since="2.16",
    ),
    Resource(
        "ticket_types",
        method="full",
        listing=Listing("/ticket_types", "data"),
        scope="Read tickets",
        cost="2 a run",
        docs=f"{REFERENCE}/ticket-types/listtickettypes",
    ),
    Resource(
        "ticket_states",
        method="full",
        listing=Listing("/ticket_states", "data"),
        time_field=None,
        scope="Read tickets",
        cost="2 a run",
        docs=f"{REFERENCE}/ticket-states/listticketstates",
        since="2.12",
    ),
)
