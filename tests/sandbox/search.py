"""Search queries: checking them as the API does, and matching objects against them.

A query is a filter or a group of filters; groups nest two levels deep and hold fifteen each. The
contacts' date fields follow the calendar days of the workspace's zone up to version 2.16.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from .errors import RefusedError

Document = Mapping[str, Any]
Reader = Callable[[Document, str], Any]

MOST_LEVELS = 2
MOST_FILTERS = 15
_STRING = frozenset(("=", "!=", "IN", "NIN", "~", "!~", "^", "$"))
_NUMBER = frozenset(("=", "!=", "IN", "NIN", "<", ">"))
_BOUNDED = frozenset(("<=", ">="))
_BOOLEAN = frozenset(("=", "!=", "IN", "NIN"))
_DAY = frozenset(("=", "<", ">"))
_INCLUSIVE = {">": ">=", "<": "<="}


@dataclass(frozen=True)
class Filter:
    """One comparison."""

    field: str
    operator: str
    value: Any


@dataclass(frozen=True)
class Group:
    """Filters or groups, joined by AND or OR."""

    operator: str
    members: tuple[Filter | Group, ...]


Query = Filter | Group


@dataclass(frozen=True)
class Dialect:
    """What one endpoint lets be asked: its fields by kind, and how dates compare."""

    fields: Mapping[str, str]  # name → "string", "integer", "boolean" or "date"
    read: Reader
    open_prefix: str | None = None  # names under it are accepted as strings
    day_zone: str | None = None  # dates compare by day in this zone; None: by second
    bounded: bool = True  # whether <= and >= are known
    inclusive: bool = False  # whether < and > take their bound in

    def kind(self, field: str) -> str:
        """The kind of a field; an unknown field is refused with 400."""
        if self.open_prefix and field.startswith(self.open_prefix):
            return "string"
        kind = self.fields.get(field)
        if kind is None:
            raise _refusal(f"Invalid field: {field}", "invalid_field")
        return kind

    def operators(self, kind: str) -> frozenset[str]:
        """What a field of this kind may be compared with."""
        if kind == "date" and self.day_zone is not None:
            return _DAY
        if kind in ("date", "integer"):
            return _NUMBER | _BOUNDED if self.bounded else _NUMBER
        return _BOOLEAN if kind == "boolean" else _STRING


def _refusal(message: str, code: str = "parameter_invalid") -> RefusedError:
    return RefusedError(400, code, message)


def parse(raw: Any, dialect: Dialect, level: int = 1) -> Query:
    """A checked query from the request's `query`; anything wrong is refused with 400."""
    if not isinstance(raw, dict) or "operator" not in raw:
        raise _refusal("The query must be an object with an operator.", "bad_request")
    operator = raw["operator"]
    if operator in ("AND", "OR"):
        members = raw.get("value")
        if not isinstance(members, list) or not members:
            raise _refusal(f"{operator} needs a list of filters.")
        if level > MOST_LEVELS:
            raise _refusal(f"Filters can be nested {MOST_LEVELS} levels deep at most.")
        if len(members) > MOST_FILTERS:
            raise _refusal(f"A group can hold {MOST_FILTERS} filters at most.")
        return Group(operator, tuple(parse(member, dialect, level + 1) for member in members))
    return _parse_filter(raw, operator, dialect)


def _parse_filter(raw: dict[str, Any], operator: object, dialect: Dialect) -> Filter:
    field, value = raw.get("field"), raw.get("value")
    if not isinstance(field, str):
        raise _refusal("A filter needs a field.")
    kind = dialect.kind(field)
    if not isinstance(operator, str) or operator not in dialect.operators(kind):
        raise _refusal(f"Operator {operator} is not supported on {field}.", "invalid_operator")
    many = operator in ("IN", "NIN")
    if many and not isinstance(value, list):
        raise _refusal(f"{operator} needs a list of values.")
    values = [_typed(v, kind, field) for v in (value if isinstance(value, list) else [value])]
    if not many and isinstance(value, list):
        raise _refusal(f"{operator} needs one value.")
    return Filter(field, operator, tuple(values) if many else values[0])


