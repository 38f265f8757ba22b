"""The plugins as they tell of themselves, and how their words are written into a table."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

TAP = "tap-intercom-archive"
TARGET = "target-sqlite-archive"
_ESCAPED = "\\|"


def run(program: str, *arguments: str, stdin: str = "") -> str:
    """Run an installed program and give what it prints; CalledProcessError where it fails."""
    command = [str(Path(sys.executable).with_name(program)), *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=True)
    return done.stdout


def ask(plugin: str, *arguments: str) -> dict[str, Any]:
    """Run an installed plugin and give the JSON object that it prints."""
    parsed: dict[str, Any] = json.loads(run(plugin, *arguments))
    return parsed


def description(declared: Mapping[str, Any]) -> str:
    """Give what a setting or column says of itself, on one line; empty where it says nothing."""
    return " ".join(str(declared.get("description", declared.get("title", ""))).split())


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """Give a Markdown table, line by line."""
    lines = [list(head), *(list(row) for row in rows)]
    told = [f"| {' | '.join(cell.replace('|', _ESCAPED) for cell in line)} |" for line in lines]
    return [told[0], "|" + "---|" * len(lines[0]), *told[1:]]
