"""The command `python -m tests.sandbox`: one synthetic workspace, served until it is stopped."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import signal
import sys
import time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from . import truth_contact_lists, truth_side
from .api import Access, Api
from .clock import VirtualClock
from .control import Control
from .limits import RateLimit
from .modes import Modes, add_flags, from_options
from .other_clients import choose_others
from .server import make_handler, serve
from .shelves import Stock, make_shelves
from .workspace import Sizes, Workspace

DEFAULT_TOKEN = "synthetic-token"
_LEAST_CONVERSATIONS = 60
_LEAST_OF_OTHERS = 30
_RESOURCES = (
    "admins",
    "teams",
    "tags",
    "collections",
    "contacts",
    "conversations",
    "deleted_conversations",
    "calls",
    "call_transcriptions",
    "articles",
    "tickets",
    "companies",
    "company_segments",
    "company_notes",
    "article_versions",
    "article_drafts",
    "activity_logs",
    *truth_contact_lists.ROWS,
    *truth_side.STREAMS,
    *(shelf.stream for shelf in make_shelves(Stock(), {})),
)
_DESCRIPTION = """
Serve a synthetic Intercom workspace on loopback. The same seed and size give the same workspace,
byte for byte. When it is ready, one line of JSON with "url" and "token" goes to standard output.
It ends cleanly on SIGTERM and on Ctrl-C.
"""
_EPILOG = """
The sandbox's own endpoints need no token and are not counted: GET /_sandbox/requests, POST
/_sandbox/requests/reset, GET /_sandbox/log?after=N, GET /_sandbox/ids/STREAM, GET
/_sandbox/truth/STREAM, GET /_sandbox/vanished/STREAM, GET /_sandbox/payload/STREAM/ID (as last
served), GET /_sandbox/payloads/STREAM/ID (all bytes its last version was served as), GET
/_sandbox/changes, POST /_sandbox/change with {"count": N, "seconds": S}, POST /_sandbox/freeze and
/_sandbox/thaw, POST /_sandbox/always_fail with {"objects": ["STREAM:ID"]}.
"""


def _denial(text: str) -> tuple[str, int]:
    resource, _, status = text.partition(":")
    if resource not in _RESOURCES:
        message = f"unknown resource {resource!r}; choose from {', '.join(_RESOURCES)}"
        raise argparse.ArgumentTypeError(message)
    if status not in ("", "401", "403"):
        message = f"the status after {resource}: must be 401 or 403"
        raise argparse.ArgumentTypeError(message)
    return resource, int(status or 403)


def _size(text: str) -> int:
    size = int(text)
    if size < _LEAST_CONVERSATIONS:
        message = f"at least {_LEAST_CONVERSATIONS} are needed to hold every special case"
        raise argparse.ArgumentTypeError(message)
    return size


def _count(text: str) -> int:
    count = int(text)
    if count < _LEAST_OF_OTHERS:
        message = f"at least {_LEAST_OF_OTHERS} are needed to hold every special case"
        raise argparse.ArgumentTypeError(message)
    return count


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError):
        raise argparse.ArgumentTypeError(f"unknown time zone {text!r}") from None
    return text


def make_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = argparse.ArgumentParser(
        "python -m tests.sandbox", description=_DESCRIPTION, epilog=_EPILOG
    )
    parser.add_argument(
        "--port", type=int, default=0, help="port to listen on; 0: any free one [0]"
    )
    parser.add_argument("--seed", type=int, default=1, help="which workspace to invent [1]")
    parser.add_argument(
        "--conversations", type=_size, default=500, help="how many; other things follow [500]"
    )
    for things in ("contacts", "calls", "articles"):
        parser.add_argument(
            f"--{things}",
            type=_count,
            default=0,
            help="how many, where they are not to follow the conversations; at least 30",
        )
    parser.add_argument(
        "--latency-ms", type=int, default=0, help="time from request to answer, in ms [0]"
    )
    parser.add_argument(
        "--rate-limit", type=int, default=1_667, help="requests per 10 seconds [1667]"
    )
    parser.add_argument(
        "--deny",
        type=_denial,
        action="append",
        default=[],
        metavar="RESOURCE[:STATUS]",
        help="a stream whose scope the token lacks, with 403 or 401 [403]; may be repeated",
    )
    parser.add_argument(
        "--timezone",
        type=_zone,
        default="UTC",
        help="the workspace's time zone, an IANA name [UTC]",
    )
    parser.add_argument(
        "--api-token", default=DEFAULT_TOKEN, help=f"the only good token [{DEFAULT_TOKEN}]"
    )
    add_flags(parser)
    return parser


def _make_api(options: argparse.Namespace, modes: Modes) -> Api:
    sizes = Sizes(options.contacts, options.calls, options.articles)
    workspace = Workspace(options.seed, options.conversations, options.timezone, sizes)
    clock = VirtualClock(workspace.start, time.monotonic)
    limit = RateLimit(
        options.rate_limit,
        choose_others(modes.other_clients, options.seed),
        headers=not modes.no_limit_headers,
        retry_after=modes.retry_after,
    )
    access = Access(options.api_token, dict(options.deny))
    return Api(workspace, clock, limit, access, modes)


async def _run(options: argparse.Namespace) -> None:
    api = _make_api(options, from_options(options))
    handler = make_handler(api, Control(api), options.latency_ms)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def ready(url: str) -> None:
        line = f"Synthetic workspace {options.seed} ({options.conversations} conversations): {url}"
        print(line, file=sys.stderr, flush=True)
        print(json.dumps({"url": url, "token": options.api_token}), flush=True)

    await serve(handler, options.port, ready, stop)


def main() -> None:
    """Run the command."""
    # Everything made is kept or dropped at once; looking for cycles costs a sixth of the time.
    gc.set_threshold(100_000, 50, 100)
    asyncio.run(_run(make_parser().parse_args()))


if __name__ == "__main__":
    main()
