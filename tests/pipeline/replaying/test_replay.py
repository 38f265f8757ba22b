"""A replay of an archive gives the same tables, without one request."""

from __future__ import annotations

import json
import shutil
import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tap_intercom_archive import normalize
from tap_intercom_archive.payload import Payload
from tests.pipeline import archive, programs
from tests.pipeline.replaying import replayed
from tests.pipeline.test_errors import assert_one_clear_line

COMPACT = (programs.program("sqlite-archive"), "compact")
VERIFY = (programs.program("sqlite-archive"), "verify")


def good(done: programs.Piped) -> programs.Piped:
    assert (done.tap.code, done.target.code) == (0, 0), done.tap.err + done.target.err
    return done


def test_every_stream_comes_out_equal_without_a_request(told: Path, tmp_path: Path) -> None:
    gone = "SELECT count(*) AS n FROM {} WHERE _sdc_deleted_at IS NOT NULL"
    assert sum(archive.rows(told, gone.format(t))[0]["n"] for t in archive.tables(told)) > 20
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        done = good(replayed.replay(told, tmp_path / "new", programs.catalog(), api_url=address))
        listening.settimeout(0)
        with pytest.raises(BlockingIOError):
            listening.accept()
    assert '"calls":0' in done.tap.err
    assert replayed.differences(told, tmp_path / "new" / "archive.db") == []
    verified = programs.run(*VERIFY, str(tmp_path / "new" / "archive.db"))
    assert verified.code == 0, verified.out + verified.err


def test_a_compacted_archive_comes_out_equal(told: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(told, tmp_path / "compacted.db"))
    assert programs.run(*COMPACT, str(copy)).code == 0
    deltas = "SELECT count(*) AS n FROM raw_payloads WHERE _payload_base_rowid IS NOT NULL"
    assert archive.rows(copy, deltas)[0]["n"] > 100
    good(replayed.replay(copy, tmp_path / "new", programs.catalog()))
    assert replayed.differences(told, tmp_path / "new" / "archive.db") == []


def test_an_archive_of_the_first_layout_comes_out_equal(told: Path, tmp_path: Path) -> None:
    older = Path(shutil.copy(told, tmp_path / "older.db"))
    with closing(sqlite3.connect(older)) as connection:
        connection.executescript(
            "DROP INDEX _bases_raw_payloads_payload;"
            "ALTER TABLE raw_payloads DROP COLUMN _payload_base_rowid;"
            "ALTER TABLE _dictionaries DROP COLUMN texts; PRAGMA user_version = 1"
        )
    good(replayed.replay(older, tmp_path / "new", programs.catalog()))
    assert replayed.differences(told, tmp_path / "new" / "archive.db") == []


def test_payloads_of_an_older_version_of_the_api_come_out_equal(tmp_path: Path) -> None:
    told = replayed.fill_live(tmp_path, seed=5, conversations=60, api_version="2.11")
    versions = "SELECT DISTINCT api_version AS v FROM raw_payloads"
    assert archive.rows(told, versions) == [{"v": "2.11"}]
    good(replayed.replay(told, tmp_path / "new"))
    new = tmp_path / "new" / "archive.db"
    # A replay announces streams that the older version does not have.
    empty = archive.tables(new) - archive.tables(told)
    with closing(sqlite3.connect(new)) as connection:
        for table in empty:
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
            connection.execute(f"DROP TABLE {table}")
        connection.commit()
    assert replayed.differences(told, new) == []


