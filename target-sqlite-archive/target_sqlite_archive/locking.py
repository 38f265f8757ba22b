"""One writer at a time: an advisory lock that the kernel releases however the writer ends.

The lock is a file beside the archive and not the archive itself: closing any descriptor of the
database file would drop SQLite's own POSIX locks, and on macOS flock and SQLite's locks collide.
A clean end removes the lock file; one left behind by a kill is harmless.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from target_sqlite_archive.errors import DatabaseError


class WriterLock:
    """The exclusive right to write one archive, held until :meth:`release`.

    Raises :class:`DatabaseError` at once when another process holds it.
    """

    def __init__(self, database: Path) -> None:
        """Take the lock."""
        self.path = database.with_name(database.name + ".lock")
        self._fd = self._acquire(database)

    def _acquire(self, database: Path) -> int:
        while True:
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                os.close(fd)
                if not isinstance(error, BlockingIOError):
                    raise
                raise DatabaseError(
                    f"The archive {database} is being written by another run. "
                    "Wait until that run has ended, then run again."
                ) from error
            if self._is_current(fd):
                return fd
            # The last holder removed the file between our open and our lock: take the new one.
            os.close(fd)

    def _is_current(self, fd: int) -> bool:
        try:
            return os.path.samestat(os.fstat(fd), self.path.stat())
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Remove the lock file and let the next writer in. May be called twice."""
        if self._fd >= 0:
            self.path.unlink(missing_ok=True)
            os.close(self._fd)
            self._fd = -1
