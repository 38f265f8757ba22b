"""Names of tables and columns: kept as they are, apart only where SQLite cannot tell them apart.

SQLite compares names without the case of ASCII letters and reserves a few. Which names are in use
is the caller's knowledge.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_UNUSABLE = re.compile("[\x00\ud800-\udfff]")


def fold(name: str) -> str:
    """Give the form in which SQLite compares names."""
    return name.translate(_LOWER)


def quote(name: str) -> str:
    """Write a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Write a text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def pick(name: str, taken: Iterable[str]) -> str:
    """Give the name itself, or with a number behind it where that is taken or reserved.

    ``taken`` are folded names. NUL and lone surrogates, which SQL text cannot hold, become U+FFFD.
    """
    wanted = _UNUSABLE.sub("\ufffd", name)
    used = set(taken)
    candidate, number = wanted, 1
    while fold(candidate) in used or fold(candidate).startswith("sqlite_"):
        number += 1
        candidate = f"{wanted}_{number}"
        if fold(candidate).startswith("sqlite_"):
            wanted = f"stream_{wanted}"
            candidate, number = wanted, 1
    return candidate
