"""Traps that other taps and targets fall into: states, schemas and words where they must not be."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipeline import archive, programs
from tests.pipeline.conftest import Filled, tap_config
from tests.sandbox.process import Sandbox

LONGEST_SHARED_PHRASE = 24
DEBUG = {"TAP_INTERCOM_ARCHIVE_LOGLEVEL": "DEBUG", "TARGET_SQLITE_ARCHIVE_LOGLEVEL": "DEBUG"}


@pytest.fixture(scope="module")
def spoken(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> programs.Ended:
    """All that the tap alone says in one run, at the loudest level."""
    folder = tmp_path_factory.mktemp("tap")
    config = programs.write_json(folder / "tap.json", tap_config(sandbox))
    done = programs.run(programs.program(programs.TAP), "--config", config, env=DEBUG)
    assert done.code == 0, done.err
    return done


def private_words(sandbox: Sandbox) -> Iterator[str]:
    """Give what no log may hold: the token, addresses, names and the beginnings of all texts."""
    yield sandbox.token
    for contact in sandbox.truth("contacts"):
        yield from (contact[field] for field in ("email", "phone", "name") if contact.get(field))
    for stream, column in (
        ("conversation_parts", "body_text"),
        ("conversations", "source_body_text"),
        ("call_transcriptions", "transcript_text"),
        ("articles", "body_text"),
    ):
        for row in sandbox.truth(stream):
            for line in (row.get(column) or "").splitlines():
                if len(line) >= LONGEST_SHARED_PHRASE:
                    yield line[:LONGEST_SHARED_PHRASE]


def leaks(sandbox: Sandbox, *texts: str) -> list[str]:
    heap = "\n".join(texts)
    return sorted({word for word in private_words(sandbox) if word in heap})


def test_one_schema_per_stream_and_run(spoken: programs.Ended) -> None:
    messages = [json.loads(line) for line in spoken.lines]
    schemas = Counter(message["stream"] for message in messages if message["type"] == "SCHEMA")
    assert set(schemas.values()) == {1}
    written = {message["stream"] for message in messages if message["type"] == "RECORD"}
    assert written <= schemas.keys()


def test_states_are_few_beside_records(spoken: programs.Ended) -> None:
    kinds = Counter(json.loads(line)["type"] for line in spoken.lines)
    assert kinds["STATE"] < kinds["RECORD"] / 50


def test_lines_for_people_do_not_grow_with_the_conversations(spoken: programs.Ended) -> None:
    quiet = [line for line in spoken.err.splitlines() if "DEBUG" not in line]
    assert len(quiet) < 150


def test_token_and_words_of_messages_are_in_no_log_of_the_tap(
    spoken: programs.Ended, sandbox: Sandbox
) -> None:
    assert "DEBUG" in spoken.err
    assert leaks(sandbox, spoken.err) == []


def test_token_and_words_of_messages_are_in_no_log_or_state_of_the_target(
    spoken: programs.Ended, sandbox: Sandbox, tmp_path: Path
) -> None:
    config = programs.write_json(tmp_path / "c.json", {"database": str(tmp_path / "archive.db")})
    target = programs.program(programs.TARGET)
    done = programs.run(target, "--config", config, stdin=spoken.out, env=DEBUG)
    assert done.code == 0, done.err
    assert leaks(sandbox, done.err, done.out) == []


def test_line_that_breaks_off_shows_none_of_its_words(
    spoken: programs.Ended, sandbox: Sandbox, tmp_path: Path
) -> None:
    lines = [f"{line}\n" for line in spoken.lines]
    longest = max(range(len(lines)), key=lambda index: len(lines[index]))
    broken = "".join(lines[:longest]) + lines[longest][: len(lines[longest]) // 2]
    config = programs.write_json(tmp_path / "c.json", {"database": str(tmp_path / "archive.db")})
    target = programs.program(programs.TARGET)
    done = programs.run(target, "--config", config, stdin=broken, env=DEBUG)
    assert done.code == 1
    assert leaks(sandbox, done.err, done.out) == []


def test_no_row_is_lost_when_no_state_comes(
    spoken: programs.Ended, sandbox: Sandbox, tmp_path: Path
) -> None:
    stateless = "".join(
        line
        for line in [f"{line}\n" for line in spoken.lines]
        if not re.match(r'\{"type": ?"STATE"', line)
    )
    config = programs.write_json(tmp_path / "c.json", {"database": str(tmp_path / "archive.db")})
    done = programs.run(programs.program(programs.TARGET), "--config", config, stdin=stateless)
    assert (done.code, done.out) == (0, "")
    for stream in ("conversations", "conversation_parts", "contacts", "calls"):
        found = archive.rows(tmp_path / "archive.db", f"SELECT count(*) AS n FROM {stream}")
        assert found == [{"n": len(sandbox.truth(stream))}]


def test_states_leave_the_target_as_the_tap_sent_them(
    spoken: programs.Ended, tmp_path: Path
) -> None:
    config = programs.write_json(tmp_path / "c.json", {"database": str(tmp_path / "archive.db")})
    done = programs.run(programs.program(programs.TARGET), "--config", config, stdin=spoken.out)
    sent = [
        message["value"] for message in map(json.loads, spoken.lines) if message["type"] == "STATE"
    ]
    received = [json.loads(line) for line in done.lines]
    assert received[-1] == sent[-1]
    assert all(state in sent for state in received)


def test_lost_archive_with_a_living_state_is_refused(filled: Filled, tmp_path: Path) -> None:
    config = tap_config(filled.sandbox)
    done = programs.archive_run(tmp_path, config, state=filled.run.states[-1])
    assert done.target.code == 1
    assert "--full-refresh" in done.target.err
    assert "Traceback" not in done.target.err
