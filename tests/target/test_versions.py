"""When an ACTIVATE_VERSION takes effect, and that it never retires what the tap has not let go."""

from __future__ import annotations

import gzip
import json
import signal
from pathlib import Path

import pytest

from tests.target.harness import Archive, bookmark, record, schema, state

PROPERTIES = {"id": "string", "n": ["integer", "null"], "o": ["array", "null"]}
SCHEMA = schema("t", PROPERTIES)
KEYLESS = schema("t", PROPERTIES, keys=())
STATE = state(bookmark("t", 1))
DEEP = "[" * 200_000 + "]" * 200_000


def activate(version: int) -> str:
    return json.dumps({"type": "ACTIVATE_VERSION", "stream": "t", "version": version})


def seen(version: int, ids: str) -> list[str]:
    """Records of this version, one for each letter."""
    return [record("t", {"id": letter, "n": version}, version=version) for letter in ids]


def refused(version: int, members: str) -> str:
    """A RECORD of this version with these members, given as JSON text."""
    return f'{{"type": "RECORD", "stream": "t", "record": {{{members}}}, "version": {version}}}'


def current(archive: Archive) -> str:
    """The keys of the rows that are not retired, as one text."""
    live = "SELECT id FROM t WHERE _sdc_deleted_at IS NULL ORDER BY id"
    return "".join(row[0] for row in archive.query(live))


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the runs so far said about activations that were not carried out."""
    return [text for text in caplog.messages if "retires nothing" in text]


@pytest.fixture
def full(archive: Archive) -> Archive:
    """An archive with the rows a to e, which deletes rows that are gone."""
    archive.configure(hard_delete=True)
    archive.feed(SCHEMA, *seen(1, "abcde"), activate(1), STATE)
    return archive


# Records that could not be stored


@pytest.mark.parametrize(
    "members",
    [
        '"id": "b", "n": "many"',
        '"id": "b", "n": NaN',
        f'"o": {DEEP}, "id": "b"',
        '"n": 1.5, "id": "b"',
    ],
    ids=["a wrong type", "NaN", "too deep", "no integer"],
)
@pytest.mark.parametrize("hard", [True, False])
def test_a_row_whose_new_version_is_in_quarantine_is_not_retired(
    full: Archive, members: str, hard: bool, caplog: pytest.LogCaptureFixture
) -> None:
    full.configure(hard_delete=hard)
    full.feed(SCHEMA, *seen(2, "ac"), refused(2, members), activate(2), STATE)
    assert current(full) == "abc"
    assert full.query("SELECT count(*) FROM _quarantine") == [(1,)]
    assert told(caplog) == []


@pytest.mark.parametrize(
    "members",
    ['"id": null', r'"id": "\ud83d"', '"id": "\xff", "n": NaN', f'"id": [{DEEP}]'],
    ids=["null", "broken Unicode", "not read", "too deep"],
)
def test_a_record_with_a_key_that_cannot_be_read_lets_its_version_retire_nothing(
    full: Archive, members: str, caplog: pytest.LogCaptureFixture
) -> None:
    line = refused(2, members).encode("latin-1")
    full.feed(SCHEMA, *seen(2, "a"), line, activate(2), STATE)
    assert current(full) == "abcde"
    (said,) = told(caplog)
    assert "ACTIVATE_VERSION 2 of stream 't' retires nothing" in said
    assert "_quarantine" in said
    full.feed(SCHEMA, *seen(3, "ab"), activate(3), STATE)
    assert current(full) == "ab"


def test_it_holds_for_the_version_alone_and_across_runs(full: Archive) -> None:
    full.run(SCHEMA, refused(2, '"id": null'), refused(2, '"id": "b", "n": "many"'))
    full.feed(SCHEMA, *seen(3, "ab"), activate(3), STATE)
    assert current(full) == "ab"
    full.run(SCHEMA, refused(4, '"id": null'), refused(5, '"id": "b", "n": "many"'))
    full.feed(SCHEMA, *seen(5, "c"), activate(5), STATE)
    assert current(full) == "bc"


def test_a_stream_without_key_retires_nothing_where_a_record_was_refused(
    archive: Archive,
) -> None:
    archive.feed(KEYLESS, *seen(1, "ab"), activate(1))
    archive.feed(KEYLESS, *seen(2, "a"), refused(2, '"id": "b", "n": "many"'), activate(2))
    assert current(archive) == "aab"


def test_a_stream_map_that_cannot_be_applied_lets_its_version_retire_nothing(
    archive: Archive,
) -> None:
    archive.configure(stream_maps={"t": {"id": "id + '!'", "__else__": None}})
    archive.feed(SCHEMA, *seen(1, "ab"), activate(1))
    archive.feed(SCHEMA, *seen(2, "a"), refused(2, f'"id": "b", "o": {DEEP}'), activate(2))
    assert current(archive) == "a!b!"


# A version that is activated before its rows


def test_after_its_rows_a_version_takes_effect_where_it_stands(full: Archive) -> None:
    with full.start() as process:
        assert process.stdin
        assert process.stdout
        lines = [SCHEMA, *seen(2, "ab"), activate(2), *seen(2, "f"), STATE]
        process.stdin.write("\n".join(lines).encode() + b"\n")
        process.stdin.flush()
        assert process.stdout.readline()
        process.kill()
    assert current(full) == "abf"


def test_before_its_rows_a_version_waits_for_the_end_of_the_pipe(
    full: Archive, caplog: pytest.LogCaptureFixture
) -> None:
    full.feed(SCHEMA, activate(2), *seen(2, "ab"), STATE)
    assert current(full) == "ab"
    assert told(caplog) == []


def test_a_tap_that_breaks_off_before_its_last_row_retires_nothing(
    full: Archive, caplog: pytest.LogCaptureFixture
) -> None:
    full.feed(STATE, SCHEMA, activate(2), *seen(2, "a"))
    assert current(full) == "abcde"
    (said,) = told(caplog)
    assert "no STATE came after its last record" in said


def test_a_state_between_the_rows_does_not_end_them(full: Archive) -> None:
    full.feed(SCHEMA, activate(2), STATE, *seen(2, "a"), STATE, refused(2, '"id": "b", "n": ""'))
    assert current(full) == "abcde"


def test_a_bad_line_retires_nothing(full: Archive) -> None:
    outcome = full.run(SCHEMA, activate(2), *seen(2, "a"), STATE, '{"type": "RECORD", "str')
    assert outcome.code == 1
    assert current(full) == "abcde"
    assert "retires nothing: the run was stopped" in outcome.err


def test_a_signal_retires_nothing(full: Archive) -> None:
    with full.start() as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write("\n".join([SCHEMA, activate(2), *seen(2, "a"), STATE]).encode() + b"\n")
        process.stdin.flush()
        assert process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate()
    assert process.returncode == 128 + signal.SIGTERM
    assert current(full) == "abcde"
    assert b"the run was stopped" in err


def test_rows_of_an_earlier_run_do_not_make_a_version_whole(full: Archive) -> None:
    full.feed(SCHEMA, activate(2), *seen(2, "a"))
    full.feed(SCHEMA, activate(2), *seen(2, "b"))
    assert current(full) == "abcde"
    full.feed(SCHEMA, activate(2), *seen(2, "c"), STATE)
    assert current(full) == "abc"


def test_a_list_that_has_become_empty_is_retired_at_the_end(full: Archive) -> None:
    full.feed(SCHEMA, activate(2), STATE)
    assert current(full) == ""


def test_a_version_activated_before_and_after_its_rows_counts_after_them(full: Archive) -> None:
    full.feed(SCHEMA, activate(2), *seen(2, "ab"), activate(2), *seen(2, "c"))
    assert current(full) == "abc"


def test_a_version_that_is_active_already_retires_nothing_of_itself(full: Archive) -> None:
    full.feed(SCHEMA, activate(1), *seen(1, "a"), STATE)
    full.feed(SCHEMA, *seen(1, "b"), activate(1), STATE)
    assert current(full) == "abcde"


def test_a_schema_between_changes_nothing(full: Archive) -> None:
    wider = schema("t", {**PROPERTIES, "more": ["string", "null"]})
    full.feed(SCHEMA, *seen(2, "a"), wider, activate(2))
    assert current(full) == "a"
    full.feed(SCHEMA, activate(3), *seen(3, "b"), wider, STATE)
    assert current(full) == "b"


# Records that name no version


def test_records_without_a_version_let_it_retire_nothing(
    full: Archive, caplog: pytest.LogCaptureFixture
) -> None:
    unversioned = [record("t", {"id": letter}) for letter in "ab"]
    full.feed(SCHEMA, activate(2), *unversioned, STATE)
    assert current(full) == "abcde"
    (said,) = told(caplog)
    assert "its records name no version" in said


def test_a_batch_belongs_to_the_version_that_waits(full: Archive, tmp_path: Path) -> None:
    file = tmp_path / "batch.json.gz"
    file.write_bytes(gzip.compress(b'{"id": "a", "n": 2}\n{"id": "b", "n": 2}\n'))
    batch = {
        "type": "BATCH",
        "stream": "t",
        "encoding": {"format": "jsonl", "compression": "gzip"},
        "manifest": [file.as_uri()],
    }
    full.feed(SCHEMA, activate(2), json.dumps(batch), STATE)
    assert current(full) == "ab"
