"""What changed between two versions of a JSON object: fields, and what lists gained and lost. Pure.

Lists of things with an `id` are compared thing by thing. Addresses that were only signed anew are
equal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# What changes in the address of an unchanged file with every fetch.
_SIGNATURE = re.compile(
    r"(?<=[?&])(?:expires|signature|req|policy|key-pair-id|x-amz-[a-z-]+|x-goog-[a-z-]+)="
    r"[^&\"'<> ]*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ValueChange:
    """A field that has another value; None stands for null and for no field."""

    field: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class ListChange:
    """A list that has other things: the new ones, and the ids of those gone and of those changed.

    ``changed`` has, for each id, the fields that differ.
    """

    field: str
    new: tuple[Mapping[str, object], ...]
    gone: tuple[str, ...]
    changed: Mapping[str, tuple[str, ...]]


Change = ValueChange | ListChange


def differences(before: object, after: object, field: str = "") -> Iterator[Change]:
    """Give every change, in the order of the newer version's fields."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys((*after, *before)):
            path = f"{field}.{name}" if field else str(name)
            yield from differences(before.get(name), after.get(name), path)
        return
    old, new = _things(before), _things(after)
    if old is not None and new is not None and (old or new):
        change = _compare(field, old, new)
        if change.new or change.gone or change.changed:
            yield change
    elif _settled(before) != _settled(after):
        yield ValueChange(field, before, after)


def _things(value: object) -> dict[str, Mapping[str, object]] | None:
    """Give a list's things by their id, where all of them have one of their own."""
    if not isinstance(value, list):
        return None
    found = {
        str(item["id"]): item
        for item in value
        if isinstance(item, Mapping) and isinstance(item.get("id"), str | int)
    }
    return found if len(found) == len(value) else None


def _compare(
    field: str, old: Mapping[str, Mapping[str, object]], new: Mapping[str, Mapping[str, object]]
) -> ListChange:
    changed = {
        name: tuple(change.field for change in differences(old[name], thing))
        for name, thing in new.items()
        if name in old
    }
    return ListChange(
        field,
        tuple(thing for name, thing in new.items() if name not in old),
        tuple(name for name in old if name not in new),
        {name: fields for name, fields in changed.items() if fields},
    )


def _settled(value: object) -> object:
    if isinstance(value, str):
        return _SIGNATURE.sub("", value)
    if isinstance(value, list):
        return [_settled(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _settled(item) for name, item in value.items()}
    return value
