"""A small HTTP client for tests of the sandbox: status, headers, body."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tests.sandbox.process import Sandbox

UPDATED_SINCE_EVER = {"field": "updated_at", "operator": ">", "value": 0}
ASCENDING = {"field": "updated_at", "order": "ascending"}


@dataclass(frozen=True)
class Reply:
    """One answer."""

    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of the first error."""
        code: str = self.json["errors"][0]["code"]
        return code


def call(
    sandbox: Sandbox,
    path: str,
    body: object = None,
    token: str | None = None,
    **headers: str,
) -> Reply:
    """GET `path`, or POST it with a body; header names with `_` for `-`."""
    data = None if body is None else json.dumps(body).encode()
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    sent["Authorization"] = f"Bearer {sandbox.token if token is None else token}"
    request = Request(f"{sandbox.url}{path}", data=data, headers=sent)
    try:
        with urlopen(request, timeout=30) as answer:
            return Reply(answer.status, answer.headers, answer.read())
    except HTTPError as error:
        with error:
            return Reply(error.code, error.headers, error.read())


def search_pages(
    sandbox: Sandbox, path: str, query: object, per_page: int = 150, **more: object
) -> Iterator[Any]:
    """The pages of a search, to its end."""
    pagination: dict[str, object] = {"per_page": per_page}
    while True:
        reply = call(sandbox, path, {"query": query, "pagination": pagination, **more})
        assert reply.status == 200, reply.body
        yield reply.json
        following = reply.json["pages"].get("next")
        if following is None:
            return
        pagination["starting_after"] = following["starting_after"]


def numbered_pages(sandbox: Sandbox, path: str, per_page: int) -> Iterator[Any]:
    """The pages of a numbered list, to its end."""
    page = 1
    while True:
        reply = call(sandbox, f"{path}?page={page}&per_page={per_page}")
        assert reply.status == 200, reply.body
        yield reply.json
        if page >= reply.json["pages"]["total_pages"]:
            return
        page += 1
