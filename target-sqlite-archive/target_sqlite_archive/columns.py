"""What one property of a stream's JSON schema becomes: a column's type, role and links. Pure.

The statements are left to ``sql.py``, values to ``shaping.py``, names to ``naming.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

# Keywords that a typed decoder proves, or that only describe. Any other one needs the validator.
_DESCRIPTIVE = frozenset(
    {
        "type",
        "title",
        "description",
        "default",
        "examples",
        "format",
        "contentMediaType",
        "contentEncoding",
        "readOnly",
        "writeOnly",
        "deprecated",
        "$comment",
        "$id",
        "anyOf",
        "oneOf",
    }
)
_NESTED = frozenset({"object", "array"})
_ALL_TYPES = frozenset({"string", "integer", "number", "boolean", "object", "array"})


class Role(Enum):
    """What a column is used for beside holding its value."""

    PLAIN = "plain"
    TEXT = "text"
    BLOB = "blob"


@dataclass(frozen=True, slots=True)
class VersionOf:
    """Which properties name the object that a payload is a version of.

    ``kind`` is the first of them: payloads of one kind share a dictionary. ``seen_at`` names the
    property that says when a payload was fetched.
    """

    properties: tuple[str, ...]
    redaction_flag: str | None
    seen_at: str

    @property
    def kind(self) -> str:
        """The property whose value says what kind of object it is."""
        return self.properties[0]


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a stream: the JSON types it may hold and what its column must be.

    ``types`` are the JSON types beside null. ``proven`` says that a decoder which knows these
    types, and those of ``items`` for a list, leaves nothing of the property's schema unchecked.
    """

    name: str
    types: frozenset[str]
    nullable: bool
    proven: bool
    role: Role
    references: tuple[str, str] | None
    version_of: VersionOf | None
    items: Property | None = None

    @property
    def nested(self) -> bool:
        """Whether a value may be an object or a list, kept as its exact JSON text."""
        return bool(self.types & _NESTED)

    @property
    def declared(self) -> str:
        """The SQL type; empty where no affinity may touch the values."""
        if self.role is Role.BLOB:
            return "BLOB"
        if self.types and (self.types <= _NESTED or self.types == {"string"}):
            return "TEXT"
        if self.types in ({"integer"}, {"boolean"}):
            return "INTEGER"
        if self.types in ({"number"}, {"integer", "number"}):
            return "REAL"
        return ""


def read_properties(schema: Mapping[str, object]) -> tuple[Property, ...]:
    """Read all properties of a stream's schema, in its order."""
    found = schema.get("properties")
    properties: Mapping[str, object] = found if isinstance(found, Mapping) else {}
    return tuple(_read(name, spec) for name, spec in properties.items())


def _read(name: str, spec: object) -> Property:
    facts: Mapping[str, object] = spec if isinstance(spec, Mapping) else {}
    types = _types(facts)
    nullable = "null" in types or not types
    bare = types - {"null"} or (_ALL_TYPES if not types else frozenset())
    media = facts.get("contentMediaType")
    role = Role.PLAIN
    if bare == {"string"} and media == "application/json":
        role = Role.BLOB
    elif bare == {"string"} and media == "text/plain":
        role = Role.TEXT
    extra = facts.get("x-sql-datatype-properties")
    links: Mapping[str, object] = extra if isinstance(extra, Mapping) else {}
    items = _read("items", facts["items"]) if isinstance(facts.get("items"), Mapping) else None
    return Property(
        name=name,
        types=bare,
        nullable=nullable,
        proven=spec is not False and _proven(facts, items),
        role=role,
        references=_references(links),
        version_of=_version_of(links) if role is Role.BLOB else None,
        items=items,
    )


def _types(facts: Mapping[str, object]) -> frozenset[str]:
    """All JSON types a value may have, null included; empty where the schema does not say."""
    declared = facts.get("type")
    if isinstance(declared, str):
        return frozenset({declared})
    if isinstance(declared, list):
        return frozenset(item for item in declared if isinstance(item, str))
    branches = _branches(facts)
    if not branches:
        return frozenset()
    found = [_types(branch) for branch in branches]
    return frozenset().union(*found) if all(found) else frozenset()


def _branches(facts: Mapping[str, object]) -> list[Mapping[str, object]]:
    for keyword in ("anyOf", "oneOf"):
        listed = facts.get(keyword)
        if isinstance(listed, list):
            return [item if isinstance(item, Mapping) else {} for item in listed]
    return []


def _proven(facts: Mapping[str, object], items: Property | None = None) -> bool:
    """Whether types, and those of a list's items, say all that the schema says."""
    for key, value in facts.items():
        described = key in _DESCRIPTIVE or key.startswith("x-")
        if key == "additionalProperties":
            described = value is True
        elif key == "items":
            # One level deep, a second one is the validator's.
            described = items is not None and items.proven and items.items is None
        if not described:
            return False
    branches = _branches(facts)
    if not branches:
        return True
    if "type" in facts or ("anyOf" in facts and "oneOf" in facts):
        return False
    if "oneOf" in facts:
        kinds = [kind for branch in branches for kind in _types(branch)]
        # One value may match one branch only, so branches that overlap need the validator.
        if len(kinds) != len(set(kinds)) or {"integer", "number"} <= set(kinds):
            return False
    return all(_proven(branch) for branch in branches)


def _references(links: Mapping[str, object]) -> tuple[str, str] | None:
    target = links.get("references")
    if not isinstance(target, str):
        return None
    stream, dot, name = target.rpartition(".")
    return (stream, name) if dot and stream and name else None


def _version_of(links: Mapping[str, object]) -> VersionOf | None:
    named = links.get("version_of")
    if not isinstance(named, list) or not named or not all(isinstance(n, str) for n in named):
        return None
    flag = links.get("redaction_flag")
    seen_at = links.get("seen_at")
    return VersionOf(
        properties=tuple(str(n) for n in named),
        redaction_flag=flag if isinstance(flag, str) else None,
        seen_at=seen_at if isinstance(seen_at, str) else "fetched_at",
    )
