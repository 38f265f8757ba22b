"""A proxy on loopback in front of the sandbox that answers as badly as a test wants.

It knows nothing of the tap: it counts requests and lets a function replace an answer.
"""

from __future__ import annotations

import http.client
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import urlsplit

_KEPT = ("Authorization", "Intercom-Version", "Content-Type", "Accept")
_HOP = {"connection", "transfer-encoding", "content-length", "server", "keep-alive"}


@dataclass(frozen=True)
class Bad:
    """An answer to give instead of the true one; `hang` gives none until the proxy is closed."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    hang: bool = False


# Given method, path and how often that was asked before; None lets the true answer through.
Spoil = Callable[[str, str, int], Bad | None]


class Loopback:
    """The proxy; `asked` counts requests by method and path without the query string."""

    def __init__(self, upstream: str, spoil: Spoil, prefix: str = "") -> None:
        """Stand before `upstream`; only paths below `prefix` exist."""
        self.asked: Counter[str] = Counter()
        self.order: list[str] = []
        self._lock = threading.Lock()
        self.closing = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: object) -> None:
                return

            def _handle(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                if not self.path.startswith(prefix + "/"):
                    self._give(404, b"{}", {"Content-Type": "application/json"})
                    return
                path = self.path[len(prefix) :]
                bad = spoil(self.command, path, outer.note(self.command, path))
                if bad is None:
                    self._give(*outer.forward(upstream, self.command, path, body, self.headers))
                elif bad.hang:
                    outer.closing.wait(60)
                    self.close_connection = True
                else:
                    self._give(
                        bad.status, bad.body, {"Content-Type": bad.content_type, **bad.headers}
                    )

            do_GET = do_POST = _handle  # noqa: N815

            def _give(self, status: int, body: bytes, headers: dict[str, str]) -> None:
                self.send_response_only(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}{prefix}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def note(self, method: str, path: str) -> int:
        """Count a request; gives how often it was made before."""
        name = f"{method} {path.partition('?')[0]}"
        with self._lock:
            self.asked[name] += 1
            self.order.append(name)
            return self.asked[name] - 1

    @staticmethod
    def forward(
        upstream: str, method: str, path: str, body: bytes, headers: object
    ) -> tuple[int, bytes, dict[str, str]]:
        """Ask the one behind and give its answer."""
        parts = urlsplit(upstream)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        sent = {name: headers.get(name) for name in _KEPT}  # type: ignore[attr-defined]
        try:
            kept = {name: value for name, value in sent.items() if value}
            connection.request(method, path, body or None, kept)
            answer = connection.getresponse()
            passed = {n: v for n, v in answer.getheaders() if n.lower() not in _HOP}
            return answer.status, answer.read(), passed
        finally:
            connection.close()

    def __enter__(self) -> Loopback:
        """Start."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