def test_a_return_to_an_older_version_is_one_again(tmp_path: Path) -> None:
    names = ("first", "second", "first", "second", "third", "first")
    catalog = programs.catalog("tags", "raw_payloads")
    schemas = {stream["tap_stream_id"]: stream["schema"] for stream in catalog["streams"]}
    messages: list[dict[str, Any]] = [
        {"type": "SCHEMA", "stream": name, "schema": schemas[name], "key_properties": ["id"]}
        for name in ("tags", "raw_payloads")
    ]
    for hour, name in enumerate(names):
        for tag in ("1", "2"):
            payload = Payload(
                "tags", tag, json.dumps({"id": tag, "name": name}).encode(), "", "", ""
            )
            raw = normalize.payload_record(payload, None)
            raw["fetched_at"] = f"2026-01-01T{hour:02}:00:00Z"
            row = {"id": tag, "name": name, "payload_id": payload.id}
            messages += [
                {"type": "RECORD", "stream": "raw_payloads", "record": raw},
                {"type": "RECORD", "stream": "tags", "record": row},
            ]
    told = tmp_path / "archive.db"
    fill(told, messages)
    assert archive.rows(told, "SELECT count(*) AS n FROM _sightings") == [{"n": 6}]
    good(replayed.replay(told, tmp_path / "new", catalog))
    assert replayed.differences(told, tmp_path / "new" / "archive.db") == []


def test_what_a_row_lost_to_an_older_parser_comes_back(told: Path, tmp_path: Path) -> None:
    worse = Path(shutil.copy(told, tmp_path / "worse.db"))
    with closing(sqlite3.connect(worse)) as connection:
        connection.execute("UPDATE conversations SET state = NULL, title = 'misread'")
        connection.execute("DELETE FROM conversation_parts WHERE id LIKE '%7'")
        connection.commit()
    good(replayed.replay(worse, tmp_path / "new", programs.catalog()))
    assert replayed.differences(told, tmp_path / "new" / "archive.db") == []


def test_a_replay_leaves_no_state_and_takes_none(told: Path, tmp_path: Path) -> None:
    state = {"bookmarks": {"conversations": {"high_water_mark": "2030-01-01T00:00:00Z"}}}
    config = {"replay_path": str(told)}
    done = good(programs.archive_run(tmp_path, config, state))
    assert done.states == []
    assert "the state is unused" in done.tap.err
    assert archive.rows(tmp_path / "archive.db", "SELECT count(*) AS n FROM _states") == [{"n": 0}]


def test_what_is_not_selected_is_left_aside_and_said(told: Path, tmp_path: Path) -> None:
    done = good(replayed.replay(told, tmp_path / "new", programs.catalog("admins", "raw_payloads")))
    new = tmp_path / "new" / "archive.db"
    assert archive.tables(new) == {"admins", "raw_payloads"}
    streams = archive.rows(new, "SELECT DISTINCT stream AS s FROM raw_payloads")
    assert streams == [{"s": "admins"}]
    assert "conversations:" in done.tap.err
    assert "are left aside" in done.tap.err


def test_an_archive_cannot_be_replayed_into_itself(told: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(told, tmp_path / "archive.db"))
    before = copy.read_bytes()
    done = programs.archive_run(tmp_path, {"replay_path": str(copy)})
    assert done.target.code == 1
    assert_one_clear_line(done.target, "archive.db", "locked")
    assert copy.read_bytes() == before


def test_a_text_given_up_for_a_redaction_is_no_fault(told: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(told, tmp_path / "emptied.db"))
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute(
            "UPDATE raw_payloads SET payload = NULL, _payload_emptied_at = 'now' "
            "WHERE rowid = (SELECT min(rowid) FROM raw_payloads WHERE stream = 'conversations' "
            "GROUP BY record_id HAVING count(*) > 1 LIMIT 1)"
        )
        connection.commit()
    done = good(replayed.replay(copy, tmp_path / "new", programs.catalog()))
    assert "conversations: 1 payloads were emptied for a redaction" in done.tap.err
    verified = programs.run(*VERIFY, str(tmp_path / "new" / "archive.db"))
    assert verified.code == 0, verified.out + verified.err
    rows = "SELECT count(*) AS n FROM raw_payloads"
    assert archive.rows(tmp_path / "new" / "archive.db", rows) == archive.rows(told, rows)


