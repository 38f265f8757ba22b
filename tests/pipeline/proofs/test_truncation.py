"""Parts past the API's cap are named, and what was archived of them stays."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from tests.pipeline.proofs import comparing, running
from tests.pipeline.proofs.conftest import Say
from tests.sandbox.process import Sandbox

CONVERSATIONS = 60
CHANGES = 400
SETTLING_SECONDS = 60


def test_parts_that_the_api_shows_no_longer_stay_archived_and_are_named(
    tmp_path: Path, say: Say
) -> None:
    with Sandbox.start(seed=71, conversations=CONVERSATIONS) as sandbox:
        sandbox.change(0, seconds=SETTLING_SECONDS)
        first = running.run(sandbox, tmp_path)
        assert first.codes == (0, 0), first.said
        sandbox.change(CHANGES, seconds=SETTLING_SECONDS)
        sandbox.change(0, seconds=SETTLING_SECONDS)
        second = running.run(sandbox, tmp_path, first.state)
        assert second.codes == (0, 0), second.said
        verdict = comparing.compare(sandbox, tmp_path / "archive.db")
        cut = {row["id"] for row in sandbox.truth("conversations") if row["parts_truncated"]}
        shown = {row["id"] for row in sandbox.truth("conversation_parts")}
        once = {row["id"] for row in sandbox.truth("conversation_parts", served=True)}
    with closing(comparing.Archive(tmp_path / "archive.db")) as kept:
        named = {
            row["id"] for row in kept.ask("SELECT id FROM conversations WHERE parts_truncated")
        }
        parts = kept.by_key("conversation_parts")
    gone = once - shown
    report = second.report["streams"]["conversations"]
    say(
        f"truncation: {len(cut)} conversations past the cap, {len(gone)} of their parts shown once "
        f"and no more, of these {sum((part,) in parts for part in gone)} kept; {verdict}"
    )
    assert gone, "no part has slid past the cap: nothing was shown"
    assert not [part for part in gone if parts[part,]["_sdc_deleted_at"]]
    assert cut
    assert cut <= named
    assert report["truncated"] == len(cut)
    assert "with parts past the API's cap" in second.said
    assert verdict.is_good, verdict.explain()
    running.verify(tmp_path)
