"""A snapshot of a whole workspace's archive gives an equal archive that `verify` proves."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.pipeline.archive import rows
from tests.pipeline.reading.conftest import Told
from tests.target.harness import Archive
from tests.target.reading_harness import read
from tests.target.snapshotting import content, export, restore


def test_a_workspace_comes_back_whole(told: Told, tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    shutil.copy(told.path, archive.path)
    manifest = export(archive, tmp_path / "whole.zst", "--plain")
    made = restore(tmp_path / "whole.zst", tmp_path / "made")
    before, after = content(archive), content(made)
    assert set(after) == set(before)
    assert [name for name in before if after[name] != before[name]] == []
    assert manifest["tables"]["conversations"]["rows"] == len(before["conversations"])
    done = read("verify", str(made.path), "--json")
    assert json.loads(done.stdout)["well"], done.stdout


def test_what_a_tag_has_is_whole_too(told: Told, tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    shutil.copy(told.path, archive.path)
    [tag] = rows(
        archive.path,
        "SELECT tag_id, count(*) FROM conversation_tags GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1",
    )
    export(archive, tmp_path / "tagged.zst", "--plain", "--tag", tag["tag_id"])
    made = restore(tmp_path / "tagged.zst", tmp_path / "made")
    assert 0 < made.query("SELECT count(*) FROM conversations")[0][0] < 150
    done = read("verify", str(made.path), "--json")
    assert json.loads(done.stdout)["well"], done.stdout
    [(number,)] = made.query("SELECT min(id) FROM conversations")
    shown = [read("show", str(path), number).stdout for path in (archive.path, made.path)]
    assert shown[0].splitlines()[0] == shown[1].splitlines()[0]
