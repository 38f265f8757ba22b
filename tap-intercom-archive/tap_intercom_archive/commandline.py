"""What is given on the command line and in the environment: read, checked for its shape.

Whatever has the wrong shape raises Refusal with the sentence to show. What the settings mean is
left to `settings`, what a bookmark means to the protocols.
"""

from __future__ import annotations

import json
import logging
import os
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from singer_sdk.configuration._dict_config import parse_environment_config
from singer_sdk.plugin_base import _ConfigInput
from singer_sdk.singerlib import Catalog

from tap_intercom_archive.errors import Refusal

_PACKAGE = Path(__file__).parent
_NO_ANSWER = "Skipping parse of env var settings..."


def read_config(paths: tuple[str, ...]) -> _ConfigInput:
    """Merge configuration files, later ones win; `ENV` stands for the environment."""
    given = _ConfigInput(parse_env="ENV" in paths)
    for path in paths:
        if path == "ENV":
            continue
        try:
            content = Path(path).read_bytes()
        except OSError:
            raise Refusal(
                "The file given with --config cannot be read: check its path and rights."
            ) from None
        given.config.update(_object(content, "--config"))
    return given


def read_environment(schema: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Read settings from the environment; raises Refusal naming the variable at fault."""
    try:
        return parse_environment_config(dict(schema), prefix)
    except ValueError:
        for name, declared in schema["properties"].items():
            try:
                parse_environment_config({"properties": {name: declared}}, prefix)
            except ValueError:
                kind = "a whole number" if "integer" in declared.get("type", ()) else "JSON"
                raise Refusal(
                    f"The environment variable `{prefix}{name.upper()}` must be {kind}: "
                    "correct it or leave it out."
                ) from None
        raise


def read_state(file: IO[str] | None) -> dict[str, Any] | None:
    """Read a state, also one still inside its STATE message; None where none is given.

    A stream whose state is null has none, so it is read from the start.
    """
    if file is None:
        return None
    state = _object(_content(file, "--state"), "--state")
    if state.get("type") == "STATE":
        state = state.get("value") or {}
    if not isinstance(state, dict):
        raise _no_state("its `value` is no JSON object")
    bookmarks = state.get("bookmarks")
    if bookmarks is None and state:
        raise _no_state("it has no `bookmarks`")
    if bookmarks is None:
        return state
    if not isinstance(bookmarks, dict):
        raise _no_state("its `bookmarks` are no JSON object")
    known = {stream: kept for stream, kept in bookmarks.items() if kept is not None}
    for stream, kept in known.items():
        _check_bookmark(stream, kept)
    return {**state, "bookmarks": known}


def _check_bookmark(stream: str, kept: Any) -> None:
    if not isinstance(kept, dict):
        raise _no_state(f"what it says of {stream} is no JSON object")
    scope = kept.get("scope")
    # A scope of another shape counts as unknown, so the stream is read anew.
    streams = scope.get("streams") if isinstance(scope, dict) else None
    streams = [] if streams is None else streams
    if not isinstance(streams, list) or not all(isinstance(name, str) for name in streams):
        raise _no_state(f"the `scope.streams` of {stream} are no list of names")
    if not isinstance(kept.get("owed", []), list):
        raise _no_state(f"`owed` of {stream} is no list")


def _no_state(fault: str) -> Refusal:
    return Refusal(
        f"The file given with --state holds no state of this tap: {fault}. Give the last state "
        "that was written, or leave --state out to begin anew."
    )


def read_catalog(file: IO[str] | None) -> Catalog | None:
    """Read a Singer catalog; None where none is given."""
    if file is None:
        return None
    given = _object(_content(file, "--catalog"), "--catalog")
    try:
        if not isinstance(given["streams"], list):
            raise TypeError
        return Catalog.from_dict(given)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Refusal(
            "The file given with --catalog is no Singer catalog: give one that --discover wrote."
        ) from None


def _content(file: IO[str], option: str) -> str:
    try:
        return file.read()
    except (OSError, ValueError):
        raise Refusal(f"The file given with {option} cannot be read: give another one.") from None


def _object(content: str | bytes, option: str) -> dict[str, Any]:
    try:
        loaded = json.loads(content)
    except (ValueError, RecursionError):
        raise Refusal(f"The file given with {option} is not JSON: give another one.") from None
    if not isinstance(loaded, dict):
        raise Refusal(f"The file given with {option} holds no JSON object: give another one.")
    return loaded


class Hush(logging.Filter):
    """Keeps back the SDK's line about the environment, which answers nobody's question."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every other line through."""
        return record.msg != _NO_ANSWER


def crash_line(error: Exception) -> str:
    """Say where an unexpected error arose, without its words: they may be a customer's."""
    kind = type(error).__name__
    if isinstance(error, OSError) and error.errno:
        kind += f", {os.strerror(error.errno)}"
    return (
        f"The tap has a fault it does not know ({kind}) at {_innermost(error.__traceback__)}: "
        "please report this line. The state written so far is good."
    )


def crash_frames(error: Exception) -> str:
    """Give the traceback's places without the error's words."""
    return "".join(traceback.format_tb(error.__traceback__))


def _innermost(trace: TracebackType | None) -> str:
    ours = [
        f"{Path(frame.filename).name}:{frame.lineno}"
        for frame in traceback.extract_tb(trace)
        if Path(frame.filename).parent == _PACKAGE
    ]
    return ours[-1] if ours else "a place outside it"
