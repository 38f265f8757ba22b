"""Rows of the table: who works in the workspace, and whom it serves."""

from __future__ import annotations

from tap_intercom_archive.inline import cut_short
from tap_intercom_archive.resources.types import (
    REFERENCE,
    Cut,
    FollowUp,
    Items,
    Listing,
    Resource,
    Search,
)

_USERS = "Read and list users and companies"

ROWS: tuple[Resource, ...] = (
    Resource(
        "admins",
        method="full",
        listing=Listing("/admins", "admins", params=(("display_avatar", "true"),)),
        time_field=None,
        scope="Read admins",
        cost="2 a run",
        docs=f"{REFERENCE}/admins/listadmins",
    ),
    Resource(
        "teams",
        method="full",
        listing=Listing("/teams", "teams"),
        time_field=None,
        scope="Read admins",
        cost="2 a run",
        docs=f"{REFERENCE}/teams/listteams",
    ),
    Resource(
        "segments",
        method="full",
        listing=Listing("/segments", "segments", params=(("include_count", "true"),)),
        scope=_USERS,
        cost="2 a run",
        docs=f"{REFERENCE}/segments/listsegments",
    ),
    Resource(
        "subscription_types",
        method="full",
        listing=Listing("/subscription_types", "data"),
        time_field=None,
        scope=_USERS,
        cost="2 a run",
        docs=f"{REFERENCE}/subscription-types/listsubscriptiontypes",
        selected=False,
    ),
    Resource(
        "companies",
        method="full",
        listing=Listing("/companies/scroll", "data", "scroll", 100, probe="/companies/list"),
        cuts=(
            Cut(
                "company_segments",
                ("company_id", "segment_id"),
                (Items("segments.segments"),),
                follow_up=FollowUp(
                    Listing("/companies/{each}/segments", "data"),
                    cut_short("segments", "segments"),
                    f"{REFERENCE}/companies/listattachedsegmentsforcompanies",
                ),
                retires=True,
                selected=False,
                cost="1 for each company with ten segments or more",
            ),
            Cut(
                "company_notes",
                ("id",),
                (Items("notes.notes"),),
                follow_up=FollowUp(
                    Listing("/companies/{each}/notes", "data", "page", None),
                    cut_short("notes", "notes"),
                    f"{REFERENCE}/notes/listcompanynotes",
                ),
                retires=True,
                selected=False,
                since="2.15",
                cost="1 for each company listed without its notes",
            ),
        ),
        scope=_USERS,
        cost="1 for each 100",
        docs=f"{REFERENCE}/companies/scrolloverallcompanies",
    ),
    Resource(
        "contacts",
        method="windows",
        listing=Listing("/contacts", "data", "cursor", 150),
        # Dates are compared by calendar day in the workspace's zone up to 2.16: a day each
        # side, and an hour for a zone that changes its clocks (docs/intercom-api.md).
        search=Search("/contacts/search", "data", 150, widen_seconds=90_000, window_seconds=86_400),
        scope=_USERS,
        cost="1 for each 150 listed",
        docs=f"{REFERENCE}/contacts/searchcontacts",
    ),
)
