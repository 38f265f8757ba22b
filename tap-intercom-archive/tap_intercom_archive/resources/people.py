"""Rows of the table: who works in the workspace, and whom it serves."""

from __future__ import annotations

from tap_intercom_archive.cuts import name_data_event
from tap_intercom_archive.inline import (
    absent_of,
    always,
    any_cut_short,
    cut_short,
    not_empty,
)
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

# Rows of these are asked for with each contact that is new or changed, and with all contacts at
# each full sweep: nothing says that a change of these moves a contact's `updated_at`.
_OF_CONTACTS = (
    Cut(
        "contact_tags",
        ("contact_id", "tag_id"),
        (Items("tags.data"),),
        follow_up=FollowUp(
            Listing("/contacts/{each}/tags", "data"),
            cut_short("tags"),
            f"{REFERENCE}/contacts/listtagsforacontact",
        ),
        retires=True,
        selected=False,
        cost="1 for each contact with more than ten tags",
    ),
    Cut(
        "contact_companies",
        ("contact_id", "company_id"),
        (Items("companies.data"),),
        follow_up=FollowUp(
            Listing("/contacts/{each}/companies", "companies|data", "told", None),
            cut_short("companies"),
            f"{REFERENCE}/contacts/listcompaniesforacontact",
        ),
        retires=True,
        selected=False,
        cost="1 for each contact of more than ten companies",
    ),
    Cut(
        "contact_notes",
        ("id",),
        follow_up=FollowUp(
            Listing("/contacts/{each}/notes", "data", "told", None),
            not_empty("notes"),
            f"{REFERENCE}/notes/listnotes",
        ),
        retires=True,
        selected=False,
        cost="1 for each contact with notes",
    ),
    Cut(
        "contact_segments",
        ("contact_id", "segment_id"),
        follow_up=FollowUp(
            Listing("/contacts/{each}/segments", "data"),
            always,
            f"{REFERENCE}/contacts/listsegmentsforacontact",
        ),
        retires=True,
        selected=False,
        cost="1 for each contact",
    ),
    Cut(
        "contact_subscriptions",
        ("contact_id", "subscription_type_id"),
        (
            Items("opted_in_subscription_types.data", {"consent_type": "opt_in"}),
            Items("opted_out_subscription_types.data", {"consent_type": "opt_out"}),
        ),
        follow_up=FollowUp(
            Listing("/contacts/{each}/subscriptions", "data"),
            any_cut_short("opted_in_subscription_types", "opted_out_subscription_types"),
            f"{REFERENCE}/contacts/listsubscriptionsforacontact",
        ),
        retires=True,
        selected=False,
        cost="1 for each contact listed without them",
    ),
    Cut(
        "contact_merge_history",
        ("contact_id", "source_contact_id"),
        (Items("merge_history"),),
        follow_up=FollowUp(
            Listing("/contacts/{each}/merge_history", "data", "next_cursor", 150),
            absent_of("user", "merge_history"),
            f"{REFERENCE}/contacts/listcontactmergehistory",
        ),
        with_param=(("include_merge_history", "true"),),
        retires=True,
        selected=False,
        since="2.16",
        cost="1 for each user listed without it",
    ),
    Cut(
        "data_events",
        ("id",),
        follow_up=FollowUp(
            Listing(
                "/events",
                "events",
                "told",
                None,
                (("type", "user"), ("intercom_user_id", "{each}")),
            ),
            always,
            f"{REFERENCE}/data-events/lisdataevents",
        ),
        finish=name_data_event,
        selected=False,
        scope="Read events",
        cost="1 for each contact",
    ),
)

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
        listing=Listing("/segments", "segments", "told", None, (("include_count", "true"),)),
        bounded=False,
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
                    Listing("/companies/{each}/notes", "data", "told", None),
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
        # side, and an hour for a zone that changes its clocks; later by the second
        # (docs/intercom-api.md).
        search=Search("/contacts/search", "data", 150, widen_seconds=90_000, window_seconds=86_400),
        search_since=("2.17", Search("/contacts/search", "data", 150)),
        single="/contacts/{id}",
        cuts=_OF_CONTACTS,
        scope=_USERS,
        cost="1 for each 150 listed",
        docs=f"{REFERENCE}/contacts/searchcontacts",
    ),
)
