"""Fill an archive with a history, replay it into an empty one, and hold the two side by side.

Both files are read as an outsider does.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.pipeline import archive, programs
from tests.pipeline.conftest import tap_config
from tests.sandbox.process import Sandbox

Row = tuple[tuple[str, Any], ...]
# What file storage signs anew at each fetch; a payload that differs in nothing else is not new.
_SIGNED = re.compile(r'(?:[?&]|&amp;)(?:expires|signature|req)=[^"&\\ ]*')


def fill_live(
    folder: Path,
    seed: int,
    conversations: int,
    catalog: Mapping[str, Any] | None = None,
    patience_seconds: float = programs.PATIENCE_SECONDS,
    **settings: Any,
) -> Path:
    """Fill `archive.db` by three runs over a workspace that changes, then stands still."""
    state: dict[str, Any] | None = None
    with Sandbox.start(
        seed=seed, conversations=conversations, change_every=5, seconds_per_request=4.0
    ) as sandbox:
        config = tap_config(sandbox, full_sweep_days=0, **settings)
        for number in range(3):
            if number == 2:
                sandbox.freeze()
            done = programs.archive_run(
                folder, config, state, catalog, patience_seconds=patience_seconds
            )
            assert (done.tap.code, done.target.code) == (0, 0), done.tap.err + done.target.err
            state = done.states[-1]
    return folder / "archive.db"


def replay(
    path: Path,
    folder: Path,
    catalog: Mapping[str, Any] | None = None,
    patience_seconds: float = programs.PATIENCE_SECONDS,
    **settings: Any,
) -> programs.Piped:
    """Replay an archive into `archive.db` in another folder, where nobody answers requests."""
    folder.mkdir(exist_ok=True)
    # No request could go unnoticed: the run would end in an error.
    config = {"replay_path": str(path), "api_url": "http://127.0.0.1:9", **settings}
    return programs.archive_run(folder, config, None, catalog, patience_seconds=patience_seconds)


def differences(one: Path, other: Path) -> list[str]:
    """Name what differs between two archives' tables, of `_sdc_*` since when a row is gone alone.

    Payloads are compared by their texts and the order in which they stand; of addresses in rows
    what file storage signs anew is left out.
    """
    found = []
    names = archive.tables(one)
    if names != archive.tables(other):
        found.append(f"tables: {sorted(names ^ archive.tables(other))}")
    for name in sorted(names & archive.tables(other)):
        left, right = _rows(one, name), _rows(other, name)
        found += [f"{name} lacks {row}" for row in sorted(left.keys() - right.keys())[:3]]
        found += [f"{name} has too much: {row}" for row in sorted(right.keys() - left.keys())[:3]]
        for key in left.keys() & right.keys():
            if left[key] != right[key]:
                wrong = set(left[key]) ^ set(right[key])
                found.append(f"{name} {key}: {sorted(wrong, key=str)[:4]}")
    for what, sql in _BESIDE.items():
        if archive.rows(one, sql) != archive.rows(other, sql):
            found.append(f"{what} differ")
    if _texts(one) != _texts(other):
        found.append("payloads' texts differ")
    return found


_BESIDE = {
    "payloads' order": "SELECT id, fetched_at FROM raw_payloads ORDER BY rowid",
    "returns": "SELECT payload_id, fetched_at FROM _sightings ORDER BY payload_id, fetched_at",
}


def _rows(path: Path, table: str) -> dict[str, Row]:
    """Give a table's rows by their keys."""
    keys = archive.rows(path, "SELECT key_properties AS k FROM _streams WHERE stream = ?", table)
    columns = [
        f'"{row["name"]}"'
        for row in archive.rows(path, f"PRAGMA table_info({table})")
        if not row["name"].startswith(("_sdc_", "_payload_")) and row["name"] != "payload"
    ]
    gone = "_sdc_deleted_at" if table != "raw_payloads" else "NULL"
    by_key: dict[str, Row] = {}
    for row in archive.rows(path, f"SELECT {', '.join(columns)}, {gone} AS gone FROM {table}"):
        key = " ".join(str(row[name]) for name in json.loads(keys[0]["k"]))
        assert key not in by_key
        by_key[key] = tuple((name, _unsigned(value)) for name, value in row.items())
    return by_key


def _unsigned(value: Any) -> Any:
    return _SIGNED.sub("", value) if isinstance(value, str) else value


def _texts(path: Path) -> dict[str, bytes | None]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        texts = archive.Texts(connection)
        rows = connection.execute("SELECT id, rowid FROM raw_payloads").fetchall()
        return {key: texts.read(row_id) for key, row_id in rows}
