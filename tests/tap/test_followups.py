"""What an object's payload leaves out is asked for, only where it must be, and never lost."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tap_intercom_archive.inline import absent_of, any_cut_short, cut_short, not_empty
from tests.sandbox.process import Sandbox
from tests.tap import running
from tests.tap.loopback import Bad, Loopback

LISTS = ("tags", "companies", "notes", "segments", "subscriptions", "merge_history")
STREAMS = tuple(f"contact_{name}" for name in LISTS)


def sync(
    sandbox: Sandbox, folder: Path, *streams: str, state: Any = None, **more: Any
) -> running.Ended:
    catalog = running.select(running.discover(), *streams)
    return running.sync(folder, running.config(sandbox, **more), state, catalog)


def asked(sandbox: Sandbox) -> Counter[str]:
    """Count the requests for what belongs to single contacts."""
    found = (re.fullmatch(r"/contacts/[^/?]+/(\w+).*", path) for _, path, *_ in sandbox.log())
    return Counter(f"contact_{match[1]}" for match in found if match)


@pytest.mark.parametrize(
    ("needed", "document", "expected"),
    [
        (cut_short("tags"), {}, True),
        (cut_short("tags"), {"tags": None}, True),
        (cut_short("tags"), {"tags": {"data": [], "total_count": 0, "has_more": False}}, False),
        (cut_short("tags"), {"tags": {"data": [1], "total_count": 2}}, True),
        (cut_short("tags"), {"tags": {"data": [1], "has_more": True}}, True),
        (cut_short("tags"), {"tags": {"data": [1] * 10, "total_count": 10}}, False),
        (cut_short("tags"), {"tags": {"data": [1] * 10}}, True),
        (cut_short("tags"), {"tags": {"data": [1] * 9}}, False),
        (cut_short("segments", "segments"), {"segments": {"segments": []}}, False),
        (any_cut_short("a", "b"), {"a": {"data": []}}, True),
        (any_cut_short("a", "b"), {"a": {"data": []}, "b": {"data": []}}, False),
        (not_empty("notes"), {"notes": {"total_count": 0}}, False),
        (not_empty("notes"), {"notes": {"total_count": 1}}, True),
        (not_empty("notes"), {}, True),
        (absent_of("user", "m"), {"role": "user"}, True),
        (absent_of("user", "m"), {"role": "lead"}, False),
        (absent_of("user", "m"), {"role": "user", "m": []}, False),
    ],
)
def test_payload_says_whether_it_holds_the_whole_list(
    needed: Callable[[dict[str, Any]], bool], document: dict[str, Any], expected: bool
) -> None:
    assert needed(document) is expected


def test_only_what_a_contact_leaves_out_is_asked_for(sandbox: Sandbox, tmp_path: Path) -> None:
    contacts = sandbox.truth("contacts")
    sandbox.reset_requests()
    done = sync(sandbox, tmp_path, "contacts", *STREAMS)
    calls = asked(sandbox)
    assert done.code == 0, done.err
    assert calls["contact_segments"] == len(contacts)
    assert calls["contact_tags"] == sum(row["tags_has_more"] for row in contacts) > 0
    assert calls["contact_companies"] == sum(row["companies_has_more"] for row in contacts) > 0
    noted = sum(row["notes_total_count"] > 0 for row in contacts)
    assert calls["contact_notes"] == noted + 1, "one contact has two pages of notes"
    for stream in ("contact_subscriptions", "contact_merge_history"):
        assert 0 < calls[stream] < len(contacts)


def test_what_is_not_selected_is_not_asked_for(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.reset_requests()
    done = sync(sandbox, tmp_path, "contacts", "contact_tags")
    assert done.code == 0, done.err
    assert asked(sandbox).keys() == {"contact_tags"}
    assert not any("include_merge_history" in path for _, path, *_ in sandbox.log())


def test_rows_belong_to_the_contact_and_name_the_answer_they_stood_in(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    done = sync(sandbox, tmp_path, "contacts", "raw_payloads", *STREAMS)
    owner = {row["id"]: row["payload_id"] for row in done.records("contacts")}
    payloads = {row["id"]: row for row in done.records("raw_payloads")}
    told: Counter[tuple[str, bool]] = Counter()
    for stream in STREAMS:
        for row in done.records(stream):
            assert row["payload_id"] == owner[row["contact_id"]]
            answer = payloads.get(row["list_payload_id"])
            told[stream, answer is not None] += 1
            if answer is not None:
                assert answer["stream"] == stream
                assert answer["record_id"].partition(":")[0] == row["contact_id"]
                assert answer["request"].endswith(f"/{stream.removeprefix('contact_')}")
    for stream in ("contact_tags", "contact_companies", "contact_subscriptions"):
        assert told[stream, True]
        assert told[stream, False]
    assert not told["contact_notes", False]


def test_sweep_retires_rows_that_went_without_a_change_of_the_contact(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    done = sync(sandbox, tmp_path, "contacts", "contact_segments")
    activated = [message["stream"] for message in done.of_type("ACTIVATE_VERSION")]
    assert activated == ["contacts", "contact_segments"]
    versions = {
        message["stream"]: message.get("version")
        for message in done.of_type("RECORD")
        if message["stream"] == "contact_segments"
    }
    assert versions == {"contact_segments": done.of_type("ACTIVATE_VERSION")[0]["version"]}


def test_failed_follow_up_is_owed_by_name_and_retires_nothing(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    poisoned = sandbox.ids("contacts")[3]
    route = f"/contacts/{poisoned}/segments"

    def spoil(method: str, path: str, before: int) -> Bad | None:
        return Bad(200, b'{"data": 7}') if path == route and before < 1 else None

    with Loopback(sandbox.url, spoil) as proxy:
        done = sync(sandbox, tmp_path, "contacts", "contact_segments", api_url=proxy.url)
    assert done.code == 1
    assert f"owed: contacts contact_segments {poisoned} (failed" in done.err
    assert [m["stream"] for m in done.of_type("ACTIVATE_VERSION")] == ["contacts"]
    assert poisoned not in {row["contact_id"] for row in done.records("contact_segments")}

    sandbox.reset_requests()
    again = sync(sandbox, tmp_path, "contacts", "contact_segments", state=done.state)
    assert again.code == 0, again.err
    first = [path for _, path, *_ in sandbox.log()][1:3]
    assert first == [f"/contacts/{poisoned}", route]
    rows = {row["segment_id"] for row in again.records("contact_segments")}
    truth = sandbox.truth("contact_segments")
    assert rows >= {row["segment_id"] for row in truth if row["contact_id"] == poisoned}
    assert "owed" not in again.bookmark("contacts")


def denying(method: str, path: str, before: int) -> Bad | None:
    return Bad(403, b"{}") if path.endswith("/segments") else None


def test_refused_follow_up_leaves_the_others_whole_and_is_tried_again(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    streams = ("contacts", "contact_segments", "contact_notes")
    with Loopback(sandbox.url, denying) as proxy:
        first = sync(sandbox, tmp_path, *streams, api_url=proxy.url)
        assert sum(n for path, n in proxy.asked.items() if path.endswith("/segments")) < 80
        second = sync(sandbox, tmp_path, *streams, state=first.state, api_url=proxy.url)
        accepted = sync(
            sandbox,
            tmp_path,
            *streams,
            state=first.state,
            api_url=proxy.url,
            accept_denied=["contact_segments"],
        )
    for denied in (first, second):
        running.assert_one_clear_line(denied, "contact_segments: denied", "Read and list users")
        assert denied.records("contact_segments") == []
    assert len(first.records("contact_notes")) == len(sandbox.truth("contact_notes"))
    # Nobody reads all contacts again as long as the scope is missing …
    assert len(second.records("contacts")) < len(first.records("contacts")) / 2
    assert accepted.code == 0, accepted.err
    # … but as soon as it is there, so that none is left without its segments.
    granted = sync(sandbox, tmp_path, *streams, state=second.state)
    assert granted.code == 0, granted.err
    found = {(row["contact_id"], row["segment_id"]) for row in granted.records("contact_segments")}
    truth = sandbox.truth("contact_segments")
    assert found == {(row["contact_id"], row["segment_id"]) for row in truth}


def test_version_without_a_follow_up_says_which_has_it(sandbox: Sandbox, tmp_path: Path) -> None:
    streams = ("contacts", "contact_merge_history", "companies", "company_notes")
    sandbox.reset_requests()
    done = sync(sandbox, tmp_path, *streams, api_version="2.11")
    assert done.code == 0, done.err
    assert "contact_merge_history: not in this version of the API; `api_version` 2.16" in done.err
    assert "company_notes: not in this version of the API; `api_version` 2.15" in done.err
    assert len(done.records("companies")) == len(sandbox.ids("companies"))
    assert not asked(sandbox)
    assert not any("include_merge_history" in path for _, path, *_ in sandbox.log())
