"""Shows a person at a terminal how far a long command is; says nothing anywhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

_SECONDS_BETWEEN_LINES = 0.1
_ERASE_LINE = "\r\x1b[K"


class Progress:
    """One line that is written over and over; ``monotonic`` gives seconds."""

    def __init__(self, stream: TextIO, monotonic: Callable[[], float]) -> None:
        """Write to this stream if it is a terminal."""
        self._stream = stream if stream.isatty() else None
        self._monotonic = monotonic
        self._due = monotonic()
        self._shown = False

    def show(self, doing: str, done: int, total: int) -> None:
        """Say what is being done and how much of it is; call as often as you like."""
        if self._stream is None or self._monotonic() < self._due:
            return
        self._due = self._monotonic() + _SECONDS_BETWEEN_LINES
        self._stream.write(f"{_ERASE_LINE}{doing}: {done:,} of {total:,}")
        self._stream.flush()
        self._shown = True

    def clear(self) -> None:
        """Take the line away, as before printing results."""
        if self._stream is not None and self._shown:
            self._stream.write(_ERASE_LINE)
            self._stream.flush()
            self._shown = False
