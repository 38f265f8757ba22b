"""Asking for what an object's own payload leaves out or cuts short: its follow-ups.

A follow-up's answers are payloads of their own; the rows read from them belong to the object's
payload (docs/intercom-api.md, "Lists inside objects"). Asking happens in the workers, taking note
in the main thread. Which objects are due is left to the readers; no stream is named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tap_intercom_archive import normalize
from tap_intercom_archive.client import Answer, Request
from tap_intercom_archive.errors import ApiError, BadRequest, Denied, Gone
from tap_intercom_archive.ledger import Ledger
from tap_intercom_archive.listing import Lists
from tap_intercom_archive.payload import Payload, parse
from tap_intercom_archive.resources import Cut, FollowUp, Resource, object_path
from tap_intercom_archive.run import Run

# One object that a refused stream is tried with in the next run; it says nothing of the object.
PROBE = "refused, to be tried again"
# So many failures one after the other are no longer one object's.
MISSED_IN_A_ROW = 50


@dataclass(frozen=True)
class Beside:
    """What was found beside an object: the answers, and per stream whether it went well.

    `whole` names the streams of which all is known, `missed` those of which something is not.
    """

    answers: tuple[Payload, ...] = ()
    whole: tuple[str, ...] = ()
    missed: tuple[tuple[str, ApiError], ...] = ()


NOTHING = Beside()


@dataclass(frozen=True)
class Whole:
    """An object with what was asked for beside it; answered at `answered_at`, epoch seconds."""

    payload: Payload
    answered_at: float
    beside: Beside = NOTHING


class FollowUps:
    """The follow-ups of one resource, for the streams that are selected.

    `refused` gives the error that ended the asking for a stream; `clean` says whether all that
    was asked for a stream in this run was got.
    """

    def __init__(
        self, run: Run, resource: Resource, ledger: Ledger, streams: Sequence[str]
    ) -> None:
        """Keep in `ledger` what is owed."""
        self._run = run
        self._resource = resource
        self._ledger = ledger
        self._wanted: dict[str, tuple[FollowUp, Lists]] = {}
        for cut in resource.cuts:
            if cut.follow_up is not None and cut.name in streams:
                scope = resource.scope_of(cut)
                lists = Lists(run.client.send, run.settings, cut.follow_up.listing, scope)
                self._wanted[cut.name] = (cut.follow_up, lists)
        self._in_a_row: Counter[str] = Counter()
        self._unclean: set[str] = set()
        self.refused: dict[str, ApiError] = {}

    def __bool__(self) -> bool:
        """Say whether anything may have to be asked for."""
        return bool(self._wanted)

    def is_clean(self, cut: Cut) -> bool:
        """Say whether all that a stream's rows are made of was got in this run."""
        return cut.name not in self._unclean

    def with_beside(self, whole: Whole) -> Whole:
        """Ask for what an object's payload lacks; called by the workers."""
        return replace(whole, beside=self._beside(whole.payload)) if self._wanted else whole

    def _beside(self, payload: Payload) -> Beside:
        answers: list[Payload] = []
        whole: list[str] = []
        missed: list[tuple[str, ApiError]] = []
        for stream, (follow_up, lists) in self._wanted.items():
            if stream in self.refused:
                continue
            try:
                if follow_up.needed(payload.document):
                    answers += self._answers(stream, follow_up, lists, payload.record_id)
                whole.append(stream)
            except Gone:
                # The object, or what it had, is not there any more: there are no rows.
                whole.append(stream)
            except ApiError as error:
                missed.append((stream, error))
        return Beside(tuple(answers), tuple(whole), tuple(missed))

    def _answers(
        self, stream: str, follow_up: FollowUp, lists: Lists, record_id: str
    ) -> Iterator[Payload]:
        for number, page in enumerate(lists.of(record_id), start=1):
            if follow_up.hydrate is None:
                name = record_id if number == 1 else f"{record_id}:{number}"
                yield self._payload(stream, name, page.answer)
                continue
            for item in page.items:
                found = normalize.record_id(parse(item))
                if found is not None:
                    yield from self._details(stream, follow_up.hydrate, record_id, found)

    def _details(self, stream: str, template: str, record_id: str, found: str) -> Iterator[Payload]:
        scope = self._resource.scope
        path = object_path(template, found, record_id)
        try:
            answer = self._run.client.send(Request("GET", path, scope=scope, route=template))
        except Gone:
            return
        yield self._payload(stream, found, answer)

    def _payload(self, stream: str, name: str, answer: Answer) -> Payload:
        return Payload(
            stream,
            name,
            answer.body,
            answer.fetched_at,
            self._run.settings.api_version,
            answer.request.label,
            answer.content_type,
            answer.document,
        )

    def note(self, whole: Whole) -> None:
        """Owe what could not be got, settle what was; called before the rows are written.

        Raises TokenRefused where the token is good for nothing any more.
        """
        record_id, beside = whole.payload.record_id, whole.beside
        for stream in beside.whole:
            self._in_a_row[stream] = 0
            self._ledger.settle(stream, record_id)
        for stream, error in beside.missed:
            self._unclean.add(stream)
            self._in_a_row[stream] += 1
            if isinstance(error, Denied):
                self._run.check_token(error)
            in_a_row = self._in_a_row[stream] >= MISSED_IN_A_ROW
            if in_a_row or isinstance(error, Denied | BadRequest):
                self._refuse(stream, record_id, error)
            else:
                self._owe(stream, record_id, f"failed ({error.status or 'no answer'})")

    def _refuse(self, stream: str, record_id: str, error: ApiError) -> None:
        """Ask no more for a stream in this run; one object is kept to try with in the next."""
        if stream in self.refused:
            return
        self.refused[stream] = error
        self._forget(stream)
        self._owe(stream, record_id, PROBE)
        accepted = stream in self._run.settings.accept_denied
        self._run.report.of(stream).end_by(error, accepted=accepted)

    def _owe(self, stream: str, record_id: str, reason: str) -> None:
        self._ledger.owe(stream, record_id, reason, self._run.client.now())

    def owed(self) -> list[str]:
        """Give the ids of the objects whose follow-ups are owed; forget those of other streams."""
        for cut in self._resource.cuts:
            if cut.follow_up is not None and cut.name not in self._wanted:
                self._forget(cut.name)
        return list(
            dict.fromkeys(
                owed.id for stream in self._wanted for owed in self._ledger.owed_of(stream)
            )
        )

    def forget_all(self) -> None:
        """Owe nothing."""
        for stream in self._wanted:
            self._forget(stream)

    def _forget(self, stream: str) -> None:
        for owed in self._ledger.owed_of(stream):
            self._ledger.settle(stream, owed.id)

    def not_asked(self, record_id: str, error: ApiError) -> None:
        """Take note that an object whose follow-ups are owed could not be had itself."""
        for stream in self._wanted:
            known = self._ledger.owed.get((stream, record_id))
            if known is None:
                continue
            if isinstance(error, Gone):
                self._ledger.settle(stream, record_id)
            else:
                self._unclean.add(stream)
                if known.reason == PROBE:
                    self._refuse(stream, record_id, error)
