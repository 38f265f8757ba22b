"""Answers that go wrong: at a rate, by seed and request count, and for single objects always.

What a fault looks like on the wire is here; closing and holding connections is for `server`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .errors import RefusedError
from .messages import JSON, Answer, Manner

_MESSAGES = {
    500: ("server_error", "Something went wrong."),
    502: ("bad_gateway", "The upstream server did not answer."),
    503: ("service_unavailable", "Sorry, the service is temporarily unavailable."),
    504: ("gateway_timeout", "The upstream server took too long."),
}
_PAGE = b"<!DOCTYPE html>\n<html><head><title>Be right back</title></head><body>Maintenance</body>"


@dataclass(frozen=True)
class Faults:
    """Which requests meet a fault, and which."""

    seed: int
    rate: float
    kinds: tuple[str, ...]

    def choose(self, number: int) -> str:
        """The fault that request `number` meets; an empty string for most."""
        if not self.rate:
            return ""
        rng = random.Random(f"fault {self.seed} {number}")
        return rng.choice(self.kinds) if rng.random() < self.rate else ""


def meet(fault: str, answer: Callable[[], Answer]) -> Answer:
    """What comes in the place of the answer, which is asked for only where a piece of it comes."""
    if fault == "reset":
        return Answer(b"", 0, manner=Manner.RESET)
    if fault == "hang":
        return Answer(b"", 0, manner=Manner.HANG)
    if fault == "html":
        return Answer(_PAGE, content_type="text/html; charset=utf-8")
    if fault == "empty":
        return Answer(b"")
    if fault == "truncated":
        whole = answer()
        if whole.content_type == JSON:
            # Never whole and never nothing: a JSON object without its end is no JSON.
            return Answer(whole.body[: max(1, len(whole.body) // 2)])
        # Half a text is a text, which nobody could tell from the whole one.
        fault = "502"
    raise RefusedError(int(fault), *_MESSAGES[int(fault)])


class Poisoned:
    """Objects that fail whenever they are asked for."""

    def __init__(self, objects: Iterable[str]) -> None:
        """Poison these, as `stream:id`."""
        self._objects = frozenset(objects)

    def replace(self, objects: Iterable[str]) -> None:
        """Poison these and no others from now on."""
        self._objects = frozenset(objects)

    def check(self, stream: str, *record_ids: str) -> None:
        """Fail with 500 where one of the objects asked for is poisoned."""
        if any(f"{stream}:{record_id}" in self._objects for record_id in record_ids):
            raise RefusedError(500, *_MESSAGES[500])
