"""What an archive says of itself: rows, times, bytes, volume, reply times, freshness."""

from __future__ import annotations

import json
from typing import Any

import pytest

from target_sqlite_archive.charts import bars, table
from tests.target.harness import Archive, record, schema, state
from tests.target.reading_harness import read
from tests.target.telling import FIRST, SECOND, THIRD, conversation, declare, told, with_history


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    lines = [line for line in with_history() if '"conversations"' not in line or "payload" in line]
    return told(
        Archive(tmp_path_factory.mktemp("stats")),
        *lines,
        declare("conversations"),
        conversation("104", "x", "2026-02-01T00:00:00Z", statistics_time_to_admin_reply=60),
        conversation("105", "x", "2026-02-02T00:00:00Z", statistics_time_to_admin_reply=7_200),
        conversation("106", "x", "2026-02-03T00:00:00Z", statistics_time_to_admin_reply=700_000),
        record("conversations", {"id": "101", "_sdc_deleted_at": "2026-03-01T00:00:00Z"}),
        state(
            {
                "bookmarks": {
                    "conversations": {
                        "high_water_mark": "2026-04-01T00:00:00Z",
                        "owed": [{"id": "7"}, {"id": "8"}],
                    }
                }
            }
        ),
    )


def stats(archive: Archive) -> dict[str, Any]:
    done = read("stats", str(archive.path), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def test_rows_and_their_times(counted: Archive) -> None:
    streams = {stream["stream"]: stream for stream in stats(counted)["streams"]}
    found = streams["conversations"]
    stored_at = found.pop("stored_at")
    assert found == {
        "stream": "conversations",
        "rows": 6,
        "retired": 1,
        "oldest": "2025-12-31T23:59:59Z",
        "newest": "2026-02-10T10:00:00Z",
        "read_until": "2026-04-01T00:00:00Z",
        "owed": 2,
    }
    assert stored_at.startswith("20")
    assert streams["admins"]["rows"] == 2
    assert streams["admins"]["oldest"] is None


def test_bytes_before_and_after_compression(counted: Archive) -> None:
    figures = stats(counted)
    assert figures["file_bytes"] == counted.path.stat().st_size
    [payloads] = figures["payloads"]
    stored = counted.query("SELECT sum(length(payload)) FROM raw_payloads")[0][0]
    assert payloads == {
        "stream": "conversations",
        "objects": 1,
        "versions": 3,
        "text_bytes": len(FIRST + SECOND + THIRD),
        "stored_bytes": stored,
    }


def test_volume_by_month_and_reply_times(counted: Archive) -> None:
    figures = stats(counted)
    assert figures["months"] == {"2025-12": 1, "2026-01": 1, "2026-02": 4}
    assert figures["replies"]["counted"] == 3
    assert figures["replies"]["median_seconds"] == 7_200
    within = {name: count for name, count in figures["replies"]["within"].items() if count}
    assert within == {"under 5 min": 1, "under 4 h": 1, "later": 1}


def test_people_get_tables_and_charts(counted: Archive) -> None:
    lines = read("stats", str(counted.path)).stdout.splitlines()
    assert lines[0] == str(counted.path)
    assert any("last state committed" in line and "2 objects owed" in line for line in lines)
    assert f"2026-02  {'█' * 40}  4" in lines
    assert f"2026-01  {'█' * 10}{' ' * 30}  1" in lines
    assert "First reply of a teammate: half came within 2 h" in lines
    rows, payloads = [line.split() for line in lines if line.startswith("conversations ")]
    assert rows[:3] == ["conversations", "6", "1"]
    assert payloads[:3] == ["conversations", "1", "3"]


def test_machines_get_a_line_for_each_stream(counted: Archive) -> None:
    done = read("stats", str(counted.path), "--nl")
    assert [json.loads(line) for line in done.stdout.splitlines()] == stats(counted)["streams"]


def test_an_archive_of_another_tap_is_counted_too(archive: Archive) -> None:
    archive.feed(
        schema("weather", {"id": "integer", "created_at": "string"}),
        record("weather", {"id": 1, "created_at": "2020"}),
        state({"bookmarks": []}),
    )
    figures = stats(archive)
    assert [stream["rows"] for stream in figures["streams"]] == [1]
    assert (figures["payloads"], figures["months"], figures["replies"]["counted"]) == ([], {}, 0)
    assert "First reply" not in read("stats", str(archive.path)).stdout


def test_an_archive_without_anything_is_counted_too(archive: Archive) -> None:
    archive.feed(schema("weather", {"id": "integer"}))
    figures = stats(archive)
    assert (figures["committed_at"], figures["streams"][0]["rows"]) == (None, 0)
    assert "no run has committed a state" in read("stats", str(archive.path)).stdout


REPORT = {
    "ended_at": "2026-04-01T00:00:09Z",
    "complete": False,
    "calls": 1234,
    "streams": {
        "weather": {"rows": 1_000_000, "owed": 2},
        "tides": {"denied": "The station refused it (403): ask for the \x1b[31mscope."},
        "odd": None,
    },
}


def test_the_last_runs_report_is_shown(archive: Archive) -> None:
    archive.feed(schema("weather", {"id": "integer"}), state({"bookmarks": {}}))
    assert stats(archive)["run_report"] is None
    assert "The last run left no report" in read("stats", str(archive.path)).stdout
    archive.feed(state({"bookmarks": {}, "run_report": REPORT}))
    assert stats(archive)["run_report"] == REPORT
    shown = read("stats", str(archive.path)).stdout.split("as its tap reported\n")[1]
    assert [line.strip() for line in shown.splitlines()] == [
        "ended_at 2026-04-01T00:00:09Z, complete no, calls 1,234",
        "",
        "stream        rows  owed",
        "weather  1,000,000     2",
        "tides",
        "tides denied: The station refused it (403): ask for the \ufffd[31mscope.",
    ]


@pytest.mark.parametrize("report", [7, [], "x", {}, {"streams": []}, {"streams": {"a": {}}}])
def test_a_report_of_another_shape_breaks_nothing(archive: Archive, report: Any) -> None:
    archive.feed(schema("weather", {"id": "integer"}), state({"run_report": report}))
    assert read("stats", str(archive.path)).returncode == 0


def test_charts() -> None:
    assert list(bars({"a": 80, "bb": 1, "c": 0})) == [
        f"a   {'█' * 40}  80",
        f"bb  ▌{' ' * 39}  1",
        f"c   {' ' * 40}  0",
    ]
    assert list(bars({})) == []
    assert list(table([("a", "n"), ("bb", "10")], right=(1,))) == ["a    n", "bb  10"]
