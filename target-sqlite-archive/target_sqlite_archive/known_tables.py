"""The tables that the read side knows by name, as data; whoever reads skips those that are absent.

The write path knows no stream by name. Everything that does is here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Payloads:
    """Where the provider's exact texts are, and how other tables point at them.

    ``sha256`` is the provider side's hash of a text (hex), ``pointer`` the column that rows of
    other tables name their payload by.
    """

    table: str
    key: str
    text: str
    sha256: str
    pointer: str


@dataclass(frozen=True, slots=True)
class Counted:
    """A table whose rows count their children: how many came, how many there are, and if all."""

    table: str
    key: str
    returned: str
    total: str
    truncated: str
    child: str
    child_key: str


PAYLOADS = Payloads("raw_payloads", "id", "payload", "sha256", "payload_id")

COUNTED = (
    Counted(
        table="conversations",
        key="id",
        returned="parts_returned",
        total="parts_total_count",
        truncated="parts_truncated",
        child="conversation_parts",
        child_key="conversation_id",
    ),
)
