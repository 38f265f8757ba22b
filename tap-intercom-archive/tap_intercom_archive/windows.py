"""The window protocol: how a search that moves under our feet is read without losing anything.

A span of time is cut into windows of a few hundred objects. A window is listed whole, what is
not yet archived is fetched, and the window is listed again until a listing adds nothing; only
then does the high-water mark move to its end. An object that changes meanwhile leaves to the
right, into a later window. The position is always that of the listing, never of the fetched
object, which may be newer than what has been written.

Pure: the listing, the clock and the waiting come in as arguments; no stream is named here.
Times are whole epoch seconds, UTC; both ends of a window belong to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from tap_intercom_archive.times import epoch, iso

if TYPE_CHECKING:
    from tap_intercom_archive.client import Answer

WINDOW_OBJECTS = 300
MAXIMUM_ROUNDS = 6
MAXIMUM_DOUBTS = 3
RESTLESS = "changed faster than it could be read"
DOUBTED = "shown in two ways"
# A listing that was read ahead proves a window only while it is not older than this.
FRESH_SECONDS = 60
# A run ends when less than this has passed since its last look at the clock.
SHORTEST_TAIL_SECONDS = 60
# Two changes within one second look alike, so an answer counts only this long after the change.
SETTLING_SECONDS = 2
# Keeps the whole state under 64 kB: an entry is some 40 bytes. What is forgotten is fetched again.
REMEMBERED_OBJECTS = 500


@dataclass(frozen=True)
class Hit:
    """An object as a listing showed it: `fingerprint` changes with anything the listing shows.

    `answer` is what it came in.
    """

    id: str
    updated_at: int
    fingerprint: str
    body: bytes
    answer: Answer | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Listing:
    """A window's hits, or None where there are too many for one window and it can be cut.

    `at` is when it was read, epoch seconds.
    """

    hits: list[Hit] | None
    total_count: int | None
    at: float = 0.0


@dataclass
class Bookmark:
    """What is proven and what is known of one search stream.

    Everything changed at or before `mark` is archived. `window` is the open one and `done`
    what is archived in it; `settled` is what is archived within the lookback behind the mark.
    Both give fingerprints by id.
    """

    mark: int | None = None
    window: tuple[int, int] | None = None
    done: dict[str, str] = field(default_factory=dict)
    settled: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Bookmark:
        """Read a stream's state; what cannot be read counts as unknown, so it is done again."""
        window = state.get("window")
        begin, end, done = None, None, {}
        if isinstance(window, dict):
            begin, end = _second(window.get("from")), _second(window.get("to"))
            done = _fingerprints(window.get("done"))
        return cls(
            mark=_second(state.get("high_water_mark")),
            window=None if begin is None or end is None else (begin, end),
            done=done,
            settled=_fingerprints(state.get("settled")),
        )

    def to_state(self) -> dict[str, Any]:
        """Give the state's entries; those without a value are left out."""
        state: dict[str, Any] = {}
        if self.mark is not None:
            state["high_water_mark"] = iso(self.mark)
        if self.window is not None:
            begin, end = self.window
            done = _newest(self.done, REMEMBERED_OBJECTS)
            state["window"] = {"from": iso(begin), "to": iso(end), "done": done}
        settled = _newest(self.settled, max(0, REMEMBERED_OBJECTS - len(self.done)))
        if settled:
            state["settled"] = settled
        return state


@dataclass(frozen=True)
class Rules:
    """The protocol's measures; `shortest_seconds` is the shortest window worth asking for."""

    lookback_seconds: int
    shortest_seconds: int = 1
    window_objects: int = WINDOW_OBJECTS


@dataclass(frozen=True)
class Window:
    """A span that is listed whole: both ends belong to it; `at` is when it was listed."""

    begin: int
    end: int
    hits: list[Hit]
    at: float


@dataclass(frozen=True)
class Closed:
    """A window that is proven: what was found in it, and how much of that was fetched."""

    begin: int
    end: int
    found: int
    fetched: int


