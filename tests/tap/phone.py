"""Runs of the tap over calls whose transcripts a test keeps back, lets come, or spoils.

It stands as a proxy before a workspace and knows nothing of what the tap must do.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tests.sandbox.process import Sandbox
from tests.tap import running
from tests.tap.loopback import Bad, Loopback

STREAMS = ("calls", "call_transcriptions")
SEARCH = "/calls/search"


@cache
def catalog() -> str:
    """Give the catalog in which only calls and their transcripts are selected, as JSON."""
    return json.dumps(running.select(running.discover(), *STREAMS))


@dataclass
class Phone:
    """What is told of each call, by id; `wrong` are answers in the place of others, by path.

    `state` is what the next run begins with, `done` and `proxy` tell how the last one went.
    """

    sandbox: Sandbox
    folder: Path
    told: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, Bad] = field(default_factory=dict)
    state: Any = None
    done: running.Ended = field(init=False)
    proxy: Loopback = field(init=False)

    def spoil(self, method: str, path: str, before: int) -> Bad | None:
        """Spoil every answer that would hold a transcript."""
        if path in self.wrong:
            return self.wrong[path]
        if path == SEARCH:
            return Bad(200, b'{"type": "list", "data": []}')
        if not path.endswith("/transcript"):
            return None
        text = self.told.get(path.split("/")[2])
        return Bad(200, text.encode(), content_type="text/plain") if text else Bad(200, b"[{}]")

    def run(self, code: int = 0, **settings: Any) -> dict[str, str]:
        """Run from the last run's state; give the transcripts that came, by call."""
        with Loopback(self.sandbox.url, self.spoil) as self.proxy:
            config = running.config(self.sandbox, **{"api_url": self.proxy.url, **settings})
            self.done = running.sync(self.folder, config, self.state, json.loads(catalog()))
        assert self.done.code == code, self.done.err
        self.state = self.done.state
        return {row["call_id"]: row["transcript_text"] for row in self.done.records(STREAMS[1])}

    @property
    def asked(self) -> set[str]:
        """The calls whose transcripts were asked for singly in the last run."""
        paths = (name.split("/") for name in self.proxy.order)
        return {words[2] for words in paths if words[-1] == "transcript"}

    @property
    def owed(self) -> dict[str, dict[str, str]]:
        """The state's entries of what is owed, by call."""
        listed = self.state["bookmarks"]["calls"].get("owed", ())
        return {entry["id"]: entry for entry in listed}

    def reasons(self) -> dict[str, str]:
        """Why each is owed, by call."""
        return {call: entry["reason"] for call, entry in self.owed.items()}
