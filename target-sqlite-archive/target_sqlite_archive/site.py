"""Makes the metadata of a Datasette site for one archive: descriptions, labels, facets, queries.

What is said is data in the ``known_….py`` modules. Links between rows need the plugin in
``datasette_plugin.py`` as well.
"""

from __future__ import annotations

from target_sqlite_archive.glossary import ADDED, told_beside
from target_sqlite_archive.known_columns import KNOWN
from target_sqlite_archive.known_fivetran import FIVETRAN
from target_sqlite_archive.known_questions import QUESTIONS
from target_sqlite_archive.known_site import COLUMNS, TABLES
from target_sqlite_archive.known_views import VIEWS
from target_sqlite_archive.reading import OpenArchive
from target_sqlite_archive.shape import made_views


def site_metadata(archive: OpenArchive) -> dict[str, object]:
    """Give the metadata as Datasette reads it; the database has the name of the archive's file."""
    made = made_views(archive.connection)
    tables: dict[str, dict[str, object]] = {
        view.name: {"description": view.about, "columns": dict(view.columns)}
        for view in (*VIEWS, *FIVETRAN)
        if view.name in made
    }
    for table, columns in archive.tables.items():
        tables[table] = _table(table, columns)
    complete = {table for table in KNOWN if KNOWN[table].is_meant_by(archive.tables.get(table))}
    database: dict[str, object] = {
        "description": "An archive of an Intercom workspace, every row traced to an exact payload.",
        "tables": tables,
    }
    if {"conversations", "conversation_parts", "contacts", "admins"} <= complete:
        database["queries"] = {
            question.name: {
                "title": question.asks,
                "description": question.note,
                "sql": question.sql.strip(),
            }
            for question in QUESTIONS
        }
    return {
        "title": "Intercom archive",
        "description": "Conversations, contacts, calls and articles, searchable.",
        "databases": {archive.path.stem: database},
    }


def _table(table: str, columns: tuple[str, ...]) -> dict[str, object]:
    if table.startswith("_"):
        return {"hidden": True}
    own = {name: text for column in columns for name, text in told_beside(column).items()}
    known = {**own, **ADDED, **COLUMNS}
    told = {name: known[name] for name in columns if name in known}
    shown = TABLES.get(table)
    if shown is None:
        return {"columns": told}
    found: dict[str, object] = {"description": shown.about, "columns": told, "size": 50}
    if shown.label in columns:
        found["label_column"] = shown.label
    if shown.newest_first in columns:
        found["sort_desc"] = shown.newest_first
    facets = [name for name in shown.facets if name in columns]
    if facets:
        found["facets"] = facets
    return found
