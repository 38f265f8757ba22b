"""What was forgotten in one file, as keyed hashes, and the sieve that keeps it from coming back.

Streams, properties and what is emptied are data in the file: nothing here knows a provider. Finding
values in texts is left to ``redaction.py``, forgetting itself to ``forgetting/``.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from target_sqlite_archive.internal import FORGETTING_KEY
from target_sqlite_archive.jsontext import Members, outline
from target_sqlite_archive.redaction import Mentions, keyed_hash, words_of
from target_sqlite_archive.shaping import SQLValue

Row = list[SQLValue]


@dataclass(frozen=True, slots=True)
class Rule:
    """Which records are concerned: those of a stream whose properties have a forgotten value.

    ``within`` names a compressed property, in whose JSON every object is looked at; properties may
    be paths there (`author.id`). ``blanks`` are emptied; without any the record is dropped.
    """

    stream: str
    properties: tuple[str, ...]
    blanks: tuple[str, ...] = ()
    within: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a sieve knows of a table: its columns by property, its compressed ones, and its keys.

    A row whose key names somebody forgotten is dropped; columns that name the object which a
    payload is a version of count as key.
    """

    stream: str
    columns: Mapping[str, str]
    compressed: frozenset[str]
    keys: frozenset[str]


class Tombstones:
    """The forgotten objects and values of one file; :meth:`add` and :meth:`mention` add more."""

    def __init__(self, key: bytes) -> None:
        """Hash with this key."""
        self._key = key
        self._rules: dict[Rule, set[bytes]] = {}
        self._words: dict[bytes, tuple[bytes, int]] = {}
        self.mentions = Mentions(key, {}, ())

    def __bool__(self) -> bool:
        """Whether anything was forgotten."""
        return bool(self._rules or self._words)

    def restore(
        self,
        rules: Iterable[tuple[Rule, bytes]],
        mentions: Iterable[tuple[bytes, bytes, int]],
    ) -> None:
        """Take what a file has."""
        for rule, hashed in rules:
            self._rules.setdefault(rule, set()).add(hashed)
        self._words.update({hashed: (opening, count) for hashed, opening, count in mentions})
        self._look_again()

    def add(self, rule: Rule, values: Sequence[str]) -> None:
        """Forget the object that these properties name."""
        self._rules.setdefault(rule, set()).add(self.hashed(values))

    def has(self, rule: Rule, values: Sequence[str]) -> bool:
        """Whether an object is forgotten."""
        return self.hashed(values) in self._rules.get(rule, ())

    def mention(self, values: Iterable[str]) -> None:
        """Forget values, wherever they stand."""
        for words in filter(None, map(words_of, values)):
            hashed = keyed_hash(self._key, "value", " ".join(words))
            self._words[hashed] = (keyed_hash(self._key, "opening", words[0]), len(words))
        self._look_again()

    def _look_again(self) -> None:
        known = {hashed: count for hashed, (_, count) in self._words.items()}
        self.mentions = Mentions(self._key, known, (o for o, _ in self._words.values()))

    def hashed(self, values: Sequence[object]) -> bytes:
        """Give the hash of an object's name."""
        return keyed_hash(self._key, "object", json.dumps([str(value) for value in values]))

    def save(self, connection: sqlite3.Connection, now: str) -> None:
        """Write all into the file, inside the caller's transaction."""
        run = connection.executemany
        connection.execute(
            "INSERT OR IGNORE INTO _meta (key, value) VALUES (?, ?)",
            (FORGETTING_KEY, self._key.hex()),
        )
        run(
            "INSERT OR IGNORE INTO _tombstones (stream, within, properties, hash, blanks, "
            "forgotten_at) VALUES (?, ?, ?, ?, ?, ?)",
            [
                (r.stream, r.within, json.dumps(r.properties), h, json.dumps(r.blanks), now)
                for r, hashes in self._rules.items()
                for h in sorted(hashes)
            ],
        )
        run(
            "INSERT OR IGNORE INTO _mentions (hash, opening, words, forgotten_at) "
            "VALUES (?, ?, ?, ?)",
            [(h, opening, count, now) for h, (opening, count) in self._words.items()],
        )

    def sieve(self, shape: Shape) -> Sieve:
        """Give the sieve of a table of this shape."""
        rules = {r: h for r, h in self._rules.items() if r.stream == shape.stream}
        return Sieve(self, shape, rules)

    def line_kept(self, stream: str, line: bytes) -> bytes | None:
        """Give what may be kept of the line of a record that could not be stored; None: nothing."""
        if not self:
            return line
        message = outline(line)
        record = outline(message["record"]) if "record" in message else message
        for rule, hashes in self._rules.items():
            if rule.stream == stream and not rule.within and not rule.blanks:
                named = [_plain(record, name) for name in rule.properties]
                if None not in named and self.hashed(named) in hashes:
                    return None
        text = line.decode("utf-8", errors="replace")
        kept = self.mentions.redact_json(text)
        return line if kept is text else kept.encode()

    def state_kept(self, text: str) -> str:
        """Give a state without what names somebody forgotten; the same object if it names nobody.

        Entries of lists and members of objects go as a whole, so that what is left has its form.
        """
        if not self.mentions.may_be_in(text):
            return text
        before = json.loads(text)
        after = self._pruned(before)
        return text if after == before else json.dumps(after, ensure_ascii=False)

    def _pruned(self, value: object) -> object:
        if isinstance(value, dict):
            return {
                name: self._pruned(member)
                for name, member in value.items()
                if not self.mentions.are_in(name) and not self._names(member)
            }
        if isinstance(value, list):
            return [
                self._pruned(item)
                for item in value
                if not self._names(item)
                and not (isinstance(item, dict) and any(map(self._names, item.values())))
            ]
        return value

    def _names(self, value: object) -> bool:
        return isinstance(value, str | int) and self.mentions.are_in(str(value))


