"""Finds forgotten values in texts by keyed hashes of their words, and takes them out. Pure.

A value is known only as how many words it has, and as two hashes: of its first word, so that other
words are passed over quickly, and of all of them. Words are compared without case and without what
stands between them. Which rows are dropped as a whole is left to ``tombstones.py``.
"""

from __future__ import annotations

import hmac
import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from urllib.parse import unquote

import msgspec

from target_sqlite_archive.jsontext import repaired
from target_sqlite_archive.shaping import SQLValue

FORGOTTEN = "[forgotten]"
"""What stands in the place of a forgotten value."""

Members = Mapping[str, msgspec.Raw]
Blanks = Callable[[Members], frozenset[str]]
"""Tells which members of a JSON object are emptied."""

# Character references and percent signs of URLs are between words; group 1 is a word.
_WORD = re.compile(r"&#?\w+;|%[0-9a-fA-F]{2}|([\w\u0300-\u036f]+)")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_SPACES = frozenset("bfnrt")
_MOST_REMEMBERED = 200_000
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_list = msgspec.json.Decoder(list[msgspec.Raw])
_string = msgspec.json.Decoder(str)
_encode = msgspec.json.Encoder().encode


def words_of(text: str) -> list[str]:
    """Give the words of a value in the form in which they are compared."""
    return [_normal(word) for word in _WORD.findall(text) if word]


def keyed_hash(key: bytes, purpose: str, text: str) -> bytes:
    """Give the hash that stands for a text; without the key nobody can try texts against it."""
    return hmac.digest(key, f"{purpose}\0{text}".encode("utf-8", "surrogatepass"), "sha256")


def nothing_blank(members: Members) -> frozenset[str]:
    """Tell that no member is emptied."""
    return frozenset()


class Mentions:
    """The values that no text may hold; `known` are their hashes with how many words they have."""

    def __init__(self, key: bytes, known: Mapping[bytes, int], openings: Iterable[bytes]) -> None:
        """Look for these values."""
        self._key = key
        self._known = known
        self._openings = frozenset(openings)
        self._counts = sorted(set(known.values()), reverse=True)
        self._remembered: dict[str, bool] = {}

    def __bool__(self) -> bool:
        """Whether there is any value to look for."""
        return bool(self._known)

    def may_be_in(self, text: str) -> bool:
        """Whether a text, or several with JSON's escapes in them, may hold a value; quickly."""
        if not self._known:
            return False
        forms = [text]
        if "\\" in text:
            forms.append(_ESCAPE.sub(_unescaped, text))
        if "&" in text or "%" in text:
            forms.append(_plain(forms[-1]))
        return any(map(self._opens_any, forms))

    def are_in(self, text: str) -> bool:
        """Whether a text holds a value."""
        return bool(self._known) and self.redact(text) is not text

    def redact(self, text: str) -> str:
        """Give a text without the values; the same object where it holds none.

        A text that holds one only after it was read as HTML or as a URL is given up whole.
        """
        done = text
        for start, end in reversed(self._spans(text) if self._opens_any(text) else []):
            done = done[:start] + FORGOTTEN + done[end:]
        if "&" in done or "%" in done:
            plain = _plain(done)
            if plain != done and self._opens_any(plain) and self._spans(plain):
                return FORGOTTEN
        return done

    def redact_value(self, value: SQLValue) -> SQLValue:
        """Give what a column may keep of a value: nested JSON with its form, no forgotten number.

        The same object where nothing is forgotten.
        """
        if isinstance(value, str):
            return self.redact_json(value) if value[:1] in ("{", "[") else self.redact(value)
        if isinstance(value, int) and self.are_in(str(value)):
            return None
        return value

    def redact_json(self, text: str, blanks: Blanks = nothing_blank) -> str:
        """Give a JSON text without the values, the same object where it holds none.

        What is no JSON is taken as a text, and given up whole if that leaves a value in it.
        """
        if not self.may_be_in(text):
            return text
        raw = text.encode("utf-8", errors="replace")
        for form in (raw, repaired(raw)):
            try:
                done = self._rewritten(form, blanks)
            except (msgspec.MsgspecError, RecursionError):
                continue
            return text if done is form else done.decode()
        loose = self.redact(text)
        return FORGOTTEN if self.are_in(_ESCAPE.sub(_unescaped, loose)) else loose

    def _rewritten(self, raw: bytes, blanks: Blanks) -> bytes:
        """Give a JSON value anew; the same object where nothing in it changes."""
        first = raw.lstrip()[:1]
        if first == b'"':
            text = _string.decode(raw)
            done = self.redact(text)
            return raw if done is text else _encode(done)
        if first == b"{":
            return self._object_rewritten(raw, blanks)
        if first == b"[":
            items = [bytes(item) for item in _list.decode(raw)]
            after = [self._rewritten(item, blanks) for item in items]
            changed = any(a is not b for a, b in zip(after, items, strict=True))
            return b"[" + b",".join(after) + b"]" if changed else raw
        return b"null" if self.are_in(raw.decode()) else raw

    def _object_rewritten(self, raw: bytes, blanks: Blanks) -> bytes:
        members = _object.decode(raw)
        blank = blanks(members)
        parts, changed = [], False
        for name, value in members.items():
            before = bytes(value)
            after = b"null" if name in blank else self._rewritten(before, blanks)
            called = self.redact(name)
            changed = changed or called is not name or (after is not before and after != before)
            parts.append(_encode(called) + b":" + after)
        return b"{" + b",".join(parts) + b"}" if changed else raw

    def _opens_any(self, text: str) -> bool:
        return any(map(self._opens, set(_WORD.findall(text))))

    def _opens(self, word: str) -> bool:
        """Whether a value begins with this word."""
        known = self._remembered.get(word)
        if known is None:
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            known = keyed_hash(self._key, "opening", _normal(word)) in self._openings
            self._remembered[word] = known
        return known

    def _spans(self, text: str) -> list[tuple[int, int]]:
        """Give where values begin and end."""
        found = [match for match in _WORD.finditer(text) if match[1]]
        spans, at = [], 0
        while at < len(found):
            count = self._count(text, found[at : at + self._counts[0]])
            if count:
                spans.append((found[at].start(), found[at + count - 1].end()))
            at += count or 1
        return spans

    def _count(self, text: str, found: Sequence[re.Match[str]]) -> int:
        """Give how many of these words are a value together, from the first on."""
        if not self._opens(found[0][1]):
            return 0
        words = [_normal(match[1]) for match in found]
        for count in self._counts:
            if count <= len(words) and self._is_known(words[:count]):
                start, end = found[0].start(), found[count - 1].end()
                return 0 if _is_longer_address(text, start, end) else count
        return 0

    def _is_known(self, words: Sequence[str]) -> bool:
        return self._known.get(keyed_hash(self._key, "value", " ".join(words))) == len(words)


def _normal(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold()


def _plain(text: str) -> str:
    return unquote(html.unescape(text))


def _unescaped(escape: re.Match[str]) -> str:
    if escape[1]:
        return chr(int(escape[1], 16))
    return " " if escape[2] in _SPACES else escape[2]


def _is_longer_address(text: str, start: int, end: int) -> bool:
    """Whether an e-mail address is part of a longer one, which is somebody else's."""
    if "@" not in text[start:end]:
        return False
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    return bool(re.fullmatch(r"\w[.+\-']", before) or re.fullmatch(r"[.\-]\w", after))
