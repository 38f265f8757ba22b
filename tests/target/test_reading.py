"""Reading an archive: at rest, in a read-only folder, after a kill, and beside a running writer."""

from __future__ import annotations

import json
import os
import pty
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from target_sqlite_archive.cli import main
from tests.target.harness import Archive, bookmark, state
from tests.target.reading_harness import (
    COMMAND,
    SCHEMAS,
    conversation,
    fill,
    read,
    tamper,
    unprivileged,
    verified,
)


def test_a_running_writer_is_not_disturbed(archive: Archive) -> None:
    fill(archive)
    with archive.start() as process:
        assert process.stdin
        assert process.stdout
        lines = [*SCHEMAS, *conversation(9, parts=2), state(bookmark("conversations", 9))]
        process.stdin.write("\n".join(lines).encode() + b"\n")
        process.stdin.flush()
        assert process.stdout.readline()
        # One more row is taken and not yet committed: a transaction may be open.
        process.stdin.write(conversation(10, parts=0)[0].encode() + b"\n")
        process.stdin.flush()
        assert verified(archive)["well"]
        done = read("state", str(archive.path))
        assert json.loads(done.stdout) == bookmark("conversations", 9)
        process.stdin.write(conversation(10, parts=0)[1].encode() + b"\n")
        process.stdin.close()
        assert process.wait() == 0
    assert verified(archive)["well"]


