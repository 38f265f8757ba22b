"""The sandbox in a process of its own, started from a test and stopped with it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from email.message import Message
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

from .modes import Modes, to_flags
from .workspace import AS_SUITS, Sizes

_ROOT = Path(__file__).resolve().parents[2]
_STOP_SECONDS = 10
_ASK_SECONDS = 120
# Truths are asked for in pieces, so that a large workspace fits into memory at both ends.
_PIECE = 2_000


class SandboxError(Exception):
    """The sandbox did not start, or refused a control request."""


class Sandbox:
    """A running sandbox: where it is, its token, and its control."""

    def __init__(self, process: subprocess.Popen[str], url: str, token: str) -> None:
        """Hold a started process; use `start`."""
        self._process = process
        self.url = url
        self.token = token

    @classmethod
    def start(
        cls,
        seed: int = 1,
        conversations: int = 200,
        latency_ms: int = 0,
        rate_limit: int = 100_000,
        deny: Sequence[str] = (),
        timezone: str = "UTC",
        api_token: str = "synthetic-token",
        port: int = 0,
        sizes: Sizes = AS_SUITS,
        **modes: Any,
    ) -> Sandbox:
        """Start a sandbox on a free port; `deny` takes stream names, `name:401` for that status.

        `rate_limit` is requests per 10 seconds, by default too many to matter. `modes` are the
        fields of `modes.Modes`, all off where not given. Raises SandboxError with the process's
        own words if it does not come up.
        """
        command = [sys.executable, "-m", "tests.sandbox", "--port", str(port), "--seed", str(seed)]
        command += ["--conversations", str(conversations), "--latency-ms", str(latency_ms)]
        command += ["--rate-limit", str(rate_limit), "--timezone", timezone]
        command += ["--api-token", api_token]
        for things, count in asdict(sizes).items():
            command += [f"--{things}", str(count)] if count else []
        for resource in deny:
            command += ["--deny", resource]
        command += to_flags(Modes(**modes))
        # A file takes any amount of complaints; a pipe that nobody reads would block the process.
        with tempfile.TemporaryFile("w+") as complaints:
            process = subprocess.Popen(
                command, cwd=_ROOT, stdout=subprocess.PIPE, stderr=complaints, text=True
            )
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                process.communicate(timeout=_STOP_SECONDS)
                complaints.seek(0)
                raise SandboxError(complaints.read().strip())
        ready = json.loads(line)
        return cls(process, ready["url"], ready["token"])

    @property
    def pid(self) -> int:
        """The process, for who measures it or stops it in another way."""
        return self._process.pid

    def __enter__(self) -> Sandbox:
        """The sandbox itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it."""
        self.close()

    def close(self, number: int = signal.SIGTERM) -> int:
        """Stop the sandbox with a signal and give its exit status."""
        if self._process.poll() is None:
            self._process.send_signal(number)
        try:
            self._process.communicate(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
        return self._process.returncode

    def _ask(self, path: str, body: object = None, method: str = "GET") -> bytes:
        return self._answer(path, body, method)[0]

    def _answer(self, path: str, body: object, method: str) -> tuple[bytes, Message]:
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.url}/_sandbox/{path}", data=data, method=method)
        try:
            with urlopen(request, timeout=_ASK_SECONDS) as answer:
                content: bytes = answer.read()
                headers: Message = answer.headers
        except HTTPError as error:
            message = f"{method} /_sandbox/{path}: {error.code} {error.read().decode()}"
            raise SandboxError(message) from error
        return content, headers

    def truth(self, stream: str, served: bool = False) -> list[dict[str, Any]]:
        """The rows that an archive must hold of a stream, without `payload_id`.

        `served` adds to conversation_parts those that are no longer shown but once were.
        """
        rows: list[dict[str, Any]] = []
        first = 0
        while True:
            path = f"truth/{stream}?first={first}&count={_PIECE}&served={int(served)}"
            piece, headers = self._answer(path, None, "GET")
            rows.extend(json.loads(piece))
            first += _PIECE
            if first >= int(headers["X-Objects"]):
                return rows

    def payload(self, stream: str, record_id: str) -> bytes:
        """The exact bytes of an object: as last served, or for the first fetch to come."""
        return self._ask(f"payload/{stream}/{quote(record_id)}")

    def ids(self, stream: str) -> list[str]:
        """The ids of all objects of a stream."""
        ids: list[str] = json.loads(self._ask(f"ids/{stream}"))
        return ids

    def payloads(self, stream: str, record_id: str) -> list[bytes]:
        """All bytes that an object's last version was served as: signed addresses differ."""
        texts: list[str] = json.loads(self._ask(f"payloads/{stream}/{quote(record_id)}"))
        return [text.encode() for text in texts]

    def vanished(self, stream: str) -> list[Any]:
        """The keys of what was there and is no more: ids, or lists of a key's properties."""
        keys: list[Any] = json.loads(self._ask(f"vanished/{stream}"))
        return keys

    def requests(self, more_than: int = 1) -> dict[str, Any]:
        """Requests since the last reset.

        `total`, `by_route`, `status`, `faults`: counts. `conversations`: `gets`, `distinct` ids,
        distinct ids `answered` well, and those fetched `more_than` so often with their counts.
        `windows` of the rate limit: `ends`, `ours`, `others`, `refused`; `others` in all.
        `lagged`: fetches that were answered with an older version.
        """
        counts: dict[str, Any] = json.loads(self._ask(f"requests?more_than={more_than}"))
        return counts

    def log(self, after: int = 0) -> list[list[Any]]:
        """Method, path, status and body of each request after the first `after`."""
        served: list[list[Any]] = json.loads(self._ask(f"log?after={after}"))
        return served

    def reset_requests(self) -> None:
        """Begin counting anew."""
        self._ask("requests/reset", body={}, method="POST")

    def change(self, count: int, seconds: int = 60) -> dict[str, list[str]]:
        """Let time pass and changes happen; the changed ids by stream."""
        asked = {"count": count, "seconds": seconds}
        changed: dict[str, list[str]] = json.loads(self._ask("change", asked, "POST"))
        return changed

    def changes(self) -> list[list[Any]]:
        """Live changes so far: request number, epoch second, kind, stream, id."""
        happened: list[list[Any]] = json.loads(self._ask("changes"))
        return happened

    def freeze(self, seconds: int = 600) -> None:
        """No more live changes, nothing lags, transcripts are whole; the clock moves on."""
        self._ask("freeze", {"seconds": seconds}, "POST")

    def thaw(self) -> None:
        """Live changes go on."""
        self._ask("thaw", {}, "POST")

    def always_fail(self, *objects: str) -> None:
        """Let these objects (`stream:id`) and no others answer 500 whenever asked for."""
        self._ask("always_fail", {"objects": list(objects)}, "POST")
