"""A stream's state: its bookmark, what it owes, and the scope it was made in.

The state is valid at every instant: it is only rewritten after the records it speaks of.
Which bookmark a stream keeps is left to `windows` and `walks`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tap_intercom_archive.errors import Refusal
from tap_intercom_archive.times import epoch, iso


@dataclass(frozen=True)
class Owed:
    """An object that a run could not give: `since` is ISO 8601 UTC.

    `updated_at` is the time of change that a listing showed and no fetch did yet, where the
    fetches did answer: an answer older than that (a replica may lag) does not settle it.
    """

    stream: str
    id: str
    reason: str
    since: str
    updated_at: str | None = None


@dataclass(frozen=True)
class Scope:
    """What a state speaks of: another workspace, start or choice of streams is another story."""

    workspace_id: str
    start: int | None
    streams: tuple[str, ...]
    display_as: str
    api_version: str

    def to_state(self) -> dict[str, Any]:
        """Give the state's entry."""
        return {
            "workspace_id": self.workspace_id,
            "start_date": None if self.start is None else iso(self.start),
            "streams": list(self.streams),
            "display_as": self.display_as,
            "api_version": self.api_version,
        }


class Ledger:
    """Reads and writes one stream's part of the state."""

    def __init__(self, state: dict[str, Any]) -> None:
        """Take the SDK's writable dictionary of the stream; it is changed in `save` only."""
        self._state = state
        self.owed: dict[tuple[str, str], Owed] = {}
        listed = state.get("owed")
        for entry in listed if isinstance(listed, list) else ():
            if isinstance(entry, dict) and {"stream", "id"} <= entry.keys():
                owed = Owed(
                    str(entry["stream"]),
                    str(entry["id"]),
                    str(entry.get("reason", "")),
                    str(entry.get("since", "")),
                    iso(changed) if (changed := epoch(entry.get("updated_at"))) else None,
                )
                self.owed[owed.stream, owed.id] = owed

    @property
    def state(self) -> dict[str, Any]:
        """The stream's state as it stands."""
        return self._state

    def owe(
        self,
        stream: str,
        record_id: str,
        reason: str,
        since_epoch: float,
        updated_at: float | None = None,
    ) -> None:
        """Note an object as owed; one that is owed already keeps its `since`."""
        known = self.owed.get((stream, record_id))
        since = known.since if known else iso(int(since_epoch))
        shown = known.updated_at if known else None
        if updated_at is not None:
            shown = iso(updated_at)
        self.owed[stream, record_id] = Owed(stream, record_id, reason, since, shown)

    def settle(self, stream: str, record_id: str) -> None:
        """Note that an object is owed no longer."""
        self.owed.pop((stream, record_id), None)

    def owed_of(self, stream: str) -> Iterator[Owed]:
        """Give what is owed of one stream."""
        return iter([owed for owed in self.owed.values() if owed.stream == stream])

    def save(self, scope: dict[str, Any], bookmark: dict[str, Any]) -> None:
        """Rewrite the state."""
        self._state.clear()
        self._state.update({**bookmark, "scope": scope})
        self.save_owed()

    def save_owed(self) -> None:
        """Rewrite only what is owed."""
        self._state.pop("owed", None)
        if self.owed:
            self._state["owed"] = [
                {name: value for name, value in vars(owed).items() if value is not None}
                for owed in self.owed.values()
            ]

    @property
    def start(self) -> str | None:
        """The start date of the state's scope, as it stands there."""
        start = self._scope.get("start_date")
        return start if isinstance(start, str) else None

    def check_workspace(self, workspace_id: str) -> None:
        """Raise Refusal where the state was made in another workspace."""
        known = self._scope.get("workspace_id")
        if known and workspace_id and known != workspace_id:
            raise Refusal(
                "The state belongs to another Intercom workspace than this access token: use "
                "that workspace's token, or start a new archive without this state."
            )

    @property
    def _scope(self) -> dict[str, Any]:
        known = self._state.get("scope")
        return known if isinstance(known, dict) else {}

    def is_outgrown(self, scope: Scope) -> bool:
        """Say whether objects must be read again from the start.

        They must where a stream was selected that had not been, or where the provider is asked
        in another way than before.
        """
        known = self._scope
        return bool(known) and (
            not set(scope.streams) <= set(known.get("streams") or ())
            or known.get("display_as") != scope.display_as
            or known.get("api_version") != scope.api_version
        )

    def gap(self, scope: Scope) -> tuple[int, int] | None:
        """Give the span that an earlier start adds before what is archived, if any."""
        known = epoch(self._scope.get("start_date"))
        if known is None:
            return None
        begin = scope.start or 0
        return (begin, int(known)) if begin < known else None
