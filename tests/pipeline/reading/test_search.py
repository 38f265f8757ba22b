"""Search in an archive of a workspace finds exactly the texts that have the word."""

from __future__ import annotations

import json
import random
import re

from tests.pipeline import archive, programs
from tests.pipeline.reading.conftest import Told

TEXTS = """
SELECT id, coalesce(title, '') || ' ' || coalesce(source_subject, '') || ' ' ||
  coalesce(source_body_text, '') AS text FROM conversations
UNION ALL SELECT id, body_text FROM conversation_parts
UNION ALL SELECT call_id, transcript_text FROM call_transcriptions
UNION ALL SELECT id, coalesce(title, '') || ' ' || coalesce(description, '') || ' ' ||
  coalesce(body_text, '') FROM articles
UNION ALL SELECT id, coalesce(title, '') || ' ' || coalesce(description, '') FROM tickets
UNION ALL SELECT id, body_text FROM ticket_parts
"""


def test_a_word_is_found_wherever_it_stands(told: Told) -> None:
    words = {
        row["id"]: set(re.findall(r"\w+", row["text"].lower()))
        for row in archive.rows(told.path, TEXTS)
        if row["text"]
    }
    plain = sorted(
        {word for text in words.values() for word in text if re.fullmatch("[a-z]+", word)}
    )
    for word in random.Random(1).sample(plain, 12):
        done = programs.run(
            programs.program("sqlite-archive"),
            *("search", str(told.path), word, "--limit", "100000", "--nl"),
        )
        assert (done.code, done.err) == (0, "")
        hits = [json.loads(line) for line in done.lines]
        found = {hit["part_id"] or hit["id"] for hit in hits}
        assert found == {name for name, text in words.items() if word in text}
        assert len(found) == len(hits) > 0
        assert all(f"[{word}]" in hit["snippet"].lower() for hit in hits)
