"""What is true already but not seen everywhere: replicas that lag, an index that takes its time.

Who lags and for how long is decided in `live`; the endpoints ask here before they answer.
"""

from __future__ import annotations

from dataclasses import dataclass


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
        self._lags: dict[str, _Lag] = {}
        self._hidden: dict[str, float] = {}

    def lag(self, conversation_id: str, older: Older, answers: int, until: int) -> None:
        """Let the next `answers` fetches give an older version, up to request number `until`."""
        self._lags[conversation_id] = _Lag(older, answers, until)

    def older(self, conversation_id: str, number: int) -> Older | None:
        """The older version that request `number` gets, which uses up one answer; mostly None."""
        lag = self._lags.get(conversation_id)
        if lag is None:
            return None
        lag.answers -= 1
        if lag.answers <= 0 or number > lag.until:
            del self._lags[conversation_id]
        return lag.older if number <= lag.until else None

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
        self._lags.clear()
        self._hidden.clear()
