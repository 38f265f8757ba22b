"""The sandbox's own endpoints under `/_sandbox/`: counts, truth, payloads, changes, time.

They need no token, are never counted or limited, and no client of the real API knows them.
"""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from collections.abc import Callable, Sequence
from dataclasses import astuple, replace

from . import catalogue_api, company_api, modes, serialise, telephony, ticket_api, truth
from .api import Api
from .changes import ChangeMaker
from .companies import Company
from .errors import RefusedError, not_found
from .messages import Answer, Request
from .people import Document
from .reading import read_object
from .tickets import Ticket

_PREFIX = "/_sandbox/"
_FREEZING_SECONDS = 600


def is_control(request: Request) -> bool:
    """Whether a request is for the sandbox itself, not for the API."""
    return request.path.startswith(_PREFIX)


def _json(value: object) -> Answer:
    # Not msgspec: a truth may hold integers beyond 64 bits.
    return Answer(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def _number(request: Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not text.isdecimal():
        raise RefusedError(400, "parameter_invalid", f"{name} must be a number")
    return int(text)


class Control:
    """Answers the control endpoints of one running sandbox."""

    def __init__(self, api: Api) -> None:
        """Control this API, its workspace and its clock."""
        self._api = api
        self._workspace = api.workspace
        self._truth = truth.Truth(
            api.workspace, api.conversations, api.catalogue.admin_documents, api.shelves
        )
        self._shelves = {shelf.stream: shelf for shelf in api.shelves}
        self._changes = ChangeMaker(api.workspace, api.clock)

    def answer(self, request: Request) -> Answer:
        """The answer to a control request; an unknown one gets 404, a wrong one 400."""
        method, words = request.method, request.path.removeprefix(_PREFIX).split("/")
        actions: dict[tuple[str, str, int], Callable[[], Answer]] = {
            ("GET", "requests", 1): lambda: self._counts(request),
            ("POST", "requests", 2): self._reset,
            ("GET", "log", 1): lambda: _json(self._api.ledger.log(_number(request, "after", 0))),
            ("GET", "ids", 2): lambda: _json(self._ids(words[1])),
            ("GET", "truth", 2): lambda: self._rows(request, words[1]),
            ("GET", "payload", 3): lambda: self._payload(request, words[1], words[2]),
            ("GET", "payloads", 3): lambda: _json(self._payloads(words[1], words[2])),
            ("GET", "vanished", 2): lambda: _json(self._vanished(words[1])),
            ("GET", "changes", 1): lambda: _json([astuple(c) for c in self._api.live.changes]),
            ("POST", "change", 1): lambda: self._change(request),
            ("POST", "freeze", 1): lambda: self._freeze(request),
            ("POST", "thaw", 1): self._thaw,
            ("POST", "always_fail", 1): lambda: self._always_fail(request),
        }
        action = actions.get((method, words[0], len(words)))
        try:
            if action is None:
                raise not_found(f"No control endpoint: {method} {request.path}")
            return action()
        except RefusedError as refusal:
            return Answer(json.dumps(refusal.body("control")).encode(), refusal.status)

    def _counts(self, request: Request) -> Answer:
        windows = self._api.limit.windows()
        more = {
            "others": sum(window["others"] for window in windows),
            "windows": windows,
            "lagged": self._api.serving.delays.lagged,
        }
        return _json(self._api.ledger.counts(_number(request, "more_than", 1)) | more)

    def _reset(self) -> Answer:
        self._api.ledger.reset()
        self._api.limit.reset()
        self._api.serving.delays.lagged = 0
        return _json({})

    def _freeze(self, request: Request) -> Answer:
        seconds = read_object(request.body or b"{}").get("seconds", _FREEZING_SECONDS)
        if not isinstance(seconds, int) or seconds < 0:
            raise RefusedError(400, "parameter_invalid", "seconds must be a whole number")
        self._api.live.freeze(seconds)
        return _json({})

    def _thaw(self) -> Answer:
        self._api.live.thaw()
        return _json({})

    def _always_fail(self, request: Request) -> Answer:
        objects = read_object(request.body).get("objects")
        if not isinstance(objects, list):
            raise RefusedError(400, "parameter_invalid", "objects must be a list of STREAM:ID")
        try:
            self._api.serving.poisoned.replace([modes.read_object(str(text)) for text in objects])
        except ArgumentTypeError as error:
            raise RefusedError(400, "parameter_invalid", str(error)) from None
        return _json({})

    def _vanished(self, stream: str) -> list[str] | list[list[str]]:
        """Keys: ids, or lists where a stream's key has several properties."""
        keys = self._workspace.vanished.keys(stream)
        if all(len(key) == 1 for key in keys):
            return [key[0] for key in keys]
        return [list(key) for key in keys]

    def _payloads(self, stream: str, record_id: str) -> list[str]:
        """All spellings of an object's last version that were served, as texts."""
        if stream == "tickets":
            ticket = self._api.tickets.ticket(record_id)
            return [ticket_api.hit(ticket).decode(), ticket_api.full(ticket).decode()]
        if stream == "contacts":
            contact = next(c for c in self._workspace.contacts if c["id"] == record_id)
            told = self._api.catalogue.with_merges(contact)
            return [catalogue_api.item(contact).decode(), catalogue_api.item(told).decode()]
        if stream != "conversations":
            request = Request("GET", "", {}, {})
            return [self._payload(request, stream, record_id).body.decode()]
        return [body.decode() for body in self._api.conversations.served_forms(record_id)]

    def _rows(self, request: Request, stream: str) -> Answer:
        """Rows of a stream; `first` and `count` cut by object, for large workspaces."""
        first = _number(request, "first", 0)
        count = _number(request, "count", 10**9)
        objects = str(self._truth.object_count(stream))
        if stream == "conversation_parts" and request.query.get("served") == "1":
            rows = self._truth.parts_served(first, count)
        else:
            rows = self._truth.rows(stream, first, count)
        return replace(_json(rows), headers={"X-Objects": objects})

    def _change(self, request: Request) -> Answer:
        asked = read_object(request.body)
        count, seconds = asked.get("count", 1), asked.get("seconds", 60)
        if not isinstance(count, int) or not isinstance(seconds, int) or count < 0 or seconds < 1:
            raise RefusedError(400, "parameter_invalid", "count and seconds must be whole numbers")
        return _json(self._changes.change(count, seconds))

    def _documents(self, stream: str) -> list[Document]:
        workspace = self._workspace
        lists: dict[str, list[Document]] = {
            "admins": self._api.catalogue.admin_documents(),
            "teams": workspace.teams,
            "tags": workspace.tags,
            "contacts": workspace.contacts,
            "collections": self._workspace.collections,
            "deleted_conversations": self._workspace.deleted,
            "articles": [article.document for article in self._workspace.articles],
            "calls": [call.document for call in self._workspace.calls],
            "activity_logs": workspace.activity,
        }
        if stream not in lists:
            raise not_found(f"No payloads of {stream}")
        return lists[stream]

    def _ids(self, stream: str) -> list[str]:
        if stream == "conversations":
            return [conversation_id for _, conversation_id in self._workspace.by_update]
        if stream == "call_transcriptions":
            return [call.id for call in self._workspace.calls if call.speaks]
        workspace = self._workspace
        objects: dict[str, Sequence[Ticket | Company]] = {
            "tickets": workspace.tickets,
            "companies": workspace.companies,
        }
        if stream in objects:
            return [each.id for each in objects[stream]]
        if stream in self._shelves:
            return [entry.key for entry in self._shelves[stream].entries()]
        return [str(document["id"]) for document in self._documents(stream)]

    def _payload(self, request: Request, stream: str, record_id: str) -> Answer:
        """The object's bytes: as last served, or for the first fetch to come."""
        if stream == "conversations":
            plain = request.query.get("display_as") == "plaintext"
            return Answer(self._api.conversations.last_served(record_id, plain))
        if stream == "call_transcriptions":
            return self._transcript(record_id)
        if stream == "tickets":
            return self._api.tickets.one(record_id)
        if stream == "companies":
            return Answer(company_api.body(self._api.companies.company(record_id)))
        if (served := self._api.beside.body(stream, record_id)) is not None:
            return Answer(served)
        if stream in self._shelves:
            for entry in self._shelves[stream].entries():
                if entry.key == record_id:
                    return Answer(entry.body)
            raise not_found(f"No such record in {stream}")
        for document in self._documents(stream):
            if str(document["id"]) == record_id:
                return Answer(catalogue_api.item(document))
        raise not_found(f"No such record in {stream}")

    def _transcript(self, call_id: str) -> Answer:
        """What carries a transcript: the call in the search, or the download of a lone call."""
        call = self._workspace.call(call_id)
        if call is None:
            raise not_found(f"No call {call_id}")
        if call.document["conversation_id"] is not None:
            return Answer(catalogue_api.item(catalogue_api.searched_call(call)))
        if call.form == "text":
            return Answer(telephony.transcript_text(call).encode(), content_type="text/plain")
        objects = telephony.transcript_objects(call) or [{}]
        return Answer(serialise.encode(objects, call.id))
