"""Ours work with what is not ours: two public taps into our target, our tap into a public target.

Each public program has an environment of its own; where one is missing, its test fails.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.pipeline import archive, programs
from tests.pipeline.conftest import tap_config
from tests.pipeline.dbase import Field, table
from tests.sandbox.process import Sandbox

PEOPLE: list[dict[str, Any]] = [
    {
        "id": 1,
        "name": "Synthetic Sam",
        "email": "sam@example.com",
        "active": True,
        "score": 1.5,
        "tags": ["a", "b"],
        "address": {"city": "Ümlaut", "zip": None},
    },
    {
        "id": 2,
        "name": "Zoë 😀 مرحبا",
        "email": None,
        "active": False,
        "score": None,
        "tags": [],
        "address": {},
    },
]


def from_peer(folder: Path, tap: str, config: dict[str, Any]) -> programs.Piped:
    """Run a public tap into our target; the archive is `archive.db` in the folder."""
    settings = {"database": str(folder / "archive.db")}
    done = programs.pipe(
        [programs.peer(tap), "--config", programs.write_json(folder / "tap.json", config)],
        [
            programs.program(programs.TARGET),
            "--config",
            programs.write_json(folder / "target.json", settings),
        ],
        folder,
    )
    assert (done.tap.code, done.target.code) == (0, 0), done.tap.err + done.target.err
    return done


def test_tap_jsonl_fills_a_table_with_nested_values_and_its_state_comes_out(
    tmp_path: Path,
) -> None:
    lines = "".join(json.dumps(person) + "\n" for person in PEOPLE)
    (tmp_path / "people.jsonl").write_text(lines, "utf-8")
    config = {"path": str(tmp_path / "people.jsonl"), "primary_keys": ["id"]}
    done = from_peer(tmp_path, "tap-jsonl", config)
    found = archive.rows(tmp_path / "archive.db", "SELECT * FROM jsonl ORDER BY id")
    assert len(found) == len(PEOPLE)
    for row, person in zip(found, PEOPLE, strict=True):
        wrong = [name for name, value in person.items() if not archive.same(row[name], value)]
        assert wrong == []
    assert done.states[-1]["bookmarks"]["jsonl"]["replication_key"] == "_sdc_last_modified"


def test_tap_jsonl_again_updates_its_rows_and_doubles_none(tmp_path: Path) -> None:
    config = {"path": str(tmp_path / "people.jsonl"), "primary_keys": ["id"]}
    for name in ("Synthetic Sam", "Synthetic Samantha"):
        person = {**PEOPLE[0], "name": name}
        (tmp_path / "people.jsonl").write_text(json.dumps(person) + "\n", "utf-8")
        from_peer(tmp_path, "tap-jsonl", config)
    found = archive.rows(tmp_path / "archive.db", "SELECT name FROM jsonl")
    assert found == [{"name": "Synthetic Samantha"}]


def test_tap_dbf_fills_a_table_without_a_key(tmp_path: Path) -> None:
    fields = [
        Field("NAME", "C", 20),
        Field("COUNT", "N", 8),
        Field("PRICE", "N", 10, 2),
        Field("OPEN", "L", 1),
        Field("SINCE", "D", 8),
    ]
    rows = [["Synthetic Shop", "42", "1.10", "T", "20240131"], ["Café", "", "", "?", ""]]
    (tmp_path / "shops.dbf").write_bytes(table(fields, rows))
    from_peer(tmp_path, "tap-dbf", {"path": str(tmp_path / "*.dbf")})
    sql = "SELECT NAME, COUNT, PRICE, OPEN, SINCE FROM shops ORDER BY _sdc_row_index"
    assert archive.rows(tmp_path / "archive.db", sql) == [
        {"NAME": "Synthetic Shop", "COUNT": 42, "PRICE": 1.1, "OPEN": 1, "SINCE": "2024-01-31"},
        {"NAME": "Café", "COUNT": None, "PRICE": None, "OPEN": None, "SINCE": None},
    ]


def test_our_tap_fills_a_public_target(sandbox: Sandbox, tmp_path: Path) -> None:
    destination = {"destination_path": str(tmp_path / "out"), "do_timestamp_file": False}
    done = programs.pipe(
        [
            programs.program(programs.TAP),
            "--config",
            programs.write_json(tmp_path / "tap.json", tap_config(sandbox)),
        ],
        [
            programs.peer("target-jsonl"),
            "--config",
            programs.write_json(tmp_path / "target.json", destination),
        ],
        tmp_path,
    )
    assert (done.tap.code, done.target.code) == (0, 0), done.tap.err + done.target.err
    for stream in ("conversations", "conversation_parts", "contacts", "calls", "articles"):
        lines = (tmp_path / "out" / f"{stream}.jsonl").read_text("utf-8").rstrip("\n").split("\n")
        found = {record["id"]: record for record in map(json.loads, lines)}
        truth = {row["id"]: row for row in sandbox.truth(stream)}
        assert found.keys() == truth.keys()
        assert all({**found[key], **row} == found[key] for key, row in truth.items())
    assert done.states[-1]["bookmarks"]["conversations"]["high_water_mark"]
