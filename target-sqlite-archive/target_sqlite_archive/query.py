"""Reads a person's search query and writes it as FTS5 understands it; any text is a query. Pure.

Words must all be there, in any order; `"a phrase"` as it stands; `refund*` any word that begins so;
`AND`, `OR`, `NOT` (in capitals) and parentheses combine. An operator with nothing to combine is a
word, a quotation mark without its partner quotes the rest, and every other character is text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

# FTS5 gives up on deeper expressions; parentheses past this depth are passed over.
_DEEPEST = 20
_TOKEN = re.compile(r'"([^"]*)(?:"(\*?)|$)|([()])|([^\s()"]+)')
_QUOTATION_MARKS = str.maketrans("“”„«»", '"""""')
_OPERATORS = frozenset({"AND", "OR", "NOT"})
_UNUSABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    phrase: bool = False
    prefix: bool = False

    @property
    def operator(self) -> str | None:
        return self.text if not self.phrase and self.text in _OPERATORS else None

    @property
    def bracket(self) -> str | None:
        return self.text if not self.phrase and self.text in ("(", ")") else None


def fts5_expression(text: str) -> str | None:
    """Give the FTS5 expression of a query; None where the query has no letter or digit."""
    return _Reader(_tokens(text)).whole()


def _tokens(text: str) -> list[_Token]:
    found = []
    depth = passed_over = 0
    plain = _UNUSABLE.sub(" ", text).translate(_QUOTATION_MARKS)
    for phrase, star, bracket, word in _TOKEN.findall(plain):
        if bracket == "(" and depth == _DEEPEST:
            passed_over += 1
        elif bracket == ")" and passed_over:
            passed_over -= 1
        elif bracket:
            depth = max(0, depth + (1 if bracket == "(" else -1))
            found.append(_Token(bracket))
        elif word:
            prefix = len(word) > 1 and word.endswith("*")
            found.append(_Token(word.removesuffix("*") if prefix else word, prefix=prefix))
        else:
            found.append(_Token(phrase, phrase=True, prefix=bool(star)))
    return found


def _searchable(text: str) -> bool:
    """Whether FTS5's tokenizer finds a word in it: a letter, a digit, or private use."""
    return any(
        unicodedata.category(letter)[0] in "LN" or unicodedata.category(letter) == "Co"
        for letter in text
    )


class _Reader:
    """Recursive descent: OR binds weakest, then AND (written or not), then NOT."""

    def __init__(self, tokens: Sequence[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def whole(self) -> str | None:
        parts = []
        while self._at < len(self._tokens):
            parts.append(self._any())
            self._at += self._next_is_bracket(")")
        return _joined(parts, "AND")

    def _any(self) -> str | None:
        parts = [self._all()]
        while self._takes("OR"):
            parts.append(self._all())
        return _joined(parts, "OR")

    def _all(self) -> str | None:
        parts = [self._without()]
        while self._takes("AND") or self._starts_operand():
            parts.append(self._without())
        return _joined(parts, "AND")

    def _without(self) -> str | None:
        wanted = self._operand()
        unwanted = []
        while self._takes("NOT"):
            unwanted.append(self._operand())
        without = _joined(unwanted, "OR")
        if wanted is None or without is None:
            return wanted
        return f"({wanted} NOT {without})"

    def _operand(self) -> str | None:
        if not self._more() or self._next_is_bracket(")"):
            return None
        token = self._tokens[self._at]
        self._at += 1
        if token.bracket:
            found = self._any()
            self._at += self._next_is_bracket(")")
            return found
        if not _searchable(token.text):
            return None
        return f'"{token.text}"{" *" if token.prefix else ""}'

    def _more(self) -> bool:
        return self._at < len(self._tokens)

    def _next_is_bracket(self, bracket: str) -> bool:
        return self._more() and self._tokens[self._at].bracket == bracket

    def _comes(self, operator: str) -> bool:
        """Whether this operator comes next and has something to its right to work on."""
        if not self._more() or self._tokens[self._at].operator != operator:
            return False
        right = self._tokens[self._at + 1 : self._at + 2]
        return bool(right) and right[0].bracket != ")"

    def _takes(self, operator: str) -> bool:
        comes = self._comes(operator)
        self._at += comes
        return comes

    def _starts_operand(self) -> bool:
        if not self._more() or self._next_is_bracket(")"):
            return False
        return not any(self._comes(operator) for operator in _OPERATORS)


def _joined(parts: Sequence[str | None], operator: str) -> str | None:
    # What is said twice FTS5 would look for twice.
    there = list(dict.fromkeys(part for part in parts if part is not None))
    if len(there) < 2:
        return there[0] if there else None
    return f"({f' {operator} '.join(there)})"
