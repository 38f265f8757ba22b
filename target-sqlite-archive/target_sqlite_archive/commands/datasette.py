"""`sqlite-archive datasette-metadata`: what makes a Datasette site of an archive readable."""

from __future__ import annotations

import json
from pathlib import Path

import click

from target_sqlite_archive.reading import open_archive
from target_sqlite_archive.site import site_metadata


@click.command("datasette-metadata")
@click.argument("archive", type=click.Path(path_type=Path))
def datasette_metadata(archive: Path) -> None:
    """Print metadata for a Datasette site of ARCHIVE: descriptions, labels, facets, ready queries.

    \b
        sqlite-archive datasette-metadata archive.db > metadata.json
        datasette archive.db --metadata metadata.json

    Install Datasette beside this package (pip install datasette): then it also finds the plugin
    that makes links between rows lead to the rows that are meant.
    """
    with open_archive(archive) as reading:
        metadata = site_metadata(reading)
    click.echo(json.dumps(metadata, indent=2, ensure_ascii=False))
