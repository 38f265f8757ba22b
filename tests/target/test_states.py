"""A STATE is a promise: it comes after the commit, as the tap sent it, and only for this file."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from target_sqlite_archive.internal import LAYOUT
from target_sqlite_archive.states import bookmark_hashes
from tests.target.harness import Archive, bookmark, record, schema, state

PROPERTIES = {"id": "integer", "s": ["string", "null"]}


def stream_of_states(count: int, rows_per_state: int = 10) -> list[str]:
    """Rows numbered from 0; each STATE says how many came before it."""
    lines = [schema("t", PROPERTIES)]
    for number in range(count):
        first = number * rows_per_state
        lines += [record("t", {"id": first + i, "s": "x" * 50}) for i in range(rows_per_state)]
        lines.append(state(bookmark("t", first + rows_per_state)))
    return lines


def position(line: str | bytes) -> int:
    return int(json.loads(line)["bookmarks"]["t"]["position"])


def wait_for_line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    return process.stdout.readline()


def test_the_state_comes_out_exactly_as_it_came_in(archive: Archive) -> None:
    text = '{"bookmarks":  {"t": {"z": 1.10, "a": "h\\u00e9 é"}},"other":[ ]}'
    outcome = archive.load(schema("t", PROPERTIES), f'{{"type": "STATE", "value": {text}}}')
    assert outcome.out == text + "\n"
    assert archive.query("SELECT value FROM _states") == [(text,)]


def test_rows_without_any_state_are_committed(archive: Archive) -> None:
    outcome = archive.load(schema("t", PROPERTIES), record("t", {"id": 1}))
    assert outcome.out == ""
    assert archive.dump("t", "id") == [(1,)]


def test_an_empty_input_leaves_an_empty_archive(archive: Archive) -> None:
    archive.load()
    assert archive.query("SELECT count(*) FROM _streams") == [(0,)]


def test_rows_are_in_the_file_when_their_state_is_seen(archive: Archive) -> None:
    with archive.start() as process:
        assert process.stdin
        # Paced by the target itself: many STATE messages go by, some of which come out.
        lines = [line.encode() + b"\n" for line in stream_of_states(3000, rows_per_state=20)]
        feeder = threading.Thread(target=feed, args=(process, lines))
        feeder.start()
        seen = []
        while line := wait_for_line(process):
            seen.append(position(line))
            # A second connection, at this very moment.
            stored = archive.query("SELECT count(*) FROM t WHERE id < ?", seen[-1])[0][0]
            assert stored == seen[-1]
        feeder.join()
        assert process.wait() == 0
        assert seen == sorted(seen)
        assert seen[-1] == 60_000


def test_a_state_comes_out_while_the_tap_is_silent(archive: Archive) -> None:
    with archive.start() as process:
        assert process.stdin
        for line in stream_of_states(1):
            process.stdin.write(line.encode() + b"\n")
        process.stdin.flush()
        assert position(wait_for_line(process)) == 10
        assert archive.query("SELECT count(*) FROM t") == [(10,)]
        process.stdin.close()
        assert process.wait() == 0


def test_rows_say_when_they_arrived(archive: Archive) -> None:
    with archive.start() as process:
        assert process.stdin
        process.stdin.write("\n".join(stream_of_states(1, rows_per_state=1)).encode() + b"\n")
        process.stdin.flush()
        wait_for_line(process)
        process.stdin.write(record("t", {"id": 1}).encode() + b"\n")
        process.stdin.close()
        assert process.wait() == 0
    first, second = archive.dump("t", "_sdc_received_at, _sdc_sequence, _sdc_sync_started_at")
    assert first[:2] < second[:2]
    assert first[2] == second[2] <= first[1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_commits_and_lets_the_last_state_out(archive: Archive, number: int) -> None:
    with archive.start() as process:
        assert process.stdin
        for line in stream_of_states(1):
            process.stdin.write(line.encode() + b"\n")
        process.stdin.flush()
        wait_for_line(process)
        later = [record("t", {"id": 10}), state(bookmark("t", 11)), record("t", {"id": 11})]
        process.stdin.write("\n".join(later).encode() + b"\n" + b'{"type": "RECORD", "str')
        process.stdin.flush()
        while archive_is_behind(archive, 11):
            pass
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        assert process.returncode == 128 + number
        # The half line is of a record that nobody was told about.
        assert [position(line) for line in out.splitlines()] in ([11], [])
        assert archive.query("SELECT count(*) FROM t WHERE id < 11") == [(11,)]
        assert b"Traceback" not in err
        assert not Path(f"{archive.path}-wal").exists()


def archive_is_behind(archive: Archive, count: int) -> bool:
    return bool(archive.query("SELECT count(*) FROM t")[0][0] < count)


def test_kill_9_leaves_what_the_last_state_said(archive: Archive) -> None:
    chance = random.Random(7)
    lines = [line.encode() + b"\n" for line in stream_of_states(4000, rows_per_state=20)]
    known = 0
    for _ in range(3):
        rest = [lines[0], *lines[1 + known // 20 * 21 :]]
        with archive.start() as process:
            feeder = threading.Thread(target=feed, args=(process, rest))
            feeder.start()
            told = [wait_for_line(process)]
            killer = threading.Timer(chance.random() * 0.3, process.kill)
            killer.start()
            assert process.stdout
            told += process.stdout.readlines()
            process.wait()
            killer.cancel()
            feeder.join()
        known = max([known, *(position(line) for line in told if line.endswith(b"\n"))])
        assert archive.query("PRAGMA integrity_check") == [("ok",)]
        assert archive.query("SELECT count(*) FROM t WHERE id < ?", known) == [(known,)]
    assert known
    archive.feed(*stream_of_states(4000, rows_per_state=20))
    assert archive.query("SELECT count(*) FROM t") == [(80_000,)]


def feed(process: subprocess.Popen[bytes], lines: list[bytes]) -> None:
    """Write all lines and close the pipe, unless the other end goes away."""
    assert process.stdin
    with contextlib.suppress(BrokenPipeError):
        for line in lines:
            process.stdin.write(line)
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()


def test_a_state_that_was_never_committed_here_is_refused(archive: Archive) -> None:
    archive.load(schema("t", PROPERTIES), record("t", {"id": 1}), state(bookmark("t", 1)))
    before = archive.dump("t"), archive.dump("_states")
    outcome = archive.run(state(bookmark("t", 2)), schema("t", PROPERTIES), record("t", {"id": 2}))
    assert outcome.code == 1
    assert len(outcome.errors) == 1
    for word in ("'t'", "Restore", "--full-refresh", "accept_foreign_state"):
        assert word in outcome.errors[0]
    assert (archive.dump("t"), archive.dump("_states")) == before


def test_a_lost_file_with_a_state_is_refused_and_not_made(archive: Archive) -> None:
    outcome = archive.run(state(bookmark("t", 2)), schema("t", PROPERTIES))
    assert outcome.code == 1
    assert outcome.out == ""
    assert [path.name for path in archive.path.parent.iterdir()] == ["target.json"]


def test_an_older_file_with_a_newer_state_is_refused_and_not_touched(archive: Archive) -> None:
    archive.load(schema("t", PROPERTIES), record("t", {"id": 1}), state(bookmark("t", 1)))
    older = archive.path.read_bytes()
    newer = state(bookmark("t", 2))
    archive.load(schema("t", PROPERTIES), record("t", {"id": 2}), newer)
    archive.path.write_bytes(older)
    outcome = archive.run(newer, schema("t", PROPERTIES), record("t", {"id": 3}), newer)
    assert outcome.code == 1
    assert outcome.out == ""
    assert archive.path.read_bytes() == older
    (error,) = outcome.errors
    assert "Restore the archive file" in error
    assert "`--full-refresh`" in error
    # The second cure: without a state everything comes again.
    everything = (record("t", {"id": number}) for number in (1, 2))
    archive.load(schema("t", PROPERTIES), *everything, newer)
    assert archive.dump("t", "id") == [(1,), (2,)]
    archive.load(newer, schema("t", PROPERTIES))


def test_a_foreign_state_can_be_accepted_and_is_known_then(archive: Archive) -> None:
    archive.configure(accept_foreign_state=True)
    archive.load(state(bookmark("t", 2)), schema("t", PROPERTIES), record("t", {"id": 2}))
    archive.configure()
    assert archive.load(state(bookmark("t", 2)), schema("t", PROPERTIES)).code == 0


def test_every_state_that_went_out_is_accepted_again(archive: Archive) -> None:
    archive.load(schema("t", PROPERTIES), state(bookmark("t", 1)))
    archive.load(state(bookmark("t", 1)), schema("t", PROPERTIES), state(bookmark("t", 2)))
    assert archive.load(state(bookmark("t", 1))).code == 0
    assert archive.load(state(bookmark("t", 2))).code == 0


@pytest.mark.parametrize("value", [{}, {"bookmarks": {}}, {"bookmarks": {"t": {}}}, None])
def test_a_starting_state_without_bookmarks_is_fine(archive: Archive, value: Any) -> None:
    assert archive.load(state(value), schema("t", PROPERTIES)).code == 0


def test_a_state_after_the_first_schema_is_no_starting_state(archive: Archive) -> None:
    assert archive.load(schema("t", PROPERTIES), state(bookmark("t", 9))).code == 0


def test_what_the_sdk_keeps_for_a_moment_makes_no_other_bookmark() -> None:
    lasting = {"bookmarks": {"t": {"replication_key_value": 5, "replication_key": "at"}}}
    moment = {
        "bookmarks": {
            "t": {
                "replication_key": "at",
                "starting_replication_value": 3,
                "replication_key_signpost": 9,
                "progress_markers": {"replication_key_value": 7},
                "replication_key_value": 5,
                "partitions": [],
            }
        }
    }
    assert bookmark_hashes(lasting) == bookmark_hashes(moment)


def test_only_one_run_writes_at_a_time(archive: Archive) -> None:
    with archive.start() as process:
        assert process.stdin
        process.stdin.write("\n".join(stream_of_states(1)).encode() + b"\n")
        process.stdin.flush()
        wait_for_line(process)
        outcome = archive.run(schema("t", PROPERTIES))
        assert outcome.code == 1
        assert "is being written by another run" in outcome.errors[0]
        process.kill()
        process.wait()
        # The kernel has released the lock of the killed run.
        archive.load(*stream_of_states(1))


def test_the_file_is_private_and_alone_at_rest(archive: Archive) -> None:
    old = os.umask(0)
    try:
        archive.load(*stream_of_states(2))
    finally:
        os.umask(old)
    assert archive.path.stat().st_mode & 0o777 == 0o600
    names = {path.name for path in archive.path.parent.iterdir()}
    assert names == {"archive.db", "target.json"}
    head = archive.path.read_bytes()[:100]
    assert head[18:20] == b"\x01\x01", "a file at rest needs no log"
    assert archive.query("PRAGMA application_id") == [(0x49434152,)]
    assert archive.query("PRAGMA user_version") == [(LAYOUT,)]
    assert archive.query("PRAGMA page_size") == [(16384,)]


def test_a_reader_does_not_stop_the_writer(archive: Archive) -> None:
    archive.load(*stream_of_states(1))
    reader = sqlite3.connect(archive.path)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM t").fetchall()
    reader.execute("COMMIT")
    archive.load(*stream_of_states(3))
    assert reader.execute("SELECT count(*) FROM t").fetchall() == [(30,)]
    reader.close()


def test_state_lines_are_held_back_to_about_one_a_second(archive: Archive) -> None:
    started = time.monotonic()
    outcome = archive.load(*stream_of_states(2000, rows_per_state=1))
    seconds = time.monotonic() - started
    assert len(outcome.states) <= seconds + 2
    assert outcome.states[-1] == bookmark("t", 2000)
