"""Requests and answers as the API sees them, free of any HTTP library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

JSON = "application/json; charset=utf-8"


@dataclass(frozen=True)
class Request:
    """One request: `path` without query, header names in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


class Manner(Enum):
    """What becomes of the connection."""

    SEND = "send"
    RESET = "reset"
    HANG = "hang"  # held for a while, then closed without a word


@dataclass(frozen=True)
class Answer:
    """One answer: the exact bytes of its body."""

    body: bytes
    status: int = 200
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    manner: Manner = Manner.SEND
