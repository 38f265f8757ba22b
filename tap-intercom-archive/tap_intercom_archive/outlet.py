"""The pipe to the target: it holds some objects, so that neither end waits for every pause.

It holds no more, since what stands in it is fetched again when a process is killed. Only Linux lets
a pipe be resized; elsewhere it holds what the system gives it.
"""

from __future__ import annotations

import contextlib
import fcntl
from typing import IO, Any

OBJECTS = 24
# What Linux gives a pipe, and what it lets everyone have: pipe(7).
_LEAST_BYTES = 64 * 1024
_MOST_BYTES = 1024 * 1024


def fit(stream: IO[Any], object_bytes: int) -> None:
    """Let a pipe hold up to :data:`OBJECTS` objects of so many bytes; leave what is none alone."""
    # Linux would round up to a power of two.
    holds = 1 << max(1, OBJECTS * object_bytes).bit_length() - 1
    holds = min(max(holds, _LEAST_BYTES), _MOST_BYTES)
    with contextlib.suppress(AttributeError, OSError):
        pipe = stream.fileno()
        if fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ) != holds:
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, holds)
