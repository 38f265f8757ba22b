"""A later run from the last state pays only for what changed, and misses none of it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.pipeline import archive, programs
from tests.pipeline.conftest import Filled, tap_config
from tests.sandbox.process import Sandbox

# Two changes in one second look alike, so an object is fetched again until it has stood still.
SETTLE_SECONDS = 60


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[Filled]:
    """A small workspace of the test's own, archived once while it stands still."""
    with Sandbox.start(seed=2, conversations=80) as sandbox:
        sandbox.change(0, seconds=SETTLE_SECONDS)
        done = programs.archive_run(tmp_path, tap_config(sandbox))
        assert (done.tap.code, done.target.code) == (0, 0), done.tap.err + done.target.err
        requests = sandbox.requests()
        sandbox.reset_requests()
        yield Filled(sandbox, tmp_path, done, requests)


def again(filled: Filled) -> programs.Piped:
    """Run once more from the last state that left the target."""
    config = tap_config(filled.sandbox)
    done = programs.archive_run(filled.folder, config, state=filled.run.states[-1])
    assert (done.tap.code, done.target.code) == (0, 0), done.tap.err + done.target.err
    return done


def hydrations(sandbox: Sandbox) -> Counter[str]:
    """Count the fetches of each conversation since the last reset."""
    routes = {path.split("?")[0] for _, path, *_ in sandbox.log()}
    searched = {path for path in routes if path.startswith("/conversations/")}
    lists = {f"/conversations/{name}" for name in ("search", "deleted", "attributes")}
    fetched = searched - lists
    return Counter(
        path.split("?")[0].removeprefix("/conversations/")
        for method, path, *_ in sandbox.log()
        if method == "GET" and path.split("?")[0] in fetched
    )


def test_run_over_an_unchanged_workspace_fetches_no_conversation(quiet: Filled) -> None:
    before = archive.rows(quiet.archive, "SELECT count(*) AS n FROM raw_payloads")
    again(quiet)
    assert not hydrations(quiet.sandbox)
    assert archive.rows(quiet.archive, "SELECT count(*) AS n FROM raw_payloads") == before


def test_each_changed_conversation_is_fetched_exactly_once(quiet: Filled) -> None:
    changed = quiet.sandbox.change(12, seconds=SETTLE_SECONDS)
    quiet.sandbox.change(0, seconds=SETTLE_SECONDS)
    again(quiet)
    expected = set(changed["conversations"]) & {
        row["id"] for row in quiet.sandbox.truth("conversations")
    }
    assert expected
    assert hydrations(quiet.sandbox) == Counter(dict.fromkeys(expected, 1))


def test_archive_holds_the_workspace_as_it_is_after_changes(quiet: Filled) -> None:
    quiet.sandbox.change(25, seconds=SETTLE_SECONDS)
    quiet.sandbox.change(0, seconds=SETTLE_SECONDS)
    again(quiet)
    for stream in ("conversations", "contacts", "articles", "calls"):
        truth = {row["id"]: row for row in quiet.sandbox.truth(stream)}
        found = archive.rows(quiet.archive, f"SELECT * FROM {stream}")
        stored = {row["id"]: row for row in found if row["_sdc_deleted_at"] is None}
        assert truth.keys() <= stored.keys()
        wrong = [
            f"{stream} {key} {column}"
            for key, row in truth.items()
            for column, value in row.items()
            if not archive.same(stored[key][column], value)
        ]
        assert not wrong


def test_older_versions_of_a_changed_conversation_stay(quiet: Filled) -> None:
    changed = quiet.sandbox.change(12, seconds=SETTLE_SECONDS)
    quiet.sandbox.change(0, seconds=SETTLE_SECONDS)
    known = {row["id"] for row in archive.rows(quiet.archive, "SELECT id FROM conversations")}
    again(quiet)
    sql = "SELECT count(*) AS n FROM raw_payloads WHERE stream = 'conversations' AND record_id = ?"
    grown = known & set(changed["conversations"])
    assert grown
    for conversation in grown:
        assert archive.rows(quiet.archive, sql, conversation)[0]["n"] >= 2


def test_a_compacted_archive_is_the_same_and_goes_on(quiet: Filled) -> None:
    quiet.sandbox.change(12, seconds=SETTLE_SECONDS)
    quiet.sandbox.change(0, seconds=SETTLE_SECONDS)
    again(quiet)
    before = payloads(quiet.archive)
    done = programs.run(programs.program("sqlite-archive"), "compact", str(quiet.archive))
    assert done.code == 0, done.out + done.err
    assert payloads(quiet.archive) == before
    deltas = "SELECT count(*) AS n FROM raw_payloads WHERE _payload_base_rowid IS NOT NULL"
    assert archive.rows(quiet.archive, deltas)[0]["n"] >= 5
    quiet.sandbox.change(12, seconds=SETTLE_SECONDS)
    quiet.sandbox.change(0, seconds=SETTLE_SECONDS)
    again(quiet)
    after = payloads(quiet.archive)
    assert after.items() > before.items()
    done = programs.run(programs.program("sqlite-archive"), "verify", str(quiet.archive))
    assert done.code == 0, done.out + done.err


def payloads(path: Path) -> dict[str, bytes | None]:
    """Read every payload back, as an outsider does."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        texts = archive.Texts(connection)
        rows = connection.execute("SELECT id, rowid FROM raw_payloads").fetchall()
        return {key: texts.read(row_id) for key, row_id in rows}


def test_state_has_the_high_water_mark_where_others_rely_on_it(quiet: Filled) -> None:
    bookmarks = quiet.run.states[-1]["bookmarks"]
    assert bookmarks["conversations"]["high_water_mark"]
