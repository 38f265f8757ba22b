"""Where an archive of Intercom has what people said and are called, as data.

`forget` reads it, and leaves rules in the file by which the write path keeps them away.
"""

from __future__ import annotations

from target_sqlite_archive.known_tables import PAYLOADS, TRACED
from target_sqlite_archive.tombstones import Rule

CONTACTS = "contacts"
CONVERSATIONS = "conversations"
ADMINS = "admins"

# What identifies a contact beside its id, in its rows and in its payloads.
EMAIL, PHONE, NAME, EXTERNAL_ID = "email", "phone", "name", "external_id"
IDENTIFYING = (EMAIL, PHONE, NAME, EXTERNAL_ID)

# The column of a stream that names its object, where it is not `id`.
_OBJECT_IDS = {"call_transcriptions": "call_id"}
# Streams whose objects have the id of another stream's and belong to it.
_SAME_ID = {CONVERSATIONS: ("deleted_conversations",), "calls": ("call_transcriptions",)}

# Of a stream's object with the id `:id`, the objects that are forgotten with it. A conversation is
# a contact's own that it has opened, or that no other contact takes part in.
OWNED = {
    CONTACTS: (
        (
            CONTACTS,
            "SELECT m.source_contact_id FROM {contact_merge_history} AS m WHERE m.contact_id = :id",
        ),
        (
            CONVERSATIONS,
            "SELECT c.id FROM {conversations} AS c WHERE (c.source_author_id = :id "
            "AND coalesce(c.source_author_type, '') NOT IN ('admin', 'bot', 'team')) "
            "OR c.contact_ids = '[\"' || :id || '\"]'",
        ),
        (
            CONVERSATIONS,
            "SELECT p.conversation_id FROM {conversation_participants} AS p WHERE p.id = :id "
            "AND p.type <> 'admin' AND NOT EXISTS (SELECT 1 FROM {conversation_participants} AS o "
            "WHERE o.conversation_id = p.conversation_id AND o.type <> 'admin' AND o.id <> :id)",
        ),
        (
            "tickets",
            "SELECT t.id FROM {tickets} AS t WHERE t.contact_ids = '[\"' || :id || '\"]'",
        ),
        ("calls", "SELECT l.id FROM {calls} AS l WHERE l.contact_id = :id"),
    ),
    CONVERSATIONS: (("calls", "SELECT l.id FROM {calls} AS l WHERE l.conversation_id = :id"),),
}

# Authors that wrote from an address, teammates and bots left out; with the names they went by.
_NO_CONTACTS = "('admin', 'bot', 'team')"
AUTHORS = tuple(
    f"SELECT r.{prefix}author_id, r.{prefix}author_name, r.{prefix}author_email "
    f"FROM {{{table}}} AS r WHERE (r.{prefix}author_email = :email COLLATE NOCASE "
    f"OR r.{prefix}author_id = :id) AND coalesce(r.{prefix}author_type, '') NOT IN {_NO_CONTACTS}"
    for table, prefix in (
        ("conversations", "source_"),
        ("conversation_parts", ""),
        ("ticket_parts", ""),
    )
)

_HEADERS = "email_message_metadata_email_address_headers"
_SAID = (
    "body",
    "body_text",
    "author_name",
    "author_email",
    "attachments",
    "external_id",
    "email_message_metadata_subject",
    _HEADERS,
    "metadata",
)
_OPENED = (
    "title",
    "custom_attributes",
    "conversation_rating_remark",
    "ai_agent_rating_remark",
    *(
        f"source_{name}"
        for name in (*_SAID, "subject", "url", "recipients", "reply_to")
        if name not in ("external_id", "metadata")
    ),
    "source_email_message_metadata_history",
)
_RECORDED = (
    "phone",
    "recording_url",
    "transcription_url",
    "fin_recording_url",
    "fin_transcription_url",
)
_CALLED = (
    *IDENTIFYING,
    "user_id",
    "avatar",
    "location",
    "social_profiles",
    "custom_attributes",
    "display_as",
)

# What others' rows and payloads are emptied of, by the property that names the person.
_ROWS = (
    Rule("conversation_parts", ("author_id",), _SAID),
    Rule("ticket_parts", ("author_id",), _SAID),
    Rule("conversations", ("source_author_id",), _OPENED),
    Rule("conversations", ("conversation_rating_contact_id",), ("conversation_rating_remark",)),
    Rule("calls", ("contact_id",), _RECORDED),
)
_JSON = (
    (("id",), _CALLED),
    (("author.id",), ("body", "subject", "url", "attachments", "email_message_metadata")),
    (("source.author.id",), ("title", "custom_attributes")),
    (("contact.id",), ("remark",)),
    (("contact_id",), _RECORDED),
)
PERSON_RULES = (
    *_ROWS,
    *(Rule(PAYLOADS.table, names, blanks, PAYLOADS.text) for names, blanks in _JSON),
)


def object_rules(stream: str, number: str) -> list[tuple[Rule, tuple[str, ...]]]:
    """Give the rules that drop an object, its rows and its payloads, each with its values."""
    pairs = (PAYLOADS.stream, PAYLOADS.record_id)
    found = [
        (Rule(stream, (_OBJECT_IDS.get(stream, "id"),)), (number,)),
        (Rule(PAYLOADS.table, pairs), (stream, number)),
    ]
    for traced in TRACED:
        if traced.stream == stream and len(traced.object_id) == 1:
            found.append((Rule(traced.table, traced.object_id), (number,)))
            found.append((Rule(PAYLOADS.table, pairs), (traced.table, number)))
    for other in _SAME_ID.get(stream, ()):
        found += object_rules(other, number)
    if stream == CONTACTS:
        found += [
            (Rule("conversation_participants", ("type", "id")), (kind, number))
            for kind in ("contact", "user", "lead")
        ]
    return found
