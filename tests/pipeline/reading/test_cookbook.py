"""Every query of the cookbook runs as it is printed, and has an answer."""

from __future__ import annotations

import re

import pytest

from target_sqlite_archive.known_questions import QUESTIONS, Question
from tests.pipeline import archive, programs
from tests.pipeline.reading.conftest import Told

COOKBOOK = programs.ROOT / "docs/cookbook.md"
PRINTED = re.findall(
    r"^## ([^\n]+)\n\n```sql\n(.+?)\n```", COOKBOOK.read_text("utf-8"), re.M | re.S
)


def test_ten_questions_are_printed() -> None:
    assert [asks for asks, _ in PRINTED] == [question.asks for question in QUESTIONS]
    assert len(PRINTED) == 10


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_a_query_answers(told: Told, question: Question) -> None:
    [sql] = [sql for asks, sql in PRINTED if asks == question.asks]
    given = dict(question.tries)
    assert set(re.findall(r"(?<=:)[a-z]+", sql)) == set(given)
    if "email" in given:
        given["email"] = archive.rows(
            told.path,
            "SELECT k.email, count(*) AS n FROM contacts AS k "
            "JOIN conversation_participants AS p ON p.id = k.id "
            "WHERE k.email <> '' GROUP BY 1 ORDER BY n DESC LIMIT 1",
        )[0]["email"]
    for name, value in given.items():
        sql = re.sub(rf":{name}\b", "'" + value.replace("'", "''") + "'", sql)
    assert archive.rows(told.path, sql)
