"""The target's own tables, all prefixed with an underscore: their names and statements.

What each is for is told in ``glossary.py``; reading and writing them is left to the modules that
own them. A change here is a new layout, and a step in ``layouts.py``.
"""

from __future__ import annotations

APPLICATION_ID = 0x49434152  # "ICAR", where `file` shows it
LAYOUT = 3
# Keys of _meta.
ROWS_LEFT_OUT_SINCE = "rows_left_out_since"
OLDER_DROPPED_SINCE = "older_payloads_dropped_since"
COMPACTING_SINCE = "compacting_since"  # there until a compaction has come to its end
FORGETTING_SINCE = "forgetting_since"  # there until the free pages of what was forgotten are gone
FORGETTING_KEY = "forgetting_key"  # what hashes of forgotten values are keyed with, in hex
REBUILD = "_rebuild"  # a table's next form, never there after a commit

STATEMENTS = (
    """CREATE TABLE _meta (
        key TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE _streams (
        stream TEXT PRIMARY KEY,
        table_name TEXT NOT NULL UNIQUE COLLATE NOCASE,
        columns TEXT NOT NULL,
        key_properties TEXT NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE _states (
        id INTEGER PRIMARY KEY,
        committed_at TEXT NOT NULL,
        value TEXT NOT NULL
    )""",
    """CREATE TABLE _bookmarks (
        stream TEXT NOT NULL,
        hash BLOB NOT NULL,
        state_id INTEGER NOT NULL,
        PRIMARY KEY (stream, hash)
    ) WITHOUT ROWID""",
    """CREATE TABLE _versions_seen (
        table_name TEXT NOT NULL,
        version INTEGER NOT NULL,
        row_id INTEGER NOT NULL,
        PRIMARY KEY (table_name, version, row_id)
    ) WITHOUT ROWID""",
    """CREATE TABLE _quarantine (
        id INTEGER PRIMARY KEY,
        stream TEXT NOT NULL,
        reason TEXT NOT NULL,
        received_at TEXT NOT NULL,
        sha256 BLOB NOT NULL UNIQUE,
        line BLOB NOT NULL
    )""",
    """CREATE TABLE _dictionaries (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        created_at TEXT NOT NULL,
        dictionary BLOB NOT NULL,
        texts INTEGER NOT NULL DEFAULT 0
    )""",
    """CREATE TABLE _sightings (
        id INTEGER PRIMARY KEY,
        table_name TEXT NOT NULL,
        payload_id TEXT NOT NULL,
        fetched_at TEXT,
        row_id INTEGER NOT NULL,
        after_row_id INTEGER NOT NULL
    )""",
    "CREATE INDEX _sightings_row ON _sightings (table_name, after_row_id)",
    """CREATE TABLE _tombstones (
        stream TEXT NOT NULL,
        within TEXT NOT NULL,
        properties TEXT NOT NULL,
        hash BLOB NOT NULL,
        blanks TEXT NOT NULL,
        forgotten_at TEXT NOT NULL,
        PRIMARY KEY (stream, within, properties, hash)
    ) WITHOUT ROWID""",
    """CREATE TABLE _mentions (
        hash BLOB PRIMARY KEY,
        opening BLOB NOT NULL,
        words INTEGER NOT NULL,
        forgotten_at TEXT NOT NULL
    ) WITHOUT ROWID""",
)

TABLES = (
    "_meta",
    "_streams",
    "_states",
    "_bookmarks",
    "_versions_seen",
    "_quarantine",
    "_dictionaries",
    "_sightings",
    "_tombstones",
    "_mentions",
)
# The layout that each of these came with; all others are as old as the first.
SINCE_LAYOUT = {"_tombstones": 3, "_mentions": 3}
NAMES = frozenset({*TABLES, "_sightings_row", REBUILD})
# Indexes share the names' space with tables.
INDEX_PREFIXES = ("_key_", "_versions_", "_bases_", "_read_")
