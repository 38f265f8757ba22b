"""Where the next page of a search begins: by place, by count, with an end, in a circle.

A keyset cursor names the last row seen and holds its place whatever moves. The others are the ways
in which cursors are known to fail; a listing begun afresh gets past each of them.
"""

from __future__ import annotations

import base64
import bisect
import random
from collections.abc import Callable
from dataclasses import replace

import msgspec

from .errors import RefusedError
from .paging import Cursor, Page, read_cursor
from .reading import SearchRequest

Row = tuple[int, str]  # sort value, id
Rows = list[Row]
Count = Callable[[], int]  # requests so far

# One expiring cursor in so many is refused from the start.
_STILLBORN = 40
# As many listings of more than a page go in circles, unless the one before did.
_CIRCLING = 0.34


def cursor_page(rows: Rows, wanted: SearchRequest) -> Page[Row]:
    """The page after the cursor of ascending rows, in the wanted direction."""
    number = 1
    first, last = 0, len(rows)
    if wanted.starting_after is not None:
        cursor = read_cursor(wanted.starting_after)
        number = cursor.page
        if wanted.descending:
            last = bisect.bisect_left(rows, (cursor.value, cursor.id))
        else:
            first = bisect.bisect_right(rows, (cursor.value, cursor.id))
    if wanted.descending:
        taken = rows[max(first, last - wanted.per_page) : last][::-1]
    else:
        taken = rows[first : min(last, first + wanted.per_page)]
    following = None
    if taken and last - first > len(taken):
        following = Cursor(taken[-1][0], taken[-1][1], number + 1).encode()
    return Page(taken, number, wanted.per_page, len(rows), following)


def drifting_page(rows: Rows, wanted: SearchRequest) -> Page[Row]:
    """The page after so many rows of the result as it stands now: what moves shifts the others."""
    number, first = 1, 0
    if wanted.starting_after is not None:
        cursor = read_cursor(wanted.starting_after)
        number, first = cursor.page, cursor.value
    ordered = rows[::-1] if wanted.descending else rows
    taken = ordered[first : first + wanted.per_page]
    last = first + len(taken)
    more = taken and last < len(rows)
    following = Cursor(last, "offset", number + 1).encode() if more else None
    return Page(taken, number, wanted.per_page, len(rows), following)


class Expiring:
    """Keyset cursors that know when they were given and are refused when they are old."""

    def __init__(self, seed: int, life: int, count: Count) -> None:
        """Let cursors live for `life` requests."""
        self._seed, self._life, self._count = seed, life, count

    def page(self, rows: Rows, wanted: SearchRequest) -> Page[Row]:
        """The page, or 400 for a cursor past its time."""
        if wanted.starting_after is not None:
            given, inner = _opened(wanted.starting_after)
            stillborn = random.Random(f"cursor {self._seed} {given}").randrange(_STILLBORN) == 0
            if stillborn or self._count() - given > self._life:
                raise RefusedError(400, "client_error", "The pagination cursor has expired.")
            wanted = replace(wanted, starting_after=inner)
        page = cursor_page(rows, wanted)
        if page.cursor is None:
            return page
        return replace(page, cursor=_closed(self._count(), page.cursor))


class Repeating:
    """Keyset cursors; some listings lead back to a page already given, again and again."""

    def __init__(self, seed: int, count: Count) -> None:
        """Choose by seed and request count which listings go in circles."""
        self._seed, self._count = seed, count
        self._circling: set[int] = set()  # listings, by the number of their first request
        self._before: dict[str, str] = {}  # a cursor of such a listing, the one before it
        self._last_circled = False

    def page(self, rows: Rows, wanted: SearchRequest) -> Page[Row]:
        """The page; of two listings begun one after the other at most one goes in circles."""
        asked = wanted.starting_after
        if asked is None:
            listing = self._count()
            page = cursor_page(rows, wanted)
            if page.cursor is not None:
                chance = random.Random(f"circle {self._seed} {listing}").random()
                self._last_circled = not self._last_circled and chance < _CIRCLING
                if self._last_circled:
                    self._circling.add(listing)
        else:
            listing, inner = _opened(asked)
            page = cursor_page(rows, replace(wanted, starting_after=inner))
        following = None if page.cursor is None else _closed(listing, page.cursor)
        if asked is not None and listing in self._circling:
            before = self._before.get(asked)
            if before is None and following is not None:
                self._before[following] = asked
            else:
                following = before or asked
        return replace(page, cursor=following)


def _closed(given: int, inner: str) -> str:
    return base64.b64encode(msgspec.json.encode([given, inner])).decode()


def _opened(text: str) -> tuple[int, str]:
    try:
        return msgspec.json.decode(base64.b64decode(text, validate=True), type=tuple[int, str])
    except (msgspec.DecodeError, ValueError) as error:
        raise RefusedError(400, "client_error", "The pagination cursor is invalid.") from error


def choose_cursors(
    kind: str, seed: int, life: int, count: Count
) -> Callable[[Rows, SearchRequest], Page[Row]]:
    """What cuts pages with cursors of this kind, one of `modes.CURSORS`."""
    pagers: dict[str, Callable[[Rows, SearchRequest], Page[Row]]] = {
        "keyset": cursor_page,
        "drifting": drifting_page,
        "expiring": Expiring(seed, life, count).page,
        "repeating": Repeating(seed, count).page,
    }
    return pagers[kind]
