"""Show a person what an archive holds: rows, bytes, one conversation, and what to try next."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

from tests.pipeline import archive

WIDTH = 88
LONGEST_TEXT = 240


def show(path: Path, root: Path) -> None:
    """Print all of it to standard output; paths are shown relative to `root` where they can be."""
    shown = path.relative_to(root) if path.is_relative_to(root) else path
    print("\n==> Rows per table")
    for table in sorted(archive.tables(path)):
        count = archive.rows(path, f'SELECT count(*) AS n FROM "{table}"')[0]["n"]
        print(f"  {table:<28}{count:>9,}")
    before, after = archive.payload_bytes(path)
    print("\n==> Exact payloads, every byte as the API sent it")
    print(f"  as they came     {before:>12,} bytes")
    print(f"  in the archive   {after:>12,} bytes, dictionaries included")
    print(f"  {before / after:.1f} times smaller; the whole file has {path.stat().st_size:,} bytes")
    conversation = _readable_conversation(path)
    print(f"\n==> One conversation ({conversation['id']})")
    word = _show_conversation(path, conversation)
    print(f"\n==> The archive: {shown}")
    print("  Next commands to try:")
    print(f"    .venv/bin/sqlite-archive search {shown} {word}")
    print(f"    .venv/bin/sqlite-archive show {shown} {conversation['id']}")
    print(f"    .venv/bin/sqlite-archive stats {shown}")
    print(f"    sqlite3 {shown} 'SELECT * FROM open_conversations ORDER BY waiting_since LIMIT 5'")
    print(f"    .venv/bin/sqlite-archive datasette-metadata {shown} > .demo/metadata.json")
    print(f"    .venv/bin/datasette {shown} --metadata .demo/metadata.json")


def _readable_conversation(path: Path) -> dict[str, Any]:
    """A short conversation with texts from both sides, some six of them."""
    return archive.rows(
        path,
        "SELECT c.*, count(*) AS texts FROM conversations AS c"
        " JOIN conversation_parts AS p ON p.conversation_id = c.id"
        " WHERE length(p.body_text) > 20 AND length(c.source_body_text) > 20"
        " GROUP BY c.id ORDER BY count(DISTINCT p.author_type) < 2,"
        " abs(count(*) - 6) + abs(c.parts_total_count - 9), c.id LIMIT 1",
    )[0]


def _show_conversation(path: Path, conversation: dict[str, Any]) -> str:
    """Print the conversation as a transcript; give a word of it to search for."""
    parts = archive.rows(
        path,
        "SELECT * FROM conversation_parts WHERE conversation_id = ? ORDER BY created_at, id",
        conversation["id"],
    )
    tags = archive.rows(
        path,
        "SELECT name FROM conversation_tags WHERE conversation_id = ?",
        conversation["id"],
    )
    print(f"  state: {conversation['state']}   tags: {', '.join(t['name'] for t in tags) or '-'}")
    _show_text(
        conversation["created_at"],
        conversation["source_author_name"] or conversation["source_author_type"],
        conversation["source_body_text"],
    )
    for part in parts:
        said = part["body_text"] or f"({part['part_type'].replace('_', ' ')})"
        _show_text(part["created_at"], part["author_name"] or part["author_type"], said)
    words = re.findall(r"[a-z]{4,}", " ".join(part["body_text"] or "" for part in parts))
    return max(words, key=len)


def _show_text(at: str, who: str, text: str) -> None:
    print(f"  {at}  {who}")
    short = textwrap.shorten(text, LONGEST_TEXT, placeholder=" …")
    print(textwrap.fill(short, WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6))
