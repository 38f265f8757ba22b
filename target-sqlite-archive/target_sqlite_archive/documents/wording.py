"""How what happens in a conversation is told: Intercom's types of parts in plain words, as data.

A type that is not listed is told by its own name.
"""

from __future__ import annotations

# Parts that only carry a message: nothing but the text has to be told.
SAYS_NOTHING_MORE = frozenset({"comment", "source", "quick_reply"})
INTERNAL = frozenset({"note", "note_and_reopen"})

EVENTS = {
    "note": "wrote an internal note",
    "note_and_reopen": "wrote an internal note and reopened",
    "assignment": "assigned",
    "assign_and_reopen": "assigned and reopened",
    "assign_and_unsnooze": "assigned and woke",
    "away_mode_assignment": "was away: assigned",
    "default_assignment": "assigned by default",
    "close": "closed",
    "close_and_reopen": "closed and reopened",
    "open": "opened",
    "snoozed": "snoozed",
    "unsnoozed": "woke",
    "timer_unsnooze": "woke at the set time",
    "participant_added": "added a participant",
    "participant_removed": "removed a participant",
    "conversation_rating_changed": "rated",
    "conversation_rating_remark_added": "remarked on the rating",
    "merged_primary_conversation": "merged another conversation into this one",
    "merged_secondary_conversation": "merged this conversation into another one",
    "conversation_attribute_updated_by_admin": "changed an attribute",
    "conversation_attribute_updated_by_user": "changed an attribute",
    "conversation_attribute_updated_by_workflow": "changed an attribute",
    "ticket_attribute_updated_by_admin": "changed a ticket attribute",
    "ticket_state_updated_by_admin": "changed the ticket's state",
}


def told(kind: str | None) -> str | None:
    """Say what a part of this type does; None where its text says it all."""
    if kind is None or kind in SAYS_NOTHING_MORE:
        return None
    return EVENTS.get(kind, kind.replace("_", " "))
