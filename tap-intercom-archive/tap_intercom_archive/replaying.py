"""Replays an archive: its payloads in the place of the API's answers, the same records out of them.

Each payload version gives the records that it gave when it was fetched. What was asked for beside
an object stands in the archive only where it was new, so the newest known answers belong to it.
What payloads cannot tell is taken from the archive's tables: which rows are gone, and which answers
were asked for again in vain. Reading the file is left to `archived`.
"""

from __future__ import annotations

import logging
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote

from tap_intercom_archive import normalize, transcripts
from tap_intercom_archive.archived import DELETED_AT, Archived, Version
from tap_intercom_archive.client import Answer, Request
from tap_intercom_archive.errors import Faulty
from tap_intercom_archive.frames import Damaged
from tap_intercom_archive.paging import PAGERS, read_page
from tap_intercom_archive.payload import Document, Payload, parse, parse_as
from tap_intercom_archive.report import Report
from tap_intercom_archive.resources import (
    RAW_PAYLOADS,
    RESOURCES,
    Cut,
    FollowUp,
    Record,
    Resource,
)
from tap_intercom_archive.streams import ArchiveStream

_NOT_SELECTED = "are left aside, since no stream made of them is selected"
_NOT_KNOWN = "are of a stream that this version does not know, and are written as they are"
_EMPTIED = "were emptied for a redaction, so no other records came out of them"
_DAMAGED = (
    "{} payloads in the archive cannot be read, `sqlite-archive verify` names them: restore the "
    "archive from a backup and replay it again."
)
_RESOURCES: Mapping[str, Resource] = {row.name: row for row in RESOURCES}
_BESIDE: Mapping[str, tuple[Resource, Cut]] = {
    cut.name: (row, cut) for row in RESOURCES for cut in row.made if cut.follow_up or cut in row.fed
}


