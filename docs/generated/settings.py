"""Settings and capabilities: for the READMEs, for Meltano, for the environment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from docs.generated.plugins import description, table

# Meltano does not act on it, and older copies of its published schema refuse it.
UNTOLD_CAPABILITIES = {"validate-records"}
KINDS = {"integer": "integer", "boolean": "boolean", "array": "array", "object": "object"}


def settings_table(about: Mapping[str, Any]) -> str:
    """Give a Markdown table of all settings of a plugin."""
    rows = []
    for name, declared in about["settings"]["properties"].items():
        notes = []
        if name in about["settings"].get("required", []):
            notes.append("required")
        if declared.get("secret"):
            notes.append("secret")
        shown = f"`{name}`" + (f" ({', '.join(notes)})" if notes else "")
        default = f"`{_plain(declared['default'])}`" if "default" in declared else ""
        rows.append((shown, default, description(declared)))
    return "\n".join(table(("setting", "default", "what it does"), rows))


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
        lines.append(f"      description: {_quoted(description(declared))}")
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
            lines.append(f"# {description(declared)}")
            lines.append(f"{'' if required else '# '}{prefix}_{name.upper()}={default}")
    return "\n".join(lines) + "\n"


def _kind(name: str, declared: Mapping[str, Any]) -> str:
    if "enum" in declared:
        return "options"
    types = declared["type"] if isinstance(declared["type"], list) else [declared["type"]]
    for kind in types:
        if kind in KINDS:
            return KINDS[kind]
    return "date_iso8601" if name.endswith("_date") else "string"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _quoted(text: str) -> str:
    """A JSON string is a YAML string."""
    return json.dumps(text, ensure_ascii=False)
