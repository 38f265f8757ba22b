"""`make demo` shows a person an archive, and its numbers are those of the file."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipeline import archive, programs


def test_demo_archives_twice_and_shows_what_is_in_the_file(tmp_path: Path) -> None:
    done = programs.run(
        sys.executable,
        *("-m", "tests.demo", "--conversations", "120", "--changes", "10"),
        *("--folder", str(tmp_path / "demo")),
        cwd=programs.ROOT,
    )
    assert done.code == 0, done.out + done.err
    path = tmp_path / "demo" / "archive.db"
    for table in archive.tables(path):
        [count] = archive.rows(path, f"SELECT count(*) AS n FROM {table}")
        assert re.search(rf"^  {table} +{count['n']:,}$", done.out, re.MULTILINE)
    runs = re.findall(r"^  (?:first|second) run +([\d,]+)", done.out, re.MULTILINE)
    first, second = (int(number.replace(",", "")) for number in runs)
    assert second < first
    assert str(path) in done.out
    assert "times smaller" in done.out
    [found] = re.findall(r"(sqlite-archive) (search) (\S+) (\w+)$", done.out, re.MULTILINE)
    assert "[" in programs.run(programs.program(found[0]), *found[1:]).out
    [read] = re.findall(r"(sqlite-archive) (show) (\S+) (\d+)$", done.out, re.MULTILINE)
    assert "(customer)" in programs.run(programs.program(read[0]), *read[1:]).out


def test_demo_leaves_a_folder_alone_that_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear synthetic Sam")
    done = programs.run(
        sys.executable, "-m", "tests.demo", "--folder", str(tmp_path), cwd=programs.ROOT
    )
    assert done.code == 1
    assert (tmp_path / "letter.txt").exists()


@pytest.mark.prove
@pytest.mark.timeout(900)
def test_make_demo_works_in_a_clean_clone(tmp_path: Path) -> None:
    subprocess.run(["git", "clone", "-q", str(programs.ROOT), str(tmp_path / "clone")], check=True)
    done = programs.run("make", "demo", cwd=tmp_path / "clone", patience_seconds=880)
    assert done.code == 0, done.out + done.err
    assert (tmp_path / "clone" / ".demo" / "archive.db").exists()
