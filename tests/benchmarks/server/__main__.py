"""A lean Intercom for benchmarks: raw HTTP over asyncio, latency, rate limit, counts.

It takes some 0.1 ms of processor time for a request, so that what is measured beside it is the
measured. It knows no token and no faults: those are the sandbox's. `GET /_counts` tells what was
asked, `POST /_counts` begins anew; neither is counted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import signal
import time
from collections import Counter
from dataclasses import asdict
from email.utils import formatdate
from pathlib import Path

from tests.benchmarks.made.pool import read_pool
from tests.benchmarks.server.limits import Limit, Window
from tests.benchmarks.server.workspace import Refused, Workspace

UNLIMITED = 1_000_000
_END_OF_HEAD = b"\r\n\r\n"
_COUNTS = b"/_counts"
_REASONS = {200: b"OK", 400: b"Bad Request", 404: b"Not Found", 429: b"Too Many Requests"}


class Server:
    """Answers requests and counts them."""

    def __init__(self, workspace: Workspace, limit: int, latency_seconds: float) -> None:
        """Answer `latency_seconds` after a request has come."""
        self._workspace = workspace
        self.latency_seconds = latency_seconds
        self._limit = limit
        self._date_at = -1
        self._date = b""
        self.reset()

    def reset(self) -> None:
        """Count anew."""
        self.limit = Limit(self._limit)
        self._routes: Counter[str] = Counter()
        self._in_flight = 0
        self._busy_since = 0.0
        self._busy_seconds = 0.0

    def counts(self) -> bytes:
        """Say what was asked: calls by route, windows, seconds with a call in flight."""
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return json.dumps(
            {
                "routes": self._routes,
                "windows": [asdict(window) for window in self.limit.windows],
                "busy_seconds": self._busy_seconds,
                "cpu_seconds": usage.ru_utime + usage.ru_stime,
            }
        ).encode()

    def begin(self, method: bytes, target: bytes, body: bytes) -> tuple[int, Window, bytes]:
        """Take a request: its status, its window, the answer's body."""
        if not self._in_flight:
            self._busy_since = time.monotonic()
        self._in_flight += 1
        path = target.partition(b"?")[0]
        is_fetch = path.startswith(b"/conversations/") and path[15:].isdigit()
        shown = "/conversations/{id}" if is_fetch else path.decode("latin-1")
        self._routes[f"{method.decode('latin-1')} {shown}"] += 1
        window = self.limit.take(time.time())
        if window is None:
            return 429, self.limit.windows[-1], b'{"type":"error.list","errors":[]}'
        try:
            return 200, window, self._workspace.answer(method, path, body)
        except Refused as refused:
            return refused.status, window, b'{"type":"error.list","errors":[]}'

    def end(self, status: int, window: Window, body: bytes) -> bytes:
        """Give the answer's bytes as it goes out."""
        self._in_flight -= 1
        if not self._in_flight:
            self._busy_seconds += time.monotonic() - self._busy_since
        now = int(time.time())
        if now != self._date_at:
            self._date_at, self._date = now, formatdate(now, usegmt=True).encode()
        left = self._limit - window.allowed
        return (
            b"HTTP/1.1 %d %b\r\nDate: %b\r\nContent-Type: application/json; charset=utf-8\r\n"
            b"X-RateLimit-Limit: %d\r\nX-RateLimit-Remaining: %d\r\nX-RateLimit-Reset: %d\r\n"
            b"Content-Length: %d\r\n\r\n%b"
            % (
                status,
                _REASONS[status],
                self._date,
                self._limit,
                left,
                window.ends,
                len(body),
                body,
            )
        )


class Connection(asyncio.Protocol):
    """One kept-alive connection; requests come one after the other."""

    def __init__(self, server: Server) -> None:
        """Answer with `server`."""
        self._server = server
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer a request as soon as all of it is there."""
        buffer = self._buffer + data
        end = buffer.find(_END_OF_HEAD)
        if end < 0:
            self._buffer = buffer
            return
        head, body = buffer[:end], buffer[end + len(_END_OF_HEAD) :]
        if len(body) < _content_length(head):
            self._buffer = buffer
            return
        self._buffer = b""
        method, target, _ = head[: head.index(b"\r")].split(b" ")
        if target == _COUNTS:
            self._tell(method)
            return
        begun = self._server.begin(method, target, body)
        if self._server.latency_seconds:
            loop = asyncio.get_running_loop()
            loop.call_later(self._server.latency_seconds, self._end, *begun)
        else:
            self._end(*begun)

    def _end(self, status: int, window: Window, body: bytes) -> None:
        self._transport.write(self._server.end(status, window, body))

    def _tell(self, method: bytes) -> None:
        counts = self._server.counts()
        if method == b"POST":
            self._server.reset()
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(counts), counts)
        )


def _content_length(head: bytes) -> int:
    name = b"\r\ncontent-length:"
    at = head.lower().find(name)
    if at < 0:
        return 0
    return int(head[at + len(name) :].partition(b"\r\n")[0])


async def serve(server: Server) -> None:
    """Serve on a free port of the loopback, tell it on a line, end at SIGTERM."""
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(lambda: Connection(server), "127.0.0.1", 0)
    host, port = listening.sockets[0].getsockname()
    print(json.dumps({"url": f"http://{host}:{port}"}), flush=True)
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    await ended.wait()


def main() -> None:
    """Serve as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.server", description=__doc__)
    parser.add_argument("pool", type=Path)
    parser.add_argument("--conversations", type=int, required=True, metavar="N")
    parser.add_argument("--latency-ms", type=int, default=0, metavar="N")
    parser.add_argument("--rate-limit", type=int, default=UNLIMITED, metavar="N")
    asked = parser.parse_args()
    workspace = Workspace(read_pool(asked.pool), asked.conversations)
    asyncio.run(serve(Server(workspace, asked.rate_limit, asked.latency_ms / 1_000)))


if __name__ == "__main__":
    main()
