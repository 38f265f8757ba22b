"""`meltano.yml` is valid, tells nobody anything, and names every setting of both plugins."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from docs.generated.plugins import TAP, TARGET, ask
from docs.generated.settings import UNTOLD_CAPABILITIES
from tests.pipeline import programs

# What Meltano calls a kind, by what the plugin declares.
TYPES = {"integer": "integer", "boolean": "boolean", "array": "array", "object": "object"}


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    """The project file."""
    parsed: dict[str, Any] = yaml.safe_load((programs.ROOT / "meltano.yml").read_text("utf-8"))
    return parsed


def plugin(project: dict[str, Any], name: str) -> dict[str, Any]:
    [found] = [
        entry for kind in project["plugins"].values() for entry in kind if entry["name"] == name
    ]
    return dict(found)


def test_file_is_valid_by_the_published_schema() -> None:
    done = programs.run(
        programs.program("check-jsonschema"),
        "--builtin-schema",
        "vendor.meltano",
        str(programs.ROOT / "meltano.yml"),
    )
    assert done.code == 0, done.out


def test_project_sends_no_statistics_and_asks_no_hub(project: dict[str, Any]) -> None:
    assert project["send_anonymous_usage_stats"] is False
    assert "version" not in project
    for name in (TAP, TARGET):
        assert plugin(project, name)["namespace"] == name.replace("-", "_")
    extras = {TAP: "[replay]", TARGET: ""}
    for name, extra in extras.items():
        assert f'"${{MELTANO_PROJECT_ROOT}}/{name}{extra}"' in plugin(project, name)["pip_url"]


@pytest.mark.parametrize("name", [TAP, TARGET])
def test_settings_are_those_of_the_plugin_itself(project: dict[str, Any], name: str) -> None:
    declared = ask(name, "--about", "--format=json")["settings"]["properties"]
    written = {entry["name"]: entry for entry in plugin(project, name)["settings"]}
    assert written.keys() == declared.keys()
    for setting, entry in written.items():
        assert entry["description"], setting
        types = set(declared[setting]["type"]) if declared[setting].get("type") else set()
        expected = {TYPES[kind] for kind in types & TYPES.keys()}
        if expected:
            assert entry["kind"] in expected, setting
        assert entry.get("sensitive", False) == declared[setting].get("secret", False), setting


@pytest.mark.parametrize("name", [TAP, TARGET])
def test_capabilities_are_those_of_the_plugin_itself(project: dict[str, Any], name: str) -> None:
    declared = ask(name, "--about", "--format=json")["capabilities"]
    assert set(plugin(project, name)["capabilities"]) == set(declared) - UNTOLD_CAPABILITIES


def test_token_is_sensitive_and_written_nowhere(project: dict[str, Any]) -> None:
    [token] = [s for s in plugin(project, TAP)["settings"] if s["name"] == "access_token"]
    assert token["sensitive"] is True
    assert "value" not in token


def test_job_runs_daily_in_both_environments(project: dict[str, Any]) -> None:
    assert project["jobs"] == [
        {"name": "archive", "tasks": [f"{TAP} {TARGET}"]},
        {"name": "replay", "tasks": [f"{TAP}--replay {TARGET}--replay"]},
    ]
    assert [(s["job"], s["interval"]) for s in project["schedules"]] == [("archive", "@daily")]
    assert {entry["name"] for entry in project["environments"]} == {"prod", "sandbox"}
