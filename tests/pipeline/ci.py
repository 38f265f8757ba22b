"""Runs CI's workflows as CI would: GitHub's steps by their conditions, GitLab's job as one script.

What the services do (keeping artifacts and packages) is a folder here, behind stubs of `gh` and
`curl`. The scripts themselves come from the files that users copy.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.pipeline import programs

RECIPES = programs.ROOT / "docs" / "ci"
REPOSITORY = "example/archive"
# The steps that reach out of the machine; the programs are installed here already.
_DONE_BY_THE_TEST = ("Install",)

Meanwhile = Callable[["subprocess.Popen[bytes]", Path], None]

_GH = """#!{python}
# Stands in for GitHub's API with a folder of artifacts.
import json, os, pathlib, sys
store = pathlib.Path({store!r})
command, path = sys.argv[1:]
assert command == "api" and os.environ["GH_TOKEN"]
root = "repos/example/archive/actions/artifacts"
if path.startswith(root + "?name=intercom-archive&"):
    listed = [json.loads(file.read_text()) for file in store.glob("*.json")]
    named = [artifact for artifact in listed if artifact["name"] == "intercom-archive"]
    print(json.dumps({{"total_count": len(named), "artifacts": named}}))
else:
    assert path.startswith(root + "/") and path.endswith("/zip"), path
    sys.stdout.buffer.write((store / path.split("/")[-2]).with_suffix(".zip").read_bytes())
"""

_CURL = """#!{python}
# Stands in for curl with GitLab's package registry: a folder.
import pathlib, shutil, sys
arguments = sys.argv[1:]
file = pathlib.Path({store!r}, *arguments[-1].split("/")[-2:])
if "--upload-file" in arguments:
    file.parent.mkdir(exist_ok=True)
    shutil.copy(arguments[arguments.index("--upload-file") + 1], file)
elif file.exists():
    shutil.copy(file, arguments[arguments.index("--output") + 1])
    print("200", end="")
else:
    print("404", end="")
"""


def stub(folder: Path, name: str, text: str, store: Path) -> str:
    """Put a program of this name into a folder and give the PATH that finds it first."""
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(text.format(python=sys.executable, store=str(store)))
    file.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def shell(
    script: str, folder: Path, env: Mapping[str, str], meanwhile: Meanwhile | None = None
) -> programs.Ended:
    """Run a script in the shell that CI uses, with the programs where it installs them.

    `meanwhile` is called with the running shell, which is the leader of a session of its own.
    """
    binaries = folder / ".archive" / "bin"
    if not binaries.exists():
        binaries.parent.mkdir(parents=True)
        binaries.symlink_to(Path(sys.executable).parent)
    process = subprocess.Popen(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env=programs.environment(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        if meanwhile:
            meanwhile(process, folder)
        out, err = process.communicate(timeout=programs.PATIENCE_SECONDS)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    return programs.Ended(process.returncode, out.decode(), err.decode(errors="replace"))


def processes(session: int) -> dict[int, str]:
    """Give the running processes of a session with the names of their programs."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # pid (name) state parent group session …; the name may have spaces.
                name, _, rest = (entry / "stat").read_text().partition("(")[2].rpartition(") ")
                if int(rest.split()[3]) == session and rest[0] != "Z":
                    found[int(entry.name)] = name
    return found


