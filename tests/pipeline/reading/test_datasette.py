"""An archive is a finished site in Datasette, asked by its own client; sqlite-utils reads it."""

from __future__ import annotations

import asyncio
import html
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from datasette.app import Datasette
from sqlite_utils import Database

from tests.pipeline import archive, programs
from tests.pipeline.reading.conftest import Told

Ask = Callable[[str], Awaitable[Any]]


@pytest.fixture(scope="module")
def metadata(told: Told) -> dict[str, Any]:
    done = programs.run(programs.program("sqlite-archive"), "datasette-metadata", str(told.path))
    assert (done.code, done.err) == (0, "")
    found: dict[str, Any] = json.loads(done.out)
    return found


def visit(told: Told, metadata: dict[str, Any], look: Callable[[Ask], Awaitable[None]]) -> None:
    """Open a site and look at it."""

    async def session() -> None:
        # A slow machine is no reason to leave something out.
        settings = {"sql_time_limit_ms": 60_000, "facet_time_limit_ms": 60_000}
        site = Datasette([str(told.path)], metadata=metadata, settings=settings)
        await site.invoke_startup()

        async def ask(path: str) -> Any:
            answer = await site.client.get(path, follow_redirects=True)
            assert answer.status_code == 200, (path, answer.text)
            return answer

        await look(ask)

    asyncio.run(session())


def test_the_metadata_names_what_is_there(told: Told, metadata: dict[str, Any]) -> None:
    [(database, about)] = metadata["databases"].items()
    assert database == told.path.stem
    inside = Database(str(told.path))
    names = {*inside.table_names(), *inside.view_names()}
    inside.close()
    assert set(about["tables"]) <= names
    for table, shown in about["tables"].items():
        rows = archive.rows(told.path, f"SELECT name FROM pragma_table_info('{table}')")
        columns = {row["name"] for row in rows}
        used = {*shown.get("columns", ()), *shown.get("facets", ())}
        used |= {shown[key] for key in ("label_column", "sort_desc") if key in shown}
        assert used <= columns, table
        assert table.startswith("_") or shown["description"], table


def test_the_site_describes_its_tables_and_hides_the_inner_ones(
    told: Told, metadata: dict[str, Any]
) -> None:
    async def look(ask: Ask) -> None:
        database = (await ask("/archive.json")).json()
        shown = {table["name"] for table in database["tables"] if not table["hidden"]}
        assert {"conversations", "contacts", "raw_payloads"} <= shown
        assert not {name for name in shown if name.startswith("_") or "_fts" in name}
        assert {"messages", "open_conversations"} <= {view["name"] for view in database["views"]}
        page = (await ask("/archive/conversations")).text
        assert "A conversation, with its first message" in page
        assert "The payload that this row was read from" in page
        for view in database["views"]:
            await ask(f"/archive/{view['name']}")

    visit(told, metadata, look)


def test_texts_are_searched_and_counted_by_facets(told: Told, metadata: dict[str, Any]) -> None:
    async def look(ask: Ask) -> None:
        [word] = archive.rows(
            told.path,
            "SELECT substr(body_text, 1, instr(body_text, ' ') - 1) AS first "
            "FROM conversation_parts WHERE body_text GLOB '[A-Z][a-z]* *' LIMIT 1",
        )
        found = (await ask(f"/archive/conversation_parts.json?_search={word['first']}")).json()
        [counted] = archive.rows(
            told.path,
            "SELECT count(*) AS n FROM conversation_parts_fts WHERE conversation_parts_fts MATCH ?",
            f'"{word["first"]}"',
        )
        assert found["filtered_table_rows_count"] == counted["n"] > 0
        conversations = (await ask("/archive/conversations.json")).json()
        states = conversations["facet_results"]["state"]["results"]
        assert {state["value"] for state in states} == {"open", "closed", "snoozed"}

    visit(told, metadata, look)


def test_links_lead_to_the_rows_that_are_meant(told: Told, metadata: dict[str, Any]) -> None:
    async def look(ask: Ask) -> None:
        page = (await ask("/archive/conversations?admin_assignee_id__notblank=1")).text
        links = re.findall(r'<a href="(/archive/admins\?id__exact=[^"]+)">([^<]+)</a>', page)
        assert links
        for address, label in dict(links).items():
            [admin] = (await ask(html.unescape(address).replace("?", ".json?_shape=array&"))).json()
            assert admin["name"] == html.unescape(label)
        [row] = archive.rows(
            told.path,
            "SELECT c.rowid AS number, c.id, count(*) AS parts FROM conversations AS c "
            "JOIN conversation_parts AS p ON p.conversation_id = c.id GROUP BY c.id LIMIT 1",
        )
        page = (await ask(f"/archive/conversations/{row['number']}")).text
        [address, count] = re.findall(
            r'<a href="(/archive/conversation_parts\?[^"]+)">\s*([\d,]+) rows?</a>', page
        )[0]
        assert int(count) == row["parts"]
        parts = (await ask(html.unescape(address).replace("?", ".json?_shape=array&"))).json()
        assert {part["conversation_id"] for part in parts} == {row["id"]}

    visit(told, metadata, look)


def test_ready_queries_answer(told: Told, metadata: dict[str, Any]) -> None:
    async def look(ask: Ask) -> None:
        queries = metadata["databases"]["archive"]["queries"]
        assert len(queries) == 10
        for name in queries:
            answer = (await ask(f"/archive/{name}.json?_shape=array&words=a*&email=&about=")).json()
            assert isinstance(answer, list), answer

    visit(told, metadata, look)


def test_sqlite_utils_knows_the_indexes_and_the_links(told: Told) -> None:
    inside = Database(str(told.path))
    parts = inside.table("conversation_parts")
    assert parts.detect_fts() == "conversation_parts_fts"
    assert {(key.column, key.other_table) for key in parts.foreign_keys} == {
        ("conversation_id", "conversations"),
        ("payload_id", "raw_payloads"),
    }
    inside.close()
