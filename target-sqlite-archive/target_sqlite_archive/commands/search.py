"""`sqlite-archive search`: ranked full text over everything that people wrote or said.

Reading the query is ``query.py``'s, finding is ``searching.py``'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from target_sqlite_archive.errors import DatabaseError
from target_sqlite_archive.known_search import FIN, KINDS, SEARCHED
from target_sqlite_archive.output import (
    Form,
    counted,
    form_options,
    found_marks,
    minute,
    one_line,
    period_option,
    write_rows,
)
from target_sqlite_archive.periods import Period
from target_sqlite_archive.query import fts5_expression
from target_sqlite_archive.reading import open_archive
from target_sqlite_archive.searching import END, FOUND, Found, Hit, search, searched_in

_COLUMNS = tuple(Hit.__dataclass_fields__)
_INDENT = " " * 4
_MOST = 1_000_000_000


def _read_kinds(ctx: click.Context, param: click.Parameter, value: str) -> tuple[str, ...]:
    named = tuple(part.strip() for part in value.split(","))
    for name in named:
        if name not in KINDS:
            raise click.BadParameter(f"{name!r} is none of {', '.join(KINDS)}.")
    return named


class _Search(click.Command):
    """A command without short flags: a word with a hyphen before it is a word to look for."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments."""
        return super().parse_args(
            ctx, [f" {each}" if each[:1] == "-" != each[1:2] else each for each in args]
        )


@click.command("search", cls=_Search)
@click.argument("archive", type=click.Path(path_type=Path))
@click.argument("query", nargs=-1, required=True)
@click.option("--state", help="Only conversations in this state: open, closed, snoozed.")
@click.option("--tag", help="Only conversations that have this tag now, by name or id.")
@period_option("--since", "Only what was said then or later: 2026-01.")
@period_option("--until", "Only what was said then or earlier.")
@click.option("--author", help="Only what this person said: id, e-mail, part of a name, or a type.")
@click.option(
    "--fin",
    type=click.Choice(tuple(FIN)),
    metavar="PART",
    help=f"Only where Fin's part was this: {', '.join(FIN)}.",
)
@click.option(
    "--in",
    "kinds",
    metavar="KINDS",
    callback=_read_kinds,
    default=",".join(KINDS),
    show_default=True,
    help="Where to search.",
)
@click.option(
    "--limit", type=click.IntRange(1, _MOST), default=20, show_default=True, help="How many."
)
@form_options
def search_command(
    archive: Path,
    query: tuple[str, ...],
    state: str | None,
    tag: str | None,
    since: Period | None,
    until: Period | None,
    author: str | None,
    fin: str | None,
    kinds: tuple[str, ...],
    limit: int,
    form: Form,
) -> None:
    """Search all that was written or said.

    Finds QUERY in messages, call transcripts, articles and tickets of ARCHIVE, best hits first.

    \b
        sqlite-archive search archive.db refund stripe       both words, in any order
        sqlite-archive search archive.db '"money back"'      the words as they stand
        sqlite-archive search archive.db 'refund*'           refund, refunds, refunded ...
        sqlite-archive search archive.db 'refund NOT (stripe OR paypal)'

    \b
        sqlite-archive search archive.db refund --state open --tag billing --since 2026-01
        sqlite-archive search archive.db refund --author ann@example.com --until 2025
        sqlite-archive search archive.db refund --fin resolved --in conversations --csv

    Case and accents do not matter. All words of a query must be in one text. Any other sign is
    text, so nothing that you type is an error. It may be run while the archive is being written.
    """
    filters = _filters(state, tag, since, until, author, fin)
    expression = fts5_expression(" ".join(query))
    with open_archive(archive) as reading:
        searched = [one for one in searched_in(reading, SEARCHED) if one.kind in kinds]
        if not searched:
            raise DatabaseError(
                f"The archive {archive} has no full text of {', '.join(kinds)} to search."
            )
        found = Found((), 0, more=False)
        if expression is None:
            click.echo("There is no word in the query to search for.", err=True)
        else:
            found = search(reading, expression, searched, limit, filters)
    if form is not Form.PEOPLE:
        write_rows(form, _COLUMNS, (hit.as_row() for hit in found.hits))
        return
    for number, hit in enumerate(found.hits, 1):
        click.echo(_as_text(number, hit))
    click.echo(_summary(archive, found))


def _filters(
    state: str | None,
    tag: str | None,
    since: Period | None,
    until: Period | None,
    author: str | None,
    fin: str | None,
) -> Mapping[str, Mapping[str, str]]:
    filters: dict[str, dict[str, str]] = {}
    if state is not None:
        filters["state"] = {"state": state}
    if tag is not None:
        filters["tag"] = {"tag": tag}
    if since is not None:
        filters["since"] = {"since": since.start}
    if until is not None:
        filters["until"] = {"until": until.end}
    if author is not None:
        escaped = author.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        filters["author"] = {"author": author, "author_like": f"%{escaped}%"}
    if fin is not None:
        filters[f"fin {fin}"] = {}
    return filters


def _as_text(number: int, hit: Hit) -> str:
    facts = [hit.state, minute(hit.at), hit.author_name or hit.author_type, hit.title]
    if hit.deleted_at:
        facts.append(f"deleted {minute(hit.deleted_at)}")
    told = " · ".join(one_line(fact) for fact in facts if fact)
    name = click.style(f"{hit.kind.removesuffix('s')} {one_line(hit.id)}", bold=True)
    before, after = found_marks()
    snippet = one_line(hit.snippet).replace(FOUND, before).replace(END, after)
    return f"{number:>3} {name} · {told}\n{_INDENT}{snippet}"


def _summary(archive: Path, found: Found) -> str:
    shown = len(found.hits)
    if not shown:
        return "Nothing was found."
    if not found.more:
        told = counted(shown, "hit")
    elif found.total is None:
        told = f"The best {shown:,} hits; --limit shows more"
    else:
        told = f"The best {shown:,} of {found.total:,} hits; --limit shows more"
    return f"{told}. To read one: sqlite-archive show {archive} {one_line(found.hits[0].id)}"
