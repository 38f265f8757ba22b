"""The HTTP shell: one event loop on loopback that hands requests to the API or to its control.

Requests are answered one after another in the order in which they arrive, so request counts are
facts; only the latency is waited out side by side.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable

from aiohttp import web

from .api import Api
from .control import Control, is_control
from .messages import Answer, Manner, Request

# Linger for no time: what is not sent is dropped and the other side gets a reset.
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)

_Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


def make_handler(api: Api, control: Control, latency_ms: int) -> _Handler:
    """What answers each HTTP request, `latency_ms` after its arrival."""
    hang_seconds = api.serving.modes.hang_seconds

    async def handle(incoming: web.BaseRequest) -> web.StreamResponse:
        request = Request(
            method=incoming.method,
            path=incoming.path,
            query=incoming.query,
            headers={name.lower(): value for name, value in incoming.headers.items()},
            body=await incoming.read() if incoming.can_read_body else b"",
        )
        if is_control(request):
            return _respond(control.answer(request))
        answer = api.answer(request, incoming.path_qs)
        if latency_ms:
            await asyncio.sleep(latency_ms / 1_000)
        if answer.manner is not Manner.SEND:
            await _hang_up(incoming, hang_seconds if answer.manner is Manner.HANG else 0)
        return _respond(answer)

    return handle


async def _hang_up(incoming: web.BaseRequest, seconds: float) -> None:
    """Close the connection without an answer, at once with a reset or after some seconds."""
    if seconds:
        await asyncio.sleep(seconds)
    transport = incoming.transport
    if transport is None:
        return
    if not seconds:
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    transport.abort()


def _respond(answer: Answer) -> web.Response:
    headers = dict(answer.headers)
    headers["Content-Type"] = answer.content_type
    # Where the connection is closed already, no status matters, but aiohttp wants one.
    return web.Response(body=answer.body, status=answer.status or 500, headers=headers)


async def serve(
    handler: _Handler, port: int, ready: Callable[[str], None], stop: asyncio.Event
) -> None:
    """Listen on loopback (`port` 0: any free one), tell `ready` the URL, run until `stop`."""
    server = web.Server(handler)
    runner = web.ServerRunner(server)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, backlog=512, shutdown_timeout=1.0)
    await site.start()
    address = runner.addresses[0]
    ready(f"http://127.0.0.1:{address[1]}")
    try:
        await stop.wait()
    finally:
        await runner.cleanup()
