"""What payloads take, beside what `xz -9` makes of all of them in one file.

The payloads are the benchmarks': conversations of some 20 parts with the words of Python's own
documentation. Bytes do not depend on the machine, so these are limits and not measurements.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterable

import pytest

from tests.benchmarks.made.pool import MARK, VERSIONS, make_pool, number_of
from tests.target.compacting import compact, depths
from tests.target.growing import END, SCHEMA, payload
from tests.target.harness import Archive


def conversations(count: int, parts: int, version: int | None = None) -> list[str]:
    """Give the texts of conversations, all of them or as they were in a version."""
    pool = make_pool(1, count, parts, version)
    numbered = enumerate(pool.whole)
    return [text.replace(MARK.encode(), number_of(i).encode()).decode() for i, text in numbered]


def fill(archive: Archive, generations: Iterable[list[str]]) -> None:
    """Archive the texts of each generation, a run for each."""
    for texts in generations:
        lines = (payload(text, str(i), "conversations") for i, text in enumerate(texts))
        archive.load(SCHEMA, *lines, END)


def stored(archive: Archive) -> int:
    """Give the bytes of all payloads and dictionaries."""
    sizes = archive.query(
        "SELECT (SELECT sum(length(payload)) FROM raw_payloads), "
        "(SELECT sum(length(dictionary)) FROM _dictionaries)"
    )
    return sum(size or 0 for size in sizes[0])


def of_newest(archive: Archive) -> float:
    """Give the bytes of all versions as times those of the newest alone."""
    ((everything, newest),) = archive.query(
        "SELECT sum(length(payload)), sum(length(payload)) FILTER (WHERE rowid IN "
        "(SELECT max(rowid) FROM raw_payloads GROUP BY record_id)) FROM raw_payloads"
    )
    return float(everything / newest)


def test_ten_versions_take_little_more_than_the_newest(archive: Archive) -> None:
    fill(archive, [conversations(9, 30, n) for n in range(1, VERSIONS + 1)])
    assert of_newest(archive) > 5
    compact(archive.path)
    assert of_newest(archive) < 1.25
    assert depths(archive).count(0) == 9


@pytest.mark.prove
@pytest.mark.timeout(1800)
def test_many_payloads_are_as_small_as_promised(archive: Archive) -> None:
    texts = conversations(5_000, 20)
    limit = len(lzma.compress("".join(texts).encode(), preset=9))
    fill(archive, [texts])
    written = stored(archive) / limit
    compact(archive.path)
    compacted = stored(archive) / limit
    print(f"as written {written:.3f}, compacted {compacted:.3f} times `xz -9` ({limit:,} bytes)")
    assert written < 1.45
    assert compacted < 1.3


@pytest.mark.prove
@pytest.mark.timeout(1800)
def test_many_versions_are_as_small_as_promised(archive: Archive) -> None:
    fill(archive, [conversations(500, 30, n) for n in range(1, VERSIONS + 1)])
    written = of_newest(archive)
    compact(archive.path)
    compacted = of_newest(archive)
    print(f"{VERSIONS} versions: {written:.2f} times the newest as written, {compacted:.3f} after")
    assert compacted < 1.25
