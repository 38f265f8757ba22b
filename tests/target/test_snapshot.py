"""A snapshot gives an equal archive, opens with stock programs, and is whole or not taken."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyrage
import pytest

from tests.target.compacting import compact, texts
from tests.target.forgetting import COUNTS, GUESTED, OWN, SCHEMAS, WHO, fill, tap_state, workspace
from tests.target.harness import Archive, record, schema
from tests.target.older import load
from tests.target.reading_harness import COMMAND, read
from tests.target.snapshotting import content, export, restore

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


@pytest.fixture
def key(tmp_path: Path) -> pyrage.x25519.Identity:
    """A key pair, its secret half in `key.txt`."""
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "key.txt").write_text(f"# a comment\n{identity}\n")
    return identity


@pytest.mark.parametrize("compacted", [False, True])
def test_a_round_trip_gives_an_equal_archive(
    archive: Archive, tmp_path: Path, key: pyrage.x25519.Identity, compacted: bool
) -> None:
    odd = {"id": "odd", "n": 9_223_372_036_854_775_807, "x": 1.5, "who": '\u0001 é 😀 "\\'}
    fill(archive)
    archive.feed(
        schema("odds", {"id": "string", "n": "integer", "x": "number", "who": "string"}),
        record("odds", odd),
        record("odds", {"id": "none"}),
    )
    archive.feed(tap_state(2), *SCHEMAS, COUNTS, *workspace(1), tap_state(2))
    assert archive.query("SELECT count(*) FROM _sightings") != [(0,)]
    assert read("forget", str(archive.path), "--conversation", OWN).returncode == 0
    assert read("views", str(archive.path), "--fivetran").returncode == 0
    if compacted:
        compact(archive.path)
    sealed = tmp_path / "archive.jsonl.zst.age"
    told = export(archive, sealed, "--recipient", str(key.to_public()))
    assert sealed.stat().st_mode & 0o777 == 0o600
    made = restore(sealed, tmp_path / "made", "--identity", str(tmp_path / "key.txt"))
    before, after = content(archive), content(made)
    assert set(after) == set(before)
    for name, rows in before.items():
        assert after[name] == rows, name
    assert told["tables"]["conversations"]["rows"] == len(before["conversations"])
    assert read("verify", str(made.path), "--accept-quarantine").returncode == 0
    assert (
        export(made, tmp_path / "again.age", "--recipient", str(key.to_public()))["sha256"]
        == told["sha256"]
    )
    # What was forgotten stays so there, and a run goes on from its state.
    made.feed(tap_state(2), *SCHEMAS, COUNTS, *workspace(3), tap_state(3))
    assert made.query("SELECT count(*) FROM conversations WHERE id = ?", OWN) == [(0,)]


def test_an_archive_of_an_older_layout_is_exported(archive: Archive, tmp_path: Path) -> None:
    load(archive.path, 2)
    export(archive, tmp_path / "old.zst", "--plain")
    made = restore(tmp_path / "old.zst", tmp_path / "made")
    assert texts(made.path) == texts(archive.path)
    assert read("verify", str(made.path)).returncode == 0


def opened(sealed: Path, identity: Path) -> bytes:
    """Decrypt by the stock program where there is one."""
    program = shutil.which("age") or shutil.which("rage")
    assert program is not None
    done = subprocess.run(
        [program, "-d", "-i", str(identity), str(sealed)], capture_output=True, check=True
    )
    return done.stdout


def check_lines(text: bytes, told: dict[str, Any]) -> None:
    """The lines must be those that the manifest counts."""
    lines = [json.loads(line) for line in text.splitlines()]
    assert lines[0]["snapshot"]["version"] == 1
    tables = [line["table"] for line in lines if "row" in line]
    manifest = lines[-1]["manifest"]
    assert manifest["sha256"] == told["sha256"]
    assert {name: tables.count(name) for name in set(tables)} == {
        name: count for name, (count, _) in manifest["tables"].items()
    }
    for line in text.splitlines():
        value = json.loads(line)
        written = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        assert written.encode() == line


def test_the_libraries_alone_open_it(
    archive: Archive, tmp_path: Path, key: pyrage.x25519.Identity
) -> None:
    fill(archive, 3)
    sealed = tmp_path / "sealed"
    told = export(archive, sealed, "--recipient", str(key.to_public()))
    check_lines(zstd.decompress(pyrage.decrypt(sealed.read_bytes(), [key])), told)


@pytest.mark.skipif(shutil.which("zstd") is None, reason="the program zstd is not installed")
def test_the_stock_program_zstd_opens_a_plain_one(archive: Archive, tmp_path: Path) -> None:
    fill(archive, 3)
    told = export(archive, tmp_path / "plain.jsonl.zst", "--plain")
    command = ["zstd", "-dc", str(tmp_path / "plain.jsonl.zst")]
    check_lines(subprocess.run(command, capture_output=True, check=True).stdout, told)


@pytest.mark.skipif(
    not (shutil.which("age") or shutil.which("rage")), reason="the program age is not installed"
)
def test_the_stock_program_age_opens_it(
    archive: Archive, tmp_path: Path, key: pyrage.x25519.Identity
) -> None:
    fill(archive, 3)
    told = export(archive, tmp_path / "sealed", "--recipient", str(key.to_public()))
    check_lines(zstd.decompress(opened(tmp_path / "sealed", tmp_path / "key.txt")), told)


def refused(folder: Path, snapshot: Path, *arguments: str) -> str:
    """Import, which must fail with one line and leave nothing; give that line."""
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    done = read("import", str(folder / "new.db"), str(snapshot), *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    return done.stderr


def test_a_wrong_key_a_cut_file_and_a_changed_byte_change_nothing(
    archive: Archive, tmp_path: Path, key: pyrage.x25519.Identity
) -> None:
    fill(archive, 3)
    sealed, plain, bad = tmp_path / "sealed", tmp_path / "plain", tmp_path / "bad"
    export(archive, sealed, "--recipient", str(key.to_public()))
    export(archive, plain, "--plain")
    other = tmp_path / "other.txt"
    other.write_text(str(pyrage.x25519.Identity.generate()))
    mine = ("--identity", str(tmp_path / "key.txt"))
    assert "No key in the identity files opens" in refused(
        tmp_path, sealed, "--identity", str(other)
    )
    assert "is encrypted" in refused(tmp_path, sealed)
    assert "no secret key of age" in refused(tmp_path, sealed, "--identity", str(plain))
    assert "Cannot read" in refused(tmp_path, tmp_path / "nowhere", *mine)
    for whole, more in ((sealed, mine), (plain, ())):
        data = whole.read_bytes()
        for cut in (0, 400, len(data) // 2, len(data) - 1):
            bad.write_bytes(data[:cut])
            assert "not a whole snapshot" in refused(tmp_path, bad, *more), cut
        for at in (150 if more else 9, len(data) // 2, len(data) - 3):
            bad.write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
            told = refused(tmp_path, bad, *more)
            assert "not a whole snapshot" in told or "No key" in told, at
        bad.write_bytes(data + b"more")
        assert "not a whole snapshot" in refused(tmp_path, bad, *more)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_nothing_of_a_new_archive(
    archive: Archive, tmp_path: Path, number: signal.Signals
) -> None:
    fill(archive, 3)
    export(archive, tmp_path / "plain", "--plain")
    pipe, folder = tmp_path / "pipe", tmp_path / "new"
    folder.mkdir()
    os.mkfifo(pipe)
    command = [COMMAND, "import", str(folder / "made.db"), str(pipe)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    # It has begun when it reads, and waits for the rest for ever.
    with process, pipe.open("wb") as writing:
        writing.write((tmp_path / "plain").read_bytes()[:1000])
        writing.flush()
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (128 + number, "")
    assert err == "sqlite-archive: stopped; nothing is lost, run it again.\n"
    assert list(folder.iterdir()) == []


def lines_of(plain: Path) -> list[bytes]:
    return zstd.decompress(plain.read_bytes()).splitlines(keepends=True)


@pytest.mark.parametrize("change", ["lost", "twice", "sorted", "foreign", "none", "no manifest"])
def test_lines_that_the_manifest_does_not_count_are_refused(
    archive: Archive, tmp_path: Path, change: str
) -> None:
    fill(archive, 3)
    export(archive, tmp_path / "plain", "--plain")
    lines = lines_of(tmp_path / "plain")
    last = len(lines) - 2
    changed = {
        "lost": lines[:last] + lines[last + 1 :],
        "twice": [*lines[:-1], lines[last], lines[-1]],
        "sorted": sorted(lines),
        "foreign": [*lines[:-1], b'{"row":{"name":"x"},"table":"sqlite_master"}\n', lines[-1]],
        "none": [],
        "no manifest": lines[:-1],
    }[change]
    bad = tmp_path / "bad"
    bad.write_bytes(zstd.compress(b"".join(changed)))
    assert "not a whole snapshot" in refused(tmp_path, bad)


def test_a_newer_snapshot_is_refused(archive: Archive, tmp_path: Path) -> None:
    fill(archive, 3)
    export(archive, tmp_path / "plain", "--plain")
    newer = b"".join(lines_of(tmp_path / "plain")).replace(b'"layout":3', b'"layout":99', 1)
    (tmp_path / "newer").write_bytes(zstd.compress(newer))
    assert "Upgrade the target" in refused(tmp_path, tmp_path / "newer")


def test_it_is_plain_only_when_asked_and_nothing_is_overwritten(
    archive: Archive, tmp_path: Path, key: pyrage.x25519.Identity
) -> None:
    fill(archive, 3)
    output = tmp_path / "out"
    base = ("export", str(archive.path), "-o", str(output))
    assert read(*base).returncode == 2
    assert read(*base, "--plain", "--recipient", str(key.to_public())).returncode == 2
    done = read(*base, "--recipient", "age1nonsense")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert not output.exists()
    done = read("export", str(archive.path), "-o", "-", "--plain")
    assert (done.returncode, done.stdout) == (2, "")
    assert "needs the path of a file" in done.stderr
    export(archive, output, "--plain")
    whole = output.read_bytes()
    assert "is there already" in read(*base, "--plain").stderr
    assert output.read_bytes() == whole
    assert "is there already" in read("import", str(archive.path), str(output)).stderr
    assert read("export", str(tmp_path / "no.db"), "--plain", "-o", "x").returncode == 1


def test_filters_choose_objects_with_all_that_is_theirs(archive: Archive, tmp_path: Path) -> None:
    fill(archive, 3)
    archive.feed(
        schema(
            "conversation_tags",
            {"conversation_id": "string", "tag_id": "string"},
            ("conversation_id", "tag_id"),
        ),
        record("conversation_tags", {"conversation_id": GUESTED, "tag_id": "t1"}),
        schema("tags", {"id": "string", "name": "string"}),
        record("tags", {"id": "t1", "name": "Billing"}),
    )
    export(archive, tmp_path / "tagged", "--plain", "--tag", "billing")
    made = restore(tmp_path / "tagged", tmp_path / "made")
    assert made.query("SELECT id FROM conversations") == [(GUESTED,)]
    assert made.query("SELECT DISTINCT conversation_id FROM conversation_parts") == [(GUESTED,)]
    assert made.query("SELECT DISTINCT record_id, count(*) FROM raw_payloads") == [(GUESTED, 2)]
    assert made.query("SELECT count(*) FROM contacts") == [(0,)]
    assert made.query("SELECT count(*) FROM _states") == [(0,)]
    assert read("verify", str(made.path)).returncode == 0
    export(archive, tmp_path / "contacts", "--plain", "--stream", "contacts")
    made = restore(tmp_path / "contacts", tmp_path / "made2")
    assert (WHO,) in made.query("SELECT id FROM contacts")
    assert made.query("SELECT DISTINCT stream FROM raw_payloads ORDER BY 1") == [
        ("contact_notes",),
        ("contacts",),
    ]
    assert read("verify", str(made.path)).returncode == 0
    told = export(archive, tmp_path / "late", "--plain", "--since", "2026-02", "--until", "2026-03")
    assert "conversations" not in told["tables"]
    assert told["tables"]["contacts"]["rows"] == 2
    done = read("export", str(archive.path), "-o", "x", "--plain", "--stream", "nothing")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)


def test_without_the_library_it_says_what_to_install(
    archive: Archive, tmp_path: Path, key: pyrage.x25519.Identity
) -> None:
    fill(archive, 3)
    (tmp_path / "pyrage.py").write_text("raise ImportError\n")
    done = read(
        *("export", str(archive.path), "-o", str(tmp_path / "x")),
        *("--recipient", str(key.to_public())),
        env={"PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode == 1
    assert "pip install 'target-sqlite-archive[age]'" in done.stderr
    assert done.stderr.count("\n") == 1
