"""The target's settings: names, defaults and what they mean, for `--about` and the README."""

from __future__ import annotations

from typing import Any

from singer_sdk import typing as th

_BOOLEAN = th.BooleanType


def config_jsonschema() -> dict[str, Any]:
    """Give the JSON schema of the configuration."""
    return th.PropertiesList(
        th.Property(
            "database",
            th.StringType(nullable=False),
            default="archive.db",
            title="Database",
            description=(
                "Path of the archive file. It is made where there is none; its folder must exist."
            ),
        ),
        th.Property(
            "batch_size_rows",
            th.IntegerType(nullable=False, minimum=1),
            default=1_000,
            title="Batch size, rows",
            description="The most rows gathered in memory before they are written to the file.",
        ),
        th.Property(
            "add_record_metadata",
            _BOOLEAN(nullable=False),
            default=True,
            title="Add record metadata",
            description=(
                "Add the SDK's `_sdc_*` columns: when and in which version of the stream a row "
                "last changed."
            ),
        ),
        th.Property(
            "hard_delete",
            _BOOLEAN(nullable=False),
            default=False,
            title="Hard delete",
            description=(
                "Remove rows that the tap reports as gone. Otherwise they stay and "
                "`_sdc_deleted_at` says since when they are gone."
            ),
        ),
        th.Property(
            "validate_records",
            _BOOLEAN(nullable=False),
            default=True,
            title="Validate records",
            description=(
                "Check records against their stream's schema; those that fail are kept in the "
                "table `_quarantine` and reported."
            ),
        ),
        th.Property(
            "payload_history",
            th.StringType(nullable=False, allowed_values=["all", "latest"]),
            default="all",
            title="Payload history",
            description=(
                "Which versions of an object's payload to keep: every one ever seen, or only "
                "the newest."
            ),
        ),
        th.Property(
            "honour_redactions",
            _BOOLEAN(nullable=False),
            default=False,
            title="Honour redactions",
            description=(
                "When a new version of an object has more redactions than older versions, empty "
                "the older versions' payloads; their rows and hashes stay."
            ),
        ),
        th.Property(
            "accept_foreign_state",
            _BOOLEAN(nullable=False),
            default=False,
            title="Accept foreign state",
            description=(
                "Go on although the tap resumes from a state that this file never committed. "
                "Rows between the two may then be missing for good."
            ),
        ),
    ).to_dict()
