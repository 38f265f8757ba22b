"""The file as SQLite sees it: its own integrity check, the target's tables, keys that are unique.

What is inside the tables is left to the other checks.
"""

from __future__ import annotations

from collections.abc import Iterator

from target_sqlite_archive.checks.finding import Finding, Level, Rows
from target_sqlite_archive.internal import FORGETTING_SINCE, SINCE_LAYOUT, TABLES
from target_sqlite_archive.naming import quote
from target_sqlite_archive.progress import Progress
from target_sqlite_archive.reading import OpenArchive

_CHECK = "file"
_MOST_COMPLAINTS = 20
_RESTORE = "Restore the file from a backup, or fill a new one."


def check_file(archive: OpenArchive, progress: Progress) -> Iterator[Finding]:
    """Let SQLite check its pages and indexes, and look for the target's own tables."""
    pages = archive.connection.execute("PRAGMA page_count").fetchone()[0]
    size = archive.connection.execute("PRAGMA page_size").fetchone()[0]
    progress.show("SQLite's integrity check: pages", 0, pages)
    complaints = [
        row[0]
        for row in archive.connection.execute(f"PRAGMA integrity_check({_MOST_COMPLAINTS})")
        if row[0] != "ok"
    ]
    if complaints:
        rows = Rows()
        for complaint in complaints:
            rows.add([complaint])
        what = "SQLite's integrity check complains"
        yield Finding(
            _CHECK, Level.WRONG, "pages", what, rows.count, tuple(rows.first), cure=_RESTORE
        )
    else:
        what = f"{pages * size:,} bytes pass SQLite's integrity check"
        yield Finding(_CHECK, Level.OK, "pages", what)
    layout = archive.connection.execute("PRAGMA user_version").fetchone()[0]
    expected = [name for name in TABLES if SINCE_LAYOUT.get(name, 1) <= layout]
    missing = [name for name in expected if name not in archive.tables]
    if missing:
        what = "tables of the target are missing"
        yield Finding(
            _CHECK, Level.WRONG, "layout", what, len(missing), tuple(missing), cure=_RESTORE
        )
    else:
        yield Finding(_CHECK, Level.OK, "layout", f"an archive of layout {layout}")


def check_forgetting(archive: OpenArchive, progress: Progress) -> Iterator[Finding]:
    """Look whether somebody was forgotten whose old pages may still be in the file."""
    row = archive.connection.execute(
        "SELECT value FROM _meta WHERE key = ?", (FORGETTING_SINCE,)
    ).fetchone()
    if row:
        what = f"what was forgotten at {row[0]} may still be in pages that are free"
        cure = "Run the same `sqlite-archive forget` again: it ends what was cut off."
        yield Finding(_CHECK, Level.WRONG, "free pages", what, cure=cure)


def check_keys(archive: OpenArchive, progress: Progress) -> Iterator[Finding]:
    """Look for rows of one key, in the tables themselves and not in their indexes."""
    keyed = [stream for stream in archive.streams() if stream.keys]
    rows_seen = 0
    for number, stream in enumerate(keyed):
        progress.show("keys of tables", number, len(keyed))
        table, listed = quote(stream.table), ", ".join(map(quote, stream.keys))
        rows = Rows()
        for key in archive.connection.execute(
            f"SELECT {listed} FROM {table} NOT INDEXED GROUP BY {listed} HAVING count(*) > 1"
        ):
            rows.add(key)
        if rows.count:
            what = f"keys ({', '.join(stream.keys)}) with more than one row"
            yield Finding(
                "keys",
                Level.WRONG,
                stream.table,
                what,
                rows.count,
                tuple(rows.first),
                cure=_RESTORE,
            )
        rows_seen += archive.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    yield Finding("keys", Level.OK, f"{len(keyed)} tables", f"{rows_seen:,} rows looked at")
