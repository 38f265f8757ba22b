"""The repository keeps its own rules: generated files, locks, modules, markers of private data."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from docs.generate import stale
from tests.pipeline import programs

ROOT = programs.ROOT
PEER_LOCKS = [
    lock
    for folder in ("tests/pipeline/peers", "tests/benchmarks/peers")
    for lock in sorted((ROOT / folder).glob("*.txt"))
]
LOCKS = [ROOT / "requirements.lock", *PEER_LOCKS]
LONGEST_MODULE = 400
REQUIREMENT = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*==[0-9][a-z0-9.+!]*( ; [^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")


def tracked() -> list[Path]:
    """The files that a clone of this checkout as it is would hold."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name and (ROOT / name).exists()]


def test_generated_files_say_what_the_code_says() -> None:
    assert stale() == [], "run `make docs`"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_lock_holds_names_versions_and_hashes_alone(lock: Path) -> None:
    lines = lock.read_text("utf-8").splitlines()
    assert lines
    wrong = [line for line in lines if not REQUIREMENT.fullmatch(line) and not HASH.fullmatch(line)]
    assert wrong == []


def test_lock_has_the_build_backend_and_one_backoff() -> None:
    names = re.findall(r"^([a-z0-9._-]+)==", LOCKS[0].read_text("utf-8"), re.MULTILINE)
    assert {"hatchling", "python-backoff", "singer-sdk", "meltano"} <= set(names)
    assert "backoff" not in names


@pytest.mark.prove
@pytest.mark.parametrize("system", ["x86_64-unknown-linux-gnu", "aarch64-apple-darwin"])
@pytest.mark.parametrize("version", ["3.10", "3.11", "3.12", "3.13", "3.14"])
def test_lock_has_a_wheel_of_everything_for(version: str, system: str, tmp_path: Path) -> None:
    done = programs.run(
        programs.program("uv"),
        "pip",
        "install",
        "--dry-run",
        "--require-hashes",
        "--only-binary=:all:",
        f"--python-version={version}",
        f"--python-platform={system}",
        f"--target={tmp_path}",
        "--requirements=requirements.lock",
        cwd=ROOT,
    )
    assert done.code == 0, done.err


def test_no_file_is_longer_than_a_person_reads_at_once() -> None:
    lengths = {
        path: len(path.read_text("utf-8").splitlines()) for path in tracked() if path not in LOCKS
    }
    assert lengths
    assert {path.name: n for path, n in lengths.items() if n > LONGEST_MODULE} == {}


def test_every_stream_is_found_by_its_name_in_one_search() -> None:
    schemas = ROOT / "tap-intercom-archive/tap_intercom_archive/schemas"
    readme = (ROOT / "tap-intercom-archive/README.md").read_text("utf-8")
    package = ROOT / "tap-intercom-archive/tap_intercom_archive/resources"
    table = "".join(module.read_text("utf-8") for module in package.glob("*.py"))
    for schema in schemas.glob("*.json"):
        assert f"`{schema.stem}`" in readme
        assert f'"{schema.stem}"' in table


def test_packages_do_not_import_each_other_or_the_tests() -> None:
    for package, other in (
        ("tap-intercom-archive/tap_intercom_archive", "target_sqlite_archive"),
        ("target-sqlite-archive/target_sqlite_archive", "tap_intercom_archive"),
        ("tests/sandbox", "tap_intercom_archive"),
    ):
        pattern = re.compile(rf"^\s*(from|import) ({other}|tests)\b", re.MULTILINE)
        for path in (ROOT / package).rglob("*.py"):
            found = pattern.search(path.read_text("utf-8"))
            own_tests = package == "tests/sandbox" and found and found[2] == "tests"
            assert not found or own_tests, f"{path.relative_to(ROOT)}: {found[0]}"
