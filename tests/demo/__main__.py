"""`make demo`: archive a synthetic workspace twice with Meltano, and show what is in the file.

The workspace is `tests.sandbox`, in a process of its own; what a person is shown is in `show`.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.demo.show import show
from tests.pipeline import programs
from tests.pipeline.meltano import settings
from tests.sandbox.process import Sandbox

FOLDER = programs.ROOT / ".demo"
# Changes are archived once they have stood still for a moment of the workspace's own clock.
SETTLE_SECONDS = 600


def main() -> int:
    """Run the demo; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.demo", description=__doc__)
    parser.add_argument("--conversations", type=int, default=500, metavar="N")
    parser.add_argument("--changes", type=int, default=25, metavar="N")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="made anew; default: .demo")
    asked = parser.parse_args()
    folder: Path = asked.folder.resolve()
    _make_anew(folder)
    with Sandbox.start(seed=1, conversations=asked.conversations) as sandbox:
        _say(f"A synthetic Intercom workspace is up: {asked.conversations:,} conversations.")
        _say("First run: everything.")
        sandbox.change(0, seconds=SETTLE_SECONDS)
        first = _archive(sandbox, folder)
        changed = sandbox.change(asked.changes, seconds=SETTLE_SECONDS)
        sandbox.change(0, seconds=SETTLE_SECONDS)
        moved = len(changed.get("conversations", []))
        _say(f"{asked.changes} things happened in it; {moved} conversations moved.")
        _say("Second run: only what changed.")
        second = _archive(sandbox, folder)
    _say("Calls to the API:")
    print(f"  first run   {first['total']:>7,}   of them {_hydrations(first):,} conversations")
    print(f"  second run  {second['total']:>7,}   of them {_hydrations(second):,} conversations")
    show(folder / "archive.db", programs.ROOT)
    return 0


def _make_anew(folder: Path) -> None:
    """Empty the folder, but only one that a demo has made."""
    marker = folder / "made-by-make-demo"
    if folder.exists() and any(folder.iterdir()):
        if not marker.exists():
            sys.exit(f"{folder} holds something else: name another folder with --folder.")
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    marker.touch()


def _archive(sandbox: Sandbox, folder: Path) -> dict[str, object]:
    """Run the job with its output on this terminal; give the calls that it cost."""
    sandbox.reset_requests()
    began = time.monotonic()
    command = [programs.program("meltano"), "run", "archive"]
    env = programs.environment(settings(sandbox, folder))
    print("$ meltano run archive", flush=True)
    code = subprocess.run(command, cwd=programs.ROOT, env=env, check=False).returncode
    if code:
        sys.exit(f"`meltano run archive` ended with exit code {code}: see its lines above.")
    _say(f"Done in {time.monotonic() - began:.0f} seconds.")
    return dict(sandbox.requests())


def _hydrations(requests: dict[str, object]) -> int:
    routes = requests["by_route"]
    assert isinstance(routes, dict)
    return int(routes.get("GET /conversations/{id}", 0))


def _say(line: str) -> None:
    print(f"\n==> {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
