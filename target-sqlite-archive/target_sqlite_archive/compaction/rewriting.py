"""Puts smaller frames in the place of larger ones, a column at a time, no text ever changed.

Newest versions become whole frames with the dictionary of their kind, older ones deltas on the next
newer one, and after so many of them a whole frame again. Each text is checked against its hash
before it is rewritten, and read back from its new frame before that is stored. Transactions are
left to the caller, who is asked before each write.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from target_sqlite_archive.blobs import DamagedBlobError, Dictionaries, Purpose, compress_delta
from target_sqlite_archive.chains import Chains, CompressedColumn, Frame, line_up
from target_sqlite_archive.compaction.survey import Listed, listed
from target_sqlite_archive.naming import quote
from target_sqlite_archive.progress import Progress
from target_sqlite_archive.sql import base_rowid_of

LONGEST_CHAIN = 32
"""How many deltas must be read at most to come from a whole frame to any version."""


@dataclass(slots=True)
class Rewritten:
    """How many texts have got a new frame, and how many of these frames are deltas."""

    texts: int = 0
    deltas: int = 0


@dataclass(frozen=True, slots=True)
class _Newer:
    """The version before the one that is looked at, which is the next newer of its object."""

    row_id: int
    depth: int


class Rewriter:
    """Rewrites the texts of one column; ``writing`` is called with the bytes of each text."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        dictionaries: Dictionaries,
        column: CompressedColumn,
        writing: Callable[[int], None],
    ) -> None:
        """Work on one column."""
        self._connection = connection
        self._dictionaries = dictionaries
        self._column = column
        self._chains = Chains(connection, dictionaries, column)
        self._writing = writing
        self._newer: _Newer | None = None
        base = quote(base_rowid_of(column.name))
        self._older = f"SELECT max(rowid) FROM {quote(column.table)} WHERE {base} = ?"
        self.rewritten = Rewritten()

    def run(self, progress: Progress) -> None:
        """Rewrite what can be smaller; texts that cannot be read are left as they are."""
        where = f"{self._column.table}.{self._column.name}"
        rows = line_up(self._connection, self._column, by_object=True)
        for text in listed(self._connection, self._column):
            progress.show(f"compacting {where}", text.place, rows)
            if text.is_newest:
                self._newer = None
            try:
                depth = self._look_at(text)
            except DamagedBlobError:
                self._newer = None
            else:
                self._newer = _Newer(text.row_id, depth)

    def _look_at(self, text: Listed) -> int:
        """Rewrite a text if that makes it smaller; give how many deltas it is away from a whole."""
        newer = self._newer
        if text.base is not None:
            known = newer is not None and newer.row_id == text.base
            return newer.depth + 1 if newer is not None and known else LONGEST_CHAIN
        is_settled = text.is_settled(self._dictionaries)
        may_be_delta = newer is not None and self._fits(newer, text)
        if is_settled and not may_be_delta:
            return 0
        frame = self._frame(text.row_id)
        base = self._text_of(newer) if newer is not None and may_be_delta else None
        content = self._chains.text(frame)
        delta = None if base is None else compress_delta(content, base)
        whole = frame.blob
        # Most deltas are far smaller than any whole frame, which then need not be made.
        if not is_settled and (delta is None or len(delta) > len(frame.blob) // 4):
            whole = self._dictionaries.compress(text.kind, content, Purpose.COMPACTING)
        if newer is not None and delta is not None and len(delta) < len(whole):
            self._store(frame, delta, content, newer.row_id, base)
            self.rewritten.deltas += 1
            return newer.depth + 1
        if whole != frame.blob:
            self._store(frame, whole, content, None, None)
        return 0

    def _text_of(self, newer: _Newer) -> bytes | None:
        try:
            return self._chains.text(self._frame(newer.row_id))
        except DamagedBlobError:
            return None

    def _fits(self, newer: _Newer, text: Listed) -> bool:
        """Whether the chain stays short enough with this text, and those on it, at its end."""
        depth, row_id = newer.depth + 1, text.row_id
        while self._column.has_deltas and depth <= LONGEST_CHAIN:
            row_id = self._connection.execute(self._older, (row_id,)).fetchone()[0]
            if row_id is None:
                return True
            depth += 1
        return False

    def _frame(self, row_id: int) -> Frame:
        frame = self._chains.frame(row_id)
        if frame is None:
            raise DamagedBlobError("the text is not there any more")
        return frame

    def _store(
        self, frame: Frame, blob: bytes, text: bytes, base_id: int | None, base: bytes | None
    ) -> None:
        if self._dictionaries.read(blob, frame.sha256, base) != text:
            raise DamagedBlobError("the new frame does not give the text back")
        self._writing(len(text))
        self._chains.store(frame.row_id, blob, base_id)
        self.rewritten.texts += 1
