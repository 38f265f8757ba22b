"""`sqlite-archive import`: makes an archive of a snapshot.

What is in one is ``snapshots/``'s to say.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click

from target_sqlite_archive.clock import iso, system_clock
from target_sqlite_archive.database import Database
from target_sqlite_archive.errors import DatabaseError
from target_sqlite_archive.output import as_json, counted
from target_sqlite_archive.progress import Progress
from target_sqlite_archive.snapshots.form import SnapshotError
from target_sqlite_archive.snapshots.restoring import DAMAGE, Restorer
from target_sqlite_archive.snapshots.sealing import Identities


@click.command("import")
@click.argument("archive", type=click.Path(path_type=Path))
@click.argument("snapshot", type=click.Path(path_type=Path))
@click.option(
    "--identity",
    "identities",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A file with your secret key, as age-keygen writes it.",
)
@click.option("--json", "machine", is_flag=True, help="Print one JSON object for machines.")
def import_command(
    archive: Path, snapshot: Path, identities: tuple[Path, ...], machine: bool
) -> None:
    """Make the new ARCHIVE of a SNAPSHOT that `export` has written.

    \b
        sqlite-archive import archive.db archive.jsonl.zst.age --identity key.txt
        sqlite-archive import billing.db billing.jsonl.zst        one that is not encrypted
        sqlite-archive verify archive.db

    The new archive has the same rows, payloads, states and keyed hashes of what was forgotten;
    texts are compressed anew. Every line is compared with the manifest, and the archive appears
    only when all of them were there.

    Exit code 0: made. 1: the key is another's, the file is cut or changed, or it could not be
    done; there is no new archive then.
    """
    keys = Identities(identities)
    progress = Progress(sys.stderr, time.monotonic)
    try:
        with _new(archive) as database:
            restorer = Restorer(database, lambda: iso(system_clock()), progress)
            with _explained(snapshot), snapshot.open("rb") as file:
                keys.unseal(file, restorer.take)
                restorer.finish()
    except OSError as error:
        raise SnapshotError(
            f"Cannot read {snapshot}: {error.strerror or error}. Give the path of a snapshot."
        ) from error
    finally:
        progress.clear()
    manifest = restorer.tally.manifest()
    if machine:
        rows = {name: count for name, (count, _) in manifest.tables.items()}
        click.echo(as_json({"archive": str(archive), "rows": rows, "sha256": manifest.sha256}))
    else:
        click.echo(
            f"{archive}: {counted(restorer.tally.rows, 'row')} of "
            f"{counted(len(manifest.tables), 'table')}"
        )


@contextlib.contextmanager
def _explained(snapshot: Path) -> Iterator[None]:
    try:
        yield
    except DAMAGE as error:
        raise SnapshotError(
            f"{snapshot} is not a whole snapshot: {error}. Nothing was changed. Get the file again "
            "from where it was made."
        ) from error


@contextlib.contextmanager
def _new(archive: Path) -> Iterator[Database]:
    """Give an archive beside the one that is wanted, and put it there when all went well."""
    if archive.exists():
        raise DatabaseError(
            f"{archive} is there already. Nothing was changed. Choose the path of a new file."
        )
    part = archive.with_name(archive.name + ".part")
    if part.exists():
        raise DatabaseError(
            f"{part} is there: another import is making it, or was cut off. Nothing was changed. "
            "Wait for its end, or remove it."
        )
    database = Database(part, now=iso(system_clock()))
    try:
        try:
            with database.explained():
                yield database
        finally:
            database.close()
        part.rename(archive)
    finally:
        for end in ("", "-wal", "-shm"):
            part.with_name(part.name + end).unlink(missing_ok=True)
