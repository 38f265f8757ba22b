"""What reads well: the table of views, and the cookbook."""

from __future__ import annotations

from collections.abc import Iterable

from docs.generated.plugins import table
from target_sqlite_archive.known_questions import Question
from target_sqlite_archive.shape import View


def views_table(views: Iterable[View]) -> str:
    """Give a Markdown table of views: what a row is, and the tables without which there is none."""
    rows = (
        (f"`{view.name}`", view.about, ", ".join(f"`{name}`" for name in view.needs))
        for view in views
    )
    return "\n".join(table(("view", "a row is", "needs"), rows))


def cookbook(questions: Iterable[Question]) -> str:
    """Give the cookbook: each question with its query and what to know about it."""
    lines = [
        "# Ten questions in SQL",
        "",
        "Each runs in any SQLite tool on an archive of `tap-intercom-archive`, for instance",
        "`sqlite3 -box intercom.db`, and is a ready query of the Datasette site. Times are UTC. A",
        "name behind a colon is yours to give: in `sqlite3` by `.parameter set :words 'refund*'`,",
        "in Datasette in a form. Written by `make docs`; every query is run by a test.",
    ]
    for question in questions:
        lines += ["", f"## {question.asks}", "", "```sql", question.sql.strip(), "```"]
        if question.note:
            lines += ["", question.note]
    return "\n".join(lines) + "\n"
