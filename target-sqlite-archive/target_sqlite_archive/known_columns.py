"""The columns by which the read side knows an archive of Intercom, as data.

What makes a table the one meant, and what else of it is read where it is there. Which views and
searches read them is left to the other ``known_….py`` modules.
"""

from __future__ import annotations

from collections.abc import Iterator

from target_sqlite_archive.known_tables import PAYLOADS
from target_sqlite_archive.shape import Known
from target_sqlite_archive.sql import DELETED_AT

_AUTHOR = "author_type author_id author_name author_email"
_SOURCE = "source_author_type source_author_id source_author_name source_author_email"

# Table of a set, the column that names the parent, the parent's table.
SETS = (
    ("conversation_tags", "conversation_id", "conversations"),
    ("conversation_participants", "conversation_id", "conversations"),
    ("contact_tags", "contact_id", "contacts"),
    ("contact_companies", "contact_id", "contacts"),
    ("contact_segments", "contact_id", "contacts"),
    ("contact_subscriptions", "contact_id", "contacts"),
    ("contact_notes", "contact_id", "contacts"),
    ("company_segments", "company_id", "companies"),
    ("company_notes", "company_id", "companies"),
)

# Table: the columns that it must have, and those that it may lack.
_TABLES = {
    "conversations": (
        "id created_at state",
        f"title updated_at waiting_since snoozed_until priority admin_assignee_id team_assignee_id "
        f"read open source_type source_delivered_as first_contact_reply_created_at "
        f"first_contact_reply_type sla_applied_sla_name "
        f"contact_ids tag_names source_subject source_body source_body_text {_SOURCE} "
        f"source_attachments source_redacted conversation_rating_rating conversation_rating_remark "
        f"conversation_rating_created_at conversation_rating_contact_id sla_applied_sla_status "
        f"statistics_time_to_assignment statistics_time_to_admin_reply "
        f"statistics_time_to_first_close statistics_time_to_last_close "
        f"statistics_median_time_to_reply statistics_first_admin_reply_at "
        f"statistics_count_reopens statistics_count_assignments ai_agent_participated "
        f"ai_agent_resolution_state channel_current parts_total_count",
    ),
    "conversation_parts": (
        "id conversation_id part_type created_at",
        f"body body_text updated_at {_AUTHOR} author_from_ai_agent author_is_ai_answer "
        f"assigned_to_type assigned_to_id attachments redacted state "
        f"email_message_metadata_subject",
    ),
    "conversation_state_changes": (
        "id conversation_id transition at",
        "author_type author_id assigned_to_type assigned_to_id state from_statistics",
    ),
    "calls": (
        "id conversation_id",
        "state initiated_at created_at admin_id contact_id direction",
    ),
    "call_transcriptions": ("call_id", "transcript_text"),
    "deleted_conversations": ("id deleted_at", "metrics_retained"),
    "articles": ("id title", "state author_id tag_names created_at updated_at body_text"),
    "tickets": (
        "id created_at",
        "title contact_ids ticket_state_category ticket_state_internal_label",
    ),
    "ticket_parts": ("id ticket_id", f"part_type created_at {_AUTHOR} body_text"),
    "contacts": (
        "id",
        "name email phone role updated_at created_at owner_id signed_up_at last_replied_at "
        "last_contacted_at last_email_opened_at last_email_clicked_at unsubscribed_from_emails",
    ),
    "companies": (
        "id",
        "name updated_at created_at website industry monthly_spend plan_id plan_name "
        "session_count user_count",
    ),
    "admins": ("id", "name email job_title"),
    "teams": ("id", "name admin_ids"),
    "tags": ("id", "name"),
    "conversation_tags": ("conversation_id tag_id", "name"),
    "conversation_participants": ("conversation_id type id", ""),
    "contact_tags": ("contact_id tag_id", ""),
    "contact_companies": ("contact_id company_id", ""),
    "contact_merge_history": ("contact_id source_contact_id", ""),
    **{table: (key, "") for table, key, _ in SETS[4:]},
}


def _known() -> Iterator[Known]:
    for table, (keys, others) in _TABLES.items():
        arrival = (PAYLOADS.pointer, DELETED_AT, "_sdc_received_at")
        yield Known(table, tuple(keys.split()), (*others.split(), *arrival))


KNOWN = {known.table: known for known in _known()}
