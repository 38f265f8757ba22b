"""Searches beside bare FTS5: the same queries by the engine of `sqlite-archive search` and by hand.

`python -m tests.benchmarks.plain.search ARCHIVE ROUNDS < QUERIES`: QUERIES is a JSON list of what a
person types. By hand is what anyone would write for the same rows, ranked and with snippets, who
knows that only parts can have them. Prints, for each query, how many hits there are and the
milliseconds of each round.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from target_sqlite_archive.known_search import SEARCHED
from target_sqlite_archive.query import fts5_expression
from target_sqlite_archive.reading import open_archive
from target_sqlite_archive.searching import Found, search, searched_in

LIMIT = 20
_BARE = (
    "SELECT p.id, snippet(conversation_parts_fts, -1, '[', ']', '…', 24) "
    "FROM conversation_parts_fts AS f JOIN conversation_parts AS p ON p.rowid = f.rowid "
    "WHERE conversation_parts_fts MATCH ? ORDER BY rank LIMIT ?"
)
_COUNT = "SELECT count(*) FROM conversation_parts_fts WHERE conversation_parts_fts MATCH ?"

Result = TypeVar("Result")


@dataclass
class Told:
    """One query: its hits, and the milliseconds of each round in both ways."""

    hits: int
    search: list[float]
    bare: list[float]


def timed(call: Callable[[], Result]) -> tuple[float, Result]:
    """Give how many milliseconds a call took, and what it gave."""
    began = time.perf_counter()
    result = call()
    return 1_000 * (time.perf_counter() - began), result


def main() -> None:
    """Search by turns, after one round that is not counted."""
    path, rounds, queries = Path(sys.argv[1]), int(sys.argv[2]), json.load(sys.stdin)
    told = {query: Told(0, [], []) for query in queries}
    with (
        open_archive(path) as reading,
        closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as bare,
    ):
        searched = searched_in(reading, SEARCHED)
        for number in range(rounds + 1):
            for query in queries:
                expression = fts5_expression(query)
                assert expression is not None, query

                def ours(expression: str = expression) -> Found:
                    return search(reading, expression, searched, LIMIT, {})

                def by_hand(expression: str = expression) -> list[tuple[str, str]]:
                    return bare.execute(_BARE, (expression, LIMIT)).fetchall()

                (took, found), (took_bare, rows) = timed(ours), timed(by_hand)
                (total,) = bare.execute(_COUNT, (expression,)).fetchone()
                if found.total != total or len(found.hits) != len(rows):
                    sys.exit(f"{query}: {found.total} hits are told of {total}")
                if number:
                    told[query].hits = total
                    told[query].search.append(took)
                    told[query].bare.append(took_bare)
    json.dump({query: asdict(found) for query, found in told.items()}, sys.stdout)


if __name__ == "__main__":
    main()
