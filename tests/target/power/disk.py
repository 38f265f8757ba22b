"""A disk that forgets: what SQLite did to its files, and what a power cut may leave of it.

What was synced is there. Of what was not, a cut leaves nothing, or the first so many operations, or
any of the 512-byte sectors. A deletion counts as not synced until its folder is; that the name of a
new file is in its folder is taken as given.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

SECTOR_BYTES = 512


@dataclass(frozen=True, slots=True)
class Write:
    file: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncate:
    file: str
    size: int


@dataclass(frozen=True, slots=True)
class Delete:
    file: str
    durable: bool


@dataclass(frozen=True, slots=True)
class Sync:
    file: str


@dataclass(frozen=True, slots=True)
class Told:
    """A STATE that has gone out."""

    text: str


Operation = Write | Truncate | Delete
Event = Operation | Sync | Told
Files = dict[str, bytes]


class Cut(Enum):
    """What becomes of the operations that were not synced."""

    DROPPED = "dropped"
    PREFIX = "prefix"
    SECTORS = "sectors"


@dataclass(slots=True)
class Disk:
    """Plays events; ``told`` is the newest STATE that went out."""

    durable: dict[str, bytearray] = field(default_factory=dict)
    pending: list[Operation] = field(default_factory=list)
    told: str | None = None

    def play(self, event: Event) -> None:
        if isinstance(event, Told):
            self.told = event.text
        elif isinstance(event, Sync):
            self._settle(event.file)
        else:
            self.pending.append(event)
            if isinstance(event, Delete) and event.durable:
                self._settle(event.file)

    def _settle(self, file: str) -> None:
        for operation in self.pending:
            if operation.file == file:
                _apply(self.durable, operation)
        self.pending = [operation for operation in self.pending if operation.file != file]

    def whole(self) -> Files:
        """Give the files as they are while the power is on."""
        return self._after(self.pending)

    def cut(self, how: Cut, chance: random.Random) -> Files:
        """Give the files as the next start of the machine finds them."""
        return self._after(self._survivors(how, chance))

    def _after(self, operations: Sequence[Operation]) -> Files:
        files = {name: bytearray(content) for name, content in self.durable.items()}
        for operation in operations:
            _apply(files, operation)
        return {name: bytes(content) for name, content in files.items()}

    def _survivors(self, how: Cut, chance: random.Random) -> Sequence[Operation]:
        if how is Cut.DROPPED:
            return []
        if how is Cut.PREFIX:
            return self.pending[: chance.randint(0, len(self.pending))]
        share = chance.choice([0.1, 0.5, 0.9])
        pieces = [piece for operation in self.pending for piece in _sectors(operation)]
        return [piece for piece in pieces if chance.random() < share]


def _sectors(operation: Operation) -> Iterator[Operation]:
    if not isinstance(operation, Write):
        yield operation
        return
    start, end = operation.offset, operation.offset + len(operation.data)
    while start < end:
        stop = min(end, start - start % SECTOR_BYTES + SECTOR_BYTES)
        data = operation.data[start - operation.offset : stop - operation.offset]
        yield Write(operation.file, start, data)
        start = stop


def _apply(files: dict[str, bytearray], operation: Operation) -> None:
    if isinstance(operation, Delete):
        files.pop(operation.file, None)
        return
    content = files.setdefault(operation.file, bytearray())
    if isinstance(operation, Truncate):
        del content[operation.size :]
        content.extend(bytes(operation.size - len(content)))
        return
    end = operation.offset + len(operation.data)
    content.extend(bytes(max(0, end - len(content))))
    content[operation.offset : end] = operation.data
