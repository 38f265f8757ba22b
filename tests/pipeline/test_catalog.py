"""What a user deselects or maps in the catalog is neither archived nor paid for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tap_intercom_archive.resources import RESOURCES
from target_sqlite_archive.known_tables import TRACED
from tests.pipeline import archive, programs
from tests.pipeline.conftest import tap_config
from tests.sandbox.process import Sandbox


def archived(sandbox: Sandbox, folder: Path, catalog: dict[str, Any]) -> dict[str, int]:
    """Archive with a catalog; give the requests by route."""
    sandbox.reset_requests()
    done = programs.archive_run(folder, tap_config(sandbox), catalog=catalog)
    assert (done.tap.code, done.target.code) == (0, 0), done.tap.err + done.target.err
    routes: dict[str, int] = sandbox.requests()["by_route"]
    return routes


def test_verify_knows_what_each_stream_that_is_cut_from_another_is_of() -> None:
    """The others' rows are of payloads of their own, which `verify` finds by itself."""
    cut = {cut.name: resource.name for resource in RESOURCES for cut in resource.cuts}
    known = {traced.table: traced.stream for traced in TRACED}
    assert {table: known.get(table) for table in cut} == cut


def test_deselected_streams_cost_no_calls(sandbox: Sandbox, tmp_path: Path) -> None:
    routes = archived(sandbox, tmp_path, programs.catalog("admins", "tags"))
    assert routes.keys() <= {"GET /me", "GET /admins", "GET /tags"}
    assert archive.tables(tmp_path / "archive.db") == {"admins", "tags"}


def test_parts_are_archived_without_their_conversations(sandbox: Sandbox, tmp_path: Path) -> None:
    archived(sandbox, tmp_path, programs.catalog("conversation_parts"))
    assert archive.tables(tmp_path / "archive.db") == {"conversation_parts"}
    found = archive.rows(tmp_path / "archive.db", "SELECT count(*) AS n FROM conversation_parts")
    assert found == [{"n": len(sandbox.truth("conversation_parts"))}]


def test_payload_id_is_there_when_payloads_are_deselected(sandbox: Sandbox, tmp_path: Path) -> None:
    archived(sandbox, tmp_path, programs.catalog("teams"))
    sql = "SELECT payload_id FROM teams"
    assert all(len(row["payload_id"]) == 64 for row in archive.rows(tmp_path / "archive.db", sql))


def test_stream_map_renames_and_hashes(sandbox: Sandbox, tmp_path: Path) -> None:
    maps = {
        "contacts": {"__alias__": "people", "email": "md5(record['email'] or '')"},
        "__else__": None,
    }
    config = tap_config(sandbox, stream_maps=maps, stream_map_config={})
    done = programs.archive_run(tmp_path, config)
    assert (done.tap.code, done.target.code) == (0, 0), done.tap.err + done.target.err
    assert archive.tables(tmp_path / "archive.db") == {"people"}
    emails = archive.rows(tmp_path / "archive.db", "SELECT email FROM people")
    assert len(emails) == len(sandbox.truth("contacts"))
    assert all(len(row["email"]) == 32 for row in emails)
