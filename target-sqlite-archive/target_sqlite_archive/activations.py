"""Decides when an ACTIVATE_VERSION takes effect, so that it retires only what the tap has let go.

A tap sends it after the version's records or before them. After them, it takes effect where it
stands: a run that is killed later has then retired what was gone. Before them, what is still to
come would be retired with the rest, so it waits for the end of the pipe, and for a STATE after the
stream's last record: a tap that breaks off between its records sends none. Retiring itself is left
to ``tables.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from target_sqlite_archive.tables import Table


@dataclass(slots=True)
class _Waiting:
    """A version that waits; ``taken`` is how many records its stream had at the last STATE."""

    version: int
    taken: int | None = None


class Activations:
    """The activations of one run; changes are made inside the caller's transaction."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        """Work on the tables by their streams, which may be made anew meanwhile."""
        self._tables = tables
        self._waiting: dict[str, _Waiting] = {}
        self._refusals: list[str] = []

    def activate(self, stream: str, version: int) -> None:
        """Take an ACTIVATE_VERSION, and carry it out where the version's records came before it."""
        table = self._tables[stream]
        table.flush()
        if version in table.arrived:
            self._waiting.pop(stream, None)
            self._carry_out(table, version)
        else:
            self._waiting[stream] = _Waiting(version)

    def waiting_version(self, stream: str) -> int | None:
        """Give the version that waits for its records, to which those without a version belong."""
        waiting = self._waiting.get(stream)
        return waiting.version if waiting else None

    def note_state(self) -> None:
        """Take note of a STATE: what came before it is what the tap had to say so far."""
        for stream, waiting in self._waiting.items():
            waiting.taken = self._tables[stream].taken

    def settle(self) -> None:
        """Carry out what waits for the end of the pipe."""
        for stream, waiting in self._waiting.items():
            table = self._tables[stream]
            if waiting.taken == table.taken:
                table.flush()
                self._carry_out(table, waiting.version)
            else:
                self._refuse(table, waiting.version, "no STATE came after its last record")
        self._waiting.clear()

    def summary(self) -> list[str]:
        """Give one sentence for each activation that has retired nothing, at the end of the run."""
        for stream, waiting in self._waiting.items():
            reason = "the run was stopped before the end of the pipe"
            self._refuse(self._tables[stream], waiting.version, reason)
        self._waiting.clear()
        return self._refusals

    def _carry_out(self, table: Table, version: int) -> None:
        shown = table.versions
        if shown.is_active(version):
            return
        if shown.is_unreadable(version):
            reason = "a record of it is in the table _quarantine, with a key that cannot be read"
            self._refuse(table, version, reason)
            shown.activated(version)
        elif table.taken > table.left_out and not shown.has_shown(version):
            self._refuse(table, version, "its records name no version")
        else:
            table.activate(version)

    def _refuse(self, table: Table, version: int, reason: str) -> None:
        self._refusals.append(
            f"ACTIVATE_VERSION {version} of stream '{table.layout.stream}' retires nothing: "
            f"{reason}. Rows that are gone stay until a later version is activated"
        )
