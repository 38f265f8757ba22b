"""A customer of a whole workspace is forgotten; the workspace, which still has them, goes on."""

from __future__ import annotations

import json
from pathlib import Path

from tests.pipeline import programs
from tests.pipeline.archive import rows
from tests.pipeline.conftest import tap_config
from tests.sandbox.process import Sandbox
from tests.target.reading_harness import read
from tests.target.scanning import places


def said_by(archive: Path, contact: str) -> list[str]:
    """Give what only this customer has said, as readable texts of some length."""
    texts = [
        row["text"]
        for row in rows(
            archive,
            "SELECT body_text AS text FROM conversation_parts WHERE author_id = ? "
            "UNION SELECT source_body_text FROM conversations WHERE source_author_id = ?",
            contact,
            contact,
        )
    ]
    return [text for text in texts if text and len(text) > 20 and alone(archive, text)]


def alone(archive: Path, text: str) -> bool:
    """Whether no other customer has said the same."""
    authors = rows(
        archive,
        "SELECT author_id AS id FROM conversation_parts WHERE body_text = ? "
        "UNION SELECT source_author_id FROM conversations WHERE source_body_text = ?",
        text,
        text,
    )
    return len(authors) == 1


def test_a_customer_is_gone_and_stays_gone(tmp_path: Path) -> None:
    with Sandbox.start(seed=5, conversations=60) as sandbox:
        config = tap_config(sandbox)
        catalog = programs.catalog()
        done = programs.archive_run(tmp_path, config, catalog=catalog)
        assert (done.tap.code, done.target.code) == (0, 0)
        sandbox.change(60, seconds=3600)
        done = programs.archive_run(tmp_path, config, catalog=catalog, state=done.states[-1])
        assert (done.tap.code, done.target.code) == (0, 0)
        path = tmp_path / "archive.db"
        [known] = rows(
            path,
            "SELECT k.id, k.email, k.external_id FROM contacts AS k JOIN conversations AS c "
            "ON c.source_author_id = k.id WHERE k.email IS NOT NULL "
            "GROUP BY k.id ORDER BY count(*) DESC, k.id LIMIT 1",
        )
        own = rows(path, "SELECT id FROM conversations WHERE source_author_id = ?", known["id"])
        words = [known["id"], known["email"], *(row["id"] for row in own)]
        words += said_by(path, known["id"])
        assert len({word for _, word in places(path, words)}) == len(words) > 4
        told = read("forget", str(path), "--contact", known["id"], "--json")
        assert told.returncode == 0, told.stderr
        assert json.loads(told.stdout)["removed_rows"]["conversations"] >= len(own)
        assert places(path, words) == set()
        assert read("verify", str(path)).returncode == 0, read("verify", str(path)).stdout
        sandbox.change(60, seconds=3600)
        again = programs.archive_run(tmp_path, config, catalog=catalog)
        assert again.target.code == 0, again.target.err
        assert places(path, words) == set()
        verified = read("verify", str(path))
        assert verified.returncode == 0, verified.stdout
