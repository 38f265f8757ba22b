"""`sqlite-archive show`: one conversation, call, ticket, contact or article, to be read.

What it says is made in ``documents/``, how it looks in ``rendering/``.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from target_sqlite_archive.documents.building import KINDS, build, kinds_of
from target_sqlite_archive.documents.model import Document, Entry, Role
from target_sqlite_archive.errors import DatabaseError
from target_sqlite_archive.output import (
    Form,
    as_json,
    form_options,
    period_option,
    write_private,
    write_rows,
)
from target_sqlite_archive.periods import Period
from target_sqlite_archive.reading import OpenArchive, open_archive
from target_sqlite_archive.rendering.html import as_html
from target_sqlite_archive.rendering.markdown import as_markdown
from target_sqlite_archive.rendering.terminal import as_text

_COLUMNS = tuple(Entry(None, "", Role.SYSTEM).as_row())
_FILE = click.Path(path_type=Path, allow_dash=True, dir_okay=False)


@click.command()
@click.argument("archive", type=click.Path(path_type=Path))
@click.argument("id")
@period_option("--at", "How it looked then: 2026-03-01 (at the end of that day), 2026-03-01T10:30.")
@click.option("--kind", type=click.Choice(tuple(KINDS)), help="What it is, where ids are alike.")
@click.option("--html", type=_FILE, metavar="FILE", help="Write a page of HTML; - prints it.")
@click.option("--markdown", type=_FILE, metavar="FILE", help="Write Markdown; - prints it.")
@form_options
def show(
    archive: Path,
    id: str,
    at: Period | None,
    kind: str | None,
    html: Path | None,
    markdown: Path | None,
    form: Form,
) -> None:
    """Show a conversation, call, ticket, contact or article.

    Prints ID of ARCHIVE as a text to read: who, when, what was said and what happened.

    \b
        sqlite-archive show archive.db 215400000813
        sqlite-archive show archive.db 215400000813 --at 2026-03-01
        sqlite-archive show archive.db 215400000813 --html conversation.html
        sqlite-archive show archive.db 215400000813 --markdown - | less

    --at reads the version that the archive has of that time, from the exact payloads; `history`
    lists them. --json prints the whole, --nl and --csv its entries. Files are made readable for
    you alone.
    """
    files = [path for path in (html, markdown) if path is not None]
    if [form is not Form.PEOPLE, *(str(path) == "-" for path in files)].count(True) > 1:
        raise click.UsageError("--html -, --markdown -, --json, --nl and --csv exclude each other.")
    with open_archive(archive) as reading, reading.snapshot():
        document = build(reading, _kind(reading, id, kind), id, at)
    for path in files:
        if path.exists() and path.samefile(archive):
            raise DatabaseError(f"{path} is the archive itself. Choose the path of another file.")
    if html:
        write_private(html, as_html(document))
    if markdown:
        write_private(markdown, as_markdown(document))
    if form is not Form.PEOPLE or not files:
        _print(document, form)


def _print(document: Document, form: Form) -> None:
    if form is Form.JSON:
        click.echo(as_json(document.as_object()))
    elif form is not Form.PEOPLE:
        write_rows(form, _COLUMNS, (entry.as_row() for entry in document.entries))
    else:
        for line in as_text(document, shutil.get_terminal_size().columns):
            click.echo(line)


def _kind(archive: OpenArchive, record_id: str, wanted: str | None) -> str:
    found = kinds_of(archive, record_id)
    if wanted is not None and wanted not in found:
        raise DatabaseError(f"The archive {archive.path} has no {wanted} {record_id}.")
    if not found:
        if archive.rows("deleted_conversations", id=record_id):
            raise DatabaseError(
                f"Conversation {record_id} was deleted in Intercom before it could be archived."
            )
        raise DatabaseError(
            f"The archive {archive.path} has no {', '.join(list(KINDS)[:-1])} or "
            f"{list(KINDS)[-1]} {record_id}. Find one with `sqlite-archive search`."
        )
    return wanted or found[0]
