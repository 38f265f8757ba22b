"""Fields that the API sent and no stream declares: found by name, for the run report.

An object is looked at where its members were not met together before, and beside that one of
every few: what the API adds, it adds to many. Values are never kept, and names only so many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, TypeAlias

from tap_intercom_archive.columns import stream_schema
from tap_intercom_archive.normalize import items_at
from tap_intercom_archive.resources import Cut, Resource

# Names by what is below them; a name without anything below it is declared whole.
Tree: TypeAlias = "dict[str, Tree]"
Document = Mapping[str, Any]

MOST_NAMES = 50
_LONGEST_NAME = 80
_ALL = "*"
# What the API calls an object's kind; the stream says it.
_OF_EVERY_OBJECT = frozenset({"type"})
_FIRST_LOOKS = 50
_LOOKS_AT_ONE_IN = 20
_ITEMS_LOOKED_AT = 10


class Drift:
    """Collects the names of undeclared fields by stream, for one run."""

    def __init__(self) -> None:
        """Begin without having looked at anything."""
        self.fields: dict[str, set[str]] = {}
        self._met: Counter[str] = Counter()
        self._shapes: set[tuple[str, ...]] = set()
        self._trees: dict[str, Tree] = {}

    def look(self, resource: Resource, document: Document) -> None:
        """Look at an object of a resource, with the items that other streams are cut from."""
        name = resource.name
        if self._is_new(name, document):
            if name not in self._trees:
                self._trees[name] = resource_tree(resource)
            self._add(name, undeclared(self._trees[name], document))
            for cut in resource.cuts:
                self._look_at_items(cut, (items.path for items in cut.items), document)

    def look_beside(self, cut: Cut, document: Document) -> None:
        """Look at an answer that rows were read from beside an object."""
        if cut.follow_up is not None and self._is_new(cut.name, document):
            self._look_at_items(cut, (items.path for items in cut.follow_up.rows), document)

    def _look_at_items(self, cut: Cut, paths: Iterable[str], document: Document) -> None:
        for path in paths:
            for item in items_at(document, path)[:_ITEMS_LOOKED_AT]:
                if isinstance(item, dict):
                    self._add(cut.name, undeclared(stream_tree(cut.name), item))

    def _is_new(self, stream: str, document: Document) -> bool:
        self._met[stream] += 1
        shape = (stream, *document)
        met = self._met[stream]
        if shape in self._shapes:
            return met <= _FIRST_LOOKS or met % _LOOKS_AT_ONE_IN == 0
        if len(self._shapes) < MOST_NAMES * _FIRST_LOOKS:
            self._shapes.add(shape)
        return True

    def _add(self, stream: str, names: Iterable[str]) -> None:
        known = self.fields.setdefault(stream, set())
        for name in names:
            if len(known) < MOST_NAMES:
                known.add(name[:_LONGEST_NAME])


def undeclared(tree: Tree, document: Document) -> Iterator[str]:
    """Name the fields that are not in the tree, those inside others with dots between."""
    if _ALL in tree:
        return
    for name, value in document.items():
        below = tree.get(name)
        if below is None and name in _OF_EVERY_OBJECT:
            continue
        if below is None:
            yield "".join(character if character.isprintable() else "?" for character in name)
        elif below and isinstance(value, dict):
            yield from (f"{name}.{inner}" for inner in undeclared(below, value))


@cache
def stream_tree(stream: str) -> Tree:
    """Give what a stream declares of an object, and what it leaves out knowingly."""
    schema = stream_schema(stream)
    tree: Tree = {}
    for column in schema.columns:
        if not column.from_parent:
            _plant(tree, column.path)
    for path in schema.left_out:
        _plant(tree, tuple(path.split(".")))
    return tree


def resource_tree(resource: Resource) -> Tree:
    """Give what the streams declare of an object that are made of it."""
    tree = _copy(stream_tree(resource.name))
    for cut in resource.cuts:
        for items in cut.items:
            _plant(tree, tuple(items.path.split(".")))
        for column in stream_schema(cut.name).columns:
            if column.from_parent:
                _plant(tree, column.path)
    return tree


def _copy(tree: Tree) -> Tree:
    return {name: _copy(below) for name, below in tree.items()}


def _plant(tree: Tree, path: tuple[str, ...]) -> None:
    """Declare what is at a path, with all below it; below a list all is declared."""
    name, rest = path[0].removesuffix("[]"), path[1:]
    if not rest or path[0].endswith("[]"):
        tree[name] = {}
    elif tree.get(name) != {}:
        _plant(tree.setdefault(name, {}), rest)