def _typed(value: Any, kind: str, field: str) -> Any:
    if value is None:
        return None
    if kind == "boolean":
        if isinstance(value, bool) or value in ("true", "false"):
            return value in (True, "true")
        raise _refusal(f"{field} must be true or false.")
    if kind == "string":
        return str(value)
    try:
        return int(value)
    except (TypeError, ValueError):
        raise _refusal(f"{field} must be a {kind}.") from None


def matches(query: Query, document: Document, dialect: Dialect) -> bool:
    """Whether an object answers a query."""
    if isinstance(query, Group):
        join = all if query.operator == "AND" else any
        return join(matches(member, document, dialect) for member in query.members)
    found = dialect.read(document, query.field)
    if isinstance(found, (list, tuple)):
        negative = query.operator in ("!=", "NIN", "!~")
        join = all if negative else any
        return join(_compare(item, query, dialect) for item in found or [None])
    return _compare(found, query, dialect)


def _compare(found: Any, query: Filter, dialect: Dialect) -> bool:
    operator, value = query.operator, query.value
    kind = dialect.kind(query.field)
    if found is not None and kind == "string":
        found = str(found)
    if operator in ("=", "!="):
        if kind == "date" and dialect.day_zone and found is not None and value is not None:
            found, value = day_start(found, dialect.day_zone), day_start(value, dialect.day_zone)
        return bool((found == value) == (operator == "="))
    if operator in ("IN", "NIN"):
        return bool((found in value) == (operator == "IN"))
    if found is None or value is None:
        return operator == "!~"
    if operator in ("<", ">", "<=", ">="):
        if dialect.inclusive:
            operator = _INCLUSIVE.get(operator, operator)
        return _ordered(found, operator, value, dialect.day_zone if kind == "date" else None)
    contained = {
        "~": value.lower() in found.lower(),
        "!~": value.lower() not in found.lower(),
        "^": found.lower().startswith(value.lower()),
        "$": found.lower().endswith(value.lower()),
    }
    return contained[operator]


def _ordered(found: int, operator: str, value: int, zone: str | None) -> bool:
    if zone is not None:
        # The value is cut to its day: after means from the next day on.
        if operator in (">", "<="):
            next_day = day_start(value, zone, days_later=1)
            return (found >= next_day) == (operator == ">")
        return (found < day_start(value, zone)) == (operator == "<")
    return {
        "<": found < value,
        ">": found > value,
        "<=": found <= value,
        ">=": found >= value,
    }[operator]


@lru_cache(maxsize=4_096)
def day_start(epoch_seconds: int, zone: str, days_later: int = 0) -> int:
    """Midnight in a zone, at the beginning of the day of a moment or some days later."""
    local = datetime.fromtimestamp(epoch_seconds, ZoneInfo(zone))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return int((midnight + timedelta(days=days_later)).timestamp())


@dataclass(frozen=True)
class Span:
    """The seconds of `updated_at` that a query leaves, both ends included; None: no bound."""

    first: int | None = None
    last: int | None = None


def updated_span(query: Query, inclusive: bool = False) -> tuple[Span, tuple[Query, ...]]:
    """The bounds that a query sets on `updated_at` by second, and what it asks beside them."""
    members = query.members if isinstance(query, Group) else (query,)
    if isinstance(query, Group) and query.operator == "OR" and len(members) > 1:
        return Span(), (query,)
    first: int | None = None
    last: int | None = None
    rest: list[Query] = []
    for member in members:
        if isinstance(member, Group) or member.field != "updated_at" or member.value is None:
            rest.append(member)
            continue
        value = int(member.value) if not isinstance(member.value, tuple) else 0
        operator = member.operator
        if inclusive:
            operator = _INCLUSIVE.get(operator, operator)
        low, high = {
            ">": (value + 1, None),
            ">=": (value, None),
            "<": (None, value - 1),
            "<=": (None, value),
            "=": (value, value),
        }.get(operator, (None, None))
        if low is None and high is None:
            rest.append(member)
        first = low if first is None else first if low is None else max(first, low)
        last = high if last is None else last if high is None else min(last, high)
    return Span(first, last), tuple(rest)
