"""Live changes: what happens while the workspace is read, who sees it when, what is left of it."""

from __future__ import annotations

import json
import random
from collections import Counter
from email.utils import parsedate_to_datetime

import pytest

from tests.sandbox.clock import iso
from tests.sandbox.process import Sandbox
from tests.sandbox.tests.client import call
from tests.sandbox.tests.inside import Inside, open_inside, until
from tests.sandbox.upheavals import Upheavals

DAY = 86_400
STREAMS = ("conversations", "contacts", "calls", "articles", "collections", "tags", "admins")


def read_all(inside: Inside, rounds: int = 3) -> list[bytes]:
    """Lists and fetches for a while, as a client would; everything that was answered."""
    answers: list[bytes] = []
    for _ in range(rounds):
        for path in ("/contacts?per_page=150", "/articles", "/calls", "/help_center/collections"):
            answers.append(inside.ask(path).body)
        hits = inside.search()
        answers.append(json.dumps(hits).encode())
        for hit in hits["conversations"]:
            answers.append(inside.ask(f"/conversations/{hit['id']}").body)
    return answers


@pytest.fixture(scope="module")
def moved() -> Inside:
    """A workspace that has been read for some 3,000 requests, with a change every third."""
    inside = open_inside(seed=3, conversations=150, change_every=3, seconds_per_request=0.5)
    read_all(inside, rounds=20)
    return inside


def test_same_seed_and_same_questions_same_answers() -> None:
    def once(seed: int) -> list[bytes]:
        return read_all(open_inside(seed, change_every=4, seconds_per_request=0.5))

    assert once(1) == once(1)


def test_every_kind_of_change_happens(moved: Inside) -> None:
    kinds = Counter(change.kind for change in moved.api.live.changes)
    expected = """
        reply close reopen assign rate tag redact participants whisper delete_conversation begin
        create_contact update_contact merge_contacts delete_contact call_ends update_call
        delete_call hear create_article update_article delete_article create_collection
        update_collection delete_collection create_tag delete_tag update_admin delete_admin
    """
    assert set(expected.split()) <= kinds.keys()
    assert {kind.split()[1] for kind in kinds if " " in kind} == {"before", "after"}
    requests = {change.request for change in moved.api.live.changes}
    assert requests == set(range(3, moved.api.serving.number + 1, 3))


def test_no_changes_without_the_mode() -> None:
    inside = open_inside(seconds_per_request=1)
    assert read_all(inside, 1) != []
    assert inside.api.live.changes == []


def test_lists_and_searches_agree_with_the_truth_after_the_freeze() -> None:
    inside = open_inside(seed=5, conversations=90, change_every=2, seconds_per_request=0.5)
    read_all(inside, rounds=6)
    inside.ask("/_sandbox/freeze", {})
    before = len(inside.api.live.changes)
    found = {hit["id"]: hit for hit in inside.hits()}
    truth = inside.json("/_sandbox/truth/conversations")
    assert found.keys() == {row["id"] for row in truth}
    for row in truth:
        answer = inside.ask(f"/conversations/{row['id']}")
        whole = json.loads(answer.body)
        assert (row["state"], row["read"]) == (whole["state"], whole["read"])
        assert whole["updated_at"] == found[row["id"]]["updated_at"]
        assert answer.body.decode() in inside.json(f"/_sandbox/payloads/conversations/{row['id']}")
        # The hit shows the whole object but its parts.
        del whole["conversation_parts"]
        assert whole.keys() == found[row["id"]].keys()
        assert whole["tags"] == found[row["id"]]["tags"]
    for stream in STREAMS[1:]:
        ids = {row["id"] for row in inside.json(f"/_sandbox/truth/{stream}")}
        assert ids == set(inside.json(f"/_sandbox/ids/{stream}"))
    assert len(inside.api.live.changes) == before
    inside.ask("/_sandbox/thaw", {})
    read_all(inside, 1)
    assert len(inside.api.live.changes) > before


@pytest.mark.parametrize("stream", [*STREAMS, "call_transcriptions"])
def test_what_vanished_was_there_and_is_not_any_more(moved: Inside, stream: str) -> None:
    gone = moved.json(f"/_sandbox/vanished/{stream}")
    assert gone
    assert set(gone).isdisjoint(moved.json(f"/_sandbox/ids/{stream}"))


