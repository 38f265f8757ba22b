"""Searching an archive: what is found, how it is filtered, and what is printed."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
from typing import Any

import pytest

from tests.target.harness import Archive, bookmark, state
from tests.target.reading_harness import COMMAND, SCHEMAS, fill, read
from tests.target.telling import conversation, declare, told


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return told(Archive(tmp_path_factory.mktemp("search")))


def hits(archive: Archive, *arguments: str) -> list[dict[str, Any]]:
    done = read("search", str(archive.path), "--json", *arguments)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def found(archive: Archive, *arguments: str) -> set[str]:
    """Name what was found: the parts, or the whole where it has no part."""
    return {hit["part_id"] or hit["id"] for hit in hits(archive, *arguments)}


def test_every_kind_of_text_is_searched(story: Archive) -> None:
    assert found(story, "refund") == {"101", "102", "1021", "1031", "501", "701"}
    assert found(story, "refund", "stripe") == {"101"}
    assert found(story, "refund*", "AND", "stripe") == {"101", "1011"}
    assert found(story, "password NOT refund") == {"103"}


def test_titles_and_subjects_are_searched(archive: Archive) -> None:
    told(
        archive,
        declare("conversations"),
        conversation("104", "x", "2026", title="A chargeback"),
        conversation("105", "x", "2026", source_subject="Your chargeback"),
    )
    assert found(archive, "chargeback") == {"104", "105"}
    assert found(archive, "money", "back") == {"701"}
    [hit] = hits(archive, "money")
    assert hit["snippet"] == "Getting your [money] back"


def test_a_hit_says_what_a_reader_wants_to_know(story: Archive) -> None:
    [hit] = hits(story, '"refunds take"')
    assert hit == {
        "kind": "conversations",
        "id": "101",
        "part_id": "1011",
        "at": "2026-01-05T11:00:00Z",
        "author_type": "admin",
        "author_id": "a1",
        "author_name": "Mock Mia",
        "title": None,
        "state": "closed",
        "deleted_at": None,
        "snippet": "Stripe [refunds take] five days",
    }


def test_a_name_that_did_not_come_with_the_text_is_looked_up(story: Archive) -> None:
    assert [hit["author_name"] for hit in hits(story, "refund", "--in", "articles")] == [
        "Synthetic Sam"
    ]


def test_the_better_text_comes_first(story: Archive) -> None:
    ranked = [hit["id"] for hit in hits(story, "refund", "--in", "conversations")]
    assert ranked[0] == "102"  # two words, one of them the one
    assert hits(story, "refund", "--limit", "2") == hits(story, "refund")[:2]


@pytest.mark.parametrize(
    ("filters", "parts"),
    [
        (["--state", "open"], {"102", "1021"}),
        (["--state", "CLOSED"], {"101", "1031", "501"}),
        (["--state", "published"], {"701"}),
        (["--tag", "billing"], {"101", "501", "701"}),
        (["--tag", "tag-Billing"], {"101", "501"}),
        (["--tag", "vip"], {"102", "1021"}),  # 101 has had it in an older version
        (["--since", "2026-02"], {"102", "1021"}),
        (["--since", "2026-02-10T10:00:00"], {"102", "1021"}),
        (["--since", "2026-02-10T10:00:01"], {"1021"}),
        (["--until", "2026-01-05"], {"101", "1031", "701"}),
        (["--until", "2025"], {"701"}),
        (["--since", "2026-01", "--until", "2026-01"], {"101", "1031", "501"}),
        (["--author", "a2"], {"1021", "701"}),
        (["--author", "A1@EXAMPLE.COM"], {"501"}),
        (["--author", "ines"], {"102"}),
        (["--author", "bot"], {"1031"}),
        (["--author", "%"], set()),
        (["--fin", "resolved"], {"1031"}),
        (["--fin", "unresolved"], {"102", "1021"}),
        (["--fin", "yes"], {"102", "1021", "1031"}),
        (["--fin", "no"], {"101", "501"}),
        (["--fin", "escalated"], {"102", "1021"}),
        (["--in", "calls"], {"501"}),
        (["--in", "calls,articles"], {"501", "701"}),
        (["--state", "open", "--author", "sam", "--fin", "yes", "--tag", "vip"], {"1021"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_filters(story: Archive, filters: list[str], parts: set[str]) -> None:
    assert found(story, "refund", *filters) == parts


def test_what_was_deleted_is_found_and_marked(story: Archive) -> None:
    [hit] = hits(story, "password")
    assert hit["deleted_at"] == "2026-02-02T00:00:00Z"
    assert "deleted 2026-02-02" in read("search", str(story.path), "password").stdout


def test_people_get_lines_and_how_to_go_on(story: Archive) -> None:
    done = read("search", str(story.path), "refund", "--limit", "1")
    first, snippet, last = done.stdout.splitlines()
    assert first == "  1 conversation 102 · open · 2026-02-10 10:00 · Invented Ines"
    assert snippet == "    [Refund], please!"
    assert last.startswith("The best 1 of 6 hits; --limit shows more.")
    assert f"sqlite-archive show {story.path} 102" in last
    assert read("search", str(story.path), "nonsense").stdout == "Nothing was found.\n"


def test_machines_get_lines_or_csv(story: Archive) -> None:
    lines = read("search", str(story.path), "refund", "--nl").stdout.splitlines()
    assert [json.loads(line) for line in lines] == hits(story, "refund")
    table = read("search", str(story.path), "refund", "--csv").stdout
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["id"] for row in rows] == [hit["id"] for hit in hits(story, "refund")]
    assert hits(story, "nonsense") == []


@pytest.mark.parametrize(("env", "painted"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_are_for_terminals_that_want_them(
    story: Archive, env: dict[str, str], painted: bool
) -> None:
    leader, follower = pty.openpty()
    done = subprocess.run(
        [COMMAND, "search", str(story.path), "password"],
        stdout=follower,
        stderr=subprocess.PIPE,
        env={**{k: v for k, v in os.environ.items() if k != "NO_COLOR"}, **env},
        check=True,
    )
    os.close(follower)
    shown = os.read(leader, 100_000)
    os.close(leader)
    assert done.stderr == b""
    assert (b"\x1b[1;33mpassword\x1b[0m" in shown) is painted
    assert (b"\x1b" in shown) is painted


def test_no_control_character_of_a_text_is_printed(archive: Archive) -> None:
    evil = "refund \x1b]0;owned\x07 \x9b31m \u202e\r\x08 end"
    told(archive, declare("conversations"), conversation("1", evil, "2026\x1b[2J", title="\x1b[1m"))
    done = read("search", str(archive.path), "refund owned")
    assert "owned" in done.stdout
    assert not [letter for letter in done.stdout if letter != "\n" and not letter.isprintable()], (
        done.stdout
    )


def test_an_archive_that_lacks_tables_is_searched_in_the_others(archive: Archive) -> None:
    told(
        archive,
        without=("deleted_conversations", "contacts", "admins", "conversation_tags", "calls"),
    )
    assert found(archive, "refund") == {"101", "102", "1021", "1031", "501", "701"}
    assert found(archive, "refund", "--author", "ines") == {"102"}
    assert found(archive, "refund", "--tag", "vip") == set()


def test_an_archive_without_full_text_is_one_line_and_exit_1(archive: Archive) -> None:
    fill(archive)
    done = read("search", str(archive.path), "refund", "--in", "articles")
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert "has no full text of articles" in done.stderr


def test_a_running_writer_is_searched_up_to_its_last_commit(archive: Archive) -> None:
    told(archive)
    with archive.start() as process:
        assert process.stdin
        assert process.stdout
        new = conversation("104", "The refund has come", "2026-04-01T00:00:00Z")
        lines = [declare("conversations"), new, state(bookmark("conversations", 2))]
        process.stdin.write("\n".join(lines).encode() + b"\n")
        process.stdin.flush()
        assert process.stdout.readline()
        process.stdin.write(conversation("105", "One more refund", "2026").encode() + b"\n")
        process.stdin.flush()
        assert "104" in found(archive, "refund")
        process.stdin.close()
        assert process.wait() == 0
    assert {"104", "105"} <= found(archive, "refund")


def test_a_query_without_a_word_finds_nothing(story: Archive) -> None:
    done = read("search", str(story.path), "!!! (")
    assert (done.returncode, done.stdout) == (0, "Nothing was found.\n")
    assert "no word" in done.stderr


def test_a_hyphen_before_a_word_is_no_flag(story: Archive) -> None:
    assert found(story, "-refund", "-stripe") == {"101"}
    assert found(story, "refund", "--limit", "1", "--", "--stripe") == {"101"}


@pytest.mark.parametrize(
    "flags",
    [
        ["--since", "soon"],
        ["--since", "2026-13"],
        ["--until", "9999"],
        ["--in", "everywhere"],
        ["--fin", "perhaps"],
        ["--limit", "0"],
        ["--limit", str(10**20)],
        ["--json", "--csv"],
    ],
    ids=" ".join,
)
def test_a_bad_filter_is_exit_2_and_says_what_to_write(story: Archive, flags: list[str]) -> None:
    done = read("search", str(story.path), "refund", *flags)
    assert (done.returncode, done.stdout) == (2, "")
    assert flags[0] in done.stderr


def test_other_streams_of_the_same_names_are_no_error(archive: Archive) -> None:
    archive.feed(*SCHEMAS, state(bookmark("conversations", 1)))
    assert found(archive, "hello") == set()
