"""A target that breaks the promise: it lets each STATE out before the commit. Run as a command."""

from __future__ import annotations

from unittest import mock

from target_sqlite_archive import target
from target_sqlite_archive.archive import Archive


class TooEarly(Archive):
    """Tells first and commits then."""

    def commit(self) -> None:
        if self._state is not None:
            self._emit(self._state)
        emit, self._emit = self._emit, lambda text: None
        super().commit()
        self._emit = emit


if __name__ == "__main__":
    with mock.patch.object(target, "Archive", TooEarly):
        target.TargetSQLiteArchive.cli()
