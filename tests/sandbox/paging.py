"""Cutting lists into pages: by page number, and by a cursor that names the last row seen.

A cursor is base64 of `[sort value in ms, id, page]`. It holds a place by value, so rows that move
or vanish meanwhile shift nothing. What a page looks like on the wire is in `answers`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from .errors import RefusedError

Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page of rows with what the API says about it."""

    rows: Sequence[Row]
    number: int
    per_page: int
    total: int
    cursor: str | None = None  # where the next page begins, for lists with a cursor

    @property
    def total_pages(self) -> int:
        """Pages in all."""
        return -(-self.total // self.per_page)

    @property
    def is_last(self) -> bool:
        """Whether no numbered page follows."""
        return self.number >= self.total_pages


@dataclass(frozen=True)
class Cursor:
    """The last row of a page: its sort value (epoch seconds or an id), its id, the next page."""

    value: int
    id: str
    page: int

    def encode(self) -> str:
        """The cursor as clients see it."""
        return base64.b64encode(
            msgspec.json.encode([self.value * 1_000, self.id, self.page])
        ).decode()


def read_cursor(text: str) -> Cursor:
    """A cursor back from its text; anything else is refused with 400."""
    try:
        value, row_id, page = msgspec.json.decode(
            base64.b64decode(text, validate=True), type=tuple[int, str, int]
        )
    except (binascii.Error, msgspec.DecodeError, ValueError) as error:
        message = "The pagination cursor is invalid."
        raise RefusedError(400, "client_error", message) from error
    return Cursor(value // 1_000, row_id, page)


def whole_number(text: str | None, name: str, default: int, most: int) -> int:
    """A page size or number from a query string; outside 1 to `most` it is refused with 400."""
    if text is None:
        return default
    try:
        number = int(text)
    except ValueError:
        number = 0
    if not 1 <= number <= most:
        message = f"{name} must be a number between 1 and {most}"
        raise RefusedError(400, "parameter_invalid", message)
    return number


def numbered_page(rows: Sequence[Row], number: int, per_page: int) -> Page[Row]:
    """Page `number` (from 1) of the rows as they stand now; beyond the last page it is empty."""
    first = (number - 1) * per_page
    return Page(rows[first : first + per_page], number, per_page, len(rows))