def test_a_damaged_text_is_named_and_all_others_are_replayed(told: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(told, tmp_path / "damaged.db"))
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute(
            "UPDATE raw_payloads SET payload = x'28b52ffd2000' "
            "WHERE rowid = (SELECT max(rowid) FROM raw_payloads WHERE stream = 'tags')"
        )
        connection.commit()
    done = replayed.replay(copy, tmp_path / "new", programs.catalog())
    assert (done.tap.code, done.target.code) == (1, 0)
    assert_one_clear_line(done.tap, "tags", "1 payloads", "sqlite-archive verify")
    count = "SELECT count(*) AS n FROM conversation_parts"
    assert archive.rows(tmp_path / "new" / "archive.db", count) == archive.rows(told, count)


def no_file(path: Path) -> None:
    pass


def not_sqlite(path: Path) -> None:
    path.write_text("a letter, not a database\n" * 100, "utf-8")


def somebody_elses(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE letters (id)")


def pragma(text: str) -> Any:
    def spoil(path: Path) -> None:
        filled(path, "raw_payloads")
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"PRAGMA {text}")

    return spoil


def no_payloads(path: Path) -> None:
    filled(path, "things")


def filled(path: Path, stream: str) -> None:
    schema = {"properties": {"id": {"type": "string"}}}
    fill(path, [{"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": ["id"]}])


def fill(path: Path, messages: list[dict[str, Any]]) -> None:
    config = programs.write_json(path.parent / "target.json", {"database": str(path)})
    target = (programs.program(programs.TARGET), "--config", config)
    lines = "".join(f"{json.dumps(message)}\n" for message in messages)
    assert programs.run(*target, stdin=lines).code == 0


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (no_file, ["There is no archive", "`replay_path`"]),
        (not_sqlite, ["not an SQLite file", "`replay_path`"]),
        (somebody_elses, ["not an archive", "`replay_path`"]),
        (pragma("user_version = 999"), ["layout 999", "Upgrade the tap"]),
        (pragma("journal_mode = WAL"), ["being written to"]),
        (no_payloads, ["no payloads to replay", "raw_payloads"]),
    ],
    ids=["no file", "no database", "somebody else's", "newer layout", "in use", "no payloads"],
)
def test_what_cannot_be_replayed_is_said_in_one_line(
    tmp_path: Path, spoil: Any, words: list[str]
) -> None:
    spoil(tmp_path / "old.db")
    done = tap(tmp_path, {"replay_path": str(tmp_path / "old.db")})
    assert_one_clear_line(done, *words)
    assert done.out == ""


def test_the_missing_extra_is_named(told: Path, tmp_path: Path) -> None:
    # What comes first on the path stands for an environment without it.
    missing = "raise ModuleNotFoundError(name=__name__)\n"
    for module in ("backports/zstd.py", "compression/zstd.py"):
        (tmp_path / module).parent.mkdir()
        (tmp_path / module).write_text(missing, "utf-8")
    done = tap(tmp_path, {"replay_path": str(told)}, {"PYTHONPATH": str(tmp_path)})
    assert_one_clear_line(done, "pip install 'tap-intercom-archive[replay]'")


def test_the_doctor_examines_no_replay(tmp_path: Path) -> None:
    path = programs.write_json(tmp_path / "tap.json", {"replay_path": "archive.db"})
    done = programs.run(programs.program(programs.TAP), "--config", path, "--test")
    assert_one_clear_line(done, "`--test`", "`replay_path`")


def tap(folder: Path, config: dict[str, Any], env: dict[str, str] | None = None) -> programs.Ended:
    path = programs.write_json(folder / "tap.json", config)
    return programs.run(programs.program(programs.TAP), "--config", path, env=env)


@pytest.mark.prove
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", [1, 2])
def test_2000_conversations_with_history_come_out_equal(tmp_path: Path, seed: int) -> None:
    told = replayed.fill_live(tmp_path, seed, 2_000, programs.catalog(), patience_seconds=800)
    if seed % 2:
        assert programs.run(*COMPACT, str(told)).code == 0
    versions = "SELECT count(*) > count(DISTINCT record_id) AS more FROM raw_payloads"
    assert archive.rows(told, f"{versions} WHERE stream = 'conversations'") == [{"more": 1}]
    good(replayed.replay(told, tmp_path / "new", programs.catalog(), patience_seconds=800))
    assert replayed.differences(told, tmp_path / "new" / "archive.db") == []
