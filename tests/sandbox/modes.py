"""How the sandbox fights back: every mode, its default and its flag, in one frozen record.

What a mode does is in the module that it steers; all of them off is the quiet sandbox.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

CURSORS = ("keyset", "drifting", "expiring", "repeating")
FAULTS = ("500", "502", "503", "504", "reset", "truncated", "html", "empty", "hang")
POISONABLE = ("conversations", "contacts", "calls", "call_transcriptions", "articles", "tags")


def _complain(message: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(message)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise _complain(f"{text!r} must be a whole number, 0 for off")
    return int(text)


def _rate(text: str) -> float:
    rate = float(text)
    if not 0 <= rate <= 1:
        raise _complain("the rate must lie between 0 and 1")
    return rate


def _seconds(text: str) -> float:
    seconds = float(text)
    if seconds < 0:
        raise _complain("time cannot run backwards")
    return seconds


def read_object(text: str) -> str:
    """An object as `stream:id`; anything else raises argparse.ArgumentTypeError."""
    stream, _, record_id = text.partition(":")
    if stream not in POISONABLE or not record_id:
        raise _complain(f"{text!r} must be STREAM:ID, the stream one of {', '.join(POISONABLE)}")
    return text


def read_others(text: str) -> str:
    """The other clients as `steady:N` or `bursts:N`; anything else is refused likewise."""
    manner, _, number = text.partition(":")
    if text and (manner not in ("steady", "bursts") or not number.isdecimal()):
        raise _complain(f"{text!r} must be steady:N or bursts:N")
    return text


def _mode(
    default: Any,
    words: str,
    read: Callable[[str], Any] = str,
    choices: tuple[str, ...] | None = None,
) -> Any:
    return field(default=default, metadata={"help": words, "read": read, "choices": choices})


@dataclass(frozen=True)
class Modes:
    """Every mode; a field's flag is its name with dashes."""

    change_every: int = _mode(0, "one change at every N-th request; 0: none", _count)
    seconds_per_request: float = _mode(
        0.0, "what the clock moves on with each request, beside real time", _seconds
    )
    operators: str = _mode(
        "strict", "whether > and < leave out their bound", choices=("strict", "inclusive")
    )
    cursor: str = _mode("keyset", "what cursors are like", choices=CURSORS)
    cursor_life: int = _mode(40, "requests after which an expiring cursor is refused", _count)
    call_order: str = _mode(
        "updated", "what GET /calls is ordered by", choices=("updated", "created")
    )
    fault_rate: float = _mode(0.0, "share of the requests that meet a fault", _rate)
    fault_kinds: tuple[str, ...] = _mode(
        FAULTS, "a fault to choose from, may be repeated; all where not given", choices=FAULTS
    )
    hang_seconds: float = _mode(5.0, "how long a hanging connection is held", _seconds)
    always_fail: tuple[str, ...] = _mode(
        (),
        "an object as STREAM:ID that answers 500 whenever asked for, as does a page of contacts, "
        "calls, articles or tags that holds it; repeatable",
        read_object,
    )
    pages_fail_above: int = _mode(
        0, "pages of more rows than this answer 504; 0: none does", _count
    )
    scroll_seconds: float = _mode(60.0, "how long a scroll lives that nobody asks for", _seconds)
    retry_after: bool = _mode(False, "429 carries Retry-After")
    no_limit_headers: bool = _mode(False, "no answer carries X-RateLimit headers")
    other_clients: str = _mode(
        "", "who else uses up the limit: steady:N or bursts:N per 10 seconds", read_others
    )


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Give a parser one flag for each mode."""
    group = parser.add_argument_group("fighting back (all off by default)")
    for each in fields(Modes):
        flag = f"--{each.name.replace('_', '-')}"
        words, read, choices = (each.metadata[key] for key in ("help", "read", "choices"))
        if isinstance(each.default, bool):
            group.add_argument(flag, action="store_true", help=words)
        elif isinstance(each.default, tuple):
            group.add_argument(flag, action="append", type=read, choices=choices, help=words)
        else:
            words = f"{words} [{each.default}]" if each.default else words
            group.add_argument(flag, type=read, choices=choices, default=each.default, help=words)


def from_options(options: argparse.Namespace) -> Modes:
    """The modes that were asked for by flags."""
    asked: dict[str, Any] = {}
    for each in fields(Modes):
        value = getattr(options, each.name)
        if isinstance(each.default, tuple):
            value = each.default if value is None else tuple(value)
        asked[each.name] = value
    return Modes(**asked)


def to_flags(modes: Modes) -> list[str]:
    """The flags that ask for these modes; `from_options` turns them back."""
    flags: list[str] = []
    for each in fields(Modes):
        value = getattr(modes, each.name)
        if value == each.default:
            continue
        flag = f"--{each.name.replace('_', '-')}"
        if isinstance(value, bool):
            flags.append(flag)
        else:
            values = value if isinstance(value, (tuple, list)) else (value,)
            for single in values:
                flags += [flag, str(single)]
    return flags
