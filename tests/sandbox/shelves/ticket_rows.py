"""The rows that an archive must hold of ticket types and ticket states."""

from __future__ import annotations

from ..people import Document
from ..truth_values import as_time, copied
from .shelf import Entry


def ticket_type(entry: Entry) -> Document:
    """A row of `ticket_types`: the attributes as a list, by whatever name it came."""
    kind = entry.thing
    wrapped = kind["ticket_type_attributes"]
    return copied(kind, "id workspace_id category name description icon is_internal archived") | {
        "attributes": wrapped.get("data", wrapped.get("ticket_type_attributes")),
        "ticket_state_ids": [state["id"] for state in kind["ticket_states"]["data"]],
        "created_at": as_time(kind["created_at"]),
        "updated_at": as_time(kind["updated_at"]),
    }


def ticket_state(entry: Entry) -> Document:
    """A row of `ticket_states`."""
    state = entry.thing
    return copied(state, "id category internal_label external_label archived") | {
        "ticket_type_ids": [kind["id"] for kind in state["ticket_types"]["data"]]
    }
