"""What holds for every endpoint at this moment: cursors, operators, page sizes, delays, poison.

The endpoints ask here; what they answer with is their own.
"""

from __future__ import annotations

from .clock import VirtualClock
from .cursors import choose_cursors
from .delays import Delays, Older
from .errors import RefusedError
from .faults import Poisoned
from .modes import Modes


class Serving:
    """The modes as they bear upon endpoints, and how many requests there have been."""

    def __init__(self, modes: Modes, clock: VirtualClock, seed: int) -> None:
        """Serve by these modes and this clock."""
        self.modes = modes
        self.clock = clock
        self.number = 0  # of the request being answered, from 1
        self.shown: list[str] = []  # conversations in the last page of a search
        self.delays = Delays()
        self.poisoned = Poisoned(modes.always_fail)
        self.inclusive = modes.operators == "inclusive"
        self.page = choose_cursors(modes.cursor, seed, modes.cursor_life, lambda: self.number)

    def begin(self) -> int:
        """A request comes in: its number."""
        self.number += 1
        self.clock.advance(self.modes.seconds_per_request)
        return self.number

    def hidden(self) -> frozenset[str]:
        """Ids that searches do not show yet."""
        return self.delays.hidden(self.clock.now())

    def older(self, conversation_id: str) -> Older | None:
        """The older version of a conversation that this request gets, if it does."""
        return self.delays.older(conversation_id, self.number)

    def check_page_size(self, per_page: int) -> None:
        """Fail with 504 where pages of this size take the API too long."""
        if 0 < self.modes.pages_fail_above < per_page:
            raise RefusedError(504, "gateway_timeout", "The search took too long.")