@dataclass
class GitHub:
    """GitHub's side: the artifacts that were kept, and the variables and secrets that are set."""

    folder: Path
    settings: Mapping[str, str]
    secrets: Mapping[str, str]
    kept: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with no artifact."""
        self.store = self.folder / "artifacts"
        self.store.mkdir()
        self._path = stub(self.folder / "tools", "gh", _GH, self.store)
        workflow = yaml.safe_load((RECIPES / "github-actions.yml").read_text())
        self._job = workflow["jobs"]["archive"]

    def run(
        self,
        folder: Path,
        *,
        first_run: bool | None = None,
        meanwhile: Mapping[str, Meanwhile] | None = None,
        before: Mapping[str, Callable[[Path], None]] | None = None,
    ) -> dict[str, programs.Ended]:
        """Run the workflow in a folder; give how each step that ran a script ended, by its name.

        `first_run` is None in a scheduled run, which has no inputs. `meanwhile` and `before` are
        what else happens, by the steps' names. Artifacts that the run keeps are named in `kept`.
        """
        self.kept = []
        inputs = {} if first_run is None else {"first_run": str(first_run).lower()}
        values = {
            **{f"secrets.{name}": value for name, value in self.secrets.items()},
            **{f"inputs.{name}": value for name, value in inputs.items()},
            "github.token": "synthetic",
        }
        ended: dict[str, programs.Ended] = {}
        outcomes: dict[str, str] = {}
        for step in self._job["steps"]:
            name = step.get("name", "")
            if name in _DONE_BY_THE_TEST or not _is_due(step.get("if"), outcomes):
                continue
            good = True
            if before and name in before:
                before[name](folder)
            if "run" in step:
                env = {**self._job["env"], **step.get("env", {})}
                filled = {key: _fill(text, values) for key, text in env.items()}
                env = {**filled, "GITHUB_REPOSITORY": REPOSITORY, "PATH": self._path}
                at = (meanwhile or {}).get(name)
                ended[name] = shell(step["run"], folder, {**env, **self.settings}, at)
                good = ended[name].code == 0
            elif step["uses"].startswith("actions/upload-artifact@"):
                good = self._upload(folder, step["with"])
            outcomes[step.get("id", name)] = "success" if good else "failure"
        return ended

    def _upload(self, folder: Path, how: Mapping[str, Any]) -> bool:
        file = folder / how["path"]
        if not file.exists():
            return bool(how["if-no-files-found"] != "error")
        self.keep(file, how["name"])
        self.kept.append(how["name"])
        return True

    def keep(self, file: Path, name: str) -> None:
        """Keep a file as an artifact of this name, newer than all others."""
        number = 1 + len(list(self.store.glob("*.json")))
        with zipfile.ZipFile(self.store / f"{number}.zip", "w") as archive:
            archive.writestr(file.name, file.read_bytes())
        self._describe(number, name=name)

    def _describe(self, number: int, **more: Any) -> None:
        file = self.store / f"{number}.json"
        known = json.loads(file.read_text()) if file.exists() else {}
        made = {"id": number, "expired": False, "created_at": f"2026-01-{number:02}T03:17:00Z"}
        file.write_text(json.dumps({**made, **known, **more}))

    def expire(self) -> None:
        """Let time pass until no artifact can be downloaded any more."""
        for file in self.store.glob("*.zip"):
            file.unlink()
            self._describe(int(file.stem), expired=True)


def _is_due(condition: str | None, outcomes: Mapping[str, str]) -> bool:
    """Say whether a step runs, by the few expressions that the workflow uses."""
    all_well = "failure" not in outcomes.values()
    if condition is None:
        return all_well
    text = condition.removeprefix("${{").removesuffix("}}")
    terms = [term.strip() for term in text.split("&&")]
    # Without a function that says so, no step runs after one that failed.
    results = [all_well or "always()" in terms]
    for term in terms:
        found = re.fullmatch(r"steps\.(\w+)\.outcome == '(\w+)'", term)
        assert found or term == "always()", f"the test does not know the expression {term!r}"
        if found:
            results.append(outcomes.get(found[1], "skipped") == found[2])
    return all(results)


def _fill(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\$\{\{ ([\w.]+) \}\}", lambda found: values.get(found[1], ""), text)


class GitLab:
    """GitLab's side: the packages that were kept."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        """Begin with no package."""
        self.store = folder / "packages"
        self.store.mkdir()
        self._path = stub(folder / "tools", "curl", _CURL, self.store)
        self._settings = settings
        self._job = yaml.safe_load((RECIPES / "gitlab-ci.yml").read_text())["intercom-archive"]

    def run(
        self, folder: Path, meanwhile: Meanwhile | None = None, **variables: str
    ) -> programs.Ended:
        """Run the job in a folder, without its installation; `variables` are given by hand."""
        script = "\n".join([*self._job["before_script"][1:], *self._job["script"]])
        env = {
            **self._job["variables"],
            "PATH": self._path,
            "ARCHIVE_URL": "https://gitlab.example.com/packages",
            "CI_JOB_TOKEN": "synthetic",
            **self._settings,
            **variables,
        }
        return shell(script, folder, env, meanwhile)

    def kept(self) -> list[str]:
        """Name the packages that are there."""
        return sorted(file.parent.name for file in self.store.glob("*/*"))

    def read(self, name: str = "latest") -> bytes:
        """Give what is kept under this name."""
        return (self.store / name / "intercom.db").read_bytes()

    def put(self, file: Path) -> None:
        """Keep a file as the latest archive."""
        (self.store / "latest").mkdir(exist_ok=True)
        shutil.copy(file, self.store / "latest" / "intercom.db")