class Sieve:
    """What may be kept of the rows of one table."""

    def __init__(
        self, tombstones: Tombstones, shape: Shape, rules: Mapping[Rule, set[bytes]]
    ) -> None:
        """Work on a table of this shape."""
        self._tombstones = tombstones
        self._mentions = tombstones.mentions
        self._shape = shape
        self._rules = rules

    def kept(self, columns: Sequence[str], rows: Sequence[Row]) -> list[Row]:
        """Give the rows that may be kept, as far as they may be."""
        sifted = (self.sift(columns, row) for row in rows)
        return [row for row in sifted if row is not None]

    def sift(self, columns: Sequence[str], row: Row) -> Row | None:
        """Give what may be kept of a row, the same object if that is all of it; None: nothing.

        ``columns`` name the row's first values; those behind them stay as they are. Compressed
        texts are given as texts.
        """
        place = {name: index for index, name in enumerate(columns)}
        done = list(row)
        for rule, hashes in self._rules.items():
            if not rule.within and self._meets(rule, hashes, row, place):
                if not rule.blanks:
                    return None
                for name in rule.blanks:
                    index = place.get(self._shape.columns.get(name, ""))
                    if index is not None:
                        done[index] = None
        texts = [str(value) for value in row[: len(columns)] if value is not None]
        if self._mentions.may_be_in("\n".join(texts)):
            for index, column in enumerate(columns):
                value = done[index]
                if column in self._shape.compressed and isinstance(value, str):
                    self._sift_text(column, index, done, len(columns))
                else:
                    done[index] = self._mentions.redact_value(value)
                    if column in self._shape.keys and done[index] is not value:
                        return None
        return row if done == list(row) else done

    def _meets(
        self, rule: Rule, hashes: set[bytes], row: Sequence[SQLValue], place: Mapping[str, int]
    ) -> bool:
        columns = [self._shape.columns.get(name, "") for name in rule.properties]
        if not all(name in place for name in columns):
            return False
        values = [row[place[name]] for name in columns]
        return None not in values and self._tombstones.hashed(values) in hashes

    def _sift_text(self, column: str, index: int, row: Row, width: int) -> None:
        """Redact a compressed text, and what else of the row is its hash."""
        text = str(row[index])
        named = {c: name for name, c in self._shape.columns.items()}[column]
        rules = {r: h for r, h in self._rules.items() if r.within == named}

        def blanks(members: Mapping[str, msgspec.Raw]) -> frozenset[str]:
            found = [r.blanks for r, h in rules.items() if self._found(members, r, h)]
            return frozenset(name for names in found for name in names)

        row[index] = after = self._mentions.redact_json(text, blanks)
        if after is not text:
            told, tells = (hashlib.sha256(t.encode()).hexdigest() for t in (text, after))
            row[:width] = [tells if value == told else value for value in row[:width]]

    def _found(self, members: Mapping[str, msgspec.Raw], rule: Rule, hashes: set[bytes]) -> bool:
        values = [_at(members, path.split(".")) for path in rule.properties]
        return None not in values and self._tombstones.hashed(values) in hashes


def _at(members: Mapping[str, msgspec.Raw], path: Sequence[str]) -> str | None:
    """Give the string or number at a path in an object."""
    raw = members.get(path[0])
    if raw is None:
        return None
    if len(path) > 1:
        if not bytes(raw).lstrip().startswith(b"{"):
            return None
        return _at(msgspec.json.decode(raw, type=dict[str, msgspec.Raw]), path[1:])
    return _plain({"": bytes(raw)}, "")


def _plain(members: Members, name: str) -> str | None:
    try:
        value = msgspec.json.decode(members.get(name, b"null"))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


def load_tombstones(connection: sqlite3.Connection, new_key: bytes = b"") -> Tombstones:
    """Read what was forgotten in a file; ``new_key`` is for one that has no key yet."""
    there = connection.execute(
        "SELECT 1 FROM sqlite_master WHERE name = '_tombstones' AND type = 'table'"
    ).fetchone()
    row = connection.execute("SELECT value FROM _meta WHERE key = ?", (FORGETTING_KEY,)).fetchone()
    tombstones = Tombstones(bytes.fromhex(row[0]) if row else new_key)
    if there and row:
        tombstones.restore(
            (
                (Rule(stream, tuple(json.loads(names)), tuple(json.loads(blanks)), within), hashed)
                for stream, within, names, hashed, blanks in connection.execute(
                    "SELECT stream, within, properties, hash, blanks FROM _tombstones"
                )
            ),
            connection.execute("SELECT hash, opening, words FROM _mentions").fetchall(),
        )
    return tombstones
