"""The command `sqlite-archive`: everything that people do with a filled archive.

Each command is a module in ``commands/``; this one lists them and turns errors into one line.
"""

from __future__ import annotations

import sys

import click

from target_sqlite_archive.commands.state import state
from target_sqlite_archive.commands.verify import verify
from target_sqlite_archive.errors import TargetError


class _Commands(click.Group):
    """A group whose commands may raise an error for a person: one line on stderr, exit code 1."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except TargetError as error:
            click.echo(f"sqlite-archive: {error}", err=True)
            sys.exit(1)


@click.group(cls=_Commands)
@click.version_option(package_name="target-sqlite-archive")
def main() -> None:
    """Read an archive that target-sqlite-archive has filled; none of these commands changes it."""


main.add_command(state)
main.add_command(verify)
