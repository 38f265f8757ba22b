"""Write what is derived from the code: READMEs' tables, `meltano.yml`'s settings, `.env.example`.

The facts come from the plugins' own `--about`, from the tap's `--discover`, from its table of
resources and from the target's of views. `make docs` writes; a test calls `stale()` and fails when
something is out of date. All other text of those files is written by hand, outside the marked
blocks.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tap_intercom_archive.resources import RAW_PAYLOADS, RESOURCES, UNLISTED, Resource
from target_sqlite_archive.known_questions import QUESTIONS, Question
from target_sqlite_archive.known_views import VIEWS
from target_sqlite_archive.shape import View

ROOT = Path(__file__).resolve().parent.parent
TAP = "tap-intercom-archive"
TARGET = "target-sqlite-archive"

# Meltano does not act on it, and older copies of its published schema refuse it.
UNTOLD_CAPABILITIES = {"validate-records"}
KINDS = {"integer": "integer", "boolean": "boolean", "array": "array", "object": "object"}


def ask(plugin: str, *arguments: str) -> dict[str, Any]:
    """Run an installed plugin and give the JSON object that it prints."""
    command = [str(Path(sys.executable).with_name(plugin)), *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    parsed: dict[str, Any] = json.loads(answer.stdout)
    return parsed


def settings_table(about: Mapping[str, Any]) -> str:
    """Give a Markdown table of all settings of a plugin."""
    lines = ["| setting | default | what it does |", "|---|---|---|"]
    for name, declared in about["settings"]["properties"].items():
        notes = []
        if name in about["settings"].get("required", []):
            notes.append("required")
        if declared.get("secret"):
            notes.append("secret")
        shown = f"`{name}`" + (f" ({', '.join(notes)})" if notes else "")
        default = f"`{_plain(declared['default'])}`" if "default" in declared else ""
        lines.append(f"| {shown} | {default} | {_cell(_description(declared))} |")
    return "\n".join(lines)


def streams_table(catalog: Mapping[str, Any]) -> str:
    """Give a Markdown table of the tap's streams: source, key, label, scope, cost."""
    keys = {entry["tap_stream_id"]: entry["key_properties"] for entry in catalog["streams"]}
    lines = [
        "| stream | from | key | label | selected | scope of the token | since | calls |",
        "|---|---|---|---|---|---|---|---|",
    ]

    def row(name: str, source: str, *cells: str) -> None:
        key = ", ".join(f"`{column}`" for column in keys[name])
        lines.append(f"| {' | '.join((f'`{name}`', source, key, *cells))} |")

    for resource in RESOURCES:
        source = f"[`{_endpoint(resource)}`]({resource.docs})"
        told = (resource.label, _yes(resource.selected), resource.scope, resource.since)
        row(resource.name, source, *told, resource.cost)
        for cut in resource.made:
            source = f"with `{resource.name}`"
            if cut.follow_up is not None:
                path = cut.follow_up.listing.path.replace("{each}", "{id}")
                source += f", [`GET {path}`]({cut.follow_up.docs})"
            needs = (resource.scope_of(cut), resource.since_of(cut))
            row(cut.name, source, resource.label, _yes(cut.selected), *needs, cut.cost)
    row(RAW_PAYLOADS, "every payload of the others, exactly as it came", "", "yes", "", "", "none")
    lines += [f"| `{name}` | not archived: {why} |  |  |  |  |  |  |" for name, why in UNLISTED]
    return "\n".join(lines)


def meltano_selection(catalog: Mapping[str, Any]) -> str:
    """Give the streams selected by default as YAML list items: Meltano's own default is all."""
    selected = [
        entry["tap_stream_id"]
        for entry in catalog["streams"]
        for metadata in entry["metadata"]
        if not metadata["breadcrumb"] and metadata["metadata"]["selected-by-default"]
    ]
    return "\n".join(f"    - {stream}.*" for stream in selected)


def views_table(views: Iterable[View]) -> str:
    """Give a Markdown table of views: what a row is, and the tables without which there is none."""
    lines = ["| view | a row is | needs |", "|---|---|---|"]
    for view in views:
        needs = ", ".join(f"`{name}`" for name in view.needs)
        lines.append(f"| `{view.name}` | {_cell(view.about)} | {needs} |")
    return "\n".join(lines)


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


def meltano_settings(about: Mapping[str, Any]) -> str:
    """Give the settings of a plugin as Meltano declares them, as YAML list items."""
    lines: list[str] = []
    for name, declared in about["settings"]["properties"].items():
        kind = _kind(name, declared)
        lines.append(f"    - name: {name}")
        if "title" in declared:
            lines.append(f"      label: {_quoted(declared['title'])}")
        lines.append(f"      kind: {kind}")
        if kind == "options":
            lines.append("      options:")
            for value in declared["enum"]:
                lines += [f"      - label: {_quoted(value)}", f"        value: {_quoted(value)}"]
        if declared.get("secret"):
            lines.append("      sensitive: true")
        lines.append(f"      description: {_quoted(_description(declared))}")
    return "\n".join(lines)


def meltano_capabilities(about: Mapping[str, Any]) -> str:
    """Give the capabilities of a plugin as YAML list items."""
    told = sorted(set(about["capabilities"]) - UNTOLD_CAPABILITIES)
    return "\n".join(f"    - {capability}" for capability in told)


def env_example(abouts: Mapping[str, Mapping[str, Any]]) -> str:
    """Give `.env.example`: each setting as an environment variable, the required ones open."""
    lines = [
        "# Settings by environment: copy to .env and fill in. Meltano reads it, and so do",
        "# `tap-intercom-archive --config=ENV` and `target-sqlite-archive --config=ENV`.",
        "# Written by `make docs` from the plugins' own settings.",
    ]
    for plugin, about in abouts.items():
        lines += ["", f"# {plugin}"]
        prefix = plugin.upper().replace("-", "_")
        for name, declared in about["settings"]["properties"].items():
            required = name in about["settings"].get("required", [])
            default = _plain(declared["default"]) if "default" in declared else ""
            lines.append(f"# {_description(declared)}")
            lines.append(f"{'' if required else '# '}{prefix}_{name.upper()}={default}")
    return "\n".join(lines) + "\n"


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
            path.write_text(text, "utf-8")
            print(f"wrote {path.relative_to(ROOT)}")


def _endpoint(resource: Resource) -> str:
    method = "POST" if resource.search else "GET"
    listed = f"{method} {resource.source.path}".replace("{each}", "{id}")
    return f"{listed}, GET {resource.hydrate}" if resource.hydrate else listed


def _yes(selected: bool) -> str:
    return "yes" if selected else "no"


def _kind(name: str, declared: Mapping[str, Any]) -> str:
    if "enum" in declared:
        return "options"
    types = declared["type"] if isinstance(declared["type"], list) else [declared["type"]]
    for kind in types:
        if kind in KINDS:
            return KINDS[kind]
    return "date_iso8601" if name.endswith("_date") else "string"


def _description(declared: Mapping[str, Any]) -> str:
    """The description on one line, without the SDK's own notes on defaults."""
    return " ".join(str(declared.get("description", declared.get("title", ""))).split())


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _quoted(text: str) -> str:
    """A JSON string is a YAML string."""
    return json.dumps(text, ensure_ascii=False)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    main()
