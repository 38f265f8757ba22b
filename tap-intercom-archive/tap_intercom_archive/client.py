"""One HTTP client for all streams: token, version, limits, retries, and errors in sentences.

It gives answers whose body is what was asked for, or raises one of `errors`. What the body
means is left to the callers. Nothing here logs or repeats a body, a token or a query string.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import backoff
import urllib3
from requests.exceptions import InvalidSchema, InvalidURL
from urllib3 import BaseHTTPResponse

from tap_intercom_archive import errors
from tap_intercom_archive.clock import ServerClock, Stop
from tap_intercom_archive.connection import Connection
from tap_intercom_archive.pacing import Limiter
from tap_intercom_archive.payload import Document, members, parse, parse_any
from tap_intercom_archive.resources import WORKSPACE
from tap_intercom_archive.settings import Settings
from tap_intercom_archive.times import epoch, iso

MAXIMUM_TRIES = 8
MAXIMUM_BACKOFF_SECONDS = 30
# Some ten minutes of windows in which others leave nothing over.
MAXIMUM_REFUSALS = 60
_JSON = ("application/json",)
# Single faults are daily life; a person is told when they go on.
_SPOKEN_FROM_TRY = 3
_LOGGER = logging.getLogger("tap-intercom-archive")


@dataclass(frozen=True)
class Request:
    """What to ask: `params` of the query string, `json` of the body; `scope` for the error.

    `tries` is how often to ask before giving up, `route` the path's template where it names an
    object.
    """

    method: str
    path: str
    params: tuple[tuple[str, str], ...] = ()
    json: Any = None
    scope: str = ""
    accept: tuple[str, ...] = _JSON
    tries: int = MAXIMUM_TRIES
    route: str = ""

    @property
    def label(self) -> str:
        """Method and path."""
        return f"{self.method} {self.path}"

    @property
    def spoken(self) -> str:
        """Method and route, for sentences: without the id of an object."""
        return f"{self.method} {self.route or self.path}"


@dataclass(frozen=True)
class Answer:
    """What came back: exact bytes, and the server's time of answering (epoch seconds).

    `document` is the body parsed, where one object was asked for and it can be read.
    """

    body: bytes
    request: Request
    at: float
    content_type: str
    document: Document | None = field(default=None, repr=False, compare=False)

    @cached_property
    def members(self) -> dict[str, bytes]:
        """The exact bytes of the object's members; raises ValueError where it is no object."""
        return members(self.body)

    @property
    def fetched_at(self) -> str:
        """The server's time of answering, ISO 8601 UTC."""
        return iso(int(self.at))


@dataclass(frozen=True)
class Workspace:
    """Whose data the token reads."""

    id: str
    name: str
    region: str
    timezone: str
    created_at: float | None


@dataclass
class Counts:
    """Calls, retries and 429s so far."""

    calls: int = 0
    retries: int = 0
    throttled: int = 0


