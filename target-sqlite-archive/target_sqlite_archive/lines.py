"""Bytes in, lines out: reads a pipe or a file, wakes up when the pipe is idle, stops on a signal.

What a line says is left to ``intake.py``.
"""

from __future__ import annotations

import io
import os
import select
from collections.abc import Callable, Iterator
from typing import IO, Any

_CHUNK_BYTES = 64 * 1024
IDLE_SECONDS = 1.0


class StoppedError(Exception):
    """A signal asked the run to end while it was waiting for input."""


class LineSource:
    """Lines of one input, with their line ends; ``None`` is given after each chunk.

    ``None`` comes about once a second on an idle pipe, so that the caller can do what is due. A
    stop asked for while the source waits raises :class:`StoppedError` there, where no line is in
    work; asked for at another time it ends the lines after the current one.
    """

    def __init__(self) -> None:
        """Start without a stop asked for."""
        self._stopped = False
        self._waiting = False

    def stopped(self) -> bool:
        """Whether a stop was asked for."""
        return self._stopped

    def stop(self) -> None:
        """Ask for the end; safe in a signal handler."""
        self._stopped = True
        if self._waiting:
            self._waiting = False
            raise StoppedError

    def lines(self, stream: IO[Any]) -> Iterator[bytes | None]:
        """Give the lines of a binary or text stream."""
        chunks = self._chunks(stream)
        pieces: list[bytes] = []
        while True:
            self._waiting = True
            if self.stopped():
                self._waiting = False
                return
            chunk = next(chunks, b"")
            self._waiting = False
            if chunk is None:
                yield None
                continue
            if not chunk:
                break
            # A line longer than a chunk is put together once, not again for every chunk.
            complete = io.BytesIO(chunk).readlines()
            rest = b"" if complete[-1].endswith(b"\n") else complete.pop()
            if complete:
                complete[0] = b"".join([*pieces, complete[0]])
                pieces = []
            pieces.append(rest)
            for line in complete:
                yield line
                if self._stopped:
                    return
            yield None
        last = b"".join(pieces)
        if last:
            yield last

    @staticmethod
    def _chunks(stream: IO[Any]) -> Iterator[bytes | None]:
        binary = getattr(stream, "buffer", stream)
        read = _reader(binary)
        if read is None:
            for line in binary:
                yield line.encode("utf-8", "surrogatepass") if isinstance(line, str) else line
            return
        fd = binary.fileno()
        while True:
            ready, _, _ = select.select([fd], [], [], IDLE_SECONDS)
            if not ready:
                yield None
                continue
            chunk = read()
            if not chunk:
                return
            yield chunk


def _reader(binary: Any) -> Callable[[], bytes] | None:
    """Give a way to read what is there without waiting for more; None where there is no file."""
    try:
        fd = binary.fileno()
    except (AttributeError, OSError, io.UnsupportedOperation):
        return None
    return lambda: os.read(fd, _CHUNK_BYTES)
