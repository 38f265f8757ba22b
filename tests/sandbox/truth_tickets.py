"""The rows that an archive must hold of tickets and of their parts."""

from __future__ import annotations

from .features import SHOWN_PARTS
from .people import Document
from .tickets import Ticket
from .truth_values import as_assignee, as_time, copied, inside


def ticket_row(ticket: Ticket) -> Document:
    """A row of `tickets`."""
    document = ticket.document
    shown = min(len(ticket.parts), SHOWN_PARTS)
    plain = "id ticket_id category ticket_attributes previous_ticket_state_id open is_shared"
    return copied(document, plain) | {
        "title": document["ticket_attributes"]["_default_title_"],
        "description": document["ticket_attributes"]["_default_description_"],
        "ticket_type_id": document["ticket_type"]["id"],
        "ticket_type_name": document["ticket_type"]["name"],
        "ticket_state_id": document["ticket_state"]["id"],
        "ticket_state_category": document["ticket_state"]["category"],
        "ticket_state_internal_label": document["ticket_state"]["internal_label"],
        "ticket_state_external_label": document["ticket_state"]["external_label"],
        "contact_ids": [contact["id"] for contact in document["contacts"]["contacts"]],
        "admin_assignee_id": as_assignee(document["admin_assignee_id"]),
        "team_assignee_id": as_assignee(document["team_assignee_id"]),
        "snoozed_until": as_time(document.get("snoozed_until")),
        "linked_objects": document["linked_objects"]["data"],
        "linked_objects_total_count": document["linked_objects"]["total_count"],
        "linked_objects_has_more": document["linked_objects"]["has_more"],
        "created_at": as_time(document["created_at"]),
        "updated_at": as_time(document["updated_at"]),
        "parts_total_count": len(ticket.parts),
        "parts_returned": shown,
        "parts_truncated": len(ticket.parts) > shown,
    }


def part_rows(ticket: Ticket) -> list[Document]:
    """The rows of `ticket_parts` that the API still shows."""
    plain = (
        "id part_type body ticket_state previous_ticket_state attachments external_id redacted "
        "app_package_code"
    )
    shown = list(zip(ticket.parts, ticket.texts, strict=True))[-SHOWN_PARTS:]
    return [
        copied(part, plain)
        | {
            "ticket_id": ticket.id,
            "body_text": text,
            "created_at": as_time(part["created_at"]),
            "updated_at": as_time(part["updated_at"]),
            "assigned_to_type": inside(part, "assigned_to", "type"),
            "assigned_to_id": inside(part, "assigned_to", "id"),
            **{f"author_{name}": part["author"][name] for name in ("type", "id", "name", "email")},
            "updated_attribute_id": inside(part, "updated_attribute_data", "attribute", "id"),
            "updated_attribute_label": inside(part, "updated_attribute_data", "attribute", "label"),
            "updated_attribute_value": inside(part, "updated_attribute_data", "value"),
        }
        for part, text in shown
    ]