def test_deleted_conversations_are_gone_and_listed(moved: Inside) -> None:
    gone = moved.json("/_sandbox/vanished/conversations")
    deleted = moved.json("/_sandbox/truth/deleted_conversations")
    assert set(gone) <= {row["id"] for row in deleted}
    assert {moved.ask(f"/conversations/{i}").status for i in gone} == {404}
    assert set(gone).isdisjoint(hit["id"] for hit in moved.hits())


@pytest.mark.parametrize(
    ("stream", "keys"),
    [
        ("conversation_tags", ("conversation_id", "tag_id")),
        ("conversation_participants", ("conversation_id", "type", "id")),
    ],
)
def test_vanished_tags_and_participants_are_not_in_the_truth(
    moved: Inside, stream: str, keys: tuple[str, ...]
) -> None:
    gone = {tuple(key) for key in moved.json(f"/_sandbox/vanished/{stream}")}
    there = {tuple(row[k] for k in keys) for row in moved.json(f"/_sandbox/truth/{stream}")}
    assert gone
    assert gone.isdisjoint(there)


def test_merged_contacts_are_gone_and_lead_to_the_other(moved: Inside) -> None:
    # Further ones may merge while these are asked for.
    merged = dict(moved.api.workspace.merged)
    assert merged
    listed = moved.json("/_sandbox/ids/contacts")
    for source, target in merged.items():
        answer = moved.ask(f"/contacts/{source}")
        assert answer.status == 410
        assert answer.headers["Link"] == f'</contacts/{target}>; rel="canonical"'
        assert moved.ask(f"/contacts/{source}", version="2.15").status == 404
        assert source not in listed
    deleted = set(moved.json("/_sandbox/vanished/contacts")) - merged.keys()
    assert {moved.ask(f"/contacts/{i}").status for i in deleted} == {404}
    contact = moved.json(f"/contacts/{listed[0]}")
    assert contact["id"] == listed[0]


def test_leads_are_merged_into_users_who_alone_show_what_became_part_of_them(
    moved: Inside,
) -> None:
    rows = moved.json("/_sandbox/truth/contact_merge_history")
    assert {row["source_contact_id"] for row in rows} & moved.api.workspace.merged.keys()
    roles = {row["id"]: row["role"] for row in moved.json("/_sandbox/truth/contacts")}
    assert {roles[row["contact_id"]] for row in rows} == {"user"}
    newest = moved.api.workspace.merged.values()
    shown = [i for i in newest if i in roles and moved.json(f"/contacts/{i}/merge_history")["data"]]
    assert shown


def test_new_contacts_are_of_companies_that_are_there() -> None:
    inside = open_inside()
    happen = Upheavals(inside.api.workspace, random.Random("companies go"))
    for number in range(60):
        happen.delete_company(inside.now() + number)
        happen.create_contact(inside.now() + number)
    there = {row["id"] for row in inside.json("/_sandbox/truth/companies")}
    held = {row["company_id"] for row in inside.json("/_sandbox/truth/contact_companies")}
    assert held
    assert held <= there


def test_a_change_on_each_side_of_a_fetch_falls_in_one_second() -> None:
    inside = open_inside(change_every=1, seconds_per_request=0.5)
    target = inside.hits()[0]["id"]
    answer = inside.ask(f"/conversations/{target}")
    while not inside.api.live.changes[-1].kind.endswith(" after"):
        answer = inside.ask(f"/conversations/{target}")
    before, after = inside.api.live.changes[-2:]
    assert (before.id, after.id) == (target, target)
    assert (before.at, before.request) == (after.at, after.request)
    served = json.loads(answer.body)
    assert served["updated_at"] == before.at
    assert int(parsedate_to_datetime(answer.headers["Date"]).timestamp()) == before.at
    inside.ask("/_sandbox/freeze", {})
    now = inside.json(f"/conversations/{target}")
    assert now["updated_at"] == served["updated_at"]
    assert now != served


