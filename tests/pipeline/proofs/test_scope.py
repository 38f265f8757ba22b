"""A token that may not read one stream: the others complete, and that one is named, not lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tap_intercom_archive.resources import RESOURCES
from tests.pipeline.proofs import comparing, running
from tests.pipeline.proofs.conftest import Say, prove
from tests.sandbox.process import Sandbox

CONVERSATIONS = 60
# The second workspace is the first one, served anew: its clock begins where the first one's did.
LATER_SECONDS = 3_600
SCOPES = {
    name: resource.scope
    for resource in RESOURCES
    if resource.selected
    for name in (resource.name, *(cut.name for cut in resource.fed))
}
CUT_FROM = {
    cut.name: resource.name for resource in RESOURCES for cut in (*resource.cuts, *resource.fed)
}


def owed(state: dict[str, Any], stream: str) -> list[dict[str, str]]:
    listed = [one for of in state["bookmarks"].values() for one in of.get("owed", ())]
    return [entry for entry in listed if entry["stream"] == stream]


def proof(folder: Path, say: Say, denied: str, status: int) -> None:
    with Sandbox.start(seed=61, conversations=CONVERSATIONS) as sandbox:
        before = running.run(sandbox, folder)
        assert before.codes == (0, 0), before.said
    with Sandbox.start(
        seed=61, conversations=CONVERSATIONS, deny=[f"{denied}:{status}"]
    ) as sandbox:
        sandbox.change(12, seconds=LATER_SECONDS)
        sandbox.change(0, seconds=LATER_SECONDS)
        done = running.run(sandbox, folder, before.state, full_sweep_days=0)
        others = [name for name in comparing.DEFAULT if denied not in (name, CUT_FROM.get(name))]
        verdict = comparing.compare(sandbox, folder / "archive.db", others)
        accepted = running.run(sandbox, folder, done.state, accept_denied=[denied])
        new = folder / "new"
        new.mkdir()
        alone = running.run(sandbox, new)
    say(f"scope: {denied} denied with {status}: exit {done.codes[0]}, the others: {verdict}")
    assert done.codes == (1, 0), done.said
    assert done.state["bookmarks"].get(denied) == before.state["bookmarks"].get(denied)
    assert owed(done.state, denied) == owed(before.state, denied)
    assert verdict.is_good, verdict.explain()
    streams = done.report["streams"]
    assert [name for name, of in streams.items() if of["denied"]] == [denied]
    assert f"{denied}: denied, nothing archived." in done.said
    assert f"*{SCOPES[denied]}*" in done.said
    assert accepted.codes == (0, 0), accepted.said
    assert alone.codes == (1, 0), alone.said
    assert "high_water_mark" not in alone.state["bookmarks"].get(denied, {})


@pytest.mark.parametrize(("denied", "status"), [("contacts", 403), ("call_transcriptions", 401)])
def test_one_denied_stream_leaves_the_others_complete(
    tmp_path: Path, say: Say, denied: str, status: int
) -> None:
    proof(tmp_path, say, denied, status)


@prove
@pytest.mark.timeout(900)
@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("denied", sorted(SCOPES))
def test_any_denied_stream_leaves_the_others_complete(
    tmp_path: Path, say: Say, denied: str, status: int
) -> None:
    proof(tmp_path, say, denied, status)
