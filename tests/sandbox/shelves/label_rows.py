"""The rows that an archive must hold of the workspace, its segments, subscriptions, attributes."""

from __future__ import annotations

from ..people import Document
from ..truth_values import as_id, as_time, copied, inside
from .shelf import Entry


def workspace(entry: Entry) -> Document:
    """A row of `workspaces`."""
    app = entry.thing
    return copied(app, "name region timezone identity_verification secure") | {
        "id": app["id_code"],
        "created_at": as_time(app["created_at"]),
    }


def _times(document: Document) -> Document:
    return {name: as_time(document.get(name)) for name in ("created_at", "updated_at")}


def segment(entry: Entry) -> Document:
    """A row of `segments`."""
    return copied(entry.thing, "id name person_type count") | _times(entry.thing)


def subscription_type(entry: Entry) -> Document:
    """A row of `subscription_types`."""
    names = "id state consent_type translations content_types"
    own = entry.thing["default_translation"]
    return copied(entry.thing, names) | copied(own, "name description locale")


def data_attribute(entry: Entry) -> Document:
    """A row of `data_attributes`."""
    names = (
        "model full_name name label description data_type options api_writable messenger_writable "
        "ui_writable custom archived admin_id"
    )
    row = copied(entry.thing, names) | _times(entry.thing)
    return row | {"id": as_id(entry.thing.get("id"))}


def conversation_attribute(entry: Entry) -> Document:
    """A row of `conversation_attributes`."""
    names = (
        "name description data_type required visible_to_team_ids options multiline archived "
        "admin_id"
    )
    row = copied(entry.thing, names) | _times(entry.thing)
    return row | {
        "id": as_id(entry.thing["id"]),
        "reference_type": inside(entry.thing, "reference", "type"),
        "reference_object_type_id": inside(entry.thing, "reference", "object_type_id"),
    }
