"""The data dictionary tells of every table, view and column that an archive really has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.pipeline import archive, programs
from tests.pipeline.conftest import tap_config
from tests.sandbox.process import Sandbox

PAGES = programs.ROOT / "docs/data-dictionary"
ENTITIES = PAGES / "entities.md"
HEADING = re.compile(r"## (\w+)")
ROW = re.compile(r"\| `(\w+)` \|(.*)\|")
COLUMNS_OF = re.compile(r"Its columns are those of `(\w+)`\.")
SENTENCE = re.compile(r"(\*\*Key\.\*\* )?\S.*\.( → `[\w.]+`)?")
SHARED = "In the table of every stream"
Columns = dict[str, str]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of all streams, with all views."""
    folder = tmp_path_factory.mktemp("filled")
    with Sandbox.start(seed=7, conversations=60) as sandbox:
        done = programs.archive_run(folder, tap_config(sandbox), catalog=programs.catalog())
        assert (done.tap.code, done.target.code) == (0, 0), done.tap.err + done.target.err
    path = folder / "archive.db"
    viewed = programs.run(programs.program("sqlite-archive"), "views", str(path), "--fivetran")
    assert viewed.code == 0, viewed.err
    return path


@pytest.fixture(scope="module")
def told() -> dict[str, Columns]:
    """What the pages tell: of each table and view its columns, each with what it holds."""
    found: dict[str, Columns] = {}
    shared: Columns = {}
    for page in sorted(set(PAGES.glob("*.md")) - {ENTITIES}):
        columns: Columns = {}
        for line in page.read_text("utf-8").splitlines():
            if line == f"## {SHARED}":
                columns = shared
            elif heading := HEADING.fullmatch(line):
                assert heading[1] not in found
                columns = found[heading[1]] = {}
            elif line.startswith("## "):
                columns = {}
            elif row := ROW.fullmatch(line):
                columns[row[1]] = row[2].rpartition("|")[2].strip()
            elif same := COLUMNS_OF.fullmatch(line):
                columns["="] = same[1]
    assert shared
    for name, columns in found.items():
        alike = columns.pop("=", None)
        if alike is not None:
            columns.update(found[alike], **shared)
        elif not name.startswith("_") and page_of(name) not in ("views", "fivetran"):
            columns.update(shared)
    return found


def page_of(name: str) -> str:
    [page] = [p.stem for p in PAGES.glob("*.md") if f"## {name}\n" in p.read_text("utf-8")]
    return page


def test_every_table_view_and_column_is_told_and_no_other(
    filled: Path, told: dict[str, Columns]
) -> None:
    rows = archive.rows(
        filled,
        "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
        "AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '%\\_fts%' ESCAPE '\\'",
    )
    inside = {
        row["name"]: {
            column["name"]
            for column in archive.rows(filled, "SELECT name FROM pragma_table_info(?)", row["name"])
        }
        for row in rows
    }
    assert {name: set(columns) for name, columns in told.items()} == inside


def test_no_column_is_told_without_words(told: dict[str, Columns]) -> None:
    wordless = [
        f"{name}.{column}"
        for name, columns in told.items()
        for column, words in columns.items()
        if not SENTENCE.fullmatch(words)
    ]
    assert wordless == []


def test_every_stream_stands_in_a_diagram_with_its_key() -> None:
    text = ENTITIES.read_text("utf-8")
    drawn = re.findall(r"^    (\w+) \{\n((?:        .+\n)*)    \}$", text, re.MULTILINE)
    keys = {name: re.findall(r"^ +\w+ (\w+) PK", lines, re.MULTILINE) for name, lines in drawn}
    streams = {entry["stream"]: entry for entry in programs.catalog()["streams"]}
    assert len(keys) == len(drawn)
    expected = {name: sorted(entry["key_properties"]) for name, entry in streams.items()}
    del expected["raw_payloads"]
    assert {name: sorted(columns) for name, columns in keys.items()} == expected


def test_every_link_is_drawn(filled: Path) -> None:
    text = ENTITIES.read_text("utf-8")
    drawn = set(re.findall(r"^    (\w+) \|.--o[|{] (\w+) : (\w+)$", text, re.MULTILINE))
    linked = {
        (row["parent"], row["child"], row["name"])
        for row in archive.rows(
            filled,
            'SELECT f."table" AS parent, m.name AS child, f."from" AS name '
            "FROM sqlite_master AS m, pragma_foreign_key_list(m.name) AS f "
            "WHERE m.type = 'table' AND parent <> 'raw_payloads'",
        )
    }
    assert linked
    assert drawn == linked
