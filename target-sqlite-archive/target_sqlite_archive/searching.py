"""Finds texts by an archive's full-text indexes: the best first, filtered, a snippet of each.

What is searched and how it is filtered is data, in ``known_search.py``; a person's query is read in
``query.py``. An index ranks first and gives out few rows; only rows that are shown are looked up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from target_sqlite_archive.naming import quote
from target_sqlite_archive.reading import OpenArchive

# Marks around what was found, in a snippet. No text that people write has them.
FOUND, END = "\ue0f0", "\ue0f1"
_SNIPPET_WORDS = 24
# Without a map each of the many rows that a filter looks at would be copied out of the cache.
_MAP_BYTES = 1 << 40


@dataclass(frozen=True, slots=True, eq=False)
class Searched:
    """A table whose texts are searched, as SQL on its row ``r`` and what ``joins`` adds to it.

    ``kind`` is what people call it; ``id`` is what they look it up by. ``filters`` has a condition
    for each filter that makes sense; under any other filter the table is left out.
    """

    kind: str
    table: str
    id: str
    at: str
    filters: Mapping[str, str]
    joins: str = ""
    part_id: str = "NULL"
    title: str = "NULL"
    state: str = "NULL"
    author_type: str = "NULL"
    author_id: str = "NULL"
    author_name: str = "NULL"
    deleted_at: str = "NULL"

    @property
    def index(self) -> str:
        """Its full-text index."""
        return f"{self.table}_fts"


@dataclass(frozen=True, slots=True)
class Hit:
    """A text that was found; ``snippet`` has :data:`FOUND` and :data:`END` around the words."""

    kind: str
    id: str
    part_id: str | None
    at: str | None
    author_type: str | None
    author_id: str | None
    author_name: str | None
    title: str | None
    state: str | None
    deleted_at: str | None
    snippet: str

    def as_row(self) -> dict[str, object]:
        """Give the hit for machines, with brackets as marks."""
        snippet = self.snippet.replace(FOUND, "[").replace(END, "]")
        return {**asdict(self), "snippet": snippet}


@dataclass(frozen=True, slots=True)
class Found:
    """The best hits; ``total`` is how many there are in all, None where that was not counted."""

    hits: tuple[Hit, ...]
    total: int | None
    more: bool


Ranked = tuple[float, int, Searched]
"""A hit before it is looked up: how well it fits (less is better), its row id, and its table."""


def searched_in(archive: OpenArchive, all_searched: Iterable[Searched]) -> list[Searched]:
    """Give what this archive has of it, with its index."""
    return [
        searched
        for searched in all_searched
        if searched.table in archive.tables and searched.index in archive.indexes
    ]


def search(
    archive: OpenArchive,
    expression: str,
    searched: Sequence[Searched],
    limit: int,
    filters: Mapping[str, Mapping[str, str]],
) -> Found:
    """Find the ``limit`` best texts for an FTS5 expression.

    ``filters`` has the values that the condition of each wanted filter takes, by their names.
    """
    archive.connection.execute(f"PRAGMA mmap_size = {_MAP_BYTES}")
    eligible = [one for one in searched if filters.keys() <= one.filters.keys()]
    with archive.snapshot():
        ranked: list[Ranked] = []
        total: int | None = 0
        for one in eligible:
            best = _rank(archive, expression, one, limit + 1, filters)
            ranked += best
            if len(best) <= limit:
                total = None if total is None else total + len(best)
            elif filters:
                total = None
            elif total is not None:
                total += _count(archive, one, expression)
        ranked.sort(key=lambda entry: entry[:2])
        shown = ranked[:limit]
        hits = {
            (one, row_id): hit
            for one in eligible
            for row_id, hit in _hits(archive, expression, one, shown)
        }
    found = tuple(hits[one, row_id] for _, row_id, one in shown)
    return Found(found, total, len(ranked) > limit)


def _rank(
    archive: OpenArchive,
    expression: str,
    searched: Searched,
    limit: int,
    filters: Mapping[str, Mapping[str, str]],
) -> list[Ranked]:
    values = {name: value for given in filters.values() for name, value in given.items()}
    rows = archive.connection.execute(
        archive.fill(_best(searched, filters)),
        {"expression": expression, "limit": limit, **values},
    )
    return [(score, row_id, searched) for row_id, score in rows]


def _best(searched: Searched, filters: Mapping[str, Mapping[str, str]]) -> str:
    index = quote(searched.index)
    if not filters:
        return (
            f"SELECT rowid, rank FROM {index} WHERE {index} MATCH :expression "
            "ORDER BY rank LIMIT :limit"
        )
    # A filter is cheaper than a rank, and rows come in their order in the file: so filter first.
    conditions = " AND ".join(searched.filters[name] for name in filters)
    return (
        f"SELECT f.rowid, bm25({index}) AS score FROM {index} AS f "
        f"CROSS JOIN {{{searched.table}}} AS r ON r.rowid = f.rowid {searched.joins} "
        f"WHERE {index} MATCH :expression AND {conditions} ORDER BY score LIMIT :limit"
    )


def _count(archive: OpenArchive, searched: Searched, expression: str) -> int:
    index = quote(searched.index)
    rows = archive.connection.execute(
        f"SELECT count(*) FROM {index} WHERE {index} MATCH ?", (expression,)
    )
    count: int = rows.fetchone()[0]
    return count


def _hits(
    archive: OpenArchive,
    expression: str,
    searched: Searched,
    shown: Sequence[Ranked],
) -> Iterator[tuple[int, Hit]]:
    """Look up those of the shown rows that are of this table."""
    row_ids = [row_id for _, row_id, one in shown if one is searched]
    if not row_ids:
        return
    index = quote(searched.index)
    statement = archive.fill(
        f"SELECT f.rowid, {searched.id}, {searched.part_id}, {searched.at}, "
        f"{searched.author_type}, {searched.author_id}, {searched.author_name}, "
        f"{searched.title}, {searched.state}, {searched.deleted_at}, "
        f"snippet({index}, -1, '{FOUND}', '{END}', '…', {_SNIPPET_WORDS}) FROM {index} AS f "
        f"CROSS JOIN {{{searched.table}}} AS r ON r.rowid = f.rowid {searched.joins} "
        f"WHERE {index} MATCH ? AND f.rowid IN ({', '.join(map(str, row_ids))})"
    )
    for row_id, *facts in archive.connection.execute(statement, (expression,)):
        yield row_id, Hit(searched.kind, *facts)
