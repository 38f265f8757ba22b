"""An archive of an older layout is read as it is, and upgraded by the first run that writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from target_sqlite_archive.internal import LAYOUT
from tests.target.compacting import texts
from tests.target.growing import TEXT
from tests.target.harness import Archive, bookmark, record, schema, state
from tests.target.older import LAYOUTS, load
from tests.target.reading_harness import found, read, verified

STATE = state(bookmark("notes", 229))
DOC = {**TEXT, "contentMediaType": "application/json"}
NOTES = schema(
    "notes",
    {
        "id": "string",
        "doc": DOC,
        "_doc_base_rowid": TEXT,
        "body_text": {**TEXT, "contentMediaType": "text/plain"},
    },
)
PAYLOADS = schema(
    "raw_payloads",
    {
        "id": "string",
        "stream": TEXT,
        "record_id": TEXT,
        "payload": {
            **DOC,
            "x-sql-datatype-properties": {"version_of": ["stream", "record_id"]},
        },
    },
)
COUNTS = schema("counts", {"id": "string", "n": "integer"})


@pytest.fixture
def old(archive: Archive) -> Archive:
    """An archive of layout 1."""
    load(archive.path, 1)
    assert archive.query("PRAGMA user_version") == [(1,)]
    return archive


def test_there_is_an_archive_of_every_older_layout() -> None:
    kept = {path.name for path in LAYOUTS.iterdir()}
    assert kept == {f"layout_{number}.sql" for number in range(1, LAYOUT)}


def test_readers_read_it_as_it_is(old: Archive) -> None:
    content = old.path.read_bytes()
    assert verified(old)["well"]
    assert any("5 texts" in f["what"] for f in found(old, "ok"))
    assert read("state", str(old.path)).returncode == 0
    assert old.path.read_bytes() == content


@pytest.mark.parametrize("layout", range(1, LAYOUT))
def test_every_older_layout_is_read_upgraded_and_gets_all_that_is_new(
    archive: Archive, tmp_path: Path, layout: int
) -> None:
    load(archive.path, layout)
    kept = texts(archive.path) if layout > 1 else {}
    assert verified(archive)["well"]
    archive.feed(STATE, COUNTS, record("counts", {"id": "3", "n": 7}), STATE)
    (tmp_path / "new").mkdir()
    new = Archive(tmp_path / "new")
    new.feed(COUNTS, STATE)
    tables = "SELECT name, sql FROM sqlite_master WHERE name LIKE '\\_%' ESCAPE '\\' ORDER BY 1"
    columns = "SELECT name, type, pk FROM pragma_table_info('{}')"
    for name, _ in new.query(tables):
        assert set(archive.query(columns.format(name))) == set(new.query(columns.format(name)))
    assert archive.query("PRAGMA user_version") == [(LAYOUT,)]
    assert kept.items() <= texts(archive.path).items()
    assert verified(archive)["well"]


def test_a_run_upgrades_it_and_goes_on(old: Archive) -> None:
    before = old.query("SELECT id, _payload_sha256, _payload_emptied_at FROM raw_payloads")
    old.feed(STATE, COUNTS, record("counts", {"id": "2", "n": 6}), STATE)
    assert old.query("PRAGMA user_version") == [(LAYOUT,)]
    assert old.query("SELECT id, n FROM counts") == [("1", 5), ("2", 6)]
    assert old.query("SELECT id, _payload_sha256, _payload_emptied_at FROM raw_payloads") == before
    kept = texts(old.path)
    assert {key for key, text in kept.items() if text is None} == {"228-1"}
    assert json.loads(kept["229-2"] or "")["version"] == 2
    assert verified(old)["well"]


def test_it_has_what_a_new_archive_has(old: Archive, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    new = Archive(tmp_path / "new")
    for archive in (old, new):
        archive.feed(NOTES, PAYLOADS, COUNTS, STATE)
    shape = "SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY 1, 2"
    assert old.query(shape) == new.query(shape)
    for table in ("_dictionaries", "_meta", "raw_payloads"):
        names = f"SELECT name, type FROM pragma_table_info('{table}') ORDER BY name"
        assert set(old.query(names)) >= set(new.query(names))


def test_a_column_that_has_a_name_needed_now_gets_another(old: Archive) -> None:
    old.feed(STATE, NOTES, record("notes", {"id": "230", "_doc_base_rowid": "another"}), STATE)
    names = json.loads(old.query("SELECT columns FROM _streams WHERE stream = 'notes'")[0][0])
    moved = names["_doc_base_rowid"]
    assert moved != "_doc_base_rowid"
    assert old.query(f'SELECT id, "{moved}" FROM notes WHERE "{moved}" NOT NULL') == [
        ("229", "a name of its own"),
        ("230", "another"),
    ]
    assert old.query("SELECT count(_doc_base_rowid) FROM notes") == [(0,)]
    old.check_index("notes")


def test_it_is_compacted_at_once(old: Archive) -> None:
    hashes = old.query("SELECT id, _payload_sha256 FROM raw_payloads")
    done = read("compact", str(old.path), "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["rewritten"]["texts"] == 6
    assert old.query("PRAGMA user_version") == [(LAYOUT,)]
    assert old.query("SELECT id, _payload_sha256 FROM raw_payloads") == hashes
    assert [key for key, text in texts(old.path).items() if text is None] == ["228-1"]
    assert verified(old)["well"]


def test_a_refused_run_leaves_it_as_it_was(old: Archive) -> None:
    content = old.path.read_bytes()
    outcome = old.run(state(bookmark("notes", 999)), COUNTS)
    assert outcome.code == 1
    assert "never committed" in outcome.errors[0]
    assert old.path.read_bytes() == content
