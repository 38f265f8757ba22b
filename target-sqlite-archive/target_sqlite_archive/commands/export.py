"""`sqlite-archive export`: a portable snapshot of an archive, encrypted.

What is in one is ``snapshots/``'s to say.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import click

from target_sqlite_archive.blobs import DamagedBlobError
from target_sqlite_archive.errors import explain_damage
from target_sqlite_archive.output import as_json, counted, period_option
from target_sqlite_archive.periods import Period
from target_sqlite_archive.progress import Progress
from target_sqlite_archive.reading import open_archive
from target_sqlite_archive.snapshots.choosing import Choice, Filter
from target_sqlite_archive.snapshots.form import Manifest, SnapshotError, Tally
from target_sqlite_archive.snapshots.sealing import Recipients
from target_sqlite_archive.snapshots.writing import SnapshotLines


@click.command()
@click.argument("archive", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The file.")
@click.option("--recipient", "recipients", multiple=True, metavar="KEY", help="Who may open it.")
@click.option("--plain", is_flag=True, help="Do not encrypt: whoever has the file can read it.")
@period_option("--since", "Objects that changed then or later: 2026, 2026-03, 2026-03-01.")
@period_option("--until", "Objects that changed before the end of that time.")
@click.option("--stream", "streams", multiple=True, help="Only rows of this stream.")
@click.option("--tag", "tags", multiple=True, help="Only conversations and contacts with this tag.")
@click.option("--json", "machine", is_flag=True, help="Print the manifest as one JSON object.")
def export(
    archive: Path,
    output: Path,
    recipients: tuple[str, ...],
    plain: bool,
    since: Period | None,
    until: Period | None,
    streams: tuple[str, ...],
    tags: tuple[str, ...],
    machine: bool,
) -> None:
    """Write a portable snapshot of ARCHIVE.

    \b
        age-keygen -o key.txt                          prints the public key, age1...
        sqlite-archive export archive.db --recipient age1... -o archive.jsonl.zst.age
        sqlite-archive import archive.db archive.jsonl.zst.age --identity key.txt
        sqlite-archive export archive.db --tag billing --since 2026-01 --plain -o billing.jsonl.zst

    It is JSON lines, compressed by zstd and encrypted by age, and opens without this program too:
    age -d -i key.txt archive.jsonl.zst.age | zstd -d. The last line is a manifest with the number
    of rows of each table, and hashes.

    Without a filter it has everything: rows, all versions of all payloads, states, and what was
    forgotten. With one it has the chosen objects with all of their rows and payloads, and no
    states: a run cannot go on from it. --recipient, --stream and --tag may be given more than once.

    Exit code 0: written. 1: it could not be, and there is no file.
    """
    if plain == bool(recipients):
        raise click.UsageError("Say who may open it, by --recipient, or --plain for everybody.")
    if str(output) == "-":
        raise click.UsageError("--output needs the path of a file: it appears when it is whole.")
    sealed = Recipients(recipients)
    wanted = Filter(since.start if since else None, until.end if until else None, streams, tags)
    progress = Progress(sys.stderr, time.monotonic)
    tally = Tally()
    if output.exists():
        raise SnapshotError(f"{output} is there already. Nothing was changed. Choose another path.")
    with open_archive(archive) as reading, reading.snapshot():
        lines = SnapshotLines(reading, Choice(reading, wanted), bool(wanted), progress, tally)
        try:
            _write(sealed, lines, output)
        except DamagedBlobError as error:
            raise explain_damage(str(error), archive) from error
        finally:
            progress.clear()
    _tell(output, tally.manifest(), tally.rows, machine=machine)


def _write(sealed: Recipients, lines: SnapshotLines, output: Path) -> None:
    """Write the whole file or none."""
    part = output.with_name(output.name + ".part")
    try:
        number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(number, "wb") as file:
                sealed.seal(lines, file)
                file.flush()
                os.fsync(file.fileno())
            part.rename(output)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise SnapshotError(
            f"Cannot write {output}: {error.strerror or error}. Choose another path."
        ) from error


def _tell(output: Path, manifest: Manifest, rows: int, *, machine: bool) -> None:
    if machine:
        tables = {name: {"rows": n, "sha256": h} for name, (n, h) in manifest.tables.items()}
        click.echo(as_json({"snapshot": str(output), "tables": tables, "sha256": manifest.sha256}))
        return
    size = output.stat().st_size
    click.echo(
        f"{output}: {counted(rows, 'row')} of {counted(len(manifest.tables), 'table')} "
        f"in {size:,} bytes"
    )
    click.echo(f"sha256 of its lines: {manifest.sha256}")
