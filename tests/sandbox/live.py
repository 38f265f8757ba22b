"""Changes while the workspace is read: one at every so many requests, fixed by seed and count.

What can happen is in `events` and `upheavals`; here is when, to what, and who sees it late.
"""

from __future__ import annotations

import bisect
import random
from collections.abc import Callable
from dataclasses import dataclass

from .delays import Older
from .events import Event
from .serving import Serving
from .upheavals import Upheavals
from .workspace import Workspace

# Among the changes that fall on a fetch, so many happen to the conversation that is fetched.
_AROUND = 0.3
# Of the other changes to conversations, so many happen to one that was just listed.
_NEAR = 0.5
# Of the changed conversations that a listing shows, so many are then fetched from a replica that
# has not seen the change: once or a few times, but not for ever.
_LAGS = 0.25
_MOST_LAGGED_ANSWERS = 3
_LAGGING_REQUESTS = 400
_INDEXED_LATE = 0.6
_INDEXING_SECONDS = (5, 200)
# A change without a new `updated_at` can be seen only where listings still look.
_WHISPER_SECONDS = 120

_ToConversation = Callable[[int, "int | None"], Event]
_ToOthers = Callable[[int], Event]


@dataclass(frozen=True)
class Change:
    """What happened: at which request, at which second, what, and to what."""

    request: int
    at: int
    kind: str
    stream: str
    id: str


