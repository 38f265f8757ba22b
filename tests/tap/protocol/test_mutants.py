"""Six ways to break the protocol: the state machine catches each of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tap_intercom_archive import paging, readers, resources, searching, walks, windows
from tap_intercom_archive.errors import LostPlace
from tests.tap.protocol.machine import ChangingWorkspace
from tests.tap.protocol.test_protocol import CHECKS


def drop_the_closing_listing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window is closed after its first round."""
    monkeypatch.setattr(
        windows.Protocol,
        "_window",
        lambda self, begin, end, hits: _one_round(self, begin, end, hits),
    )


def _one_round(protocol: Any, begin: int, end: int, hits: list[Any]) -> Iterator[list[Any]]:
    protocol.bookmark.window = (begin, end)
    protocol._fetched = set()
    due = [hit for hit in hits if not protocol._is_done(hit)]
    if due:
        yield due
    protocol._close(begin, end, hits)


def bookmark_the_hydrated_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mark follows what was fetched, not what was listed."""
    archived = windows.Protocol.archived

    def hasty(self: Any, hit: Any, updated_at: Any, answered_at: float, **rest: Any) -> bool:
        done = archived(self, hit, updated_at, answered_at, **rest)
        if updated_at is not None:
            self.bookmark.mark = max(self.bookmark.mark or 0, int(updated_at))
        return done

    monkeypatch.setattr(windows.Protocol, "archived", hasty)


def trust_the_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cursor that expires or comes round ends the list in silence."""
    read_pages = paging.read_pages

    def trusting(*arguments: Any) -> Iterator[Any]:
        try:
            yield from read_pages(*arguments)
        except LostPlace:
            return

    monkeypatch.setattr(paging, "read_pages", trusting)


def use_a_strict_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """The window's bounds go out as they are."""
    search = resources.Search("/conversations/search", "conversations", widen_seconds=0)
    monkeypatch.setattr(searching.WindowReader, "_search", property(lambda self: search))


def take_no_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    """An object is known by its id alone."""
    monkeypatch.setattr(readers, "fingerprint", lambda body: "same")


def retire_after_one_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    """One reading of a list is taken for proof."""

    def rows(self: Any) -> Iterator[list[Any]]:
        for page in self._pages():
            yield list(page.hits)
            self._note(page.hits)
        self.proven = True

    monkeypatch.setattr(walks.Sweep, "rows", rows)


def deleted_as_another_shows(machine: ChangingWorkspace) -> None:
    """The first listing skips one and has its full size by another that was indexed late."""
    machine.begin(inclusive=False, drifting=True, size=8, articles=5)
    machine.create(delay=5, kind="conversations")
    machine.let_pass(count=4)
    machine.delete(index=1, kind="conversations")
    machine.let_pass(count=1)
    machine.run_the_tap(seconds=1, sweep_days=0)
    machine.run_the_tap(seconds=2000, sweep_days=0)
    machine.teardown()


def killed_amid_late_answers(machine: ChangingWorkspace) -> None:
    """The mark of a fetched record is ahead of what was read when the run is killed."""
    machine.begin(inclusive=False, drifting=False, size=9, articles=0)
    for _ in range(4):
        machine.change_around_get(index=0)
    machine.lag(index=0)
    machine.change_around_get(index=1)
    machine.kill_the_next_run(requests=12)
    machine.run_the_tap(seconds=1, sweep_days=0)
    machine.teardown()


def expired_twice(machine: ChangingWorkspace) -> None:
    """A cursor expires in the middle of a list, and again when it is read anew."""
    machine.begin(inclusive=False, drifting=False, size=5, articles=7)
    machine.change_around_get(index=1)
    machine.run_the_tap(seconds=1, sweep_days=0)
    machine.let_pass(count=6)
    machine.let_pass(count=6)
    machine.create(delay=0, kind="conversations")
    machine.run_the_tap(seconds=1, sweep_days=0)
    machine.change_around_get(index=2)
    machine.delete(index=0, kind="articles")
    machine.lag(index=0)
    machine.run_the_tap(seconds=1, sweep_days=0)
    machine.fail(faults=["", "", "", "", "", "expired", "", "expired"])
    machine.run_the_tap(seconds=2000, sweep_days=0)
    machine.teardown()


@pytest.mark.parametrize(
    ("mutate", "history"),
    [
        (drop_the_closing_listing, deleted_as_another_shows),
        (bookmark_the_hydrated_record, killed_amid_late_answers),
        (trust_the_cursor, expired_twice),
    ],
    ids=lambda shown: shown.__name__,
)
def test_a_known_history_shows_what_is_broken_and_nothing_else(
    mutate: Any, history: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    history(ChangingWorkspace())
    mutate(monkeypatch)
    with pytest.raises(AssertionError):
        history(ChangingWorkspace())


# Each with the length of the histories that it shows in soonest.
MUTANTS = [
    (drop_the_closing_listing, 30),
    (bookmark_the_hydrated_record, 20),
    (trust_the_cursor, 50),
    (use_a_strict_bound, 30),
    (take_no_fingerprint, 30),
    (retire_after_one_walk, 30),
]


@pytest.mark.parametrize(
    ("mutate", "steps"), MUTANTS, ids=lambda shown: getattr(shown, "__name__", str(shown))
)
def test_a_broken_protocol_is_caught(
    mutate: Any, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutate(monkeypatch)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(
            ChangingWorkspace,
            settings=settings(
                max_examples=20_000,
                stateful_step_count=steps,
                deadline=None,
                derandomize=True,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=CHECKS,
            ),
        )
