"""An archive as the target makes it of the tap's catalog, without a row: what the file itself has.

Names, types, links and indexes are read from it; what they mean is left to the pages.
"""

from __future__ import annotations

import json
import re
import sqlite3
import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docs.generated.plugins import TARGET, run
from target_sqlite_archive.naming import quote

_INDEX_PARTS = re.compile(r".*_fts_(data|idx|content|docsize|config)")


@dataclass(frozen=True)
class Made:
    """A table, view or full-text index: its columns with their types, and its links by column."""

    name: str
    kind: str
    columns: Mapping[str, str]
    links: Mapping[str, tuple[str, str]]


def made_of(catalog: Mapping[str, Any]) -> dict[str, Made]:
    """Give all that is in an archive of the catalog's streams, optional views included."""
    lines = [
        {
            "type": "SCHEMA",
            "stream": entry["stream"],
            "schema": entry["schema"],
            "key_properties": entry["key_properties"],
        }
        for entry in catalog["streams"]
    ]
    with tempfile.TemporaryDirectory() as folder:
        path, config = Path(folder) / "archive.db", Path(folder) / "config.json"
        config.write_text(json.dumps({"database": str(path)}), "utf-8")
        stdin = "".join(f"{json.dumps(line)}\n" for line in lines)
        run(TARGET, "--config", str(config), stdin=stdin)
        run("sqlite-archive", "views", str(path), "--fivetran")
        with closing(sqlite3.connect(path)) as connection:
            return _read(connection)


def _read(connection: sqlite3.Connection) -> dict[str, Made]:
    listed = connection.execute(
        "SELECT name, CASE WHEN sql LIKE 'CREATE VIRTUAL%' THEN 'index' ELSE type END "
        "FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' "
        "ORDER BY rowid"
    ).fetchall()
    return {
        name: Made(
            name,
            kind,
            {row[1]: row[2] for row in connection.execute(f"PRAGMA table_info({quote(name)})")},
            {
                row[3]: (row[2], row[4])
                for row in connection.execute(f"PRAGMA foreign_key_list({quote(name)})")
            },
        )
        for name, kind in listed
        if not _INDEX_PARTS.fullmatch(name)
    }