class Live:
    """Lets changes happen around requests, until frozen."""

    def __init__(self, workspace: Workspace, serving: Serving) -> None:
        """Change this workspace as the modes say."""
        self._workspace = workspace
        self._serving = serving
        self._every = serving.modes.change_every
        self._frozen = False
        self._after: int | None = None
        self._rng = random.Random(f"live {workspace.seed}")
        self.changes: list[Change] = []
        if not self._every:
            return
        happen = self._happen = Upheavals(workspace, self._rng)
        self._to_conversations: dict[str, tuple[_ToConversation, int]] = {
            "reply": (happen.reply, 22),
            "close": (happen.close, 8),
            "reopen": (happen.reopen, 5),
            "assign": (happen.assign, 6),
            "rate": (happen.rate, 5),
            "tag": (happen.tag, 9),
            "redact": (happen.redact_recent, 4),
            "participants": (happen.participants, 4),
            "whisper": (happen.whisper, 8),
            "delete_conversation": (happen.delete_conversation, 3),
        }
        self._to_others: dict[str, tuple[_ToOthers, int]] = {
            "begin": (happen.begin, 8),
            "create_contact": (happen.create_contact, 4),
            "update_contact": (happen.update_contact, 5),
            "merge_contacts": (happen.merge_contacts, 2),
            "delete_contact": (happen.delete_contact, 1),
            "call_ends": (happen.call_ends, 3),
            "update_call": (happen.update_call, 2),
            "delete_call": (happen.delete_call, 1),
            "hear": (happen.hear, 5),
            "create_article": (happen.create_article, 2),
            "update_article": (happen.update_article, 3),
            "delete_article": (happen.delete_article, 2),
            "create_collection": (happen.create_collection, 1),
            "update_collection": (happen.update_collection, 1),
            "delete_collection": (happen.delete_collection, 1),
            "create_tag": (happen.create_tag, 1),
            "delete_tag": (happen.delete_tag, 1),
            "update_admin": (happen.update_admin, 1),
            "delete_admin": (happen.delete_admin, 1),
            "restock": (happen.restock, 12),
            "log_activity": (happen.log_activity, 3),
            "update_company": (happen.update_company, 4),
            "create_company": (happen.create_company, 1),
            "delete_company": (happen.delete_company, 1),
            "work_on_ticket": (happen.work_on_ticket, 6),
            "create_ticket": (happen.create_ticket, 2),
            "delete_ticket": (happen.delete_ticket, 1),
        }
        kinds = {**self._to_conversations, **self._to_others}
        self._names = list(kinds)
        self._weights = [weight for _, weight in kinds.values()]

    def before(self, number: int, fetched: str | None) -> None:
        """Request `number` comes in, for a single conversation or for none: its change."""
        if not self._every or self._frozen:
            return
        self._happen.finish_transcripts(self._serving.clock.now())
        if number % self._every:
            return
        # Each change has its own source: what one of them draws moves no other.
        self._rng.seed(f"live {self._workspace.seed} {number}")
        index = None if fetched is None else self._workspace.index_of(fetched)
        if index is not None and self._rng.random() < _AROUND:
            self._around(index)
            return
        name = self._rng.choices(self._names, self._weights)[0]
        if name in self._to_conversations:
            self._change_conversation(name)
        else:
            self._change_other(name)

    def after(self, listed: bool) -> None:
        """The request is answered, with a page of conversations or without one.

        Replicas begin to lag behind what was `listed`; of two changes around a fetch, within one
        second, the second happens.
        """
        if listed and self._every and not self._frozen:
            self._lag_behind(self._serving.shown)
        if self._after is not None:
            self._change_after(self._after)
            self._after = None

    def _lag_behind(self, shown: list[str]) -> None:
        number = self._serving.number
        rng = random.Random(f"lag {self._workspace.seed} {number}")
        for conversation_id in shown:
            if rng.random() < _LAGS:
                answers = rng.randint(1, _MOST_LAGGED_ANSWERS)
                self._serving.delays.lag(conversation_id, answers, number + _LAGGING_REQUESTS)

    def _change_after(self, index: int) -> None:
        at = self.changes[-1].at
        choice = self._rng.choice(("reply", "close", "assign", "tag"))
        self._happen_to(choice, f"{choice} after", at, index)

    def _around(self, index: int) -> None:
        at = self._now()
        choice = self._rng.choice(("reply", "assign", "rate"))
        self._happen_to(choice, f"{choice} before", at, index)
        self._after = index

    def _change_conversation(self, name: str) -> None:
        at = self._now()
        index = self._whispering(at) if name == "whisper" else None
        if index is None:
            name = "reply" if name == "whisper" else name
            index = self._near()
        self._happen_to(name, name, at, index)

    def _happen_to(self, name: str, kind: str, at: int, index: int) -> None:
        """Let it happen and keep the version before, if its own time gives it away as older."""
        workspace = self._workspace
        conversation_id = workspace.conversation(index).id
        if (
            name not in ("whisper", "delete_conversation")
            and workspace.conversation(index).document["updated_at"] < at
        ):
            older = Older(workspace.full_template(index), workspace.part_count(index))
            self._serving.delays.keep(conversation_id, older)
        self._note(kind, at, self._to_conversations[name][0](at, index))

    def _near(self) -> int:
        """A conversation, in half of the cases one of those that were listed last."""
        if self._serving.shown and self._rng.random() < _NEAR:
            index = self._workspace.index_of(self._rng.choice(self._serving.shown))
            if index is not None:
                return index
        return self._happen.any_conversation()

    def _change_other(self, name: str) -> None:
        at = self._now()
        event = self._to_others[name][0](at)
        self._note(name, at, event)
        if (
            name in ("begin", "create_contact", "create_ticket")
            and self._rng.random() < _INDEXED_LATE
        ):
            self._serving.delays.hide(event[1], at + self._rng.uniform(*_INDEXING_SECONDS))

    def _now(self) -> int:
        return int(self._serving.clock.now())

    def _whispering(self, at: int) -> int | None:
        by_update = self._workspace.by_update
        first = bisect.bisect_left(by_update, (at - _WHISPER_SECONDS, ""))
        if first == len(by_update):
            return None
        return self._workspace.index_of(self._rng.choice(by_update[first:])[1])

    def _note(self, kind: str, at: int, event: Event) -> None:
        self.changes.append(Change(self._serving.number, at, kind, *event))

    def freeze(self, seconds: int) -> None:
        """No more changes, nothing lags, transcripts are whole, and `seconds` go by."""
        self._frozen = True
        self._serving.delays.clear()
        if self._every:
            self._happen.finish_transcripts()
        self._serving.clock.advance(seconds)

    def thaw(self) -> None:
        """Changes go on."""
        self._frozen = False
