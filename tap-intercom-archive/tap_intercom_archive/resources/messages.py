"""Rows of the table: conversations, calls, tickets, and what was deleted."""

from __future__ import annotations

from tap_intercom_archive.cuts import (
    conversation_state_changes,
    name_handling_event,
    parts_truncated,
    shows_all_parts,
)
from tap_intercom_archive.inline import always
from tap_intercom_archive.resources.types import (
    REFERENCE,
    Cut,
    FollowUp,
    Items,
    Listing,
    Resource,
    Search,
)

_CONVERSATIONS = "Read conversations"

ROWS: tuple[Resource, ...] = (
    Resource(
        "conversations",
        method="windows",
        search=Search("/conversations/search", "conversations", 150),
        hydrate="/conversations/{id}",
        takes_display_as=True,
        # What is deleted is listed; what is merged stays.
        sweeps=False,
        cuts=(
            Cut("conversation_parts", ("id",), (Items("conversation_parts.conversation_parts"),)),
            Cut(
                "conversation_participants",
                ("conversation_id", "type", "id"),
                (
                    Items("contacts.contacts", {"type": "contact"}),
                    Items("teammates.teammates", {"type": "admin"}),
                ),
            ),
            Cut("conversation_tags", ("conversation_id", "tag_id"), (Items("tags.tags"),)),
            Cut("conversation_state_changes", ("id",), derive=conversation_state_changes),
            Cut(
                "side_conversations",
                ("id",),
                follow_up=FollowUp(
                    Listing(
                        "/conversations/{each}/side_conversations",
                        "side_conversations",
                        "page",
                        50,
                    ),
                    always,
                    f"{REFERENCE}/conversations/listsideconversations",
                ),
                selected=False,
                since="2.16",
                cost="1 for each changed conversation",
            ),
            Cut(
                "handling_events",
                ("id",),
                follow_up=FollowUp(
                    Listing("/conversations/{each}/handling_events", "handling_events"),
                    always,
                    f"{REFERENCE}/conversations/listhandlingevents",
                ),
                finish=name_handling_event,
                selected=False,
                since="2.15",
                cost="1 for each changed conversation",
            ),
        ),
        finish=parts_truncated,
        shown_by_search=(
            "open",
            "state",
            "priority",
            "admin_assignee_id",
            "team_assignee_id",
            "tags",
            "conversation_rating",
            "statistics",
        ),
        scope=_CONVERSATIONS,
        cost="1 for each changed conversation, 2 for each 150 listed",
        docs=f"{REFERENCE}/conversations/searchconversations",
    ),
    Resource(
        "calls",
        method="walk",
        listing=Listing("/calls", "data", "page", 25),
        single="/calls/{id}",
        fed=(Cut("call_transcriptions", ("call_id",)),),
        overlap_setting="calls_overlap_pages",
        scope=_CONVERSATIONS,
        cost="1 for each 25 read; transcripts: 1 for each 20 conversations",
        docs=f"{REFERENCE}/calls/listcalls",
        since="2.14",
    ),
    Resource(
        "deleted_conversations",
        method="walk",
        listing=Listing(
            "/conversations/deleted", "conversations", "page", 60, (("order", "desc"),)
        ),
        time_field="deleted_at",
        # The list is itself what remains of the deleted; none of it is ever retired.
        retires=False,
        tombstones_of="conversations",
        scope=_CONVERSATIONS,
        cost="1 for each 60 read",
        docs=f"{REFERENCE}/conversations/listdeletedconversationids",
        since="2.16",
    ),
    Resource(
        "tickets",
        method="windows",
        search=Search("/tickets/search", "tickets", 150),
        hydrate="/tickets/{id}",
        is_whole=shows_all_parts,
        cuts=(Cut("ticket_parts", ("id",), (Items("ticket_parts.ticket_parts"),)),),
        finish=parts_truncated,
        shown_by_search=("open", "category", "ticket_state", "admin_assignee_id"),
        scope="Read tickets",
        cost="2 for each 150 listed, 1 for each changed ticket listed without all its parts",
        docs=f"{REFERENCE}/tickets/searchtickets",
    ),
)
