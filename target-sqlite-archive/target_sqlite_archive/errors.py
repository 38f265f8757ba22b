"""The errors a person can cause, as one tree; each message is one line that says what to do.

The modules that raise them know the facts; printing and exit codes are left to ``target.py``
and ``cli.py``. InputError and what is below it live in ``input_errors.py``, beside the SDK.

    TargetError
    ├── DatabaseError          the archive file cannot be used as it is
    ├── ForeignStateError      the tap resumes from a state that this file never committed
    ├── NothingStoredError     all records of a stream went to quarantine
    └── InputError             a line of the input is not what the Singer format asks for
        ├── RecordBeforeSchemaError
        ├── MissingKeyError
        └── BadSchemaError
"""

from __future__ import annotations

import sqlite3
from pathlib import Path


class TargetError(Exception):
    """What stops a run: the message is one line for a person, without any record's values."""


class DatabaseError(TargetError):
    """The archive file cannot be opened, written or understood."""


class ForeignStateError(TargetError):
    """The tap's starting state was never committed in this file."""


class NothingStoredError(TargetError):
    """A stream sent records and not one of them could be stored."""


def explain_sqlite(error: sqlite3.Error, path: Path) -> DatabaseError:
    """Turn SQLite's own error into one line that names the file and a cure."""
    text = str(error)
    if "full" in text:
        cure = "Free some disk space and run again: everything acknowledged by a STATE is safe."
    elif "locked" in text or "busy" in text:
        cure = "Another program is writing to this file. Let it finish, then run again."
    elif "readonly" in text:
        cure = "Make the file and its folder writable for this user."
    elif "malformed" in text or "not a database" in text:
        cure = "The file is damaged: restore it from a backup, or start a new one."
    elif "no such module: fts5" in text:
        cure = "This Python's SQLite lacks FTS5: use a Python whose SQLite has it."
    elif "I/O" in text:
        cure = "Check the disk and its free space, then run again."
    else:
        cure = "Everything acknowledged by a STATE is safe; please report this message."
    return DatabaseError(f"SQLite could not write the archive {path}: {text}. {cure}")


def explain_damage(reason: str, path: Path) -> DatabaseError:
    """Say in one line that a text which is needed cannot be read."""
    return DatabaseError(
        f"A text in the archive {path} that is needed here is damaged: {reason}. "
        "`sqlite-archive verify` names all such texts; restore the file from a backup."
    )
