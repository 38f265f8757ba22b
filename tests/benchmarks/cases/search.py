"""Search: how long people wait for hits in a large archive, beside a bare full-text query."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.benchmarks.bench import Bench
from tests.benchmarks.harness import Failed, module, pipe, run
from tests.benchmarks.made.parts import HITS, follower, hits, word
from tests.benchmarks.page import Claim, Section, Table, shown
from tests.benchmarks.pipeline import rows, target

MEDIAN_MS, WORST_MS, TIMES_BARE = 50, 500, 2
# Each planted word alone, and six that combine words; a word's number is its place in HITS.
QUERIES = (
    *(word(number) for number in range(len(HITS))),
    f'"{word(6)} {follower(6)}"',
    f'"{word(10)} {follower(10)}"',
    f"{word(7)}*",
    f"{word(13)} AND {follower(13)}",
    f"{word(6)} OR {word(8)}",
    f"{word(9)} NOT {word(5)}",
)


@dataclass(frozen=True)
class Searched:
    """One query: its hits, and the medians of its milliseconds, ours and bare."""

    query: str
    hits: int
    ours: float
    bare: float


def measure(bench: Bench) -> Section:
    """Fill an archive with generated parts, then search it by turns in both ways."""
    count, room = bench.scale.searched, bench.room("search")
    bench.say(f"writing {count:,} parts")
    database = room / "archive.db"
    pipe([module("made.parts", count), target(room, database)], room)
    held = rows(database, ["conversation_parts"])["conversation_parts"]
    if held != count:
        raise Failed(f"the archive holds {held:,} parts of {count:,}")
    bench.say(f"searching {bench.scale.rounds} times by {len(QUERIES)} queries")
    found = _search(bench, room, database)
    for number, query in enumerate(found[: len(HITS)]):
        if query.hits != hits(number, count):
            raise Failed(f"{query.query}: {query.hits:,} hits of {hits(number, count):,}")
    ours, bare = sum(query.ours for query in found), sum(query.bare for query in found)
    slowest = max(found, key=lambda query: query.ours)
    return Section(
        title="Search",
        how=(
            f"{len(QUERIES)} fixed queries over {count:,} generated parts, by the engine of "
            "`sqlite-archive search` (every index there is, the best 20 hits looked up, all hits "
            "counted) and by a bare FTS5 query for the same rows with their snippets, by turns in "
            "one process; medians of the rounds after a first one. The program's start is left out."
        ),
        claims=(
            Claim("median of the queries", median(q.ours for q in found), MEDIAN_MS, " ms", False),
            Claim(f"worst of the queries ({slowest.query})", slowest.ours, WORST_MS, " ms", False),
            Claim("all queries, times the bare ones", ours / bare, TIMES_BARE, at_least=False),
        ),
        tables=(
            Table(
                ("query", "hits", "search, ms", "bare, ms", "times bare"),
                [
                    (
                        f"`{query.query}`",
                        f"{query.hits:,}",
                        shown(query.ours),
                        shown(query.bare),
                        shown(query.ours / query.bare),
                    )
                    for query in found
                ],
            ),
        ),
        counts={"parts": held, "queries": len(found), "most hits": max(q.hits for q in found)},
    )


def _search(bench: Bench, room: Path, database: Path) -> list[Searched]:
    given = room / "queries.json"
    given.write_text(json.dumps(QUERIES), "utf-8")
    run(module("plain.search", database, bench.scale.rounds), room, given=given)
    told = json.loads((room / "out").read_text("utf-8"))
    return [
        Searched(query, said["hits"], median(said["search"]), median(said["bare"]))
        for query, said in told.items()
    ]
