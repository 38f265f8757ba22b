"""What is true already but not seen everywhere: replicas that lag, an index that takes its time.

Who lags and for how long is decided in `live`; the endpoints ask here before they answer.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

_MOST_KEPT = 300


@dataclass(frozen=True)
class Older:
    """A conversation as it was before its last change: its bytes, how many parts it had."""

    template: bytes
    parts: int


@dataclass
class _Lag:
    older: Older
    answers: int
    until: int  # a request number


class Delays:
    """Older versions that are still answered, and objects that searches do not show yet."""

    def __init__(self) -> None:
        """Begin with everything seen everywhere."""
        self._kept: OrderedDict[str, Older] = OrderedDict()
        self._lags: dict[str, _Lag] = {}
        self._hidden: dict[str, float] = {}
        self.lagged = 0  # answers that gave an older version

    def keep(self, conversation_id: str, older: Older) -> None:
        """Keep the version before a change, in case that a replica is to lag."""
        self._kept[conversation_id] = older
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)

    def lag(self, conversation_id: str, answers: int, until: int) -> bool:
        """Let the next `answers` fetches give the version kept, up to request number `until`.

        Whether there is one; no version lags twice.
        """
        older = self._kept.pop(conversation_id, None)
        if older is not None:
            self._lags[conversation_id] = _Lag(older, answers, until)
        return older is not None

    def older(self, conversation_id: str, number: int) -> Older | None:
        """The older version that request `number` gets, which uses up one answer; mostly None."""
        lag = self._lags.get(conversation_id)
        if lag is None:
            return None
        lag.answers -= 1
        if lag.answers <= 0 or number > lag.until:
            del self._lags[conversation_id]
        if number > lag.until:
            return None
        self.lagged += 1
        return lag.older

    def hide(self, record_id: str, until: float) -> None:
        """Keep an object out of searches until this moment (epoch seconds)."""
        self._hidden[record_id] = until

    def hidden(self, now: float) -> frozenset[str]:
        """What searches do not show yet."""
        if self._hidden:
            self._hidden = {i: until for i, until in self._hidden.items() if until > now}
        return frozenset(self._hidden)

    def clear(self) -> None:
        """Let everything be seen at once."""
        self._kept.clear()
        self._lags.clear()
        self._hidden.clear()
