"""`sqlite-archive compact` makes an archive smaller and changes no text."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from target_sqlite_archive.compaction.rewriting import LONGEST_CHAIN
from target_sqlite_archive.errors import DatabaseError
from tests.pipeline.archive import Texts
from tests.target.compacting import compact, depths, texts
from tests.target.growing import END, SCHEMA, arriving, expected, payload, payload_id, versions
from tests.target.harness import Archive, record, schema
from tests.target.reading_harness import COMMAND, found, read, tamper, verified

OBJECTS = [versions(seed, 6) for seed in range(130)]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of 130 objects in six versions each."""
    archive = Archive(tmp_path_factory.mktemp("template"))
    archive.feed(*arriving(OBJECTS))
    return archive.path


@pytest.fixture
def filled(template: Path, archive: Archive) -> Archive:
    """A copy of it."""
    shutil.copy(template, archive.path)
    return archive


@pytest.fixture(scope="module")
def small_template(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, compacted."""
    path = tmp_path_factory.mktemp("small") / template.name
    shutil.copy(template, path)
    compact(path)
    return path


@pytest.fixture
def small(small_template: Path, archive: Archive) -> Archive:
    """A copy of that."""
    shutil.copy(small_template, archive.path)
    return archive


def compacted(archive: Archive) -> dict[str, Any]:
    done = read("compact", str(archive.path), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_texts_stay_and_older_versions_become_deltas(filled: Archive) -> None:
    before = filled.query("SELECT sum(length(payload)) FROM raw_payloads")[0][0]
    told = compacted(filled)
    assert texts(filled.path) == expected(OBJECTS)
    assert told["rewritten"] == {"texts": 780, "deltas": 650}
    assert told["before"]["text_bytes"] == before
    assert told["after"]["text_bytes"] < before / 2
    assert told["after"]["file_bytes"] == filled.path.stat().st_size
    assert told["after"]["file_bytes"] < told["before"]["file_bytes"]
    assert verified(filled)["well"]
    assert {path.name for path in filled.path.parent.iterdir()} == {"archive.db", "target.json"}
    assert filled.path.stat().st_mode & 0o777 == 0o600


def test_a_second_time_changes_not_one_byte(small: Archive) -> None:
    content = small.path.read_bytes()
    told = compacted(small)
    assert small.path.read_bytes() == content
    assert (told["changed"], told["before"], told["space"]) == (False, told["after"], [])
    assert "nothing was changed" in read("compact", str(small.path)).stdout


def test_people_are_told_the_space_first_and_the_bytes_last(filled: Archive) -> None:
    size = filled.path.stat().st_size
    done = read("compact", str(filled.path))
    assert (done.returncode, done.stderr) == (0, "")
    first, *_, last = done.stdout.splitlines()
    assert first.startswith("takes up to ")
    assert first.endswith(" are free")
    after = filled.path.stat().st_size
    assert last == f"{filled.path}: {size:,} bytes before, {after:,} after"


def test_chains_stay_short(archive: Archive) -> None:
    grown = versions(1, 120)
    for until in (1, 40, 41, 42, 75, 120):
        archive.feed(*arriving([grown[:until]]))
        compacted(archive)
        assert max(depths(archive)) <= LONGEST_CHAIN
        assert texts(archive.path) == expected([grown[:until]])
    assert depths(archive).count(0) < 12
    assert verified(archive)["well"]


def test_later_versions_are_compacted_without_touching_what_is(small: Archive) -> None:
    grown = [versions(seed, 8) for seed in range(20)]
    small.feed(*arriving(grown))
    told = compacted(small)
    assert told["rewritten"] == {"texts": 60, "deltas": 40}
    assert texts(small.path) == expected(OBJECTS) | expected(grown)
    assert not compacted(small)["changed"]


def test_a_dictionary_is_trained_anew_when_most_texts_came_later(small: Archive) -> None:
    first = small.query("SELECT id FROM _dictionaries")
    more = [versions(1_000 + seed, 1) for seed in range(400)]
    small.feed(SCHEMA, *(payload(text[0], f"more {i}") for i, text in enumerate(more)), END)
    compacted(small)
    second = small.query("SELECT id FROM _dictionaries")
    assert len(first) == len(second) == 1
    assert first != second
    assert not compacted(small)["changed"]


def test_columns_without_versions_are_compacted_too(archive: Archive) -> None:
    doc = {"type": "string", "contentMediaType": "application/json"}
    wanted = [versions(seed, 3)[-1] for seed in range(150)]
    rows = [record("t", {"id": str(i), "doc": text}) for i, text in enumerate(wanted)]
    archive.feed(schema("t", {"id": "string", "doc": doc}), *rows, END)
    told = compacted(archive)
    assert told["rewritten"] == {"texts": 150, "deltas": 0}
    with closing(sqlite3.connect(archive.path)) as connection:
        docs = Texts(connection, "t", "doc")
        assert [docs.read(n + 1) for n in range(150)] == [text.encode() for text in wanted]
    archive.feed(schema("t", {"id": "string", "doc": doc}), *rows[:3])
    assert compacted(archive)["rewritten"] == {"texts": 0, "deltas": 0}


def test_a_few_texts_are_compacted_without_a_dictionary(archive: Archive) -> None:
    grown = [versions(seed, 2) for seed in range(3)]
    archive.feed(*arriving(grown))
    compacted(archive)
    assert depths(archive).count(1) == 3
    assert texts(archive.path) == expected(grown)
    assert not compacted(archive)["changed"]


def test_equal_and_tiny_versions_are_kept_apart(archive: Archive) -> None:
    odd = [["", "x", "", "xy", "x" * 7, "x" * 8, "x" * 9], ['{"a": 1}', "{}"]]
    archive.feed(*arriving(odd))
    compacted(archive)
    assert texts(archive.path) == expected(odd)
    assert not compacted(archive)["changed"]


def test_what_was_deleted_makes_the_file_smaller(small: Archive) -> None:
    before = small.path.stat().st_size
    tamper(small, "DELETE FROM raw_payloads WHERE record_id >= '3'")
    assert compacted(small)["changed"]
    assert small.path.stat().st_size < 0.8 * before
    assert not compacted(small)["changed"]


def test_a_damaged_text_is_left_and_named(filled: Archive) -> None:
    cut = "UPDATE raw_payloads SET payload = substr(payload, 1, 30) WHERE rowid = 300"
    tamper(filled, cut)
    blob = filled.query("SELECT payload FROM raw_payloads WHERE rowid = 300")
    done = read("compact", str(filled.path))
    assert done.returncode == 1
    assert "1 texts cannot be read, or differ from their hash" in done.stdout
    assert filled.query("SELECT payload FROM raw_payloads WHERE rowid = 300") == blob
    assert "Synthetic Sam" not in done.stdout + done.stderr
    tamper(filled, "DELETE FROM raw_payloads WHERE rowid = 300")
    wanted = expected(OBJECTS)
    del wanted[payload_id(OBJECTS[299 % 130][299 // 130], str(299 % 130))]
    assert texts(filled.path) == wanted


# Rows 1, 131 … 521 are the older versions of the first object, each a delta on the next, 651 is
# its newest. What is done, how many of these deltas are lost, how many texts are damaged.
DAMAGE = {
    "a base is damaged": (
        "UPDATE raw_payloads SET payload = substr(payload, 1, 30) WHERE rowid = 651",
        5,
        1,
    ),
    "a base is lost": ("DELETE FROM raw_payloads WHERE rowid = 651", 5, 0),
    "a base is another row": (
        "UPDATE raw_payloads SET _payload_base_rowid = 652 WHERE rowid = 521",
        4,
        1,
    ),
    "a base is the row itself": (
        "UPDATE raw_payloads SET _payload_base_rowid = 521 WHERE rowid = 521",
        5,
        0,
    ),
    "a base is no row": (
        "UPDATE raw_payloads SET _payload_base_rowid = 'x' WHERE rowid = 521",
        5,
        0,
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_broken_chain_is_named(small: Archive, name: str) -> None:
    damage, broken, damaged = DAMAGE[name]
    tamper(small, damage)
    wrong = {f["what"]: f["count"] for f in found(small, "wrong") if f["check"] == "payloads"}
    counts = {
        "texts are deltas on a newer version that is damaged or not there": broken,
        "texts cannot be read, or differ from their hash": damaged,
    }
    assert wrong == {what: count for what, count in counts.items() if count}


def test_a_running_writer_is_not_disturbed(filled: Archive) -> None:
    with filled.start() as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(f"{SCHEMA}\n{END}\n".encode())
        process.stdin.flush()
        process.stdout.readline()
        done = read("compact", str(filled.path))
        process.kill()
    assert (done.returncode, done.stdout) == (1, "")
    assert "is being written by another run" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_what_is_no_archive_is_refused_and_left_alone(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.db"
    with closing(sqlite3.connect(theirs)) as connection:
        connection.execute("CREATE TABLE t (a)")
    for path in (tmp_path / "missing.db", theirs):
        done = read("compact", str(path))
        assert (done.returncode, done.stdout) == (1, "")
        assert len(done.stderr.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["theirs.db"]


def test_without_the_space_nothing_is_changed(filled: Archive) -> None:
    content = filled.path.read_bytes()
    with pytest.raises(DatabaseError, match=r"takes up to [0-9,]+ bytes .*1,000 are free") as error:
        compact(filled.path, free=lambda folder: 1_000)
    assert "\n" not in str(error.value)
    assert filled.path.read_bytes() == content
    assert {path.name for path in filled.path.parent.iterdir()} == {"archive.db", "target.json"}


def readme(language: str) -> str:
    path = Path(__file__).parents[2] / "target-sqlite-archive" / "README.md"
    after = path.read_text().split("## Reading payloads with stock zstd", 1)[1]
    return after.split(f"```{language}\n", 1)[1].split("```", 1)[0]


def test_python_reads_all_texts_as_the_readme_says(small: Archive) -> None:
    small.feed(*arriving([versions(seed, 7) for seed in range(30)]))
    namespace: dict[str, Any] = {"path": str(small.path)}
    exec(readme("python"), namespace)
    rows = namespace["connection"].execute("SELECT rowid, sha256 FROM raw_payloads").fetchall()
    for row_id, sha256 in rows:
        assert hashlib.sha256(namespace["text"](row_id)).hexdigest() == sha256
    assert len(rows) == 780 + 30
    namespace["connection"].close()


@pytest.mark.skipif(shutil.which("zstd") is None, reason="the program zstd is not installed")
@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="the program sqlite3 is not installed")
def test_zstd_reads_a_whole_frame_and_a_delta_as_the_readme_says(
    filled: Archive, tmp_path: Path
) -> None:
    compacted(filled)
    ((number,),) = filled.query("SELECT id FROM _dictionaries")
    script = readme("shell").replace("archive.db", str(filled.path))
    for example, real in (("7", "521"), ("12", "651"), ("1909162790", str(number))):
        script = re.sub(rf"\b{example}\b", real, script)
    done = subprocess.run(
        ["sh", "-ec", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "651.json").read_text() == OBJECTS[0][5]
    assert (tmp_path / "521.json").read_text() == OBJECTS[0][4]


def test_a_stop_by_the_keyboard_is_one_line_and_leaves_a_plain_file(filled: Archive) -> None:
    command = [COMMAND, "compact", str(filled.path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        lock = filled.path.with_name("archive.db.lock")
        while not lock.exists() and process.poll() is None:
            pass
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert process.returncode == 128 + signal.SIGINT
    assert len(err.splitlines()) == 1
    assert "stopped" in err
    assert {path.name for path in filled.path.parent.iterdir()} == {"archive.db", "target.json"}
    assert verified(filled)["well"]
    compacted(filled)
    assert texts(filled.path) == expected(OBJECTS)


def test_a_base_that_cannot_be_read_is_not_deleted(small: Archive) -> None:
    small.configure(hard_delete=True)
    tamper(small, "UPDATE raw_payloads SET payload = substr(payload, 1, 30) WHERE rowid = 651")
    content = small.path.read_bytes()
    gone = {"id": payload_id(OBJECTS[0][5], "0"), "_sdc_deleted_at": "2026-01-02T03:04:05Z"}
    outcome = small.run(SCHEMA, record("raw_payloads", gone))
    assert outcome.code == 1
    (error,) = outcome.errors
    assert "is damaged" in error
    assert "sqlite-archive verify" in error
    assert "Synthetic Sam" not in outcome.err
    assert small.query("SELECT count(*) FROM raw_payloads") == [(780,)]
    assert len(content) == small.path.stat().st_size
