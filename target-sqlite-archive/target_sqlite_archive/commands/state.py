"""`sqlite-archive state`: the last committed state, for the tap's next run."""

from __future__ import annotations

from pathlib import Path

import click

from target_sqlite_archive.errors import DatabaseError
from target_sqlite_archive.reading import open_archive
from target_sqlite_archive.states import NoStateError, last_state


@click.command()
@click.argument("archive", type=click.Path(path_type=Path))
def state(archive: Path) -> None:
    """Print the last committed state of ARCHIVE as JSON.

    This is where the tap's next run goes on from, when its own state was not kept:

    \b
        sqlite-archive state archive.db > state.json
        some-tap --config tap.json --state state.json | target-sqlite-archive ...

    It may be asked for while a run is writing. Where there is none, the exit code is 1.
    """
    with open_archive(archive) as reading:
        try:
            click.echo(last_state(reading.connection))
        except NoStateError as error:
            raise DatabaseError(
                f"The archive {archive} has no state to go on from: {error}. "
                "Run the tap once without a state."
            ) from error
