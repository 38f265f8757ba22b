"""`sqlite-archive views`: the views of an archive; the one reading command that may add to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from target_sqlite_archive.charts import table
from target_sqlite_archive.clock import iso, system_clock
from target_sqlite_archive.database import Database
from target_sqlite_archive.known_columns import KNOWN
from target_sqlite_archive.known_fivetran import FIVETRAN
from target_sqlite_archive.known_views import INDEXES, VIEWS
from target_sqlite_archive.output import Form, form_options, write_rows
from target_sqlite_archive.reading import open_archive
from target_sqlite_archive.shape import View, drop_views, ensure_shape, made_views

_COLUMNS = ("view", "made", "about")


@click.command()
@click.argument("archive", type=click.Path(path_type=Path))
@click.option("--fivetran", is_flag=True, help="Add views with Fivetran's tables and columns.")
@click.option("--no-fivetran", is_flag=True, help="Take those away again.")
@form_options
def views(archive: Path, fivetran: bool, no_fivetran: bool, form: Form) -> None:
    """List the views of ARCHIVE, and add optional ones.

    \b
        sqlite-archive views archive.db
        sqlite-archive views archive.db --fivetran     conversation_history, contact_history ...

    The target makes the others at the end of each run. With --fivetran, models and reports that
    were written for Fivetran's Intercom connector find its tables: admin, tag, team, team_admin,
    contact_history, conversation_history, conversation_part_history and so on, each object once,
    with its newest version.
    """
    if fivetran and no_fivetran:
        raise click.UsageError("--fivetran and --no-fivetran exclude each other.")
    with open_archive(archive) as reading:
        path = reading.path
    if fivetran or no_fivetran:
        _change(path, add=fivetran)
    with open_archive(archive) as reading:
        made = made_views(reading.connection)
    rows = list(_rows(made))
    if form is not Form.PEOPLE:
        write_rows(form, _COLUMNS, rows)
        return
    for line in table([(str(row["view"]), str(row["about"])) for row in rows if row["made"]]):
        click.echo(line)


def _change(path: Path, *, add: bool) -> None:
    database = Database(path, now=iso(system_clock()))
    try:
        with database.explained():
            database.begin()
            if add:
                ensure_shape(database.connection, [*VIEWS, *FIVETRAN], KNOWN, INDEXES)
            else:
                drop_views(database.connection, FIVETRAN)
            database.commit()
    finally:
        database.close()


def _rows(made: set[str]) -> Iterator[dict[str, object]]:
    offered: Sequence[View] = (*VIEWS, *FIVETRAN)
    for view in offered:
        yield {"view": view.name, "made": view.name in made, "about": view.about}
