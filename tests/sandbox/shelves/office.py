"""How a workspace is run: brands, addresses, reasons to be away, office hours, custom objects.

The rows that an archive must hold of them are in `office_rows`.
"""

from __future__ import annotations

import random

from ..people import Document, workspace_id
from ..vocabulary import Vocabulary

_DAY = 86_400
# What the setting `custom_object_types` must name to have them all.
CUSTOM_OBJECT_TYPES = ("Order", "Rental Car")
EVENT_TYPES = ("admin_login_success", "admin_logout", "app_name_change", "bulk_export")


def _times(start: int, index: int) -> Document:
    return {"created_at": start - 400 * _DAY - index, "updated_at": start - (9 + index) * _DAY}


def make_brands(seed: int, words: Vocabulary, start: int) -> list[Document]:
    """Brands; the default one has the workspace's id."""
    rng = random.Random(f"brands {seed}")
    return [
        {
            "type": "brand",
            "id": str(index) if index else workspace_id(seed),
            "name": words.phrase(rng, 2),
            "is_default": index == 0,
            **_times(start, index),
            "help_center_id": str(79 + index % 3),
            "default_address_settings_id": str(13 + index),
        }
        for index in range(4)
    ]


def make_emails(start: int) -> list[Document]:
    """Addresses to write from, one of which never got mail."""
    return [
        {
            "type": "email_setting",
            "id": str(13 + index),
            "email": f"support{index}@mail{index}.example.com",
            "verified": index % 3 != 2,
            "domain": f"mail{index}.example.com",
            "brand_id": str(1 + index),
            "forwarding_enabled": index % 2 == 0,
            "forwarded_email_last_received_at": start - 60 * index if index else None,
            **_times(start, index),
        }
        for index in range(5)
    ]


def make_away_reasons(seed: int, words: Vocabulary, start: int) -> list[Document]:
    """Reasons to be away, the deleted ones included."""
    rng = random.Random(f"away reasons {seed}")
    return [
        {
            "type": "away_status_reason",
            "id": str(12_300 + index),
            "label": words.phrase(rng, 2),
            "emoji": ("🍕", "💼", "🏖️")[index % 3],
            "order": index,
            "deleted": index == 4,
            **_times(start, index),
        }
        for index in range(6)
    ]


def _interval(day: int) -> Document:
    first = 1_440 * day + 540
    return {"start_minute": first, "end_minute": first + 480, "day_of_week": day}


def make_schedules(seed: int, words: Vocabulary, start: int) -> list[Document]:
    """Office hours, one of them round the clock."""
    rng = random.Random(f"schedules {seed}")
    return [
        {
            "type": "office_hours_schedule",
            "id": str(123 + index),
            "name": words.phrase(rng, 3),
            "time_zone_name": ("America/New_York", "Europe/Dublin", "Asia/Tokyo", "UTC")[index],
            "time_intervals": [] if index == 2 else [_interval(day) for day in range(5)],
            "twenty_four_seven": index == 2,
            **_times(start, index),
        }
        for index in range(4)
    ]


def make_exceptions(
    seed: int, words: Vocabulary, start: int, schedules: list[Document]
) -> list[Document]:
    """Days with other hours, of all schedules but the last."""
    rng = random.Random(f"exceptions {seed}")
    return [
        {
            "type": "office_hours_exception",
            "id": str(456 + index),
            "office_hours_schedule_id": schedules[index % 3]["id"],
            "exception_date": f"2026-12-{10 + index}",
            "exception_type": "closed" if index % 2 else "custom_hours",
            "name": words.phrase(rng, 2) if index % 3 else None,
            "time_intervals": None if index % 2 else [_interval(3)],
            "recurring_annually": index % 4 == 0,
            **_times(start, index),
        }
        for index in range(7)
    ]


def make_custom_objects(seed: int, words: Vocabulary, start: int) -> list[Document]:
    """Instances of two types; both types count from one."""
    rng = random.Random(f"custom objects {seed}")
    return [
        {
            "id": str(1 + index),
            "type": kind,
            "custom_attributes": {"number": f"{kind}-{index}", "total": index / 4, "größe": None},
            "external_id": f"ext {index} {words.phrase(rng, 1)}",
            "external_created_at": start - 99 * _DAY if index % 2 else None,
            "external_updated_at": start - 98 * _DAY if index % 2 else None,
            **_times(start, index),
        }
        for kind, count in zip(CUSTOM_OBJECT_TYPES, (160, 7), strict=True)
        for index in range(count)
    ]
