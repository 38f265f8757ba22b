"""Reading a list by a scroll: drained first, and proven only where it came to its end.

A workspace has one scroll at a time. It gives the same token with every page, ends with an empty
one, dies when nobody asks for a minute, and cannot be taken up again after a fault, which may
have moved it on (docs/intercom-api.md). So its pages are drained into a file before anything is
done with them, and a scroll that breaks off is begun anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from tempfile import SpooledTemporaryFile
from typing import IO

from tap_intercom_archive import normalize
from tap_intercom_archive.client import Answer, Request
from tap_intercom_archive.errors import ApiError, BadRequest, Faulty, Gone, LostPlace
from tap_intercom_archive.paging import Page, read_page
from tap_intercom_archive.readers import Fetched, Reader

_SCROLLS = 5
# Another scroll ends with its reader, or a minute after it was last asked for.
_WAITS_SECONDS = (1, 2, 4, 8, 15, 30, 30, 60, 60, 60)
_EXISTS = "scroll_exists"
# Pages up to this many bytes never touch the disk.
_MEMORY_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class _Kept:
    """A page that was drained: where its body lies, and the answer without it."""

    begin: int
    length: int
    answer: Answer


class ScrollReader(Reader):
    """Reads a whole list every run, by a scroll."""

    # Told size and ids of the last scroll that showed fewer objects than it said there are.
    _short: tuple[int, set[str]] | None = None

    def objects(self) -> Iterator[Fetched]:
        """Give every object once; what a broken scroll gave is given, too, and proves nothing."""
        yield from self.owed_beside()
        began_at = self.run.client.now()
        with SpooledTemporaryFile(_MEMORY_BYTES) as file:
            kept, error = self._drain(file)
            self.sweeping = True
            for page in self._pages(file, kept):
                wanted = list(filter(self.is_wanted, self.hits(page)))
                self.counted.found += len(wanted)
                self.counted.archived += len(wanted)
                yield from self.complete(wanted)
            self.sweeping = False
        if error is not None:
            self.counted.failed = f"{error} What was read is archived, what is gone is not known."
            return
        if self.may_retire():
            self.retire()
        self.counted.proven_until = began_at
        self.ledger.save(self.scope.to_state(), {})

    def _drain(self, file: IO[bytes]) -> tuple[list[_Kept], ApiError | None]:
        """Scroll to the end, more than once where it must be; at last give what there is."""
        kept: list[_Kept] = []
        error: ApiError | None = None
        for _ in range(_SCROLLS):
            kept = []
            file.seek(0)
            try:
                for page in self._scroll():
                    body = page.answer.body
                    kept.append(_Kept(file.tell(), len(body), replace(page.answer, body=b"")))
                    file.write(body)
            except (Faulty, Gone) as fault:
                error = fault
            else:
                return kept, None
        return kept, error

    def _scroll(self) -> Iterator[Page]:
        """Give the pages of one scroll.

        Raises LostPlace where it goes round, or ends before as many objects as it tells of; two
        that end in the same way are taken for whole.
        """
        token: str | None = None
        seen: set[str] = set()
        told = 0
        while True:
            page = self._next(token)
            told = told if page.total_count is None else page.total_count
            if not page.items:
                before, self._short = self._short, (told, seen)
                if len(seen) < told and before != self._short:
                    raise LostPlace(f"Intercom's scroll of {self._path} ended early: run again.")
                return
            ids = (normalize.identity(self.resource, self.document_of(body)) for body in page.items)
            found = {one for one in ids if one is not None}
            token = page.pages.get("scroll_param")
            if (found and found <= seen) or not isinstance(token, str):
                raise LostPlace(f"Intercom's scroll of {self._path} did not go on: run again.")
            seen |= found
            yield page

    @property
    def _path(self) -> str:
        return self.resource.source.path

    def _next(self, token: str | None) -> Page:
        """Ask for the first page, or for the next one, which is never asked for twice."""
        request = Request("GET", self._path, scope=self.resource.scope)
        if token is None:
            answer = self._first(request)
        else:
            asked = replace(request, params=(("scroll_param", token),), tries=1)
            try:
                answer = self.run.client.send(asked)
            except BadRequest as error:
                raise LostPlace(str(error), error.status) from None
        return read_page(answer, self.resource.source.items)

    def _first(self, request: Request) -> Answer:
        """Open the scroll, waiting while another one is open."""
        for seconds in _WAITS_SECONDS:
            try:
                return self.run.client.send(request)
            except BadRequest as error:
                if error.code != _EXISTS:
                    raise
            self.run.stop.wait(seconds)
        return self.run.client.send(request)

    def _pages(self, file: IO[bytes], kept: list[_Kept]) -> Iterator[Page]:
        for page in kept:
            file.seek(page.begin)
            body = file.read(page.length)
            yield read_page(replace(page.answer, body=body), self.resource.source.items)
