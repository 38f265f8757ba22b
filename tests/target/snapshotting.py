"""Writes snapshots and makes archives of them, and compares archives. No test lives here."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.target.compacting import texts
from tests.target.harness import Archive
from tests.target.reading_harness import read

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# How texts are compressed is the archive's own matter, and so is what no table of rows is made of.
_COMPRESSED = {"payload", "_payload_base_rowid", "doc", "_doc_base_rowid", "line"}
_OWN = {"_dictionaries", "sqlite_sequence", "sqlite_stat1", "sqlite_stat4"}


def export(archive: Archive, output: Path, *arguments: str) -> dict[str, Any]:
    """Write a snapshot, which must go well; give its manifest."""
    done = read("export", str(archive.path), "-o", str(output), "--json", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def restore(snapshot: Path, folder: Path, *arguments: str) -> Archive:
    """Make an archive of a snapshot, which must go well."""
    folder.mkdir()
    made = Archive(folder)
    done = read("import", str(made.path), str(snapshot), *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.name for path in folder.iterdir()} == {"archive.db", "target.json"}
    return made


def content(archive: Archive) -> dict[str, Any]:
    """Give all that an archive holds, texts as texts."""
    found: dict[str, Any] = {"payloads": texts(archive.path)}
    with closing(sqlite3.connect(archive.path)) as connection:
        connection.row_factory = sqlite3.Row
        shapes = connection.execute("SELECT type, name, tbl_name FROM sqlite_master").fetchall()
        found["shape"] = {tuple(row) for row in shapes if row["name"] not in _OWN}
        for kind, name, _ in found["shape"]:
            if kind == "table" and name not in _OWN and "_fts" not in name:
                rows = [dict(row) for row in connection.execute(f'SELECT * FROM "{name}"')]
                kept = [sorted((k, v) for k, v in r.items() if k not in _COMPRESSED) for r in rows]
                found[name] = sorted(map(repr, kept))
                columns = connection.execute(f'PRAGMA table_info("{name}")').fetchall()
                found[f"columns of {name}"] = [
                    (row["name"], row["type"])
                    for row in columns
                    if not row["name"].startswith(("_payload_", "_doc_"))
                ]
                found[f"links of {name}"] = {
                    tuple(row)[2:]
                    for row in connection.execute(f'PRAGMA foreign_key_list("{name}")')
                }
        lines = connection.execute("SELECT line FROM _quarantine ORDER BY id")
        found["lines"] = [zstd.decompress(row["line"]) for row in lines]
    return found
