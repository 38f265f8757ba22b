"""The workflows for scheduled extraction: run as CI would, in fresh folders, through bad days."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.pipeline import archive, programs
from tests.pipeline.ci import RECIPES, GitHub, GitLab, Meanwhile, processes
from tests.pipeline.test_second_run import SETTLE_SECONDS, hydrations
from tests.sandbox.process import Sandbox

ARCHIVE = "intercom.db"
FETCH = "Fetch the archive of the last run"
KEPT, REFUSED = "intercom-archive", "intercom-archive-refused"
# So many of the conversations that are read last; asking for them in vain takes half a minute.
FAILING = 30

needs_timeout = pytest.mark.skipif(
    shutil.which("timeout") is None, reason="the workflows use GNU timeout, as CI's Linux has it"
)


@pytest.fixture
def fresh(tmp_path: Path) -> Callable[[], Path]:
    """Give new folders, one per run of CI."""
    numbers = iter(range(1, 100))

    def make() -> Path:
        folder = tmp_path / f"runner {next(numbers)}"
        folder.mkdir()
        return folder

    return make


@pytest.fixture
def quiet() -> Iterator[Sandbox]:
    """A small workspace that stands still."""
    with Sandbox.start(seed=5, conversations=60) as sandbox:
        sandbox.change(0, seconds=SETTLE_SECONDS)
        yield sandbox


@pytest.fixture
def slow() -> Iterator[Sandbox]:
    """A workspace that is not soon read: what comes last is asked for again and again."""
    with Sandbox.start(seed=6, conversations=100) as sandbox:
        sandbox.change(0, seconds=SETTLE_SECONDS)
        rows = sorted(sandbox.truth("conversations"), key=lambda row: str(row["updated_at"]))
        sandbox.always_fail(*(f"conversations:{row['id']}" for row in rows[-FAILING:]))
        yield sandbox


def github(folder: Path, sandbox: Sandbox) -> GitHub:
    address = {"TAP_INTERCOM_ARCHIVE_API_URL": sandbox.url}
    return GitHub(folder, address, {"INTERCOM_ACCESS_TOKEN": sandbox.token})


def gitlab(folder: Path, sandbox: Sandbox) -> GitLab:
    return GitLab(
        folder,
        {
            "TAP_INTERCOM_ARCHIVE_API_URL": sandbox.url,
            "TAP_INTERCOM_ARCHIVE_ACCESS_TOKEN": sandbox.token,
        },
    )


def stored(file: Path) -> int:
    """Count the conversations in an archive; 0 while there is none."""
    try:
        return int(archive.rows(file, "SELECT count(*) AS n FROM conversations")[0]["n"])
    except sqlite3.OperationalError:
        return 0


def is_whole(file: Path, sandbox: Sandbox) -> bool:
    return stored(file) == len(sandbox.ids("conversations"))


def when_some_are_stored(act: Callable[[dict[int, str]], None]) -> Meanwhile:
    """Do something to the processes of a script, by their programs, in the middle of its work."""

    def meanwhile(process: subprocess.Popen[bytes], folder: Path) -> None:
        while process.poll() is None and stored(folder / ARCHIVE) < 10:
            time.sleep(0.02)
        act(processes(process.pid))

    return meanwhile


def end_the_time(running: dict[int, str]) -> None:
    """Let `timeout` believe that the time is over: it is told so by SIGALRM."""
    (timeout,) = (pid for pid, name in running.items() if name == "timeout")
    os.kill(timeout, signal.SIGALRM)


def kill_all(running: dict[int, str]) -> None:
    for pid in running:
        os.kill(pid, signal.SIGKILL)


def lose_a_row(folder: Path) -> None:
    with closing(sqlite3.connect(folder / ARCHIVE)) as connection:
        connection.execute("DELETE FROM conversations WHERE rowid = 1")
        connection.commit()


def mode(file: Path) -> int:
    return file.stat().st_mode & 0o777


@needs_timeout
def test_github_runs_go_on_from_the_archive_of_the_last(
    quiet: Sandbox, tmp_path: Path, fresh: Callable[[], Path]
) -> None:
    service = github(tmp_path, quiet)
    done = service.run(fresh(), first_run=True)
    assert "exit code 0" in done["Archive"].out
    assert done["Verify"].code == 0, done["Verify"].out
    assert service.kept == [KEPT]
    changed = quiet.change(6, seconds=SETTLE_SECONDS)
    quiet.change(0, seconds=SETTLE_SECONDS)
    quiet.reset_requests()
    folder = fresh()
    done = service.run(folder, first_run=True)
    assert "exit code 0" in done["Archive"].out, done["Archive"].err
    assert set(hydrations(quiet)) == set(changed.get("conversations", ()))
    assert is_whole(folder / ARCHIVE, quiet)
    assert mode(folder / ARCHIVE) == 0o600
    assert service.kept == [KEPT]


@needs_timeout
def test_github_shows_that_a_run_was_incomplete_and_keeps_what_it_got(
    tmp_path: Path, fresh: Callable[[], Path]
) -> None:
    with Sandbox.start(seed=5, conversations=60, deny=("calls",)) as sandbox:
        service = github(tmp_path, sandbox)
        done = service.run(fresh(), first_run=True)
    assert done["Archive"].code == 1
    assert "exit code 1" in done["Archive"].out
    assert service.kept == [KEPT]


@needs_timeout
def test_github_keeps_a_run_that_is_out_of_time_and_goes_on_from_it(
    slow: Sandbox, tmp_path: Path, fresh: Callable[[], Path]
) -> None:
    service = github(tmp_path, slow)
    folder = fresh()
    at = {"Archive": when_some_are_stored(end_the_time)}
    done = service.run(folder, first_run=True, meanwhile=at)
    assert done["Archive"].code == 128 + signal.SIGTERM, done["Archive"].err
    assert "143: out of time" in done["Archive"].out
    assert service.kept == [KEPT]
    before = stored(folder / ARCHIVE)
    assert not is_whole(folder / ARCHIVE, slow)
    slow.reset_requests()
    slow.always_fail()
    folder = fresh()
    done = service.run(folder)
    assert done["Archive"].code == 0, done["Archive"].err
    assert is_whole(folder / ARCHIVE, slow)
    assert len(hydrations(slow)) <= len(slow.ids("conversations")) - before + 1


@needs_timeout
def test_github_keeps_the_rows_that_a_killed_run_left_in_its_log(
    slow: Sandbox, tmp_path: Path, fresh: Callable[[], Path]
) -> None:
    service = github(tmp_path, slow)
    killed = fresh()
    at = {"Archive": when_some_are_stored(kill_all)}
    logs = []

    def look(folder: Path) -> None:
        logs.append((folder / f"{ARCHIVE}-wal").stat().st_size)

    done = service.run(killed, first_run=True, meanwhile=at, before={"Verify": look})
    assert done["Archive"].code == -signal.SIGKILL
    assert logs[0] > 0
    assert done["Verify"].code == 0, done["Verify"].out + done["Verify"].err
    assert service.kept == [KEPT]
    folder = fresh()
    slow.reset_requests()
    slow.always_fail()
    done = service.run(folder)
    assert done["Archive"].code == 0, done["Archive"].err
    assert is_whole(folder / ARCHIVE, slow)
    assert len(hydrations(slow)) < len(slow.ids("conversations"))


@needs_timeout
def test_github_does_not_let_a_damaged_archive_replace_the_last_good_one(
    quiet: Sandbox, tmp_path: Path, fresh: Callable[[], Path]
) -> None:
    service = github(tmp_path, quiet)
    service.run(fresh(), first_run=True)
    quiet.reset_requests()
    done = service.run(fresh(), before={"Verify": lose_a_row})
    assert done["Archive"].code == 0
    assert done["Verify"].code == 1
    assert service.kept == [REFUSED]
    folder = fresh()
    service.run(folder, before={"Archive": lambda _: service.expire()})
    assert is_whole(folder / ARCHIVE, quiet)
    assert not hydrations(quiet)


def test_github_begins_a_new_archive_only_in_a_first_run(
    tmp_path: Path, fresh: Callable[[], Path]
) -> None:
    service = GitHub(tmp_path, {}, {})
    for _ in ("there is none", "it has expired"):
        for first_run in (None, False):
            done = service.run(fresh(), first_run=first_run)
            assert done.keys() == {FETCH}
            assert done[FETCH].code == 1
            assert "There is no archive to go on from" in done[FETCH].out
            assert service.kept == []
        service.keep(RECIPES / "github-actions.yml", KEPT)
        service.expire()


def test_github_ends_where_the_archive_cannot_be_fetched(
    tmp_path: Path, fresh: Callable[[], Path]
) -> None:
    service = GitHub(tmp_path, {"GH_TOKEN": ""}, {})
    done = service.run(fresh(), first_run=True)
    assert done.keys() == {FETCH}
    assert done[FETCH].code != 0
    assert service.kept == []


@needs_timeout
def test_gitlab_runs_go_on_from_the_archive_of_the_last(
    quiet: Sandbox, tmp_path: Path, fresh: Callable[[], Path]
) -> None:
    service = gitlab(tmp_path, quiet)
    done = service.run(fresh())
    assert done.code == 1
    assert "There is no archive to go on from (404)" in done.out
    assert service.kept() == []
    done = service.run(fresh(), FIRST_RUN="true")
    assert done.code == 0, done.err
    assert "exit code 0" in done.out
    quiet.reset_requests()
    folder = fresh()
    done = service.run(folder)
    assert done.code == 0, done.err
    assert not hydrations(quiet)
    assert mode(folder / ARCHIVE) == 0o600
    good = service.read()
    lose_a_row(folder)
    service.put(folder / ARCHIVE)
    damaged = service.read()
    done = service.run(fresh())
    assert done.code == 1
    assert "have no row in conversations" in done.out
    assert service.kept() == ["latest", "refused"]
    assert service.read() == damaged != good


@needs_timeout
def test_gitlab_keeps_a_run_that_is_out_of_time(
    slow: Sandbox, tmp_path: Path, fresh: Callable[[], Path]
) -> None:
    service = gitlab(tmp_path, slow)
    done = service.run(fresh(), when_some_are_stored(end_the_time), FIRST_RUN="true")
    assert done.code == 128 + signal.SIGTERM, done.err
    assert service.kept() == ["latest"]
    file = tmp_path / "kept.db"
    file.write_bytes(service.read())
    assert 0 < stored(file) < len(slow.ids("conversations"))


@pytest.mark.parametrize(
    ("recipe", "schema"),
    [
        ("github-actions.yml", "vendor.github-workflows"),
        ("gitlab-ci.yml", "vendor.gitlab-ci"),
    ],
)
def test_recipes_are_valid_by_the_published_schema(recipe: str, schema: str) -> None:
    checker = programs.program("check-jsonschema")
    done = programs.run(checker, "--builtin-schema", schema, str(RECIPES / recipe))
    assert done.code == 0, done.out + done.err


@pytest.mark.parametrize("recipe", ["github-actions.yml", "gitlab-ci.yml"])
def test_recipes_run_one_at_a_time_with_the_secret_from_the_environment(recipe: str) -> None:
    text = (RECIPES / recipe).read_text()
    assert "cancel-in-progress: false" in text or "resource_group:" in text
    assert "--config=ENV" in text
    assert "access_token" not in text
