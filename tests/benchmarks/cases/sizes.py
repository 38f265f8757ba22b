"""Bytes: what payloads take in the archive, beside what `xz -9` makes of all in one file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.bench import Bench, Scale
from tests.benchmarks.harness import Command, Failed, Usage, module, run
from tests.benchmarks.made.pool import VERSIONS as NEWEST
from tests.benchmarks.page import Claim, Section, Table, shown
from tests.benchmarks.pipeline import Size, archive, reading, size_of
from tests.benchmarks.server.process import serving
from tests.pipeline.programs import program

# Long enough that the first version is not without parts.
VERSIONED_PARTS = 30
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Versions:
    """Conversations in several versions: how many, and the blobs of all and of the newest alone."""

    payloads: int
    blobs: int
    newest: int


def versions_of(database: Path) -> Versions:
    """Look at the versions of conversations; the newest is the one fetched last."""
    with reading(database) as connection:
        payloads, blobs = connection.execute(
            "SELECT count(*), sum(length(payload)) FROM raw_payloads WHERE stream = 'conversations'"
        ).fetchone()
        # SQLite takes a bare column from the row that has the maximum.
        (newest,) = connection.execute(
            "SELECT sum(bytes) FROM (SELECT length(payload) AS bytes, max(fetched_at) "
            "FROM raw_payloads WHERE stream = 'conversations' GROUP BY record_id)"
        ).fetchone()
    return Versions(payloads, blobs, newest)


def compact(database: Path, folder: Path) -> Usage:
    """Compact an archive with the command that a person uses."""
    return run(Command("compact", [program("sqlite-archive"), "compact", str(database)]), folder)


def measure(bench: Bench) -> Section:
    """Archive, squeeze, compact; then the same objects again and again as they grow."""
    room, count = bench.room("sizes"), bench.scale.squeezed
    pool = bench.pool(count)
    with serving(pool, count) as server:
        bench.say(f"archiving {count:,} conversations")
        database = archive(server, room, count).database
    bench.say("squeezing the same payloads with xz -9")
    run(module("plain.squeeze", pool, count), room / "squeezing")
    squeezed = json.loads((room / "squeezing" / "out").read_text("utf-8"))
    written = size_of(database)
    bench.say("compacting the archive")
    took = compact(database, room / "compacting")
    compacted = size_of(database)
    if compacted.payloads != written.payloads:
        raise Failed(f"{compacted.payloads:,} of {written.payloads:,} payloads are left")
    return _section(squeezed, (written, compacted), took, _versions(bench), bench.scale)


def _versions(bench: Bench) -> tuple[Versions, Versions]:
    """Archive the versions of each: give what they take before and after compacting."""
    room, count, versions = bench.room("versions"), bench.scale.versioned, bench.scale.versions
    database = room / "archive.db"
    for version in range(NEWEST - versions + 1, NEWEST + 1):
        pool = bench.pool(count, parts=VERSIONED_PARTS, version=version)
        with serving(pool, count) as server:
            bench.say(f"archiving version {version} of {count:,} conversations")
            archive(server, room, count, database=database)
    before = versions_of(database)
    if before.payloads != count * versions:
        raise Failed(f"{before.payloads:,} payloads of {count * versions:,} versions are there")
    compact(database, room / "compacting")
    return before, versions_of(database)


def _section(
    squeezed: dict[str, int],
    sizes: tuple[Size, Size],
    took: Usage,
    versions: tuple[Versions, Versions],
    scale: Scale,
) -> Section:
    limit = squeezed["squeezed"]
    (written, compacted), (before, after) = sizes, versions
    rows = [
        ("payloads as served", _megabytes(squeezed["bytes"]), "", "", ""),
        ("`xz -9` of all in one file", _megabytes(limit), "1.00", "", ""),
        *(
            (
                name,
                _megabytes(size.stored),
                f"{size.stored / limit:.2f}",
                _megabytes(size.dictionaries),
                _megabytes(size.file),
            )
            for name, size in (("archive as written", written), ("after `compact`", compacted))
        ),
    ]
    versioned = [
        (
            name,
            _megabytes(found.blobs),
            _megabytes(found.newest),
            f"{found.blobs / found.newest:.2f}",
        )
        for name, found in (("as written", before), ("after `compact`", after))
    ]
    return Section(
        title="Bytes",
        how=(
            f"{scale.squeezed:,} different conversations of 20 parts through the pipeline; no "
            "clock has a part in these figures, so there is one round. Blobs and dictionaries of "
            "all payloads beside `xz -9` of the conversations as served, one after the other. "
            f"Versions: {scale.versioned:,} conversations archived {scale.versions} times, one to "
            f"three parts longer each time and with new signatures, up to {VERSIONED_PARTS} parts."
        ),
        claims=(
            Claim(
                "blobs and dictionaries as written, times `xz -9`",
                written.stored / limit,
                1.45,
                at_least=False,
            ),
            Claim(
                "blobs and dictionaries after `compact`, times `xz -9`",
                compacted.stored / limit,
                1.3,
                at_least=False,
            ),
            Claim(
                f"{scale.versions} versions after `compact`, times the newest alone",
                after.blobs / after.newest,
                1.25,
                at_least=False,
            ),
        ),
        tables=(
            Table(("", "MB", "of `xz -9`", "dictionaries MB", "whole file MB"), rows),
            Table(("versions", "blobs MB", "newest alone MB", "ratio"), versioned),
        ),
        notes=(
            f"`sqlite-archive compact` took {shown(took.cpu_seconds)} s of processor time and "
            f"{shown(took.peak_bytes / MEGABYTE)} MB of memory for the "
            f"{_megabytes(squeezed['bytes'])} MB of payloads.",
        ),
        counts={
            "payloads as written": written.payloads,
            "payloads after compact": compacted.payloads,
            "versions as written": before.payloads,
            "versions after compact": after.payloads,
        },
    )


def _megabytes(size: int) -> str:
    return shown(size / MEGABYTE)