def test_transcripts_come_in_part_then_whole_and_leave_the_call_as_it_was() -> None:
    inside = open_inside(seed=4, change_every=1, seconds_per_request=0.5)
    texts: dict[str, list[str]] = {}
    calls: dict[str, bytes] = {}
    for _ in range(1_500):
        inside.ask("/me")
        change = inside.api.live.changes[-1]
        if change.stream == "calls":
            calls[change.id] = inside.ask(f"/_sandbox/payload/calls/{change.id}").body
        if change.stream == "call_transcriptions":
            rows = inside.json("/_sandbox/truth/call_transcriptions")
            text = next(r["transcript_text"] for r in rows if r["call_id"] == change.id)
            texts.setdefault(change.id, []).append(text)
            now = inside.ask(f"/_sandbox/payload/calls/{change.id}").body
            assert calls.setdefault(change.id, now) == now
    grown = [versions for versions in texts.values() if len(versions) > 1]
    assert grown
    for part, whole in grown:
        assert whole.startswith(part)
        assert len(whole) > len(part)
    inside.ask("/_sandbox/freeze", {})
    assert inside.json("/_sandbox/truth/call_transcriptions")


def test_transcript_of_an_old_call_comes_in_part_too_and_is_whole_within_a_day() -> None:
    inside = open_inside(seed=19, change_every=1, seconds_per_request=0.5)

    def text(call_id: str) -> str:
        rows = inside.json("/_sandbox/truth/call_transcriptions")
        found: str = next(row["transcript_text"] for row in rows if row["call_id"] == call_id)
        return found

    old = {
        row["id"]
        for row in inside.json("/_sandbox/truth/calls")
        if row["ended_at"] < iso(inside.now() - 2 * DAY)
    }
    change = until(inside, "/me", lambda c: c.kind == "hear" and c.id in old)
    part = text(change.id)
    inside.api.clock.advance(DAY)
    inside.ask("/me")
    assert text(change.id).startswith(part)
    assert len(text(change.id)) > len(part)


def test_an_updated_row_jumps_to_the_first_page_and_a_deleted_one_lets_others_slide() -> None:
    inside = open_inside(seed=8, change_every=1, seconds_per_request=0.5)

    def ids() -> list[str]:
        rows = (inside.json(f"/articles?page={page}")["data"] for page in range(1, 5))
        return [row["id"] for page in rows for row in page]

    inside.ask("/_sandbox/freeze", {})
    before = ids()
    inside.ask("/_sandbox/thaw", {})
    change = until(inside, "/me", lambda c: c.kind in ("update_article", "create_article"))
    inside.ask("/_sandbox/freeze", {})
    assert ids()[0] == change.id
    assert len(before) >= 30
    inside.ask("/_sandbox/thaw", {})
    change = until(inside, "/me", lambda c: c.kind == "delete_article")
    inside.ask("/_sandbox/freeze", {})
    assert change.id not in ids()
    assert inside.ask(f"/articles/{change.id}").status == 404


def test_parts_once_served_stay_in_their_truth() -> None:
    inside = open_inside(seed=1, change_every=1, seconds_per_request=0.5)
    most = max(inside.json("/_sandbox/truth/conversations"), key=lambda r: r["parts_total_count"])
    target = most["id"]
    shown = inside.json(f"/conversations/{target}")["conversation_parts"]["conversation_parts"]
    for _ in range(40):
        inside.ask(f"/conversations/{target}")
    now = inside.json(f"/conversations/{target}")["conversation_parts"]
    assert now["total_count"] > most["parts_total_count"]

    def ids(path: str) -> set[str]:
        return {r["id"] for r in inside.json(path) if r["conversation_id"] == target}

    current = ids("/_sandbox/truth/conversation_parts")
    served = ids("/_sandbox/truth/conversation_parts?served=1")
    assert len(current) == 500
    assert {part["id"] for part in shown} <= served
    assert current < served


def test_live_changes_over_http_freeze_and_thaw() -> None:
    with Sandbox.start(seed=6, conversations=60, change_every=2, seconds_per_request=0.5) as live:
        for _ in range(20):
            call(live, "/conversations?per_page=5")
        assert len(live.changes()) == 10
        before = parsedate_to_datetime(call(live, "/me").headers["Date"])
        live.freeze()
        after = parsedate_to_datetime(call(live, "/me").headers["Date"])
        assert 600 <= (after - before).total_seconds() < 610
        for _ in range(10):
            call(live, "/me")
        assert len(live.changes()) == 10
        live.thaw()
        call(live, "/me")
        call(live, "/me")
        assert len(live.changes()) == 11
        assert isinstance(live.vanished("tags"), list)
        assert live.truth("conversation_parts", served=True)
