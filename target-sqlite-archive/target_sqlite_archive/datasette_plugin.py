"""A plugin for Datasette: links between an archive's rows that lead to the rows that are meant.

Datasette takes a foreign key's value for the row id of the other table. In an archive keys point to
the provider's own ids. Nothing else imports this module; a Datasette beside it finds it by itself.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import markupsafe
from datasette import hookimpl
from datasette.utils import tilde_decode

from target_sqlite_archive.internal import APPLICATION_ID
from target_sqlite_archive.naming import quote

if TYPE_CHECKING:  # Datasette loads its plugins while it loads these.
    from datasette.app import Datasette
    from datasette.utils.asgi import Request


@dataclass(frozen=True, slots=True)
class _Link:
    """A declared foreign key: a column, and the column of the other table that it points to."""

    table: str
    column: str
    other_table: str
    other_column: str


@hookimpl
def render_cell(
    value: object, column: str, table: str | None, database: str, datasette: Datasette
) -> markupsafe.Markup | None:
    """Show a foreign key as a link to the row that has this key, by its label."""
    if value is None or table is None:
        return None
    link = _outgoing(datasette, database).get((table, column))
    if link is None:
        return None
    key = value["value"] if isinstance(value, dict) else value
    label = (value["label"] if isinstance(value, dict) else None) or key
    address = _rows(datasette, database, link.other_table, link.other_column, key)
    shown = markupsafe.Markup('<a href="{}">{}</a>').format(address, label)
    return shown if key == label else shown + markupsafe.Markup(" <em>{}</em>").format(key)


@hookimpl
def extra_template_vars(
    datasette: Datasette, database: str | None, table: str | None, view_name: str, request: Request
) -> Callable[[], Awaitable[dict[str, object]]] | None:
    """Give the page of a row the rows of other tables that point to it."""
    if view_name != "row" or database is None or table is None:
        return None
    links = [link for link in _outgoing(datasette, database).values() if link.other_table == table]
    if not links:
        return None
    row_id = tilde_decode(request.url_vars["pks"])

    async def pointing() -> dict[str, object]:
        patience = datasette.setting("sql_time_limit_ms") // len(links)
        found = [await _pointing(datasette, database, link, row_id, patience) for link in links]
        return {"foreign_key_tables": [entry for entry in found if entry is not None]}

    return pointing


async def _pointing(
    datasette: Datasette, database: str, link: _Link, row_id: str, patience_milliseconds: int
) -> dict[str, object] | None:
    """Count the rows that a link leads from; None where that takes too long."""
    from datasette.database import QueryInterrupted

    column, other_column = quote(link.column), quote(link.other_column)
    try:
        result = await datasette.get_database(database).execute(
            f"SELECT o.{other_column}, count(t.{column}) FROM {quote(link.other_table)} AS o "
            f"LEFT JOIN {quote(link.table)} AS t ON t.{column} = o.{other_column} "
            "WHERE o.rowid = :row_id",
            {"row_id": row_id},
            custom_time_limit=patience_milliseconds,
        )
    except QueryInterrupted:
        return None
    key, count = result.rows[0]
    return {
        "other_table": link.table,
        "other_column": link.column,
        "count": count,
        "link": _rows(datasette, database, link.table, link.column, key),
    }


def _rows(datasette: Datasette, database: str, table: str, column: str, key: object) -> str:
    """Give the address of the rows that have this key."""
    query = urlencode({f"{column}__exact": "" if key is None else str(key)})
    return f"{datasette.urls.table(database, table)}?{query}"


def _outgoing(datasette: Datasette, database: str) -> dict[tuple[str, str], _Link]:
    """Give the foreign keys of an archive by table and column; none of any other database."""
    path = datasette.get_database(database).path
    return _foreign_keys(path, Path(path).stat().st_mtime_ns) if path else {}


@lru_cache(maxsize=16)
def _foreign_keys(path: str, changed_at: int) -> dict[tuple[str, str], _Link]:
    """Read the foreign keys of a file as it was at its last change."""
    address = f"{Path(path).resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as connection:
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            return {}
        rows = connection.execute(
            'SELECT t.name, k."from", k."table", k."to" FROM sqlite_master AS t '
            "JOIN pragma_foreign_key_list(t.name) AS k WHERE t.type = 'table' "
            'AND k."table" IN (SELECT name FROM sqlite_master)'
        ).fetchall()
    return {(table, column): _Link(table, column, *other) for table, column, *other in rows}
