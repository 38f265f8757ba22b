"""`sqlite-archive raw`: the exact text that the provider sent, byte for byte."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from target_sqlite_archive.errors import DatabaseError
from target_sqlite_archive.object_versions import Texts, Version, find_versions, version_at
from target_sqlite_archive.output import clean, counted, period_option
from target_sqlite_archive.periods import Period
from target_sqlite_archive.reading import open_archive


@click.command()
@click.argument("archive", type=click.Path(path_type=Path))
@click.argument("id")
@click.option("--version", "number", type=click.IntRange(1), help="A version, as `history` counts.")
@period_option("--at", "The version of that time: 2026-03-01 (its end), 2026-03-01T10:30.")
@click.option("--all", "every", is_flag=True, help="All versions, oldest first, each on a line.")
@click.option("--stream", help="Whose payloads, where ids are alike: conversations, calls ...")
def raw(
    archive: Path,
    id: str,
    number: int | None,
    at: Period | None,
    every: bool,
    stream: str | None,
) -> None:
    """Print the exact text of an object, as it was sent.

    It is the newest version of object ID in ARCHIVE, or another one.

    \b
        sqlite-archive raw archive.db 215400000813 > conversation.json
        sqlite-archive raw archive.db 215400000813 | jq .source.author
        sqlite-archive raw archive.db 215400000813 --at 2026-03-01
        sqlite-archive raw archive.db 215400000813 --all

    Into a file or a pipe it is byte for byte what came, checked against its hash, without a line
    end of our own; --all ends each version with one. A terminal gets no control characters.
    """
    if sum((number is not None, at is not None, every)) > 1:
        raise click.UsageError("--version, --at and --all exclude each other.")
    with open_archive(archive) as reading, reading.snapshot():
        _, versions = find_versions(reading, id, stream)
        chosen = versions if every else (_choose(archive, versions, number, at),)
        texts = Texts(reading)
        found = [texts.read(version) for version in reversed(chosen)]
    for text in reversed(found):
        _write(text + (b"\n" if every else b""))


def _choose(
    archive: Path, versions: Sequence[Version], number: int | None, at: Period | None
) -> Version:
    if at is not None:
        found = version_at(versions, at)
        if found is None:
            raise DatabaseError(
                f"The archive {archive} has no version of then: its first is of "
                f"{versions[0].since}."
            )
        return found
    if number is None:
        return versions[-1]
    if number > len(versions):
        there = counted(len(versions), "version")
        raise DatabaseError(f"The archive {archive} has {there}, not {number}.")
    return versions[number - 1]


def _write(text: bytes) -> None:
    if sys.stdout.isatty():
        click.echo(clean(text.decode(errors="replace")))
    else:
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()
