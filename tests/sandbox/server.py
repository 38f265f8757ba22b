"""The HTTP shell: one event loop on loopback that hands requests to the API or to its control.

Requests are answered one after another in the order in which they arrive, so request counts are
facts; only the latency is waited out side by side.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from .api import Api
from .control import Control, is_control
from .messages import Answer, Request

_Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


def make_handler(api: Api, control: Control, latency_ms: int) -> _Handler:
    """What answers each HTTP request, `latency_ms` after its arrival."""

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
        return _respond(answer)

    return handle


def _respond(answer: Answer) -> web.Response:
    headers = dict(answer.headers)
    headers["Content-Type"] = answer.content_type
    return web.Response(body=answer.body, status=answer.status, headers=headers)


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
