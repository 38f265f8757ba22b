"""Views with the tables and columns that Fivetran's connector makes of Intercom, as data.

For reports and models that were written for those (its own dbt package among them). The names are
those that https://github.com/fivetran/dbt_intercom_source reads. A history table has one row for
each object here, its newest version: older ones are in the payloads.
"""

from __future__ import annotations

from collections.abc import Sequence

from target_sqlite_archive.shape import View
from target_sqlite_archive.sql import DELETED_AT

_ADDED = f"t._sdc_received_at AS _fivetran_synced, t.{DELETED_AT} IS NOT NULL AS _fivetran_deleted"
_ACTIVE = f"{_ADDED}, 1 AS _fivetran_active"
# What a view gives under another name than the table has.
_COLUMNS = {
    "_fivetran_synced": "When the row last changed in this archive.",
    "_fivetran_deleted": "Whether the row was found to be gone at the source.",
    "_fivetran_active": "Always 1: each object is there once, with its newest version.",
    "admin_id": "Admin who is meant: of the team, or who owns the contact.",
    "team_id": "Team that the admin is of.",
    "contact_id": "Contact who takes part.",
    "contact_updated_at": "When the contact was last changed.",
    "conversation_updated_at": "When the conversation was last changed.",
    "assignee_id": "Who the conversation is assigned to: an admin, or else a team.",
    "assignee_type": "`admin` or `team`; null where nobody is.",
    "conversation_rating_value": "Rating, 1 to 5.",
    "sla_name": "Name of the service level applied.",
    "sla_status": "`hit`, `missed`, `cancelled` or `active`.",
}


def _view(
    name: str, needs: Sequence[str], columns: str, rest: str = "", added: str = _ADDED
) -> View:
    return View(
        name,
        f"Fivetran's {name.upper()}, from {needs[0]}.",
        tuple(needs),
        f"SELECT {columns}, {added} FROM {{{needs[0]}}} AS t {rest}",
        {
            named: text
            for named, text in _COLUMNS.items()
            if f" AS {named}" in f"{columns}, {added}"
        },
    )


def _current(name: str, table: str, column: str, parent: str, columns: str) -> View:
    updated = f"{column.removesuffix('_id')}_updated_at"
    rest = f"JOIN {{{parent}}} AS p ON p.id = t.{column} AND p.payload_id = t.payload_id"
    shown = f"t.{column}, p.updated_at AS {updated}, {columns}"
    return _view(name, (table, parent), shown, rest, _ACTIVE)


FIVETRAN = (
    _view("admin", ("admins",), "t.id, t.name, t.email, t.job_title"),
    _view("tag", ("tags",), "t.id, t.name"),
    _view("team", ("teams",), "t.id, t.name"),
    _view(
        "team_admin",
        ("teams",),
        "t.id AS team_id, a.value AS admin_id",
        "JOIN json_each(t.admin_ids) AS a",
    ),
    _view(
        "contact_history",
        ("contacts",),
        "t.id, t.updated_at, t.created_at, t.role, t.name, t.email, t.phone, "
        "t.owner_id AS admin_id, t.signed_up_at, t.last_replied_at, t.last_contacted_at, "
        "t.last_email_opened_at, t.last_email_clicked_at, t.unsubscribed_from_emails",
        added=_ACTIVE,
    ),
    _view(
        "company_history",
        ("companies",),
        "t.id, t.updated_at, t.created_at, t.name, t.website, t.industry, t.monthly_spend, "
        "t.plan_id, t.plan_name, t.session_count, t.user_count",
        added=_ACTIVE,
    ),
    _current(
        "contact_company_history", "contact_companies", "contact_id", "contacts", "t.company_id"
    ),
    _current("contact_tag_history", "contact_tags", "contact_id", "contacts", "t.tag_id"),
    _view(
        "conversation_history",
        ("conversations",),
        "t.id, t.updated_at, t.created_at, t.title, t.state, t.read, t.open, t.priority, "
        "t.snoozed_until, t.waiting_since, "
        "coalesce(t.admin_assignee_id, t.team_assignee_id) AS assignee_id, "
        "CASE WHEN t.admin_assignee_id IS NOT NULL THEN 'admin' "
        "WHEN t.team_assignee_id IS NOT NULL THEN 'team' END AS assignee_type, "
        "t.conversation_rating_rating AS conversation_rating_value, t.conversation_rating_remark, "
        "t.first_contact_reply_created_at, t.first_contact_reply_type, "
        "t.sla_applied_sla_name AS sla_name, t.sla_applied_sla_status AS sla_status, "
        "t.source_type, t.source_delivered_as, t.source_subject, t.source_body, "
        "t.source_author_type, t.source_author_id",
        added=_ACTIVE,
    ),
    _view(
        "conversation_part_history",
        ("conversation_parts", "conversations"),
        "t.id, t.conversation_id, p.updated_at AS conversation_updated_at, t.part_type, t.body, "
        "t.created_at, t.updated_at, t.assigned_to_type, t.assigned_to_id, t.author_type, "
        "t.author_id, t.redacted",
        "JOIN {conversations} AS p ON p.id = t.conversation_id",
        _ACTIVE,
    ),
    _current(
        "conversation_tag_history",
        "conversation_tags",
        "conversation_id",
        "conversations",
        "t.tag_id",
    ),
    _view(
        "conversation_contact_history",
        ("conversation_participants", "conversations"),
        "t.conversation_id, p.updated_at AS conversation_updated_at, t.id AS contact_id",
        "JOIN {conversations} AS p ON p.id = t.conversation_id AND p.payload_id = t.payload_id "
        "WHERE t.type = 'contact'",
        _ACTIVE,
    ),
)
