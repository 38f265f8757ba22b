"""What a person can cause ends in one clear line, exit code 1, and nothing lost."""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import subprocess
from pathlib import Path

import pytest

from tests.target.harness import Archive, Outcome, bookmark, record, schema, state

PROPERTIES = {"id": "string"}
GOOD = [
    schema("t", PROPERTIES),
    record("t", {"id": "1"}),
    state(bookmark("t", 1)),
    record("t", {"id": "2"}),
]


def refused(outcome: Outcome) -> str:
    """The one line that a person reads."""
    assert outcome.code == 1
    assert "Traceback" not in outcome.err
    assert len(outcome.errors) == 1, outcome.err
    return outcome.errors[0]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("this is not JSON", "Line 5 of the input is not a JSON object"),
        ('{"type": "RECORD", "stream": "t", "record": {"id": "3"', "Line 5 of the input"),
        ("[1, 2]", "Line 5 of the input is not a JSON object"),
        ("{}", "without a usable `type`"),
        ('{"type": "RECORD", "stream": "t"}', "without a usable `record`"),
        ('{"type": "RECORD", "record": {}}', "without a usable `stream`"),
        ('{"type": "STATE"}', "without a `value`"),
        (record("later", {"id": "1"}), "A RECORD of stream 'later' came before its SCHEMA"),
        ('{"type": "ACTIVATE_VERSION", "stream": "later", "version": 1}', "before its SCHEMA"),
        ('{"type": "ACTIVATE_VERSION", "stream": "t"}', "`version`"),
        (record("t", {"other": 1}), "lacks its key property (id)"),
        ('{"type": "SCHEMA", "stream": "u", "schema": {}}', "has no `properties`"),
        ('{"type": "SCHEMA", "schema": {"properties": {}}}', "without a `stream`"),
        (schema("u", {"a": "string"}, keys=("b",)), "key properties that it does not declare (b)"),
        (schema("u", {"a": {"type": "strange"}}, keys=()), "no valid JSON Schema"),
        (schema("u", {f"c{i}": "string" for i in range(3000)}, keys=()), "more columns"),
    ],
)
def test_a_bad_line_stops_the_run_and_what_came_before_is_kept(
    archive: Archive, bad: str, says: str
) -> None:
    outcome = archive.run(*GOOD, bad, record("t", {"id": "9"}))
    assert says in refused(outcome)
    assert outcome.states == [bookmark("t", 1)]
    assert archive.dump("t", "id") == [("1",), ("2",)]
    archive.load(*GOOD, record("t", {"id": "9"}))
    assert archive.dump("t", "id") == [("1",), ("2",), ("9",)]


def test_a_bad_line_is_not_shown(archive: Archive) -> None:
    outcome = archive.run(*GOOD, "sam@example.com says: hello", env={"LOGLEVEL": "DEBUG"})
    refused(outcome)
    assert "sam@example.com" not in outcome.err


def test_a_folder_is_no_archive(archive: Archive) -> None:
    archive.path.mkdir()
    assert "it is a folder" in refused(archive.run(*GOOD))


def test_a_missing_folder_is_named(archive: Archive) -> None:
    archive.path = archive.path.parent / "missing" / "archive.db"
    archive.configure()
    assert "its folder does not exist" in refused(archive.run(*GOOD))


def test_a_path_that_cannot_be_written_is_named(archive: Archive) -> None:
    archive.path = Path("/proc/archive.db")
    archive.configure()
    assert "Cannot write the archive /proc/archive.db" in refused(archive.run(*GOOD))


def test_a_file_that_is_no_sqlite_file_is_left_alone(archive: Archive) -> None:
    archive.path.write_text("Dear diary, today I met Synthetic Sam.")
    assert "is not an SQLite file" in refused(archive.run(*GOOD))
    assert archive.path.read_text() == "Dear diary, today I met Synthetic Sam."
    assert {p.name for p in archive.path.parent.iterdir()} == {"archive.db", "target.json"}


def test_an_sqlite_file_of_another_program_is_left_alone(archive: Archive) -> None:
    with sqlite3.connect(archive.path) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    connection.close()
    before = archive.path.read_bytes()
    assert "of another program" in refused(archive.run(*GOOD))
    assert archive.path.read_bytes() == before


