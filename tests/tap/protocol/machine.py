"""The protocol against every order of changes, faults and kills that hypothesis can think of."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.tap.protocol.harness import Killed, Tap
from tests.tap.protocol.model import Workspace

_INDEX = st.integers(0, 13)
_KIND = st.sampled_from(["conversations", "articles"])


class ChangingWorkspace(RuleBasedStateMachine):
    """Plans what happens between requests, runs the tap, and in the end compares."""

    @initialize(
        inclusive=st.booleans(),
        drifting=st.booleans(),
        size=st.sampled_from([0, 5, 8, 9, 14]),
        articles=st.integers(0, 8),
    )
    def begin(self, inclusive: bool, drifting: bool, size: int, articles: int) -> None:
        self.workspace = Workspace(inclusive=inclusive, drifting=drifting)
        self.tap = Tap(self.workspace)
        for number in range(size):
            self.workspace.create("conversations")
            self.workspace.tick(number % 3)
        for _ in range(articles):
            self.workspace.create("articles")
            self.workspace.tick(1)
        self.workspace.tick(5000)

    def _plan(self, action: Callable[[], None]) -> None:
        self.workspace.planned.append(action)

    @rule(count=st.integers(1, 6))
    def let_pass(self, count: int) -> None:
        for _ in range(count):
            self._plan(partial(self.workspace.tick, 1))

    @rule(kind=_KIND, delay=st.sampled_from([0, 0, 5, 60, 600]))
    def create(self, kind: str, delay: int) -> None:
        self._plan(partial(self.workspace.create, kind, delay=delay))

    @rule(kind=_KIND, index=_INDEX)
    def change(self, kind: str, index: int) -> None:
        self._plan(partial(self.workspace.change, kind, index))

    @rule(index=_INDEX)
    def change_silently(self, index: int) -> None:
        self._plan(partial(self.workspace.change_silently, index))

    @rule(index=_INDEX)
    def change_around_get(self, index: int) -> None:
        self._plan(partial(self.workspace.change_around_get, index))

    @rule(index=_INDEX)
    def lag(self, index: int) -> None:
        self._plan(partial(self.workspace.lag, index))

    @rule(kind=_KIND, index=_INDEX)
    def delete(self, kind: str, index: int) -> None:
        self._plan(partial(self.workspace.delete, kind, index))

    @rule(seconds=st.sampled_from([5, 60, 500]))
    def swap_amid_pages(self, seconds: int) -> None:
        self.workspace.swap_amid_pages(seconds)

    @rule(index=_INDEX)
    def change_at_get(self, index: int) -> None:
        self.workspace.change_at_get(index)

    @rule(count=st.integers(1, 4))
    def refuse_cursors(self, count: int) -> None:
        self.workspace.refused_cursors = count

    @rule(faults=st.lists(st.sampled_from(["", "faulty", "expired", "repeating"]), max_size=8))
    def fail(self, faults: list[str]) -> None:
        self.workspace.faults.extend(faults)

    @rule(requests=st.integers(5, 25))
    def kill_the_next_run(self, requests: int) -> None:
        self.tap.kill_at = self.workspace.requests + requests

    @rule(fetches=st.integers(1, 6))
    def kill_the_next_run_amid_fetches(self, fetches: int) -> None:
        self.tap.kill_at_fetch = self.workspace.fetches + fetches

    @rule(seconds=st.sampled_from([1, 30, 400, 2000]), sweep_days=st.sampled_from([0, 7]))
    def run_the_tap(self, seconds: int, sweep_days: int) -> None:
        self.workspace.tick(seconds)
        self._run(sweep_days)

    def _run(self, sweep_days: int) -> None:
        try:
            self.tap.run(sweep_days=sweep_days)
        except Killed:
            self._let_live()

    def _let_live(self) -> None:
        self.tap.kill_at = self.tap.kill_at_fetch = None

    def teardown(self) -> None:
        """Freeze, run once more with a sweep: everything is there, nothing that is gone is."""
        if not hasattr(self, "tap"):
            return
        self._let_live()
        self.workspace.freeze()
        # What a run left that was killed before its first STATE may be of an earlier start date,
        # for all that the next run knows: it is left alone until the run after that.
        is_left = self.tap.archive.rows["articles"] and not self.tap.state.get("articles")
        self._run(0)
        if is_left:
            self._run(0)
        archive = self.tap.archive.rows
        gone = archive["deleted_conversations"]
        current = {k: v for k, v in archive["conversations"].items() if k not in gone}
        assert current == {t.id: t.version for t in self.workspace.conversations.values()}
        assert archive["articles"] == {t.id: t.version for t in self.workspace.articles.values()}
        assert gone.keys() == self.workspace.deleted.keys()
        assert self.tap.owed == []