class Client:
    """Sends requests, within the limit, again where that may help."""

    def __init__(
        self, settings: Settings, clock: ServerClock, limiter: Limiter, stop: Stop
    ) -> None:
        """Share `clock`, `limiter` and `stop` with whoever else waits."""
        self._settings = settings
        self._clock = clock
        self._stop = stop
        self._threads = threading.local()
        self._lock = threading.Lock()
        self.limiter = limiter
        self.counts = Counts()

    @property
    def _connection(self) -> Connection:
        """One per thread: a shared pool throws connections away when it is small."""
        connection: Connection | None = getattr(self._threads, "connection", None)
        if connection is None:
            connection = self._threads.connection = Connection(self._settings)
        return connection

    def now(self) -> float:
        """Give the server's time, epoch seconds."""
        return self._clock.now()

    def send(self, request: Request) -> Answer:
        """Give the answer to `request`.

        Raises Denied, Gone, BadRequest, TokenRefused as the status says, Stopped when the run
        was asked to end, and the last Throttled or Faulty when trying again did not help.
        """
        waits = backoff.expo(factor=0.5, max_value=MAXIMUM_BACKOFF_SECONDS)
        next(waits)
        faults = refusals = 0
        while True:
            self._stop.check()
            try:
                return self._try(request)
            except errors.Throttled as error:
                # No fault of the request's: others use the budget up, and windows go by.
                refusals += 1
                if refusals == MAXIMUM_REFUSALS:
                    raise
                self._note_retry(error, refusals, MAXIMUM_REFUSALS)
                self.limiter.hold(error.wait_seconds)
            except errors.Faulty as error:
                faults += 1
                if faults == request.tries:
                    raise
                self._note_retry(error, faults, request.tries)
                self._stop.wait(backoff.full_jitter(next(waits) or 0))

    def _note_retry(self, error: errors.Retriable, times: int, most: int) -> None:
        with self._lock:
            self.counts.retries += 1
            self.counts.throttled += isinstance(error, errors.Throttled)
        if times == _SPOKEN_FROM_TRY:
            _LOGGER.warning("%s Trying again, up to %s times.", error, most)

    def _try(self, request: Request) -> Answer:
        with self.limiter.call():
            with self._lock:
                self.counts.calls += 1
            sent_at = self._clock.monotonic()
            try:
                response = self._connection.send(
                    request.method, request.path, request.params, request.json
                )
            except urllib3.exceptions.TimeoutError:
                raise errors.Faulty(
                    f"Intercom did not answer {request.spoken} within "
                    f"{self._settings.request_timeout} s: try again, or raise `request_timeout`."
                ) from None
            except (InvalidURL, InvalidSchema):
                raise errors.Refusal(
                    "`api_url` is not an address: give one like https://api.intercom.io."
                ) from None
            except urllib3.exceptions.HTTPError as error:
                raise errors.Faulty(
                    f"No connection to Intercom for {request.spoken} ({type(error).__name__}): "
                    "check the network, `region` and `api_url`."
                ) from None
            at = self._clock.read(response.headers, sent_at)
            self.limiter.learn(response.headers)
        if response.status == 200:
            return self._answer(request, response, at)
        raise self._error(request, response)

    def _answer(self, request: Request, response: BaseHTTPResponse, at: float | None) -> Answer:
        media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if not any(media_type.endswith(wanted) for wanted in request.accept):
            raise errors.Faulty(
                f"Intercom answered {request.spoken} with something that is no JSON."
            )
        body, document = response.data, None
        if request.accept == _JSON and request.route:
            with suppress(ValueError):
                document = parse(body)
        answer = Answer(body, request, self.now() if at is None else at, media_type, document)
        try:
            if request.accept == _JSON:
                _ = document or answer.members
            elif media_type.endswith(_JSON):
                parse_any(body)
        except ValueError:
            raise errors.Faulty(
                f"Intercom's answer to {request.spoken} was cut short or empty."
            ) from None
        return answer

    def _error(self, request: Request, response: BaseHTTPResponse) -> errors.ApiError:
        status = response.status
        where = f"Intercom refused {request.spoken} ({status})"
        trace = _request_id(response)
        if status == 429:
            return errors.Throttled(
                f"Intercom's rate limit is used up ({request.spoken}, 429): other apps may share "
                f"it; lower `concurrency` or raise `rate_limit_reserve_percent`.{trace}",
                self.limiter.wait_told(response.headers),
            )
        if status in (401, 403):
            return errors.Denied(
                f"{where}: the token lacks *{request.scope}*. "
                f"Developer Hub > your app > Authentication.{trace}",
                status,
            )
        if status in (404, 410):
            return errors.Gone(f"{where}: it is not there (any more).{trace}", status)
        if status >= 500 or status == 408:
            return errors.Faulty(
                f"Intercom failed at {request.spoken} ({status}): try again later.{trace}", status
            )
        code = _error_code(response)
        told = f" (code {code})" if code else ""
        return errors.BadRequest(
            f"{where}: check `api_version` and `api_url`{told}.{trace}", status, code
        )

    def workspace(self) -> Workspace:
        """Ask whose data the token reads; raises TokenRefused where it is no good."""
        try:
            answer = self.send(Request("GET", WORKSPACE))
        except errors.Denied as denied:
            raise errors.TokenRefused(
                "Intercom does not accept the access token "
                f"(GET {WORKSPACE}, {denied.status}): check `access_token` and `region` "
                "(Developer Hub > your app > Authentication)."
            ) from None
        app = parse(answer.body).get("app")
        app = app if isinstance(app, dict) else {}
        return Workspace(
            id=str(app.get("id_code") or ""),
            name=str(app.get("name") or ""),
            region=str(app.get("region") or ""),
            timezone=str(app.get("timezone") or ""),
            created_at=epoch(app.get("created_at")),
        )


def _request_id(response: BaseHTTPResponse) -> str:
    """Give Intercom's own name of the request, for its support."""
    found = response.headers.get("X-Request-Id") or _error_list(response).get("request_id")
    return f" Request id {found}." if isinstance(found, str) and found.isprintable() else ""


def _error_code(response: BaseHTTPResponse) -> str | None:
    """Give Intercom's error code, a fixed word; its message may repeat what was sent."""
    listed = _error_list(response).get("errors")
    first = listed[0] if isinstance(listed, list) and listed else None
    code = first.get("code") if isinstance(first, dict) else None
    return code if isinstance(code, str) and code.isidentifier() else None


def _error_list(response: BaseHTTPResponse) -> Mapping[str, Any]:
    try:
        return parse(response.data)
    except ValueError:
        return {}