def test_an_empty_file_becomes_an_archive(archive: Archive) -> None:
    archive.path.touch()
    archive.load(*GOOD)
    assert archive.dump("t", "id") == [("1",), ("2",)]


def test_a_newer_layout_is_refused(archive: Archive) -> None:
    archive.load(*GOOD)
    connection = sqlite3.connect(archive.path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert "has layout 99" in refused(archive.run(*GOOD))


def test_a_damaged_file_is_named(archive: Archive) -> None:
    archive.load(*GOOD)
    damaged = bytearray(archive.path.read_bytes())
    damaged[100:20_000] = b"\xff" * 19_900
    archive.path.write_bytes(damaged)
    assert "damaged" in refused(archive.run(*GOOD))


def test_a_file_that_another_program_holds_is_named(archive: Archive) -> None:
    archive.load(*GOOD)
    other = sqlite3.connect(archive.path, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    try:
        assert "Another program is writing" in refused(archive.run(*GOOD))
    finally:
        other.close()


def test_a_full_disk_ends_the_run_and_loses_nothing_acknowledged(archive: Archive) -> None:
    archive.load(*GOOD)
    size = archive.path.stat().st_size

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100_000, size + 100_000))

    lines = [schema("t", {"id": "string", "s": "string"})]
    lines += [record("t", {"id": f"new {i}", "s": "x" * 5000}) for i in range(2000)]
    done = subprocess.run(
        archive.command,
        input="\n".join([*lines, state(bookmark("t", 2))]).encode(),
        capture_output=True,
        preexec_fn=limit,
        check=False,
    )
    outcome = Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "could not write the archive" in refused(outcome)
    assert outcome.out == ""
    assert archive.query("SELECT count(*) FROM t WHERE id < '3'") == [(2,)]
    assert archive.query("PRAGMA integrity_check") == [("ok",)]


def test_a_wrong_setting_is_named(archive: Archive) -> None:
    archive.configure(payload_history="some")
    outcome = archive.run(*GOOD)
    assert outcome.code == 1
    assert "payload_history" in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize("text", ["{not json", "[1]", None])
def test_a_configuration_that_cannot_be_read_is_named(archive: Archive, text: str | None) -> None:
    archive.config_path.unlink()
    if text is not None:
        archive.config_path.write_text(text)
    assert "given with --config" in refused(archive.run(*GOOD))


def test_a_setting_that_does_not_exist_is_named(archive: Archive) -> None:
    archive.configure(databse="elsewhere.db")
    outcome = archive.run(*GOOD)
    assert outcome.code == 0
    assert "There is no setting `databse`" in outcome.err


def test_a_file_that_others_may_read_is_named(archive: Archive) -> None:
    archive.path.touch(mode=0o644)
    archive.path.chmod(0o644)
    outcome = archive.run(*GOOD)
    assert outcome.code == 0
    assert "chmod 600" in outcome.err


def test_what_is_no_ordinary_file_is_refused(archive: Archive) -> None:
    os.mkfifo(archive.path)
    assert "no ordinary file" in refused(archive.run(*GOOD))


@pytest.mark.parametrize("batch", [{}, {"encoding": {"format": "jsonl"}, "manifest": ["none"]}])
def test_a_batch_that_cannot_be_read_is_named(archive: Archive, batch: dict[str, object]) -> None:
    line = json.dumps({"type": "BATCH", "stream": "t", **batch})
    assert "Line 5 of the input is a BATCH" in refused(archive.run(*GOOD, line))
    assert archive.dump("t", "id") == [("1",), ("2",)]


def test_a_full_disk_for_states_leaves_one_plain_file(archive: Archive) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            archive.command,
            input="\n".join(GOOD).encode() + b"\n",
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert "takes no more" in refused(Outcome(done.returncode, "", done.stderr.decode()))
    assert archive.dump("t", "id") == [("1",), ("2",)]
    assert [path.name for path in archive.path.parent.glob(f"{archive.path.name}?*")] == []


def test_a_reader_of_states_that_goes_away_is_named(archive: Archive) -> None:
    with archive.start() as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        process.stdin.write("\n".join(GOOD).encode() + b"\n")
        process.stdin.close()
        err = process.stderr.read().decode()
    assert "has gone away" in refused(Outcome(process.returncode, "", err))
    assert archive.dump("t", "id") == [("1",), ("2",)]
