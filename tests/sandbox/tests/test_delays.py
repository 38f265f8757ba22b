"""What is seen late: replicas that lag, changes that move no time, searches that index slowly."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from tests.sandbox.tests.inside import open_inside, until


def test_a_lagging_replica_answers_older_versions_and_then_the_last() -> None:
    inside = open_inside(seed=7, conversations=80, change_every=2, seconds_per_request=0.5)
    behind: Counter[int] = Counter()
    for _ in range(60):
        inside.ask("/me")
        since = inside.now() - 60
        for hit in inside.search(since=since)["conversations"]:
            updated = [
                json.loads(answer.body)["updated_at"]
                for _ in range(4)
                if (answer := inside.ask(f"/conversations/{hit['id']}")).status == 200
            ]
            lagged = sum(at < hit["updated_at"] for at in updated)
            behind[lagged] += 1
            # Only a version that its own time gives away is served late.
            assert updated == sorted(updated)
    assert min(behind[0], behind[1], behind[3]) > 0
    assert set(behind) <= {0, 1, 2, 3}
    inside.ask("/_sandbox/freeze", {})
    for hit in inside.hits():
        fetched = inside.json(f"/conversations/{hit['id']}")
        assert fetched["updated_at"] == hit["updated_at"]


def test_a_whispered_change_moves_no_time_and_shows_in_the_hit() -> None:
    inside = open_inside(seed=3, change_every=1, seconds_per_request=0.1)
    seen: dict[str, Any] = {}
    whispered = 0
    for _ in range(600):
        since = inside.now() - 200
        hits = {hit["id"]: hit for hit in inside.search(since=since)["conversations"]}
        change = inside.api.live.changes[-1]
        if change.kind == "whisper" and change.id in seen and change.id in hits:
            old, new = seen[change.id], hits[change.id]
            assert new["updated_at"] == old["updated_at"]
            assert change.at - new["updated_at"] <= 120
            signed = ("source",)
            assert {k for k in new if k not in signed and new[k] != old[k]} <= {
                "read",
                "tags",
                "conversation_rating",
            }
            whispered += any(new[k] != old[k] for k in ("read", "tags", "conversation_rating"))
        seen = hits
    assert whispered > 5


def test_new_objects_are_found_by_searches_only_after_a_while() -> None:
    inside = open_inside(seed=2, change_every=1, seconds_per_request=0.2)

    def searched() -> set[str]:
        return {contact["id"] for contact in inside.search("/contacts/search")["data"]}

    late = 0
    for _ in range(30):
        change = until(inside, "/me", lambda c: c.kind == "create_contact")
        assert inside.ask(f"/contacts/{change.id}").status in (200, 404, 410)
        listed = {c["id"] for c in inside.json("/contacts?per_page=150")["data"]}
        missing = listed - searched()
        # Deleted between the two.
        missing -= {key[0] for key in inside.api.workspace.vanished.keys("contacts")}
        late += change.id in missing
        waited = max((c.at for c in inside.api.live.changes if c.id in missing), default=0)
        assert inside.now() - waited < 200 or not missing
    assert late > 3
    inside.ask("/_sandbox/freeze", {})
    assert searched() == set(inside.json("/_sandbox/ids/contacts"))
    hits = {hit["id"] for hit in inside.hits()}
    assert hits == set(inside.json("/_sandbox/ids/conversations"))
