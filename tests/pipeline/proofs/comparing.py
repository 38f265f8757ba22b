"""Compare an archive with a workspace's own truth: what is missing, stale, wrongly dead or alive.

Reads with stock SQLite and stock zstd, and asks the workspace; nothing of our packages' code but
the names of streams and keys.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tap_intercom_archive.resources import RESOURCES
from tests.pipeline import archive
from tests.sandbox.process import Sandbox

Key = tuple[str, ...]
Row = dict[str, Any]

KEYS = {resource.name: resource.keys for resource in RESOURCES} | {
    cut.name: cut.keys for resource in RESOURCES for cut in (*resource.cuts, *resource.fed)
}
DEFAULT = tuple(
    name
    for resource in RESOURCES
    for name, selected in (
        (resource.name, resource.selected),
        *((cut.name, cut.selected) for cut in (*resource.cuts, *resource.fed)),
    )
    if selected
)
# What the idle proof's budget of fixed calls is for.
CORE = (
    *("admins", "teams", "tags", "collections", "articles", "contacts", "calls"),
    *("call_transcriptions", "conversations", "conversation_parts", "conversation_participants"),
    *("conversation_tags", "conversation_state_changes", "deleted_conversations"),
)
# Rows of these are current where their `payload_id` is their parent's: its column, its stream.
PARENTS = {
    "conversation_parts": ("conversation_id", "conversations"),
    "conversation_participants": ("conversation_id", "conversations"),
    "conversation_tags": ("conversation_id", "conversations"),
    "conversation_state_changes": ("conversation_id", "conversations"),
    "ticket_parts": ("ticket_id", "tickets"),
    "company_segments": ("company_id", "companies"),
    "company_notes": ("company_id", "companies"),
    "data_events": ("contact_id", "contacts"),
    "side_conversations": ("conversation_id", "conversations"),
    "handling_events": ("conversation_id", "conversations"),
    "article_versions": ("article_id", "articles"),
    "article_drafts": ("id", "articles"),
    **{
        f"contact_{name}": ("contact_id", "contacts")
        for name in ("tags", "companies", "notes", "segments", "subscriptions", "merge_history")
    },
}
_SIGNED = archive.SIGNED_QUERY.pattern.decode()
_SHOWN = 12


@dataclass
class Verdict:
    """What a comparison found, each finding by name; `rows` is how many rows the truth has."""

    rows: int = 0
    payloads: int = 0
    missing: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    dead: list[str] = field(default_factory=list)
    undead: list[str] = field(default_factory=list)
    corrupt: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether nothing was found."""
        return not (self.missing or self.stale or self.dead or self.undead or self.corrupt)

    def __str__(self) -> str:
        """Count on one line."""
        return (
            f"{self.rows:,} rows and {self.payloads:,} payloads compared: "
            f"{len(self.missing)} missing, {len(self.stale)} stale, "
            f"{len(self.dead)} falsely deleted, {len(self.undead)} vanished but current, "
            f"{len(self.corrupt)} corrupt"
        )

    def explain(self) -> str:
        """Count, and name the first findings."""
        lines = [str(self)]
        for name in ("missing", "stale", "dead", "undead", "corrupt"):
            lines += [f"  {name}: {finding}" for finding in getattr(self, name)[:_SHOWN]]
        return "\n".join(lines)


class Archive:
    """An archive file as an outsider reads it, kept open for many questions."""

    def __init__(self, path: Path) -> None:
        """Open the file, to be read only."""
        self._connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        self._connection.row_factory = sqlite3.Row
        self._texts = archive.Texts(self._connection)

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()

    def ask(self, sql: str, *values: object) -> Iterator[sqlite3.Row]:
        """Give the rows of a query."""
        return iter(self._connection.execute(sql, values))

    def has(self, table: str) -> bool:
        """Whether there is such a table."""
        sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
        return next(self.ask(sql, table), None) is not None

    def by_key(self, stream: str) -> dict[Key, Row]:
        """Give a stream's rows, the retired ones too; two rows with one key fail."""
        if not self.has(stream):
            return {}
        found: dict[Key, Row] = {}
        for row in self.ask(f"SELECT * FROM {stream}"):
            key = tuple(str(row[name]) for name in KEYS[stream])
            assert key not in found, f"{stream} has two rows with the key {key}"
            found[key] = dict(row)
        return found

    def payload(self, payload_id: str) -> tuple[bytes, str] | None:
        """Give a payload's exact bytes and the hash that the tap gave it."""
        sql = "SELECT rowid, sha256 FROM raw_payloads WHERE id = ?"
        row = next(self.ask(sql, payload_id), None)
        text = None if row is None else self._texts.read(row["rowid"])
        return None if row is None or text is None else (text, row["sha256"])


