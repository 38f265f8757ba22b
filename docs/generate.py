"""Write what is derived from the code: tables of the READMEs, settings, data dictionary, cookbook.

The facts come from the plugins' own `--about`, from the tap's `--discover`, from an archive that
the target makes of it, and from what both declare as data; the modules of `docs.generated` write
them down. `make docs` writes; a test calls `stale()` and fails when something is out of date. All
other text is written by hand, outside the marked blocks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from docs.generated.archive import made_of
from docs.generated.dictionary import Dictionary
from docs.generated.entities import entities
from docs.generated.plugins import TAP, TARGET, ask
from docs.generated.reading import cookbook, views_table
from docs.generated.settings import (
    env_example,
    meltano_capabilities,
    meltano_settings,
    settings_table,
)
from docs.generated.streams import meltano_selection, streams_table
from target_sqlite_archive.known_questions import QUESTIONS
from target_sqlite_archive.known_views import VIEWS

ROOT = Path(__file__).resolve().parent.parent


def filled(text: str, block: str, content: str, comment: tuple[str, str]) -> str:
    """Give a text with the content between a block's two markers; ValueError without markers."""
    before, after = (f"{comment[0]} {block}:{end} {comment[1]}".strip() for end in ("begin", "end"))
    pattern = re.compile(
        rf"(^[ ]*{re.escape(before)}\n).*?(^[ ]*{re.escape(after)}$)", re.DOTALL | re.MULTILINE
    )
    result, count = pattern.subn(lambda match: f"{match[1]}{content}\n{match[2]}", text)
    if count != 1:
        raise ValueError(f"expected the lines {before!r} and {after!r} once")
    return result


def current() -> Iterator[tuple[Path, str]]:
    """Give each generated file with the text it should hold, from the code as it is now."""
    abouts = {name: ask(name, "--about", "--format=json") for name in (TAP, TARGET)}
    catalog = ask(TAP, "--discover")
    streams = streams_table(catalog)
    markdown = ("<!--", "-->")
    for name, about in abouts.items():
        path = ROOT / name / "README.md"
        text = filled(path.read_text("utf-8"), "settings", settings_table(about), markdown)
        if name == TAP:
            text = filled(text, "streams", streams, markdown)
        else:
            text = filled(text, "views", views_table(VIEWS), markdown)
        yield path, text
    selection = meltano_selection(catalog)
    path = ROOT / "README.md"
    text = filled(path.read_text("utf-8"), "streams", streams, markdown)
    yield path, filled(text, f"{TAP} select", selection, ("#", ""))
    path = ROOT / "meltano.yml"
    text = path.read_text("utf-8")
    text = filled(text, f"{TAP} select", selection, ("#", ""))
    for name, about in abouts.items():
        text = filled(text, f"{name} capabilities", meltano_capabilities(about), ("#", ""))
        text = filled(text, f"{name} settings", meltano_settings(about), ("#", ""))
    yield path, text
    yield ROOT / ".env.example", env_example(abouts)
    yield ROOT / "docs/cookbook.md", cookbook(QUESTIONS)
    made = made_of(catalog)
    dictionary = ROOT / "docs/data-dictionary"
    yield dictionary / "entities.md", entities(catalog, made)
    for name, text in Dictionary(catalog, made).pages():
        yield dictionary / f"{name}.md", text


def stale() -> list[str]:
    """Name the generated files that differ from what the code says now."""
    return [
        str(path.relative_to(ROOT))
        for path, text in current()
        if not path.exists() or path.read_text("utf-8") != text
    ]


def main() -> None:
    """Write every generated file that is out of date, and say which."""
    for path, text in list(current()):
        if not path.exists() or path.read_text("utf-8") != text:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
            print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