@pytest.fixture
def locked_folder() -> Iterator[Path]:
    """A folder that everybody may enter; pytest's own are closed to other users."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
def test_an_archive_in_a_folder_that_is_read_only_is_verified(
    archive: Archive, locked_folder: Path, journal: str
) -> None:
    fill(archive)
    connection = sqlite3.connect(archive.path)
    connection.execute(f"PRAGMA journal_mode = {journal}")
    connection.close()
    file = locked_folder / "what? 100% #1.db"
    shutil.copy(archive.path, file)
    file.chmod(0o400)
    locked_folder.chmod(0o555)
    with unprivileged(file):
        for command in ("verify", "state"):
            done = CliRunner().invoke(main, [command, str(file)], catch_exceptions=False)
            assert done.exit_code == 0, done.output
        assert list(locked_folder.iterdir()) == [file]


def test_an_archive_left_by_a_kill_is_verified_with_its_log(archive: Archive) -> None:
    kill_in_the_middle(archive)
    assert Path(f"{archive.path}-wal").stat().st_size
    told = verified(archive)
    assert told["well"]
    assert json.loads(read("state", str(archive.path)).stdout) == bookmark("conversations", 9)


def test_a_log_that_cannot_be_joined_is_not_passed_over(
    archive: Archive, locked_folder: Path
) -> None:
    kill_in_the_middle(archive)
    files = [locked_folder / "archive.db", locked_folder / "archive.db-wal"]
    for file in files:
        shutil.copy(archive.path.parent / file.name, file)
        file.chmod(0o400)
    locked_folder.chmod(0o555)
    with unprivileged(*files):
        done = CliRunner().invoke(main, ["verify", str(files[0])], catch_exceptions=False)
    assert done.exit_code == 1
    assert "Copy both files" in done.output


def kill_in_the_middle(archive: Archive) -> None:
    with archive.start() as process:
        assert process.stdin
        assert process.stdout
        lines = [*SCHEMAS, *conversation(9, parts=2), state(bookmark("conversations", 9))]
        process.stdin.write("\n".join(lines).encode() + b"\n")
        process.stdin.flush()
        assert process.stdout.readline()
        process.kill()


def test_progress_is_shown_on_a_terminal_only(archive: Archive) -> None:
    fill(archive)
    leader, follower = pty.openpty()
    done = subprocess.run(
        [COMMAND, "verify", str(archive.path)], stdout=subprocess.PIPE, stderr=follower, check=False
    )
    os.close(follower)
    shown = os.read(leader, 100_000)
    os.close(leader)
    assert done.returncode == 0
    assert b"integrity check" in shown
    assert shown.endswith(b"\r\x1b[K")
    assert b"\x1b" not in done.stdout


def test_what_is_no_archive_is_one_line(tmp_path: Path) -> None:
    missing = tmp_path / "missing.db"
    diary = tmp_path / "diary.txt"
    diary.write_text("Dear diary, today I met Synthetic Sam. " * 50)
    empty = tmp_path / "empty.db"
    empty.touch()
    theirs = tmp_path / "theirs.db"
    connection = sqlite3.connect(theirs)
    connection.execute("CREATE TABLE theirs (a)")
    connection.close()
    for path, says in (
        (missing, "There is no archive at"),
        (tmp_path, "There is no archive at"),
        (diary, "is not an SQLite file"),
        (empty, "is not an archive of target-sqlite-archive"),
        (theirs, "is not an archive of target-sqlite-archive"),
    ):
        for command in ("verify", "state"):
            done = read(command, str(path))
            assert done.returncode == 1
            assert done.stdout == ""
            assert len(done.stderr.splitlines()) == 1
            assert str(path) in done.stderr
            assert says in done.stderr


def test_a_newer_layout_is_refused(archive: Archive) -> None:
    fill(archive)
    tamper(archive, "PRAGMA user_version = 99")
    assert "has layout 99" in read("verify", str(archive.path)).stderr


@pytest.mark.parametrize("flags", [("verify", "--nonsense"), ("verify",), ("nonsense",)])
def test_a_bad_flag_is_exit_2(flags: tuple[str, ...]) -> None:
    assert read(*flags).returncode == 2


@pytest.mark.parametrize("command", ["show", "history", "raw"])
def test_an_argument_that_is_not_utf8_is_one_line(archive: Archive, command: str) -> None:
    fill(archive)
    done = read(command, str(archive.path), "\udcff")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "sqlite-archive: An argument is not UTF-8. Write it anew.\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("arguments", [("stats",), ("raw", "2")], ids=" ".join)
def test_output_that_cannot_be_written_is_one_line(
    archive: Archive, arguments: tuple[str, ...]
) -> None:
    fill(archive)
    command, *rest = arguments
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [COMMAND, command, str(archive.path), *rest],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "cannot be written: No space left on device" in done.stderr


@pytest.mark.parametrize("flags", [("--version",), ("--help",), ("verify", "--help")])
def test_flags_that_only_tell(flags: tuple[str, ...]) -> None:
    done = read(*flags)
    assert done.returncode == 0
    assert "sqlite-archive" in done.stdout


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_teaches_by_an_example_and_is_in_the_readme(name: str) -> None:
    done = CliRunner().invoke(main, [name, "--help"])
    assert done.exit_code == 0
    assert f"    sqlite-archive {name} archive.db" in done.output
    readme = Path(__file__).parents[2] / "target-sqlite-archive/README.md"
    assert f"sqlite-archive {name} archive.db" in readme.read_text("utf-8")


def test_reading_commands_start_without_the_sdk() -> None:
    program = "import sys, target_sqlite_archive.cli; sys.exit('singer_sdk' in sys.modules)"
    python = str(Path(COMMAND).with_name("python"))
    assert subprocess.run([python, "-c", program], check=False).returncode == 0


def test_the_state_comes_out_as_it_came_in(archive: Archive) -> None:
    text = '{"bookmarks":  {"t": {"z": 1.10, "h": "h\\u00e9 é"}}}'
    archive.feed(SCHEMAS[0], f'{{"type": "STATE", "value": {text}}}')
    done = read("state", str(archive.path))
    assert (done.returncode, done.stdout, done.stderr) == (0, text + "\n", "")


def test_a_file_without_a_state_is_one_line_and_exit_1(archive: Archive) -> None:
    archive.feed(SCHEMAS[0])
    done = read("state", str(archive.path))
    assert (done.returncode, done.stdout) == (1, "")
    assert "no run has committed a state" in done.stderr
    assert len(done.stderr.splitlines()) == 1