def compare(
    sandbox: Sandbox, path: Path, streams: Iterable[str] = DEFAULT, without: str = ""
) -> Verdict:
    """Hold an archive against the truth of a workspace that stands still.

    `without` is the id of a conversation that is left out of the truth.
    """
    verdict = Verdict()
    with closing(Archive(path)) as kept:
        tables = _Tables(kept)
        for stream in sorted(streams):
            rows, current = tables.rows(stream), tables.current(stream)
            truth = _truth(sandbox, stream, without)
            _compare_rows(verdict, stream, truth, rows, current)
            if stream not in PARENTS:
                _compare_payloads(
                    verdict, sandbox, stream, kept, [rows[key] for key in current & truth.keys()]
                )
            if stream == "conversation_parts":
                once = _truth(sandbox, stream, without, served=True)
                once = {key: row for key, row in once.items() if key not in truth}
                _compare_rows(verdict, stream, once, rows, set(once))
            for key in _vanished(sandbox, stream):
                if key in current:
                    verdict.undead.append(f"{stream} {key} is known as gone")
    return verdict


class _Tables:
    """An archive's tables, each read once, and which of their rows it shows as current."""

    def __init__(self, kept: Archive) -> None:
        self._kept = kept
        self._rows: dict[str, dict[Key, Row]] = {}

    def rows(self, stream: str) -> dict[Key, Row]:
        if stream not in self._rows:
            self._rows[stream] = self._kept.by_key(stream)
        return self._rows[stream]

    def current(self, stream: str) -> set[Key]:
        found = {key for key, row in self.rows(stream).items() if not row["_sdc_deleted_at"]}
        if stream == "conversations":
            found -= self.rows("deleted_conversations").keys()
        if stream == "call_transcriptions":
            # As current as the call that it is of.
            found &= self.current("calls")
        if stream not in PARENTS:
            return found
        column, parent = PARENTS[stream]
        newest = {key[0]: self.rows(parent)[key]["payload_id"] for key in self.current(parent)}
        rows = self.rows(stream)
        return {
            key for key in found if newest.get(str(rows[key][column])) == rows[key]["payload_id"]
        }


def _compare_rows(
    verdict: Verdict,
    stream: str,
    truth: dict[Key, Row],
    rows: dict[Key, Row],
    current: set[Key],
) -> None:
    verdict.rows += len(truth)
    for key, true in truth.items():
        found = rows.get(key)
        if found is None:
            verdict.missing.append(f"{stream} {key}")
        elif key not in current:
            verdict.dead.append(f"{stream} {key}")
        else:
            wrong = [
                f"{column} is {_shortly(found.get(column))} for {_shortly(value)}"
                for column, value in true.items()
                if column not in found or not same(found[column], value)
            ]
            if wrong:
                verdict.stale.append(f"{stream} {key}: {'; '.join(wrong[:3])}")
    verdict.undead.extend(f"{stream} {key}" for key in sorted(current - truth.keys()))


def _compare_payloads(
    verdict: Verdict, sandbox: Sandbox, stream: str, kept: Archive, rows: list[Row]
) -> None:
    for row in rows:
        record_id = ":".join(str(row[name]) for name in KEYS[stream])
        found = kept.payload(row["payload_id"])
        verdict.payloads += 1
        if found is None:
            verdict.missing.append(f"payload of {stream} {record_id}")
            continue
        payload, promised = found
        if hashlib.sha256(payload).hexdigest() != promised:
            verdict.corrupt.append(f"payload of {stream} {record_id}")
        elif payload not in sandbox.payloads(stream, record_id):
            verdict.stale.append(f"payload of {stream} {record_id}")


def _vanished(sandbox: Sandbox, stream: str) -> set[Key]:
    return {
        (key,) if isinstance(key, str) else tuple(map(str, key)) for key in sandbox.vanished(stream)
    }


def _truth(sandbox: Sandbox, stream: str, without: str, *, served: bool = False) -> dict[Key, Row]:
    """Give the true rows by key, but for those read from the conversation `without`."""
    column, parent = PARENTS.get(stream, ("id", stream))
    left_out = without if parent == "conversations" else ""
    return {
        tuple(str(row[name]) for name in KEYS[stream]): row
        for row in sandbox.truth(stream, served)
        if not left_out or str(row[column]) != left_out
    }


def same(stored: Any, true: Any) -> bool:
    """Whether a column holds a true value, expiring signatures in addresses aside."""
    return archive.same(stored, true) or archive.same(unsigned(stored), unsigned(true))


def unsigned(value: Any) -> Any:
    """Give a value without the signatures of the addresses in it."""
    if isinstance(value, str):
        return archive.without_signatures(value.encode()).decode()
    if isinstance(value, dict | list):
        return json.loads(unsigned(json.dumps(value, ensure_ascii=False)))
    return value


def _shortly(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def corruption(path: Path) -> list[str]:
    """Name what is wrong with a file as such: its pages, its payloads' hashes, rows kept apart."""
    with closing(Archive(path)) as kept:
        wrong = [str(row[0]) for row in kept.ask("PRAGMA integrity_check") if row[0] != "ok"]
        for row in kept.ask("SELECT id FROM raw_payloads"):
            found = kept.payload(row["id"])
            assert found is not None
            if hashlib.sha256(found[0]).hexdigest() != found[1]:
                wrong.append(f"payload {row['id']}")
        wrong += [f"in quarantine: {row[0]}" for row in kept.ask("SELECT stream FROM _quarantine")]
    return wrong
