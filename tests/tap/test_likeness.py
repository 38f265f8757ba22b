"""Search hits and fetched objects are compared only in what both are known to show alike."""

from __future__ import annotations

from tap_intercom_archive.likeness import Likeness

MEMBERS = ("state", "tags", "statistics")


def test_difference_in_a_member_that_both_show_is_seen() -> None:
    likeness = Likeness(MEMBERS)
    assert likeness.agrees({"state": "open", "other": 1}, {"state": "open", "other": 2})
    assert likeness.agrees({"state": "open"}, {"tags": []})
    assert not likeness.agrees({"state": "open"}, {"state": "closed"})


def test_member_that_differs_where_all_stands_still_is_compared_no_longer() -> None:
    likeness = Likeness(MEMBERS)
    hit, whole = {"state": "open", "tags": ["a"]}, {"state": "open", "tags": ["a", "b"]}
    likeness.learn(hit, whole)
    likeness.learn(hit, whole)
    assert not likeness.agrees(hit, whole)
    likeness.learn(hit, whole)
    assert likeness.agrees(hit, whole)
    assert likeness.unlike == ["tags"]
    assert not likeness.agrees({"state": "open"}, {"state": "closed"})


def test_what_a_run_has_learned_serves_the_next_until_it_is_seen_to_be_wrong() -> None:
    likeness = Likeness(MEMBERS, ["tags", "gone by now"])
    assert likeness.unlike == ["tags"]
    for _ in range(4):
        likeness.learn({"tags": []}, {"tags": []})
    assert likeness.unlike == []


def test_learning_ends() -> None:
    likeness = Likeness(MEMBERS)
    taught = 0
    while likeness.is_learning:
        likeness.learn({}, {})
        taught += 1
    assert 10 < taught < 1_000
    assert not Likeness(()).is_learning
