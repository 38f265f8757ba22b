"""What all forms of a document say alike: sizes of files, what an entry's head says. Pure."""

from __future__ import annotations

from target_sqlite_archive.documents.model import Attachment, Entry

_UNITS = ("bytes", "kB", "MB", "GB")


def size(count: int) -> str:
    """Give a number of bytes as people read it: `12.3 kB`."""
    number, unit = float(count), 0
    while number >= 1000 and unit < len(_UNITS) - 1:
        number, unit = number / 1000, unit + 1
    return f"{number:.1f} {_UNITS[unit]}" if unit else f"{count:,} bytes"


def file_facts(file: Attachment) -> str:
    """Give what is known of a file beside its name and address."""
    known = [file.media_type, size(file.size_bytes) if file.size_bytes is not None else None]
    return ", ".join(fact for fact in known if fact)


def who(entry: Entry) -> str:
    """Give who it was, with the side that they are on."""
    return f"{entry.who} ({entry.role.value})"
