"""The tap's streams: the table of the READMEs, and Meltano's selection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tap_intercom_archive.resources import RAW_PAYLOADS, RESOURCES, UNLISTED, Resource


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


def _endpoint(resource: Resource) -> str:
    method = "POST" if resource.search else "GET"
    listed = f"{method} {resource.source.path}".replace("{each}", "{id}")
    return f"{listed}, GET {resource.hydrate}" if resource.hydrate else listed


def _yes(selected: bool) -> str:
    return "yes" if selected else "no"
