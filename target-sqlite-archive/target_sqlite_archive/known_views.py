"""The views and indexes that an archive of Intercom gets, as data; ``shape.py`` ensures them.

A view's text names tables in braces. Times are ISO 8601 UTC, durations seconds. A row of a set (a
conversation's tags, a contact's companies) is current exactly where its payload is its parent's.
"""

from __future__ import annotations

from target_sqlite_archive.known_columns import SETS
from target_sqlite_archive.known_tables import PAYLOADS
from target_sqlite_archive.shape import Index, View
from target_sqlite_archive.sql import DELETED_AT

_MESSAGES = """
SELECT c.id AS conversation_id, NULL AS part_id, 'source' AS part_type, c.created_at AS created_at,
  c.source_author_type AS author_type, c.source_author_id AS author_id,
  c.source_author_name AS author_name, c.source_author_email AS author_email,
  NULL AS author_from_ai_agent, NULL AS author_is_ai_answer, c.source_subject AS subject,
  c.source_body AS body, c.source_body_text AS body_text, c.source_attachments AS attachments,
  c.source_redacted AS redacted, d.deleted_at AS conversation_deleted_at,
  c.payload_id AS payload_id
FROM {conversations} AS c LEFT JOIN {deleted_conversations} AS d ON d.id = c.id
UNION ALL
SELECT p.conversation_id, p.id, p.part_type, p.created_at, p.author_type, p.author_id,
  p.author_name, p.author_email, p.author_from_ai_agent, p.author_is_ai_answer,
  p.email_message_metadata_subject, p.body, p.body_text, p.attachments, p.redacted, d.deleted_at,
  p.payload_id
FROM {conversation_parts} AS p LEFT JOIN {deleted_conversations} AS d ON d.id = p.conversation_id
"""

_TIMELINE = """
SELECT c.id AS conversation_id, c.created_at AS at, 'source' AS event,
  c.source_author_type AS author_type, c.source_author_id AS author_id,
  c.source_author_name AS author_name, c.source_body_text AS text, NULL AS state,
  NULL AS assigned_to_type, NULL AS assigned_to_id, NULL AS rating, NULL AS part_id,
  NULL AS call_id
FROM {conversations} AS c
UNION ALL
SELECT p.conversation_id, p.created_at, p.part_type, p.author_type, p.author_id, p.author_name,
  p.body_text, p.state, p.assigned_to_type, p.assigned_to_id, NULL, p.id, NULL
FROM {conversation_parts} AS p
UNION ALL
SELECT s.conversation_id, s.at, s.transition, s.author_type, s.author_id, NULL, NULL, s.state,
  s.assigned_to_type, s.assigned_to_id, NULL, NULL, NULL
FROM {conversation_state_changes} AS s WHERE s.from_statistics = 1
UNION ALL
SELECT c.id, c.conversation_rating_created_at, 'rating', 'contact',
  c.conversation_rating_contact_id, NULL, c.conversation_rating_remark, NULL, NULL, NULL,
  c.conversation_rating_rating, NULL, NULL
FROM {conversations} AS c WHERE c.conversation_rating_rating IS NOT NULL
UNION ALL
SELECT l.conversation_id, coalesce(l.initiated_at, l.created_at), 'call',
  CASE l.direction WHEN 'outbound' THEN 'admin' ELSE 'contact' END,
  CASE l.direction WHEN 'outbound' THEN l.admin_id ELSE l.contact_id END, NULL, t.transcript_text,
  l.state, NULL, NULL, NULL, NULL, l.id
FROM {calls} AS l LEFT JOIN {call_transcriptions} AS t ON t.call_id = l.id
WHERE l.conversation_id IS NOT NULL
UNION ALL
SELECT d.id, d.deleted_at, 'deleted', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM {deleted_conversations} AS d
"""

_CURRENT_CONVERSATIONS = f"""
SELECT c.* FROM {{conversations}} AS c
WHERE c.{DELETED_AT} IS NULL AND c.id NOT IN (SELECT d.id FROM {{deleted_conversations}} AS d)
"""

_DELETIONS = """
SELECT d.id AS conversation_id, d.deleted_at, d.metrics_retained, c.id IS NOT NULL AS archived,
  c.title, c.created_at, c.source_author_name AS contact_name
FROM {deleted_conversations} AS d LEFT JOIN {conversations} AS c ON c.id = d.id
"""

_OPEN = f"""
SELECT c.id AS conversation_id, c.title, c.waiting_since, c.priority, c.created_at, c.updated_at,
  c.source_author_name AS contact_name, c.admin_assignee_id, a.name AS admin_name,
  c.team_assignee_id, t.name AS team_name, c.tag_names, c.channel_current AS channel,
  c.sla_applied_sla_status AS sla_status, c.parts_total_count
FROM {{conversations}} AS c
LEFT JOIN {{admins}} AS a ON a.id = c.admin_assignee_id
LEFT JOIN {{teams}} AS t ON t.id = c.team_assignee_id
WHERE c.state = 'open' AND c.{DELETED_AT} IS NULL
  AND c.id NOT IN (SELECT d.id FROM {{deleted_conversations}} AS d)
"""

