"""How much the pipe to the target holds: some objects, so that neither end waits for every pause
of the other, and no more, since what stands in it is fetched again when a process is killed.

Only Linux lets a pipe be resized; elsewhere it holds what the system gives it.
"""

from __future__ import annotations

import contextlib
import fcntl

OBJECTS = 24
# What Linux gives a pipe, and what it lets everyone have: pipe(7).
_LEAST_BYTES = 64 * 1024
_MOST_BYTES = 1024 * 1024


class Outlet:
    """The pipe that is written to."""

    def __init__(self) -> None:
        """Leave the pipe as it is for now."""
        self._holds = 0

    def fit(self, fd: int, object_bytes: int) -> None:
        """Let a pipe hold up to :data:`OBJECTS` objects of so many bytes; leave a file alone."""
        # Linux would round up to a power of two.
        holds = 1 << max(1, OBJECTS * object_bytes).bit_length() - 1
        holds = min(max(holds, _LEAST_BYTES), _MOST_BYTES)
        if holds == self._holds:
            return
        self._holds = holds
        with contextlib.suppress(AttributeError, OSError):
            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, holds)
