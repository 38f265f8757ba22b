"""Changes on request: so many of them within so many seconds, seeded."""

from __future__ import annotations

import random
from collections.abc import Callable

from .clock import VirtualClock
from .events import Event, Events
from .workspace import Workspace

# The newest change is some seconds old when the answer comes, as it would be for any reader.
_SETTLING_SECONDS = 3

_Change = Callable[[int], Event]


class ChangeMaker:
    """Applies changes one after another; the seed and what was asked before decide which."""

    def __init__(self, workspace: Workspace, clock: VirtualClock) -> None:
        """Change this workspace and let time pass on this clock."""
        self._clock = clock
        self._rng = random.Random(f"changes {workspace.seed}")
        self._events = Events(workspace, self._rng)

    def change(self, count: int, seconds: int) -> dict[str, list[str]]:
        """Let `seconds` pass and `count` changes happen meanwhile; the changed ids by stream."""
        begun = int(self._clock.now())
        self._clock.advance(seconds)
        latest = max(begun + 1, begun + seconds - _SETTLING_SECONDS)
        moments = sorted(self._rng.randint(begun + 1, latest) for _ in range(count))
        changed: dict[str, dict[str, None]] = {}
        events = self._events
        kinds: tuple[tuple[_Change, int], ...] = (
            (events.reply, 30),
            (events.close, 12),
            (events.reopen, 8),
            (events.assign, 10),
            (events.rate, 6),
            (events.tag, 8),
            (events.redact, 4),
            (events.begin, 8),
            (events.update_contact, 8),
            (events.update_article, 3),
            (events.transcribe, 3),
            (events.work_on_ticket, 6),
            (events.update_company, 4),
            (events.log_activity, 2),
        )
        for moment in moments:
            happen = self._rng.choices([k for k, _ in kinds], [weight for _, weight in kinds])[0]
            stream, record_id = happen(moment)
            changed.setdefault(stream, {})[record_id] = None
        return {stream: list(ids) for stream, ids in changed.items()}