_RESPONSE_TIMES = """
SELECT c.id AS conversation_id, c.created_at, c.state, c.channel_current AS channel,
  c.admin_assignee_id, a.name AS admin_name, c.team_assignee_id, t.name AS team_name,
  c.statistics_first_admin_reply_at AS first_admin_reply_at,
  coalesce(c.statistics_time_to_admin_reply,
    strftime('%s', c.statistics_first_admin_reply_at) - strftime('%s', c.created_at))
    AS seconds_to_first_admin_reply,
  c.statistics_time_to_assignment AS seconds_to_first_assignment,
  c.statistics_time_to_first_close AS seconds_to_first_close,
  c.statistics_time_to_last_close AS seconds_to_last_close,
  c.statistics_median_time_to_reply AS median_seconds_to_reply,
  c.statistics_count_assignments AS assignments, c.statistics_count_reopens AS reopens,
  c.ai_agent_participated, c.ai_agent_resolution_state,
  c.conversation_rating_rating AS rating, d.deleted_at AS conversation_deleted_at
FROM {conversations} AS c
LEFT JOIN {admins} AS a ON a.id = c.admin_assignee_id
LEFT JOIN {teams} AS t ON t.id = c.team_assignee_id
LEFT JOIN {deleted_conversations} AS d ON d.id = c.id
"""

_ASSIGNED = {
    "admin_name": "Name of the admin that it is assigned to.",
    "team_name": "Name of the team that it is assigned to.",
}
_DELETED = "When the conversation was deleted in Intercom; null while it is there."


def _current(table: str, column: str, parent: str) -> View:
    pointer = PAYLOADS.pointer
    return View(
        f"current_{table}",
        f"A row of {table} that is true now: the newest version of its {column[:-3]} has it.",
        (table, parent),
        f"SELECT s.* FROM {{{table}}} AS s JOIN {{{parent}}} AS p "
        f"ON p.id = s.{column} AND p.{pointer} = s.{pointer} "
        f"WHERE p.{DELETED_AT} IS NULL AND s.{DELETED_AT} IS NULL",
    )


VIEWS = (
    View(
        "messages",
        "A message: a conversation's first one (part_type source), or one of its parts.",
        ("conversations", "conversation_parts"),
        _MESSAGES,
        {
            "conversation_id": "Conversation that the message is in.",
            "part_id": "Id of the part; null for a conversation's first message.",
            "part_type": "`source` for a conversation's first message, else the part's type.",
            "created_at": "When it was written.",
            "subject": "Subject, of an e-mail.",
            "redacted": "Whether the words were redacted.",
            "conversation_deleted_at": _DELETED,
            "payload_id": "The `id` in `raw_payloads` of the conversation that it was read from.",
        },
    ),
    View(
        "conversation_timeline",
        "Something that happened in a conversation: a message, a change of state, a rating, a "
        "call, its deletion.",
        ("conversations", "conversation_parts"),
        _TIMELINE,
        {
            "conversation_id": "Conversation that it happened in.",
            "at": "When it happened.",
            "event": "`source`, a part's type, a transition, `rating`, `call` or `deleted`.",
            "author_type": "Kind of who did it.",
            "author_id": "Id of who did it.",
            "author_name": "Name of who did it, where it is told.",
            "text": "Readable words: of the message, of the remark beside a rating, of the call.",
            "state": "State that it left the conversation in, or the call's.",
            "assigned_to_type": "Kind of whom it was assigned to.",
            "assigned_to_id": "Id of whom it was assigned to.",
            "rating": "Rating, 1 to 5.",
            "part_id": "Id of the part, where it is one.",
            "call_id": "Id of the call, where it is one.",
        },
    ),
    View(
        "current_conversations",
        "A conversation that has not been deleted in Intercom.",
        ("conversations",),
        _CURRENT_CONVERSATIONS,
    ),
    View(
        "conversation_deletions",
        "A conversation that was deleted in Intercom, and whether the archive has kept it.",
        ("deleted_conversations", "conversations"),
        _DELETIONS,
        {
            "conversation_id": "Conversation that was deleted.",
            "archived": "Whether the archive has kept it.",
            "title": "Title of the conversation, where the archive has it.",
            "created_at": "When the conversation was created, where the archive has it.",
            "contact_name": "Name of the first message's author.",
        },
    ),
    View(
        "open_conversations",
        "A conversation that is open now, who has it, and since when the customer waits.",
        ("conversations",),
        _OPEN,
        {
            "conversation_id": "Conversation that is open.",
            "contact_name": "Name of the first message's author.",
            **_ASSIGNED,
            "channel": "Channel it is on now.",
            "sla_status": "`hit`, `missed`, `cancelled` or `active`.",
        },
    ),
    View(
        "response_times",
        "How fast a conversation was answered, assigned and closed, in seconds.",
        ("conversations",),
        _RESPONSE_TIMES,
        {
            "conversation_id": "Conversation that was answered.",
            "channel": "Channel it is on now.",
            **_ASSIGNED,
            "first_admin_reply_at": "When an admin first replied.",
            "seconds_to_first_admin_reply": "Time to that, office hours only where Intercom says.",
            "seconds_to_first_assignment": "Time to the last assignment before the first reply.",
            "seconds_to_first_close": "Time to the first close, office hours only.",
            "seconds_to_last_close": "Time to the last close, office hours only.",
            "median_seconds_to_reply": "Median time to an admin's reply, office hours only.",
            "assignments": "How often it was assigned.",
            "reopens": "How often it was reopened.",
            "rating": "Rating, 1 to 5.",
            "conversation_deleted_at": _DELETED,
        },
    ),
    *(_current(*row) for row in SETS),
)

INDEXES = (
    Index("conversation_parts", ("conversation_id",)),
    Index("conversation_participants", ("id",)),
    Index("conversation_state_changes", ("conversation_id",)),
    Index("conversation_tags", ("tag_id",)),
    Index("calls", ("conversation_id",)),
    Index("ticket_parts", ("ticket_id",)),
    Index("contact_companies", ("company_id",)),
    Index("contact_tags", ("tag_id",)),
)
