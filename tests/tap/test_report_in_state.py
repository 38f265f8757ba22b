"""The last STATE of a run carries its report, bounded, and the next run does not take it over."""

from __future__ import annotations

import json
from pathlib import Path

from tap_intercom_archive.discovery import stream_classes
from tap_intercom_archive.report import LONGEST_IN_STATE
from tests.sandbox.process import Sandbox
from tests.tap import running
from tests.tap.test_report_lines import report

# Half of what a state may have: bookmarks of a run that ended need little.
STATE_BYTES = 32_000


def test_the_last_state_says_what_the_report_says(tmp_path: Path) -> None:
    with Sandbox.start(seed=4, conversations=60, deny=("articles",)) as sandbox:
        done = running.sync(tmp_path, running.config(sandbox))
        told = done.state["run_report"]
        line = json.loads(done.err.partition("Run report: ")[2].splitlines()[0])
        again = running.sync(tmp_path, running.config(sandbox), done.state)
    assert (done.code, told["complete"]) == (1, False)
    assert told["calls"] == line["calls"] > 0
    assert told["ended_at"].endswith("Z")
    for name in ("conversations", "contacts", "calls"):
        assert told["streams"][name]["archived"] == line["streams"][name]["archived"]
        assert told["streams"][name]["rows"] == line["rows"][name]
    assert told["streams"]["articles"] == {
        "denied": line["streams"]["articles"]["denied"][:LONGEST_IN_STATE]
    }
    assert "run_report" not in again.of_type("STATE")[0]["value"]
    assert len(done.of_type("STATE")) > 1
    assert all("run_report" not in s["value"] for s in done.of_type("STATE")[:-1])


def stream_names() -> list[str]:
    """Name every stream of the tap."""
    return [str(vars(stream_class)["name"]) for stream_class in stream_classes()]


def test_at_its_worst_it_is_bounded_and_names_no_object() -> None:
    worst = report()
    for name in stream_names():
        counted = worst.of(name)
        worst.rows[name] = counted.found = counted.archived = counted.unchanged = 10**9
        counted.deleted = counted.truncated = counted.awaited = 10**9
        counted.owed = ["secret-object (failed)"] * 10_000
        counted.denied = counted.failed = "Intercom refused it. " * 100
        counted.proven_from = counted.proven_until = 1_700_000_000
        for column in range(100):
            worst.unfits[name, f"column {column}"] = 5
    state = json.dumps(worst.to_state(1_700_000_000.0))
    assert len(state) < STATE_BYTES
    assert "secret-object" not in state
    assert json.loads(state)["streams"]["contacts"]["owed"] == 10_000
