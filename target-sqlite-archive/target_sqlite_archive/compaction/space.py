"""How much disk space compacting takes for a while, where, and whether it is there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from target_sqlite_archive.errors import DatabaseError

FreeBytes = Callable[[Path], int]
# The log of changes that are not in the file yet.
_LOG_BYTES = 32 * 1024 * 1024


def free_bytes(folder: Path) -> int:
    """Give the bytes that are free for this user on a folder's disk."""
    return shutil.disk_usage(folder).free


@dataclass(frozen=True, slots=True)
class Space:
    """Bytes that are needed in a folder for a while, and those that are free there."""

    folder: Path
    needed: int
    free: int


def choose_temporary_folder(archive: Path) -> Path:
    """Let SQLite put its temporary files beside the archive, if no other folder is named.

    The texts of an archive then stay on its own disk.
    """
    return Path(os.environ.setdefault("SQLITE_TMPDIR", str(archive.parent)))


def needed_space(
    archive: Path, content_bytes: int, free: FreeBytes, doing: str = "Compacting"
) -> list[Space]:
    """Say what rewriting so many bytes of content takes: a copy, and the log of its way back.

    Raises :class:`DatabaseError` where that is not there.
    """
    temporary = choose_temporary_folder(archive)
    parts = {archive.parent: content_bytes + _LOG_BYTES}
    if temporary.is_dir() and temporary.stat().st_dev != archive.parent.stat().st_dev:
        parts[temporary] = content_bytes
    else:
        parts[archive.parent] += content_bytes
    spaces = [Space(folder, needed, free(folder)) for folder, needed in parts.items()]
    for space in spaces:
        if space.free < space.needed:
            raise DatabaseError(
                f"{doing} {archive} takes up to {space.needed:,} bytes for a while in "
                f"{space.folder}, and {space.free:,} are free there. Nothing was changed. Free "
                "some space, or name another folder for the copy with SQLITE_TMPDIR."
            )
    return spaces
