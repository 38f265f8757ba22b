"""Entity diagrams in Mermaid: which tables link to which, by which column, one for each area."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from docs.generated.archive import Made
from docs.generated.areas import AREAS, Area
from docs.generated.dictionary import WRITTEN
from tap_intercom_archive.resources import RAW_PAYLOADS

READ = f"""\
Shown are keys and links; the [data dictionary](README.md) has all columns. A table without columns
here is another area's. Beside these links every row names the payload that it was read from:
`payload_id` and, where a row has a payload of its own as well, `list_payload_id` link to
`{RAW_PAYLOADS}.id`."""


def entities(catalog: Mapping[str, Any], made: Mapping[str, Made]) -> str:
    """Give the page of all diagrams."""
    entries = {entry["stream"]: entry for entry in catalog["streams"]}
    parts = ["# Entities", WRITTEN, READ]
    for area in AREAS:
        lines = "\n".join(_diagram(area, entries, made))
        parts += [f"## {area.title}", f"```mermaid\nerDiagram\n{lines}\n```"]
    return "\n\n".join(parts) + "\n"


def _diagram(
    area: Area, entries: Mapping[str, Mapping[str, Any]], made: Mapping[str, Made]
) -> Iterator[str]:
    for stream in area.streams:
        keys, links = entries[stream]["key_properties"], _links(made[stream])
        yield f"    {stream} {{"
        for name, declared in made[stream].columns.items():
            marks = [*(["PK"] if name in keys else []), *(["FK"] if name in links else [])]
            if marks:
                yield f"        {declared} {name} {', '.join(marks)}"
        yield "    }"
    for stream in area.streams:
        entry = entries[stream]
        for name, (parent, _) in _links(made[stream]).items():
            one = "|o" if "null" in entry["schema"]["properties"][name]["type"] else "||"
            many = "o|" if entry["key_properties"] == [name] else "o{"
            yield f"    {parent} {one}--{many} {stream} : {name}"


def _links(made: Made) -> dict[str, tuple[str, str]]:
    linked = {name: made.links[name] for name in made.columns if name in made.links}
    return {name: link for name, link in linked.items() if link[0] != RAW_PAYLOADS}