class Protocol:
    """Drives one search stream through its windows.

    `list_window(begin, end, most)` lists a window, or gives None for its hits where there are
    more than `most` of them; `now()` is the server's clock; `wait(seconds)` sleeps. `ahead` may
    list the next window while one is worked on: that listing only says what to fetch, it is the
    closing one that proves. `begin` may let a listing be made meanwhile and gives what waits for
    it.
    """

    def __init__(
        self,
        bookmark: Bookmark,
        rules: Rules,
        list_window: Callable[[int, int, int | None], Listing],
        now: Callable[[], float],
        wait: Callable[[float], None],
        on_closed: Callable[[Closed], None],
        ahead: Callable[[Iterator[Window]], Iterator[Window]] = iter,
        begin: Callable[[Callable[[], Listing]], Callable[[], Listing]] = lambda listing: listing,
    ) -> None:
        """Take up at `bookmark`, which is kept up to date from then on."""
        self.bookmark = bookmark
        self._rules = rules
        self._list = list_window
        self._now = now
        self._wait = wait
        self._on_closed = on_closed
        self._ahead = ahead
        self._begin_listing = begin
        self._closing: Callable[[], Listing] | None = None
        self._given_up: set[tuple[str, str]] = set()
        self._doubted: Counter[str] = Counter()
        self._unsettled: set[str] = set()
        self._fetched: set[str] = set()
        self.not_settled: list[tuple[Hit, str]] = []

    def rounds(self, start: int, end: int | None) -> Iterator[list[Hit]]:
        """Give the hits to fetch, a batch at a time.

        Covers `start` (or the mark less the lookback, where there is one) to `end` (or now).
        Every hit of a batch must be answered by `archived` or `give_up` before the next batch
        is asked for.
        """
        begin = self._begin(start)
        until = self._until(end)
        while True:
            if begin <= until:
                for window in self._ahead(self._cut(begin, until)):
                    yield from self._window(window.begin, window.end, self._fresh(window))
            later = self._until(end)
            if later - until <= max(self._rules.lookback_seconds, SHORTEST_TAIL_SECONDS):
                # What a stopped run had done and this one did not meet has moved or is gone.
                self.bookmark.done = {}
                return
            # What was indexed late meanwhile may have its place behind what has been read.
            begin = max(start, until + 1 - self._rules.lookback_seconds)
            until = later

    def _begin(self, start: int) -> int:
        if self.bookmark.mark is None:
            return start
        return max(start, self.bookmark.mark - self._rules.lookback_seconds)

    def _until(self, end: int | None) -> int:
        now = int(self._now())
        return now if end is None else min(now, end)

    def _cut(self, begin: int, end: int) -> Iterator[Window]:
        """Cut until the listing fits; the left half comes before the right is looked at."""
        can_cut = end - begin + 1 >= 2 * self._rules.shortest_seconds
        listing = self._list(begin, end, self._rules.window_objects if can_cut else None)
        if listing.hits is None:
            middle = begin + (end - begin) // 2
            yield from self._cut(begin, middle)
            yield from self._cut(middle + 1, end)
        else:
            yield Window(begin, end, listing.hits, listing.at)

    def _fresh(self, window: Window) -> list[Hit]:
        """Give the hits; where nothing is to be fetched they prove the window, so none are old."""
        if self.due(window.hits) or self._now() - window.at <= FRESH_SECONDS:
            return window.hits
        return self._list(window.begin, window.end, None).hits or []

    def _window(self, begin: int, end: int, hits: list[Hit]) -> Iterator[list[Hit]]:
        self.bookmark.window = (begin, end)
        self._fetched = set()
        for _ in range(MAXIMUM_ROUNDS):
            due = self.due(hits)
            if not due:
                break
            self._let_settle(due)
            yield due
            self.close_soon()
            hits = self._closing_hits()
        else:
            self.not_settled.extend((hit, RESTLESS) for hit in self.due(hits))
        self._close(begin, end, hits)

    def close_soon(self) -> None:
        """Begin to list the window again: all that is due in it is being fetched by now.

        What changes after that listing has left the window, so it need not wait for the answers.
        """
        if self._closing is None and self.bookmark.window is not None:
            self._closing = self._begin_listing(partial(self._list, *self.bookmark.window, None))

    def _closing_hits(self) -> list[Hit]:
        closing, self._closing = self._closing, None
        assert closing is not None, "the window is open, so its closing listing has begun"
        return closing().hits or []

    def due(self, hits: list[Hit]) -> list[Hit]:
        """Give those that are neither archived as they were listed nor given up."""
        return [hit for hit in hits if not self._is_done(hit)]

    def _is_done(self, hit: Hit) -> bool:
        known = self.bookmark.done.get(hit.id) or self.bookmark.settled.get(hit.id)
        return known == hit.fingerprint or (hit.id, hit.fingerprint) in self._given_up

    def _let_settle(self, due: list[Hit]) -> None:
        """Before asking again for what was asked too early, wait until it can count."""
        again = [hit.updated_at for hit in due if hit.id in self._unsettled]
        if again:
            self._wait(min(SETTLING_SECONDS, max(1.0, max(again) + 2 - self._now())))

    def _close(self, begin: int, end: int, hits: list[Hit]) -> None:
        bookmark = self.bookmark
        horizon = end - self._rules.lookback_seconds
        recent = dict(bookmark.settled) if begin > horizon else {}
        for hit in hits:
            known = bookmark.done.pop(hit.id, None) or bookmark.settled.get(hit.id)
            if known and hit.updated_at >= horizon:
                recent[hit.id] = known
        bookmark.settled = recent
        if bookmark.mark is None or end > bookmark.mark:
            bookmark.mark = end
        bookmark.window = None
        self._on_closed(Closed(begin, end, len(hits), len(self._fetched)))

    def archived(
        self, hit: Hit, updated_at: float | None, answered_at: float, *, agrees: bool = True
    ) -> bool:
        """Take note that a hit's records are written; False where it must be asked again.

        It counts only if the fetched object is not older than the hit (a replica may lag) and
        the answer came late enough after the hit's change to have seen the whole second. Where
        both are of one second but do not agree on what both show, it is asked again, and if
        they never do, it is owed, so that the next run asks once more.
        """
        self._fetched.add(hit.id)
        if not has_settled(hit, updated_at, answered_at):
            self._unsettled.add(hit.id)
            return False
        if not agrees and updated_at == hit.updated_at:
            self._doubted[hit.id] += 1
            self._unsettled.add(hit.id)
            if self._doubted[hit.id] >= MAXIMUM_DOUBTS:
                self.not_settled.append((hit, DOUBTED))
                self.give_up(hit)
            return False
        self._unsettled.discard(hit.id)
        self.bookmark.done[hit.id] = hit.fingerprint
        return True

    def give_up(self, hit: Hit) -> None:
        """Take note that a hit is owed: as it was listed it no longer keeps the window open."""
        self._given_up.add((hit.id, hit.fingerprint))


def has_settled(hit: Hit, updated_at: float | None, answered_at: float) -> bool:
    """Say whether an answer is not older than the hit, and has seen the whole second of it."""
    lags = updated_at is not None and updated_at < hit.updated_at
    return not lags and answered_at >= hit.updated_at + SETTLING_SECONDS


def _newest(known: dict[str, str], most: int) -> dict[str, str]:
    if len(known) <= most:
        return dict(known)
    return dict(list(known.items())[-max(0, most) :]) if most > 0 else {}


def _second(value: Any) -> int | None:
    seconds = epoch(value) if isinstance(value, str) else None
    return None if seconds is None else int(seconds)


def _fingerprints(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {str(key): item for key, item in value.items() if isinstance(item, str)}
