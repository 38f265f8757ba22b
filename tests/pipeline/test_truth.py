"""After one run the archive holds the whole truth: every row, every column, every byte."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from tap_intercom_archive.resources import RESOURCES
from tests.pipeline import archive
from tests.pipeline.conftest import Filled

KEYS = {resource.name: resource.keys for resource in RESOURCES} | {
    cut.name: cut.keys for resource in RESOURCES for cut in (*resource.cuts, *resource.fed)
}

LINKS = {"rowid", "payload_id", "list_payload_id"}


def by_key(rows: list[dict[str, Any]], stream: str) -> dict[tuple[object, ...], dict[str, Any]]:
    indexed = {tuple(row[key] for key in KEYS[stream]): row for row in rows}
    assert len(indexed) == len(rows), f"{stream} has two rows with one key"
    return indexed


@pytest.mark.parametrize("stream", sorted(KEYS))
def test_every_row_equals_the_workspaces_own_truth(filled: Filled, stream: str) -> None:
    truth = by_key(filled.sandbox.truth(stream), stream)
    found = by_key(archive.rows(filled.archive, f"SELECT * FROM {stream}"), stream)
    assert truth, f"the workspace has no {stream}"
    assert found.keys() == truth.keys()
    wrong = [
        f"{key} {column}: {found[key].get(column)!r} for {value!r}"
        for key, row in truth.items()
        for column, value in row.items()
        if column not in found[key] or not archive.same(found[key][column], value)
    ]
    assert not wrong, "\n".join([f"{len(wrong)} columns differ", *wrong[:20]])


@pytest.mark.parametrize("stream", sorted(KEYS))
def test_truth_names_every_column_that_the_tap_declares(filled: Filled, stream: str) -> None:
    found = archive.rows(filled.archive, f"SELECT * FROM {stream} LIMIT 1")[0]
    columns = {name for name in found if not name.startswith("_sdc_")} - LINKS
    assert columns == filled.sandbox.truth(stream)[0].keys()


def test_no_row_is_retired_or_in_quarantine(filled: Filled) -> None:
    assert archive.rows(filled.archive, "SELECT stream, reason FROM _quarantine") == []
    for stream in KEYS:
        sql = f"SELECT count(*) AS retired FROM {stream} WHERE _sdc_deleted_at IS NOT NULL"
        assert archive.rows(filled.archive, sql) == [{"retired": 0}], stream


def test_newest_payload_of_every_object_equals_what_is_served_byte_for_byte(
    filled: Filled,
) -> None:
    seen = 0
    for stream, record_id, payload in archive.newest_payloads(filled.archive):
        # Signed addresses differ with each time it was served; one of these spellings it was.
        seen += 1
        assert payload in filled.sandbox.payloads(stream, record_id), f"{stream} {record_id}"
    assert seen >= len(filled.sandbox.truth("conversations"))


def test_every_object_has_a_payload(filled: Filled) -> None:
    have = {(stream, record_id) for stream, record_id, _ in archive.newest_payloads(filled.archive)}
    for resource in RESOURCES:
        for row in filled.sandbox.truth(resource.name):
            assert (resource.name, ":".join(row[key] for key in resource.keys)) in have


def test_every_payload_matches_its_hash(filled: Filled) -> None:
    hashes = {
        (row["stream"], row["record_id"], row["sha256"])
        for row in archive.rows(
            filled.archive, "SELECT stream, record_id, sha256 FROM raw_payloads"
        )
    }
    for stream, record_id, payload in archive.newest_payloads(filled.archive):
        assert (stream, record_id, hashlib.sha256(payload).hexdigest()) in hashes


@pytest.mark.parametrize("stream", sorted(KEYS))
def test_every_row_names_the_payload_that_it_came_from(filled: Filled, stream: str) -> None:
    sql = (
        f"SELECT count(*) AS lost FROM {stream} "
        "WHERE payload_id IS NULL OR payload_id NOT IN (SELECT id FROM raw_payloads)"
    )
    assert archive.rows(filled.archive, sql) == [{"lost": 0}]


def test_archive_at_rest_is_one_private_file(filled: Filled) -> None:
    beside = [path.name for path in filled.folder.glob("archive.db*")]
    assert not {"archive.db-wal", "archive.db-shm", "archive.db-journal"} & set(beside)
    assert filled.archive.stat().st_mode & 0o777 == 0o600
    assert archive.rows(filled.archive, "PRAGMA integrity_check") == [{"integrity_check": "ok"}]


def test_each_conversation_is_fetched_exactly_once(filled: Filled) -> None:
    conversations = len(filled.sandbox.truth("conversations"))
    assert filled.requests["by_route"]["GET /conversations/{id}"] == conversations
