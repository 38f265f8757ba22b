"""What can be asked of conversations, tickets, contacts: their fields, and where to find them."""

from __future__ import annotations

from typing import Any

from .search import Dialect, Document


def _names(text: str) -> list[str]:
    return text.split()


_CONVERSATION_STRINGS = _names("""
id source.type source.id source.delivered_as source.subject source.body source.author.id
source.author.type source.author.name source.author.email source.url contact_ids teammate_ids
channel_initiated state tag_ids priority statistics.last_closed_by_id conversation_rating.remark
conversation_rating.contact_id conversation_rating.admin_id ai_agent.resolution_state
ai_agent.last_answer_type ai_agent.rating_remark ai_agent.source_type ai_agent.source_title
""")
_CONVERSATION_INTEGERS = _names("""
admin_assignee_id team_assignee_id statistics.time_to_assignment statistics.time_to_admin_reply
statistics.time_to_first_close statistics.time_to_last_close statistics.median_time_to_reply
statistics.count_reopens statistics.count_assignments statistics.count_conversation_parts
conversation_rating.score ai_agent.rating
""")
_CONVERSATION_DATES = _names("""
created_at updated_at waiting_since snoozed_until statistics.first_contact_reply_at
statistics.first_assignment_at statistics.first_admin_reply_at statistics.first_close_at
statistics.last_assignment_at statistics.last_assignment_admin_reply_at
statistics.last_contact_reply_at statistics.last_admin_reply_at statistics.last_close_at
conversation_rating.requested_at conversation_rating.replied_at
""")
_CONVERSATION_BOOLEANS = _names("open read ai_agent_participated")
_CONTACT_STRINGS = _names("""
id role name owner_id email email_domain phone formatted_phone external_id language_override browser
browser_language os location.country location.region location.city ios_app_version ios_device
ios_os_version ios_app_name ios_sdk_version android_app_version android_device android_app_name
android_sdk_version tag_id segment_id
""")
_CONTACT_DATES = _names("""
created_at signed_up_at updated_at last_seen_at last_contacted_at last_replied_at
last_email_opened_at last_email_clicked_at ios_last_seen_at android_last_seen_at
""")
_CONTACT_BOOLEANS = _names("unsubscribed_from_emails marked_email_as_spam has_hard_bounced")
_RENAMED = {
    "channel_initiated": "channel.initial",
    "conversation_rating.score": "conversation_rating.rating",
    "conversation_rating.requested_at": "conversation_rating.created_at",
    "conversation_rating.replied_at": "conversation_rating.updated_at",
    "conversation_rating.contact_id": "conversation_rating.contact.id",
    "conversation_rating.admin_id": "conversation_rating.teammate.id",
}
_LISTS = {
    "contact_ids": ("contacts", "contacts"),
    "teammate_ids": ("teammates", "teammates"),
    "tag_ids": ("tags", "tags"),
    "tag_id": ("tags", "data"),
}


def _kinds(**names: list[str]) -> dict[str, str]:
    return {name: kind for kind, listed in names.items() for name in listed}


_CONVERSATION_FIELDS = _kinds(
    string=_CONVERSATION_STRINGS,
    integer=_CONVERSATION_INTEGERS,
    date=_CONVERSATION_DATES,
    boolean=_CONVERSATION_BOOLEANS,
)
_CONTACT_FIELDS = _kinds(string=_CONTACT_STRINGS, date=_CONTACT_DATES, boolean=_CONTACT_BOOLEANS)


def _walk(document: Document, path: str) -> Any:
    found: Any = document
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def read_field(document: Document, field: str) -> Any:
    """The value that a search field stands for, a list where the object has many."""
    if field in _LISTS:
        outer, inner = _LISTS[field]
        return [item["id"] for item in (document.get(outer) or {}).get(inner) or []]
    if field == "source.body":
        # The API compares single words of the body, never the whole.
        return (_walk(document, field) or "").replace("<", " <").replace(">", "> ").split()
    return _walk(document, _RENAMED.get(field, field))


_TICKET_FIELDS = _kinds(
    string=_names("id ticket_id category ticket_type_id state contact_ids"),
    integer=_names("admin_assignee_id team_assignee_id"),
    date=_names("created_at updated_at snoozed_until"),
    boolean=["open"],
)

CONVERSATIONS = Dialect(_CONVERSATION_FIELDS, read_field)
TICKETS = Dialect(_TICKET_FIELDS, read_field, "ticket_attribute.")


def contacts(version: tuple[int, int], timezone: str) -> Dialect:
    """How contacts are searched in this API version: by day up to 2.16, by second later."""
    day_zone = timezone if version <= (2, 16) else None
    return Dialect(_CONTACT_FIELDS, read_field, "custom_attributes.", day_zone)
