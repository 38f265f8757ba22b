"""What can be searched in an archive of Intercom, and by which filters, as data.

``searching.py`` runs it. Names in braces are tables, names behind a colon are values of a filter.
"""

from __future__ import annotations

from target_sqlite_archive.searching import Searched
from target_sqlite_archive.sql import DELETED_AT

KINDS = ("conversations", "calls", "articles", "tickets")

_RESOLVED = "c.ai_agent_resolution_state IN ('assumed_resolution', 'confirmed_resolution')"

# What a person may say of Fin's part, as a condition on a conversation.
FIN = {
    "resolved": _RESOLVED,
    "unresolved": f"c.ai_agent_participated = 1 AND coalesce(NOT {_RESOLVED}, 1)",
    "yes": "c.ai_agent_participated = 1",
    "no": "coalesce(c.ai_agent_participated, 0) = 0",
    **{
        state: f"c.ai_agent_resolution_state = '{state}'"
        for state in (
            "assumed_resolution",
            "confirmed_resolution",
            "escalated",
            "negative_feedback",
            "procedure_handoff",
        )
    },
}


def _between(at: str) -> dict[str, str]:
    return {"since": f"{at} >= :since", "until": f"{at} < :until"}


def _by(author_id: str, *fields: str) -> str:
    """An author by id, type, e-mail address or part of the name; ``fields`` in this order."""
    person = "WHERE {0}.email = :author COLLATE NOCASE OR {0}.name LIKE :author_like ESCAPE '\\'"
    own = [f"{author_id} = :author"]
    if fields:
        kind, email, name = fields
        own += [
            f"{kind} = :author",
            f"{name} LIKE :author_like ESCAPE '\\'",
            f"{email} = :author COLLATE NOCASE",
        ]
    return (
        f"({' OR '.join(own)} "
        f"OR {author_id} IN (SELECT a.id FROM {{admins}} AS a {person.format('a')}) "
        f"OR {author_id} IN (SELECT k.id FROM {{contacts}} AS k {person.format('k')}))"
    )


def _name(author_id: str, name: str = "NULL") -> str:
    """The name that came with a text, or that of the teammate or contact with this id."""
    return (
        f"coalesce({name}, (SELECT a.name FROM {{admins}} AS a WHERE a.id = {author_id}), "
        f"(SELECT k.name FROM {{contacts}} AS k WHERE k.id = {author_id}))"
    )


def _of_conversation(column: str) -> dict[str, str]:
    """Filters on the conversation that this column names."""
    chosen = f"{column} IN (SELECT c.id FROM {{conversations}} AS c WHERE "
    return {
        "state": f"{chosen}c.state = :state COLLATE NOCASE)",
        "tag": (
            f"{column} IN (SELECT t.conversation_id FROM {{conversation_tags}} AS t "
            "JOIN {conversations} AS c ON c.id = t.conversation_id AND c.payload_id = t.payload_id "
            "WHERE t.name = :tag COLLATE NOCASE OR t.tag_id = :tag)"
        ),
        **{f"fin {word}": f"{chosen}{condition})" for word, condition in FIN.items()},
    }


def _state_of_ticket(ticket: str) -> str:
    return (
        f"(:state COLLATE NOCASE IN ({ticket}.ticket_state_category, "
        f"{ticket}.ticket_state_internal_label))"
    )


_OF_CONVERSATION = (
    "LEFT JOIN {conversations} AS v ON v.id = {0} "
    "LEFT JOIN {deleted_conversations} AS d ON d.id = {0}"
)

SEARCHED = (
    Searched(
        kind="conversations",
        table="conversations",
        id="r.id",
        at="r.created_at",
        title="r.title",
        state="r.state",
        author_type="r.source_author_type",
        author_id="r.source_author_id",
        author_name=_name("r.source_author_id", "r.source_author_name"),
        deleted_at=f"coalesce(d.deleted_at, r.{DELETED_AT})",
        joins="LEFT JOIN {deleted_conversations} AS d ON d.id = r.id",
        filters={
            **_between("r.created_at"),
            **_of_conversation("r.id"),
            "author": _by(
                "r.source_author_id",
                "r.source_author_type",
                "r.source_author_email",
                "r.source_author_name",
            ),
        },
    ),
    Searched(
        kind="conversations",
        table="conversation_parts",
        id="r.conversation_id",
        part_id="r.id",
        at="r.created_at",
        title="v.title",
        state="v.state",
        author_type="r.author_type",
        author_id="r.author_id",
        author_name=_name("r.author_id", "r.author_name"),
        deleted_at="d.deleted_at",
        joins=_OF_CONVERSATION.replace("{0}", "r.conversation_id"),
        filters={
            **_between("r.created_at"),
            **_of_conversation("r.conversation_id"),
            "author": _by("r.author_id", "r.author_type", "r.author_email", "r.author_name"),
        },
    ),
    Searched(
        kind="calls",
        table="call_transcriptions",
        id="r.call_id",
        at="coalesce(l.initiated_at, l.created_at)",
        title="l.direction",
        state="l.state",
        deleted_at=f"l.{DELETED_AT}",
        joins="LEFT JOIN {calls} AS l ON l.id = r.call_id",
        filters={
            **_between("coalesce(l.initiated_at, l.created_at)"),
            **_of_conversation("l.conversation_id"),
            "author": f"({_by('l.admin_id')} OR {_by('l.contact_id')})",
        },
    ),
    Searched(
        kind="articles",
        table="articles",
        id="r.id",
        at="r.updated_at",
        title="r.title",
        state="r.state",
        author_type="'admin'",
        author_id="r.author_id",
        author_name=_name("r.author_id"),
        deleted_at=f"r.{DELETED_AT}",
        filters={
            **_between("r.updated_at"),
            "state": "r.state = :state COLLATE NOCASE",
            "tag": (
                "EXISTS (SELECT 1 FROM json_each(r.tag_names) AS t "
                "WHERE t.value = :tag COLLATE NOCASE)"
            ),
            "author": _by("r.author_id"),
        },
    ),
    Searched(
        kind="tickets",
        table="tickets",
        id="r.id",
        at="r.created_at",
        title="r.title",
        state="r.ticket_state_category",
        deleted_at=f"r.{DELETED_AT}",
        filters={
            **_between("r.created_at"),
            "state": _state_of_ticket("r"),
            "author": (
                f"EXISTS (SELECT 1 FROM json_each(r.contact_ids) AS j WHERE {_by('j.value')})"
            ),
        },
    ),
    Searched(
        kind="tickets",
        table="ticket_parts",
        id="r.ticket_id",
        part_id="r.id",
        at="r.created_at",
        title="t.title",
        state="t.ticket_state_category",
        author_type="r.author_type",
        author_id="r.author_id",
        author_name=_name("r.author_id", "r.author_name"),
        deleted_at=f"t.{DELETED_AT}",
        joins="LEFT JOIN {tickets} AS t ON t.id = r.ticket_id",
        filters={
            **_between("r.created_at"),
            "state": _state_of_ticket("t"),
            "author": _by("r.author_id", "r.author_type", "r.author_email", "r.author_name"),
        },
    ),
)
