"""How reading commands print: for people, or as JSON, JSON lines or CSV for machines.

Also what may go to a terminal: no control character of an archived text does. What is printed is
left to the commands.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import TypeVar

import click

from target_sqlite_archive.errors import DatabaseError
from target_sqlite_archive.periods import Period, read_period

Command = TypeVar("Command", bound=Callable[..., object])

# C0 but tab and line feed, DEL, C1, what turns the direction of text, and lone surrogates.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_LINE_ENDS = re.compile("\r\n?|[\u2028\u2029]")


class Form(Enum):
    """For whom a command prints."""

    PEOPLE = "people"
    JSON = "json"
    LINES = "nl"
    CSV = "csv"


def form_options(command: Command) -> Command:
    """Give a command the flags --json, --nl and --csv; it gets ``form``, a :class:`Form`."""
    for form, tells in (
        (Form.CSV, "Print CSV with a header for machines."),
        (Form.LINES, "Print one JSON object a line for machines."),
        (Form.JSON, "Print JSON for machines."),
    ):
        command = click.option(
            f"--{form.value}", is_flag=True, expose_value=False, callback=_read_form, help=tells
        )(command)
    return command


def _read_form(ctx: click.Context, param: click.Parameter, given: bool) -> None:
    form = ctx.params.setdefault("form", Form.PEOPLE)
    if given and form is not Form.PEOPLE:
        raise click.UsageError("--json, --nl and --csv exclude each other.")
    if given:
        ctx.params["form"] = Form(param.name)


def period_option(name: str, tells: str) -> Callable[[Command], Command]:
    """Give a command an option that takes a year, a month, a day or a time."""
    return click.option(name, metavar="TIME", callback=_read_period, help=tells)


def _read_period(ctx: click.Context, param: click.Parameter, value: str | None) -> Period | None:
    if value is None:
        return None
    try:
        return read_period(value)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from error


def write_rows(form: Form, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Print rows for machines, one at a time; CSV has these columns, JSON all that rows have."""
    if form is Form.CSV:
        click.echo(_csv_line(columns), nl=False)
        for row in rows:
            click.echo(_csv_line([_cell(row.get(name)) for name in columns]), nl=False)
    elif form is Form.LINES:
        for row in rows:
            click.echo(as_json(row))
    else:
        before = "["
        for row in rows:
            click.echo(f"{before}{as_json(row)}", nl=False)
            before = ",\n "
        click.echo("[]" if before == "[" else "]")


def as_json(value: object) -> str:
    """Write a value as JSON on one line; what a terminal would obey is escaped in it."""
    return _CONTROLS.sub(
        lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False)
    )


def _csv_line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return clean(value) if sys.stdout.isatty() else value
    return as_json(value)


def write_private(path: Path, text: str) -> None:
    """Write a file that its owner alone may read; `-` is standard output.

    Raises :class:`DatabaseError` where the file cannot be written.
    """
    if str(path) == "-":
        click.echo(text, nl=False)
        return
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(number, "w", encoding="utf-8") as file:
            if path.is_file():
                os.fchmod(number, 0o600)
            file.write(text)
    except OSError as error:
        raise DatabaseError(
            f"Cannot write {path}: {error.strerror}. Choose another path."
        ) from error


def clean(text: str) -> str:
    """Give a text without what a terminal would obey, its lines ended by line feeds."""
    return _CONTROLS.sub("\ufffd", _LINE_ENDS.sub("\n", text))


def one_line(text: str) -> str:
    """Give a text on one line, without what a terminal would obey."""
    return " ".join(clean(text).split())


def counted(count: int, noun: str) -> str:
    """Give a number with what it counts: 1 row, 2,000 rows."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def minute(at: str | None) -> str:
    """Give a time (ISO 8601 UTC) as people read it, to the minute."""
    return one_line(at)[:16].replace("T", " ") if at else "time unknown"


def with_colours() -> bool:
    """Whether to print colours: on a terminal, unless the environment has NO_COLOR."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def found_marks() -> tuple[str, str]:
    """Give what goes before and after words that were found."""
    if with_colours():
        return "\x1b[1;33m", "\x1b[0m"
    return "[", "]"
