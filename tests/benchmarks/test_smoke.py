"""Every benchmark runs, small, and what it counts agrees; no time is looked at here."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.request import urlopen

import msgspec
import pytest

from tests.benchmarks.__main__ import CASES
from tests.benchmarks.bench import SMOKE, Bench
from tests.benchmarks.cases.limit import used
from tests.benchmarks.harness import Usage, pipe
from tests.benchmarks.made.pool import FIRST_NUMBER, read_pool
from tests.benchmarks.page import Claim, Machine, Section, Table, write
from tests.benchmarks.pipeline import Archived, tap
from tests.benchmarks.server.limits import Limit, Window
from tests.benchmarks.server.process import Counts, serving

# When a run took place, and nothing else, may differ between two runs over the same workspace.
OF_THE_RUN = re.compile(rb'"(time_extracted|fetched_at)":"[^"]*"|"version":\d+')
NOTHING = Usage(0.0, 0.0, 0)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"), SMOKE, print)


def counted(bench: Bench, name: str) -> dict[str, int]:
    section = CASES[name](bench)
    assert section.claims
    assert all(len(row) == len(table.columns) for table in section.tables for row in table.rows)
    return section.counts


def test_at_the_limit_every_conversation_is_fetched_once_and_none_is_refused(bench: Bench) -> None:
    count = SMOKE.limited
    assert counted(bench, "limit") == {"conversations": count, "fetched": count, "refused": 0}


def test_headroom_compares_runs_over_the_same_conversations(bench: Bench) -> None:
    assert set(counted(bench, "headroom").values()) == {SMOKE.headroom}


def test_all_loaders_store_the_same_rows(bench: Bench) -> None:
    counts = counted(bench, "target")
    assert len(counts) == 4
    assert len(set(counts.values())) == 1, counts
    assert counts["records"] > 20 * SMOKE.loaded


def test_sizes_are_of_all_payloads_and_all_versions(bench: Bench) -> None:
    counts = counted(bench, "sizes")
    versions = SMOKE.versioned * SMOKE.versions
    assert counts["payloads as written"] == counts["payloads after compact"] > SMOKE.squeezed
    assert counts["versions as written"] == counts["versions after compact"] == versions


def test_growth_reaches_the_larger_size(bench: Bench) -> None:
    larger, short = SMOKE.archived[1], SMOKE.loaded_short[1]
    expected = {"archived": larger, "fetched": larger, "loaded": short}
    assert counted(bench, "growth") == expected


def test_a_restart_fetches_no_conversation_again(bench: Bench) -> None:
    counts = counted(bench, "restart")
    assert counts["conversations"] == SMOKE.unchanged
    assert counts["fetched again"] == 0
    assert counts["calls"] > 0


def test_search_finds_what_was_planted(bench: Bench) -> None:
    most = SMOKE.searched // 10
    assert counted(bench, "search") == {"parts": SMOKE.searched, "queries": 20, "most hits": most}


def test_one_worker_and_64_give_the_same_bytes(bench: Bench) -> None:
    outputs = []
    with serving(bench.pool(SMOKE.pool), SMOKE.pool) as server:
        for concurrency in (1, 64):
            folder = bench.room(f"workers {concurrency}")
            pipe([tap(folder, server.url, concurrency=concurrency)], folder)
            lines = (folder / "out").read_bytes().splitlines(keepends=True)
            # A STATE comes with so many fetches as are under way at once, or with time.
            kept = [line for line in lines if not line.startswith(b'{"type":"STATE"')]
            outputs.append([OF_THE_RUN.sub(b"", line) for line in kept])
    assert len(outputs[0]) > 20 * SMOKE.pool
    assert outputs[0] == outputs[1]


def test_a_pool_is_the_same_for_the_same_seed_and_its_words_are_many(bench: Bench) -> None:
    file = bench.pool(SMOKE.pool)
    again = Bench(bench.room("again"), SMOKE, print).pool(SMOKE.pool)
    assert file.read_bytes() == again.read_bytes()
    words = {word for whole in read_pool(file).whole for word in re.findall(rb"[a-z]{3,}", whole)}
    assert len(words) > 4_000
    assert len(set(read_pool(file).whole)) == SMOKE.pool


def test_each_conversation_of_a_workspace_larger_than_its_pool_has_ids_of_its_own(
    bench: Bench,
) -> None:
    numbers = [str(FIRST_NUMBER + index) for index in range(2 * SMOKE.pool)]
    ids, parts = [], set()
    with serving(bench.pool(SMOKE.pool), len(numbers)) as server:
        for number in numbers:
            with urlopen(f"{server.url}/conversations/{number}", timeout=10) as answer:
                found = msgspec.json.decode(answer.read())
            ids.append(found["id"])
            parts |= {part["id"] for part in found["conversation_parts"]["conversation_parts"]}
        assert server.counts().fetched == len(numbers)
    assert ids == numbers
    assert len(parts) == 20 * len(numbers)


def test_the_server_refuses_what_is_over_the_limit_until_the_next_window() -> None:
    limit = Limit(2)
    taken = [limit.take(now) is not None for now in (103.0, 104.0, 112.9, 113.0)]
    assert taken == [True, True, False, True]
    assert limit.windows == [Window(113, 2, 1), Window(123, 1, 0)]


def test_use_of_the_limit_counts_windows_without_a_call_as_unused() -> None:
    windows = [Window(100, 5), Window(110, 10), Window(130, 10), Window(140, 1)]
    asked = Counts({}, windows, 0.0, 0.0)
    assert used(Archived(NOTHING, NOTHING, asked, Path(), 1), 10) == pytest.approx(200 / 3)


def test_the_page_says_which_claims_are_reached(tmp_path: Path) -> None:
    claims = (Claim("fast", 4.1, 4), Claim("slow", 3.9, 4), Claim("small", 1.2, 1.3, "", False))
    section = Section("Title", "How.", claims, (Table(("", "n"), (("one", "1"),)),))
    write(tmp_path / "page.md", "make bench", Machine.now(), 5, 1.0, [section])
    text = (tmp_path / "page.md").read_text("utf-8")
    assert "2 of 3 claims are reached" in text
    assert "| fast | at least 4 | 4.10 | reached |" in text
    assert "| slow | at least 4 | 3.90 | **not reached** |" in text
    assert "| small | at most 1.30 | 1.20 | reached |" in text
