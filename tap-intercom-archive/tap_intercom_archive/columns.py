"""A stream's schema file, read once: the schema to announce and the columns to fill.

In a schema file `x-from` says where a column's value stands in the payload (its own name
where nothing is said): names joined by dots, `[]` for each element of a list, `^` for the
object that holds the item. `x-as` names a conversion other than the type's own. `x-left-out`
lists members that are known and stay in the payload alone. None of them is announced.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from tap_intercom_archive.text import readable
from tap_intercom_archive.times import iso_of

Convert = Callable[[Any], Any]


class Unfit(ValueError):
    """A value that is not of the column's kind."""


class Column(NamedTuple):
    """One column: where its value stands and how it is made fit.

    `path` holds the names to follow; `from_parent` starts at the object that holds the item.
    A value whose type is exactly `fits` needs no `convert`.
    """

    name: str
    path: tuple[str, ...]
    from_parent: bool
    fits: type | None
    convert: Convert


@dataclass(frozen=True)
class Holder:
    """An object that the values of several columns stand in: they are found by one look-up each.

    `columns` gives for each the column, the value's name in that object, `fits` and `convert`.
    """

    path: tuple[str, ...]
    from_parent: bool
    columns: tuple[tuple[str, str, type | None, Convert], ...]


@dataclass(frozen=True)
class StreamSchema:
    """What a stream announces (`schema`) and how its records are filled (`columns`).

    For filling, the columns are sorted into `holders` and those `of_elements` of a list;
    `empty` is a record with every column null. `left_out` are members of the object, as paths,
    that are known and stay in the payload alone.
    """

    schema: dict[str, Any]
    columns: tuple[Column, ...]
    holders: tuple[Holder, ...]
    of_elements: tuple[Column, ...]
    empty: Mapping[str, None]
    left_out: tuple[str, ...]


@cache
def stream_schema(stream: str) -> StreamSchema:
    """Read `schemas/<stream>.json`."""
    declared = json.loads(
        (files("tap_intercom_archive") / "schemas" / f"{stream}.json").read_text("utf-8")
    )
    columns = tuple(
        column
        for name, declaration in declared["properties"].items()
        if (column := _column(name, declaration)) is not None
    )
    of_elements = tuple(c for c in columns if any(name.endswith("[]") for name in c.path))
    return StreamSchema(
        _announced(declared),
        columns,
        _holders(column for column in columns if column not in of_elements),
        of_elements,
        dict.fromkeys(column.name for column in columns),
        tuple(declared.get("x-left-out", ())),
    )


def _holders(columns: Iterable[Column]) -> tuple[Holder, ...]:
    held: dict[tuple[tuple[str, ...], bool], list[Column]] = {}
    for column in columns:
        held.setdefault((column.path[:-1], column.from_parent), []).append(column)
    return tuple(
        Holder(path, from_parent, tuple((c.name, c.path[-1], c.fits, c.convert) for c in those))
        for (path, from_parent), those in held.items()
    )


def _announced(declared: Any) -> Any:
    if isinstance(declared, dict):
        return {
            key: _announced(value)
            for key, value in declared.items()
            if key not in {"x-from", "x-as", "x-left-out"}
        }
    return declared


def _column(name: str, declared: dict[str, Any]) -> Column | None:
    conversion = declared.get("x-as")
    if conversion == "derived":  # filled by `cuts`, `transcripts` or `normalize`
        return None
    names = tuple(declared.get("x-from", name).split("."))
    from_parent = names[0] == "^"
    fits, convert = (None, _NAMED[conversion]) if conversion else _by_type(declared)
    return Column(name, names[1:] if from_parent else names, from_parent, fits, convert)


def value_at(document: Any, path: tuple[str, ...]) -> Any:
    """Follow `path`; None where it ends early. A name ending in `[]` goes on in each element."""
    for position, name in enumerate(path):
        if not isinstance(document, dict):
            return None
        if name.endswith("[]"):
            listed = document.get(name[:-2])
            if not isinstance(listed, list):
                return None
            return [value_at(element, path[position + 1 :]) for element in listed]
        document = document.get(name)
    return document


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    raise Unfit


def _time(value: Any) -> str:
    text = iso_of(value)
    if text is None:
        raise Unfit
    return text


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in (0, 1):
        return bool(value)
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise Unfit


def _integer(value: Any) -> int:
    if isinstance(value, bool):
        raise Unfit
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            raise Unfit from None
    raise Unfit


def _number(value: Any) -> float | int:
    if isinstance(value, bool):
        raise Unfit
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            raise Unfit from None
    raise Unfit


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unfit
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Unfit
    return value


def _list_of_text(value: Any) -> list[str]:
    return [_text(item) for item in _list(value) if item is not None]


def _list_of_objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in _list(value) if isinstance(item, dict)]


def _listed(value: Any) -> list[dict[str, Any]]:
    """The list that an object wraps, whatever the member is called."""
    if isinstance(value, dict):
        value = next((inner for inner in value.values() if isinstance(inner, list)), None)
    return _list_of_objects(value)


def _category(value: Any) -> str:
    """A state's category, whether the state comes whole or as that word."""
    return _text(value.get("category") if isinstance(value, dict) else value)


def _choices(value: Any) -> list[str]:
    """Values to choose from, which come as text or as objects."""
    return _list_of_text(
        [item.get("value") if isinstance(item, dict) else item for item in _list(value)]
    )


def _readable(value: Any) -> str:
    if not isinstance(value, str):
        raise Unfit
    return readable(value)


def _texts(value: Any) -> str:
    """Readable texts, one after the other."""
    return "\n".join(filter(None, (_readable(item) for item in _list(value) if item is not None)))


def _count(value: Any) -> int:
    return len(_list(value))


def _reference(value: Any) -> str | None:
    return None if value in (0, "0", "") else _text(value)


_NAMED: dict[str, Convert] = {
    "text": _readable,
    "count": _count,
    "reference": _reference,
    "listed": _listed,
    "category": _category,
    "choices": _choices,
    "texts": _texts,
}


def _by_type(declared: dict[str, Any]) -> tuple[type | None, Convert]:
    """Give the type that fits as it is, where there is one, and the conversion of the others."""
    kinds = declared["type"]
    kind = kinds if isinstance(kinds, str) else next(k for k in kinds if k != "null")
    if kind == "string":
        return (None, _time) if declared.get("format") == "date-time" else (str, _text)
    if kind == "array":
        is_text = declared["items"].get("type") == "string"
        return None, _list_of_text if is_text else _list_of_objects
    return {
        "boolean": (bool, _boolean),
        "integer": (int, _integer),
        "number": (float, _number),
        "object": (dict, _object),
    }[kind]
