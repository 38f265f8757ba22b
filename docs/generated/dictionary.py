"""The data dictionary: every table, view and column of an archive, and what it holds.

A stream's columns are told by the tap's schemas, the target's own by its glossary, a view's by the
view and by the tables that it reads. One that nobody tells of is an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from docs.generated.archive import Made
from docs.generated.areas import AREAS
from docs.generated.plugins import description, table
from tap_intercom_archive.resources import RAW_PAYLOADS
from target_sqlite_archive.glossary import ADDED, INTERNAL, told_beside
from target_sqlite_archive.known_fivetran import FIVETRAN
from target_sqlite_archive.known_views import VIEWS
from target_sqlite_archive.shape import View

HEAD = ("column", "type", "what it holds")
WRITTEN = "Written by `make docs` from the code."
READ = """\
An archive is one SQLite file. Each stream of the tap is a table of its name; the target adds
columns and tables of its own, which begin with an underscore, and views. How tables hang together
is drawn in [entities](entities.md).

- Ids are text. Times are ISO 8601 in UTC, ending in `Z`. Truth values are 0 and 1. Lists and
  objects are JSON text.
- **Key** marks the columns that tell a table's rows apart: no two rows have the same. `→` is a link
  to another table's column: declared for readers and never enforced.
- A table is there once its stream has been selected in a run. A column is null where Intercom sent
  nothing, or nothing of the column's kind.
- Other targets get the same columns, without those of the target."""


class Dictionary:
    """The pages of the dictionary, for one catalog and the archive that is made of it."""

    def __init__(self, catalog: Mapping[str, Any], made: Mapping[str, Made]) -> None:
        """Learn what is told of the streams."""
        self._made = made
        self._entries = {entry["stream"]: entry for entry in catalog["streams"]}
        self._told = {name: self._told_of(name) for name in self._entries}

    def pages(self) -> Iterator[tuple[str, str]]:
        """Give each page's name and text."""
        yield "README", _page("Data dictionary", [WRITTEN, READ, *self._shared(), *self._index()])
        for area in AREAS:
            parts = [part for name in area.streams for part in self._stream(name)]
            yield area.page, _page(f"Data dictionary: {area.title}", [WRITTEN, *parts])
        made_always = [part for view in VIEWS for part in self._view(view)]
        on_request = [part for view in FIVETRAN for part in self._view(view)]
        asked = "Made by `sqlite-archive views ARCHIVE --fivetran`."
        title = "Data dictionary: Views"
        yield "views", _page(title, [WRITTEN, *made_always])
        title = "Data dictionary: Views with Fivetran's names"
        yield "fivetran", _page(title, [f"{asked} {WRITTEN}", *on_request])
        own = [part for name in INTERNAL for part in self._own(name)]
        yield "own", _page("Data dictionary: The target's own tables", [WRITTEN, *own])

    def _shared(self) -> Iterator[str]:
        of_all = self._made[RAW_PAYLOADS].columns
        rows = [(f"`{name}`", of_all[name], about) for name, about in ADDED.items()]
        yield "## In the table of every stream"
        yield "\n".join(table(HEAD, rows))
        yield "`add_record_metadata` set to false leaves out `_sdc_…`, but for `_sdc_deleted_at`."
        yield from self._stream(RAW_PAYLOADS)

    def _index(self) -> Iterator[str]:
        yield "## All tables"
        rows = [(f"[`{RAW_PAYLOADS}`](#{RAW_PAYLOADS})", self._about(RAW_PAYLOADS))]
        for area in AREAS:
            rows += [(_link(area.page, name), self._about(name)) for name in area.streams]
        rows += [(_link("own", name), told.about) for name, told in INTERNAL.items()]
        yield "\n".join(table(("table", "what it holds"), rows))
        yield "## All views"
        rows = [(_link("views", view.name), view.about) for view in VIEWS]
        rows += [(_link("fivetran", view.name), view.about) for view in FIVETRAN]
        yield "\n".join(table(("view", "a row is"), rows))

    def _about(self, stream: str) -> str:
        return _must(description(self._entries[stream]["schema"]), stream)

    def _told_of(self, stream: str) -> dict[str, str]:
        properties = self._entries[stream]["schema"]["properties"]
        told = {name: str(spec.get("description", "")) for name, spec in properties.items()}
        for column in properties:
            beside = told_beside(column)
            if beside.keys() <= self._made[stream].columns.keys():
                told[column] += " Compressed: a zstd frame."
                told.update(beside)
        return {**ADDED, **told}

    def _stream(self, stream: str) -> Iterator[str]:
        yield f"## {stream}"
        yield self._about(stream)
        searched = self._made.get(f"{stream}_fts")
        if searched:
            names = ", ".join(f"`{name}`" for name in searched.columns)
            yield f"Full text: `{searched.name}`, of {names}."
        made, keys = self._made[stream], self._entries[stream]["key_properties"]
        yield "\n".join(
            table(
                HEAD,
                [
                    self._column(made, name, self._told[stream], keys)
                    for name in made.columns
                    if name not in ADDED
                ],
            )
        )

    def _own(self, name: str) -> Iterator[str]:
        yield f"## {name}"
        yield INTERNAL[name].about
        made = self._made[name]
        columns = [self._column(made, column, INTERNAL[name].columns) for column in made.columns]
        yield "\n".join(table(HEAD, columns))

    def _view(self, view: View) -> Iterator[str]:
        yield f"## {view.name}"
        yield view.about
        made, first = self._made[view.name], self._made[view.needs[0]]
        if tuple(made.columns) == tuple(first.columns):
            yield f"Its columns are those of `{first.name}`."
            return
        inherited = [self._told[name] for name in reversed(view.reads)]
        told = {name: text for columns in inherited for name, text in columns.items()}
        told.update(view.columns)
        rows = [
            (f"`{name}`", _must(told.get(name, ""), f"{view.name}.{name}")) for name in made.columns
        ]
        yield "\n".join(table(("column", "what it holds"), rows))

    def _column(
        self, made: Made, name: str, told: Mapping[str, str], keys: Sequence[str] = ()
    ) -> tuple[str, str, str]:
        about = _must(told.get(name, ""), f"{made.name}.{name}")
        if name in keys:
            about = f"**Key.** {about}"
        if name in made.links:
            about = f"{about} → `{'.'.join(made.links[name])}`"
        return f"`{name}`", made.columns[name], about


def _must(text: str, name: str) -> str:
    """Give the text; LookupError where there is none."""
    if not text.strip():
        raise LookupError(f"nothing tells what {name} holds: write a description of it")
    return " ".join(text.split())


def _link(page: str, name: str) -> str:
    return f"[`{name}`]({page}.md#{name})"


def _page(title: str, parts: Sequence[str]) -> str:
    return "\n\n".join((f"# {title}", *parts)) + "\n"
