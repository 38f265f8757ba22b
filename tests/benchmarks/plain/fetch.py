"""The ceiling for a tap: a bare loop that lists and fetches every conversation, no more.

`python -m tests.benchmarks.plain.fetch URL THREADS`: the same requests by the same library from as
many threads, each answer decoded once and written as one line. No limit is kept, nothing is tried
again, listed twice, normalised or remembered.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import requests
from requests.adapters import HTTPAdapter

_threads = threading.local()


def _session(url: str) -> requests.Session:
    session: requests.Session | None = getattr(_threads, "session", None)
    if session is None:
        session = requests.Session()
        session.mount(url, HTTPAdapter(pool_connections=1, pool_maxsize=1))
        _threads.session = session
    return session


def listed(url: str) -> Iterator[list[str]]:
    """Give the ids of all conversations, a page at a time."""
    pagination: dict[str, Any] = {"per_page": 150}
    while True:
        asked = {
            "query": {
                "operator": "AND",
                "value": [{"field": "updated_at", "operator": ">", "value": 0}],
            },
            "sort": {"field": "updated_at", "order": "ascending"},
            "pagination": pagination,
        }
        answer = _session(url).post(f"{url}/conversations/search", json=asked)
        page = msgspec.json.decode(answer.content)
        yield [conversation["id"] for conversation in page["conversations"]]
        following = page["pages"].get("next")
        if following is None:
            return
        pagination = {**pagination, "starting_after": following["starting_after"]}


def main() -> None:
    """Fetch."""
    url, threads = sys.argv[1], int(sys.argv[2])

    def fetch(number: str) -> bytes:
        content = _session(url).get(f"{url}/conversations/{number}").content
        msgspec.json.decode(content)
        return content

    with ThreadPoolExecutor(threads) as pool:
        for page in listed(url):
            for content in pool.map(fetch, page):
                sys.stdout.buffer.write(content + b"\n")


if __name__ == "__main__":
    main()
