"""The command `sqlite-archive`: everything that people do with a filled archive.

Each command is a module in ``commands/``; this one lists them and turns errors into one line.
"""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from types import FrameType

import click

from target_sqlite_archive.commands.compact import compact
from target_sqlite_archive.commands.datasette import datasette_metadata
from target_sqlite_archive.commands.export import export
from target_sqlite_archive.commands.forget import forget
from target_sqlite_archive.commands.history import history
from target_sqlite_archive.commands.importing import import_command
from target_sqlite_archive.commands.raw import raw
from target_sqlite_archive.commands.search import search_command
from target_sqlite_archive.commands.show import show
from target_sqlite_archive.commands.state import state
from target_sqlite_archive.commands.stats import stats
from target_sqlite_archive.commands.verify import verify
from target_sqlite_archive.commands.views import views
from target_sqlite_archive.errors import TargetError

_STOPPED_BY_SIGNAL = 128


class _Stopped(KeyboardInterrupt):
    """A signal asks to stop; what was begun is taken back on the way out."""

    def __init__(self, number: int) -> None:
        """Remember which one."""
        self.number = number


def _stop(number: int, frame: FrameType | None) -> None:
    raise _Stopped(number)


class _Commands(click.Group):
    """A group whose commands may raise an error for a person: one line on stderr, exit code 1."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command that was asked for."""
        if sys.stdout is None:
            click.echo(
                "sqlite-archive: Standard output is closed. Run it again with one, which may be "
                "/dev/null.",
                err=True,
            )
            sys.exit(1)
        if isinstance(sys.stdout, io.TextIOWrapper):
            # A terminal that cannot show a letter is no reason to stop.
            sys.stdout.reconfigure(errors="replace")
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _stop)
        try:
            if os.environ.get("NO_COLOR"):
                ctx.color = False
            return super().invoke(ctx)
        except TargetError as error:
            click.echo(f"sqlite-archive: {error}", err=True)
            sys.exit(1)
        except UnicodeEncodeError:
            click.echo("sqlite-archive: An argument is not UTF-8. Write it anew.", err=True)
            sys.exit(1)
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            what = error.filename or "The output"
            click.echo(
                f"sqlite-archive: {what} cannot be written: {error.strerror}. Make room or choose "
                "another place, then run it again.",
                err=True,
            )
            sys.exit(1)
        except _Stopped as stopped:
            click.echo("sqlite-archive: stopped; nothing is lost, run it again.", err=True)
            sys.exit(_STOPPED_BY_SIGNAL + stopped.number)


@click.group(cls=_Commands)
@click.version_option(package_name="target-sqlite-archive")
def main() -> None:
    """Look after an archive that target-sqlite-archive has filled.

    `compact` makes the file smaller and keeps every text, `forget` removes a person for good,
    `views` adds and takes away views, `import` makes a new archive of a snapshot; the other
    commands only read it. Each has its own help: sqlite-archive search --help.
    """


main.add_command(compact)
main.add_command(datasette_metadata)
main.add_command(export)
main.add_command(forget)
main.add_command(history)
main.add_command(import_command)
main.add_command(raw)
main.add_command(search_command)
main.add_command(show)
main.add_command(state)
main.add_command(stats)
main.add_command(verify)
main.add_command(views)
