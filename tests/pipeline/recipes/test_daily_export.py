"""The daily export into a bucket: all rows under the documented names, and no state without them.

Meltano, the public target and Google's client libraries are the real ones; only the storage is not.
Each run is on a new machine, so what a run knows of the one before comes from the bucket.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.pipeline import programs
from tests.pipeline.recipes.storage import Storage
from tests.pipeline.test_second_run import SETTLE_SECONDS, hydrations
from tests.sandbox.process import Sandbox

RECIPE = programs.ROOT / "docs/recipes/daily-export"
BUCKET = "synthetic-warehouse"
STATE = "meltano-state/"
STREAMS = {
    "admins": ("id",),
    "teams": ("id",),
    "tags": ("id",),
    "contacts": ("id",),
    "conversations": ("id",),
    "conversation_parts": ("id",),
    "calls": ("id",),
    "call_transcriptions": ("call_id",),
    "articles": ("id",),
    "collections": ("id",),
}
NAME = re.compile(r"(\w+)/year=(\d{4})/month=(\d\d)/day=(\d\d)/\1_(\d+)\.json")

Run = Callable[[Storage], programs.Ended]


@pytest.fixture(scope="module")
def documented() -> str:
    """The command of the page's Airflow task."""
    page = (RECIPE / "README.md").read_text("utf-8")
    [source] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    [command] = [
        keyword.value.value
        for call in calls
        for keyword in call.keywords
        if keyword.arg == "bash_command" and isinstance(keyword.value, ast.Constant)
    ]
    assert str(command).endswith("meltano run --no-install daily-export")
    return str(command)


@pytest.fixture
def quiet() -> Iterator[Sandbox]:
    """A small workspace that stands still."""
    with Sandbox.start(seed=4, conversations=60) as sandbox:
        sandbox.change(0, seconds=SETTLE_SECONDS)
        yield sandbox


@pytest.fixture
def run(quiet: Sandbox, documented: str, tmp_path: Path) -> Run:
    """Run the documented command on a machine that is set up and has never run it."""
    machines = iter(range(1, 100))

    def once(storage: Storage) -> programs.Ended:
        folder = tmp_path / f"machine {next(machines)}"
        shutil.copytree(RECIPE, folder)
        ours, target = Path(programs.program("meltano")), Path(programs.peer("target-gcs"))
        tap = folder / ".meltano/extractors/tap-intercom-archive"
        tap.mkdir(parents=True)
        for place, program in (
            (folder / ".venv", ours),
            (folder / ".target-gcs", target),
            (tap / "venv", ours),
        ):
            place.symlink_to(program.parent.parent)
        env = {
            "EXPORT_BUCKET": BUCKET,
            "STORAGE_EMULATOR_HOST": storage.url,
            "TAP_INTERCOM_ARCHIVE_ACCESS_TOKEN": quiet.token,
            "TAP_INTERCOM_ARCHIVE_API_URL": quiet.url,
            "TZ": "Pacific/Kiritimati",  # half of the day it is tomorrow there
        }
        return programs.run("sh", "-c", documented, cwd=folder, env=env)

    return once


def exported(storage: Storage, before: Collection[str] = ()) -> dict[str, list[dict[str, Any]]]:
    """Give the rows of each stream's new objects; every name must be as documented."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name in storage.objects.keys() - set(before):
        if name.startswith(STATE):
            continue
        parts = NAME.fullmatch(name)
        assert parts, name
        day = datetime.fromtimestamp(int(parts[5]), timezone.utc).date()
        assert day.isoformat() == "-".join(parts.group(2, 3, 4))
        assert parts[1] not in found, "one object for each stream and run"
        found[parts[1]] = [json.loads(line) for line in storage.objects[name].splitlines()]
    return found


def differing(sandbox: Sandbox, stream: str, rows: list[dict[str, Any]]) -> list[Any]:
    """Give the keys of a stream's rows that are missing, too many, or not as they are in truth."""
    key = STREAMS[stream]
    truth = {tuple(row[k] for k in key): row for row in sandbox.truth(stream)}
    found = {tuple(row[k] for k in key): row for row in rows}
    wrong = [k for k in truth.keys() & found.keys() if not same(found[k], truth[k])]
    return [*(truth.keys() ^ found.keys()), *wrong]


def same(row: dict[str, Any], true: dict[str, Any]) -> bool:
    """Whether a row is the true one; the target writes UTC as +00:00."""
    told = {
        name: value.replace("+00:00", "Z") if isinstance(value, str) else value
        for name, value in row.items()
    }
    return {**told, **true} == told


def test_two_runs_export_everything_then_only_what_changed(quiet: Sandbox, run: Run) -> None:
    with Storage(BUCKET) as storage:
        first = run(storage)
        assert first.code == 0, first.err
        rows = exported(storage)
        assert rows.keys() == STREAMS.keys()
        assert {s: differing(quiet, s, rows[s]) for s in STREAMS} == {s: [] for s in STREAMS}
        [state] = storage.names(STATE)
        assert b"high_water_mark" in storage.objects[state]

        before = set(storage.objects)
        changed = set(quiet.change(5, seconds=SETTLE_SECONDS)["conversations"])
        quiet.reset_requests()
        second = run(storage)
        assert second.code == 0, second.err
        again = exported(storage, before)
        assert changed
        assert {row["id"] for row in again["conversations"]} == changed
        assert hydrations(quiet).keys() == changed
        merged = {s: [*rows[s], *again.get(s, ())] for s in STREAMS}
        assert {s: differing(quiet, s, merged[s]) for s in STREAMS} == {s: [] for s in STREAMS}
        assert quiet.token not in first.err + first.out + second.err + second.out


def test_upload_that_is_refused_fails_the_run_and_its_rows_come_again(
    quiet: Sandbox, run: Run
) -> None:
    with Storage(BUCKET, refuses=lambda name: name.startswith("articles/")) as storage:
        refused = run(storage)
        assert refused.code != 0
        assert storage.names(STATE) == []

        before = set(storage.objects)
        storage.refuses = lambda name: False
        done = run(storage)
        assert done.code == 0, done.err
        rows = exported(storage, before)
        assert {s: differing(quiet, s, rows[s]) for s in STREAMS} == {s: [] for s in STREAMS}


def test_project_is_valid_and_exports_what_the_page_says() -> None:
    checked = programs.run(
        programs.program("check-jsonschema"),
        "--builtin-schema",
        "vendor.meltano",
        str(RECIPE / "meltano.yml"),
    )
    assert checked.code == 0, checked.out
    project = yaml.safe_load((RECIPE / "meltano.yml").read_text("utf-8"))
    [tap] = project["plugins"]["extractors"]
    assert tap["select"] == [f"{stream}.*" for stream in STREAMS]
    page = (RECIPE / "README.md").read_text("utf-8")
    assert [stream for stream in STREAMS if f"`{stream}`" not in page] == []
