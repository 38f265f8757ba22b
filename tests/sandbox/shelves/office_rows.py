"""The rows that an archive must hold of how a workspace is run."""

from __future__ import annotations

from ..people import Document
from ..truth_values import as_time, copied
from .shelf import Entry


def _row(entry: Entry, plain: str, *times: str) -> Document:
    moments = {name: as_time(entry.thing[name]) for name in (*times, "created_at", "updated_at")}
    return copied(entry.thing, plain) | moments


def brand(entry: Entry) -> Document:
    """A row of `brands`."""
    return _row(entry, "id name is_default help_center_id default_address_settings_id")


def email(entry: Entry) -> Document:
    """A row of `emails`."""
    plain = "id email domain verified brand_id forwarding_enabled"
    return _row(entry, plain, "forwarded_email_last_received_at")


def away_reason(entry: Entry) -> Document:
    """A row of `away_status_reasons`."""
    return _row(entry, "id label emoji order deleted")


def schedule(entry: Entry) -> Document:
    """A row of `office_hours_schedules`."""
    return _row(entry, "id name time_zone_name time_intervals twenty_four_seven")


def exception(entry: Entry) -> Document:
    """A row of `office_hours_exceptions`."""
    return _row(
        entry,
        "id office_hours_schedule_id exception_date exception_type name time_intervals "
        "recurring_annually",
    )


def custom_object(entry: Entry) -> Document:
    """A row of `custom_object_instances`."""
    plain = "type id external_id custom_attributes"
    return _row(entry, plain, "external_created_at", "external_updated_at")


def event_type(entry: Entry) -> Document:
    """A row of `activity_log_event_types`."""
    return {"event_type": entry.thing}