class Replay:
    """One replay of an archive."""

    def __init__(
        self,
        archived: Archived,
        streams: Mapping[str, ArchiveStream],
        report: Report,
        logger: logging.Logger,
    ) -> None:
        """Write to those of `streams` that are selected."""
        self._archived = archived
        self._streams = {name: stream for name, stream in streams.items() if stream.selected}
        self._report = report
        self._logger = logger
        self._retired = {
            name: archived.retired(name, stream.keys) for name, stream in self._streams.items()
        }
        for name in self._streams.keys() & _BESIDE.keys():
            archived.note_answers(name)
        # The ids of answers that do not tell themselves which object they stand beside.
        self._hydrated: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        # The answers of which records were written.
        self._read: set[str] = set()
        self._damaged: Counter[str] = Counter()
        # By stream, and what is to be said of its payloads.
        self._told: Counter[tuple[str, str]] = Counter()

    def run(self) -> Iterator[None]:
        """Announce the streams, then write one version after the other, pausing behind each."""
        for stream in self._streams.values():
            stream.announce()
        for version in self._archived.versions():
            self._take(version)
            yield
        self._tell()

    def _take(self, version: Version) -> None:
        name, _ = version.of
        resource, cut = _BESIDE.get(name, (_RESOURCES.get(name), None))
        if resource is not None and not self._wants(resource, cut):
            self._told[name, _NOT_SELECTED] += 1
            return
        try:
            payload = self._payload(version)
        except (Damaged, ValueError):
            self._damaged[resource.name if resource else name] += 1
            return
        if RAW_PAYLOADS in self._streams:
            text = payload.text if payload else None
            self._put(RAW_PAYLOADS, [{**version.record, "payload": text}])
        if resource is None:
            self._told[name, _NOT_KNOWN] += 1
        elif payload is None:
            self._told[name, _EMPTIED] += 1
        elif cut is None:
            self._take_object(resource, payload)
        else:
            self._take_beside(resource, cut, payload)

    def _wants(self, resource: Resource, cut: Cut | None) -> bool:
        names = [cut.name] if cut else [resource.name, *(made.name for made in resource.made)]
        return not self._streams.keys().isdisjoint(names)

    def _payload(self, version: Version) -> Payload | None:
        """Give a version with its text; raises Damaged or ValueError where it cannot be read."""
        body, record = self._archived.text(version), version.record
        if body is None:
            return None
        name, record_id = version.of
        parsed: Document | None = None
        if name in _RESOURCES:
            parsed = parse_as(body, _RESOURCES[name].bare)
        elif name in _BESIDE and _BESIDE[name][1].follow_up is not None:
            parsed = parse(body)
        return Payload(
            stream=name,
            record_id=record_id,
            body=body,
            fetched_at=version.fetched_at,
            api_version=record["api_version"] or "",
            request=record["request"] or "",
            content_type=record["content_type"] or "",
            parsed=parsed,
            known_id=record["id"],
        )

    def _take_object(self, resource: Resource, payload: Payload) -> None:
        """Write the records of an object, those read from answers beside it included."""
        unfits, drift = self._report.unfits, self._report.drift
        drift.look(resource, payload.document)
        for cut in resource.cuts:
            if cut.name not in self._streams:
                continue
            follow_up = cut.follow_up
            if follow_up is None or not follow_up.needed(payload.document):
                self._put(cut.name, normalize.cut_records(cut, payload, unfits))
                continue
            for answer in self._answers(cut.name, follow_up, payload.record_id):
                self._put_answer(cut, payload, answer)
        for cut in resource.fed:
            if cut.name not in self._streams:
                continue
            transcript = self._newest(cut.name, payload.record_id)
            if transcript is not None:
                record = transcripts.transcript_record(transcript, payload.document)
                self._put(cut.name, [record])
        if resource.name in self._streams:
            self._put(resource.name, [normalize.main_record(resource, payload, unfits)])

    def _take_beside(self, resource: Resource, cut: Cut, answer: Payload) -> None:
        """Write what an answer beside an object says; the object may still be to come."""
        parent_id = answer.record_id
        if cut.follow_up is not None:
            parent_id = _parent_id(cut.follow_up, answer)
            if cut.follow_up.hydrate is not None:
                known = self._hydrated[cut.name, parent_id]
                known += [] if answer.record_id in known else [answer.record_id]
        parent = self._newest(resource.name, parent_id)
        if parent is None:
            return
        if cut.follow_up is None:
            self._put(cut.name, [transcripts.transcript_record(answer, parent.document)])
        elif cut.follow_up.needed(parent.document):
            self._put_answer(cut, parent, answer)

    def _put_answer(self, cut: Cut, payload: Payload, answer: Payload) -> None:
        """Write an answer's records for a version of its object, unless it was not given for it."""
        if answer.id in self._read and self._archived.is_of_others(answer.id, payload.id):
            return
        self._read.add(answer.id)
        self._report.drift.look_beside(cut, answer.document)
        records = normalize.cut_records(cut, payload, self._report.unfits, answer)
        self._put(cut.name, records)

    def _newest(self, stream: str, record_id: str) -> Payload | None:
        version = self._archived.newest(stream, record_id)
        try:
            return None if version is None else self._payload(version)
        except (Damaged, ValueError):
            return None  # It was counted when it came itself.

    def _answers(self, stream: str, follow_up: FollowUp, parent_id: str) -> Iterator[Payload]:
        """Give the newest answers beside an object, page by page up to the last one."""
        for name in self._hydrated.get((stream, parent_id), ()):
            answer = self._newest(stream, name)
            yield from [answer] if answer else []
        if follow_up.hydrate is not None:
            return
        listing, number = follow_up.listing, 1
        request: Request | None = Request("GET", listing.path)
        while request is not None:
            name = parent_id if number == 1 else f"{parent_id}:{number}"
            answer = self._newest(stream, name)
            if answer is None:
                return
            yield answer
            found = Answer(answer.body, request, 0.0, answer.content_type)
            try:
                page = read_page(found, listing.items, holds_one=listing.pager == "object")
            except Faulty:
                return
            request = PAGERS[listing.pager](request, page)
            number += 1

    def _put(self, name: str, records: Iterable[Record]) -> None:
        """Write records, those of rows that are gone with their mark."""
        stream, gone = self._streams[name], self._retired[name]
        if not gone:
            stream.put(records)
            return
        marked = []
        for record in records:
            since = gone.get(tuple(str(record[key]) for key in stream.keys))
            marked.append({**record, DELETED_AT: since} if since else record)
        stream.put(marked)

    def _tell(self) -> None:
        """Say what could not be replayed whole."""
        for (name, what), count in sorted(self._told.items()):
            self._logger.warning("%s: %s payloads %s.", name, f"{count:,}", what)
        for name, count in sorted(self._damaged.items()):
            self._report.of(name).failed = _DAMAGED.format(f"{count:,}")
            self._report.done(name)


def _parent_id(follow_up: FollowUp, answer: Payload) -> str:
    """Give the id of the object that an answer stands beside."""
    if follow_up.hydrate is None:
        return answer.record_id.partition(":")[0]
    pattern = follow_up.hydrate.format(each="([^/]+)", id="[^/]+")
    found = re.search(f"{pattern}$", answer.request)
    return unquote(found[1]) if found else ""
