"""The central noun: one provider object's exact bytes, with where and when they were read.

Everything upstream makes payloads, everything downstream is a pure function of them. Exact
slices of a page are cut here, without re-serialising. What the fields mean is left to
`normalize`.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import msgspec

Document = dict[str, Any]

# Parameters that change with every fetch of an unchanged file, by the signing scheme that
# sets them: Intercom's own downloads, AWS, CloudFront, Google.
_EXPIRING_NAMES = (
    rb"(?:expires|signature|req|x-amz-[a-z-]+|x-goog-[a-z-]+"
    rb"|policy|key-pair-id|awsaccesskeyid|googleaccessid)"
)
# Inside JSON text `/` may be `\/`, and `&` may be `&amp;` or `\u0026`.
_SEPARATOR = rb"(?:&amp;|\\u0026amp;|\\u0026|&)"
_ADDRESS = re.compile(rb"https?:(?:\\?/){2}", re.IGNORECASE)
_SIGNED = re.compile(rb"(?:^|" + _SEPARATOR + rb")(?:x-amz-|x-goog-)?signature=", re.IGNORECASE)
# A value ends where no URL goes on, so that words written right behind an address stay.
_EXPIRING = re.compile(
    rb"(?:^|" + _SEPARATOR + rb")" + _EXPIRING_NAMES + rb"=(?:[\w.~%+/=:;*@$-]|\\/)*", re.IGNORECASE
)
_LEADING_SEPARATORS = re.compile(rb"\A" + _SEPARATOR + rb"+")
_BETWEEN_WORDS = re.compile(rb"([\s<>'()]+|\\(?!/|u0026))")


def strip_signatures(body: bytes) -> bytes:
    """Give `body` without the expiring parameters of signed URLs.

    Only URLs that carry a signature are touched, and only the parameters that change with
    every fetch are taken out, so that two versions compare equal exactly where nothing but a
    signature changed.
    """
    pieces: list[bytes] = []
    done = 0
    while (found := body.find(b"ignature=", done)) >= 0:
        # The text between two quotation marks that it stands in.
        begin = body.rfind(b'"', done, found) + 1 or done
        end = body.find(b'"', found)
        end = len(body) if end < 0 else end
        # Cut into words: one pattern for whole URLs needs quadratic time for hostile text.
        words = map(_without_signature, _BETWEEN_WORDS.split(body[begin:end]))
        pieces += body[done:begin], *words
        done = end
    return b"".join([*pieces, body[done:]]) if pieces else body


def _without_signature(word: bytes) -> bytes:
    if b"?" not in word:
        return word
    address, _, rest = word.partition(b"?")
    query, number_sign, fragment = rest.partition(b"#")
    if not _SIGNED.search(query) or not _ADDRESS.search(address):
        return word
    kept = _LEADING_SEPARATORS.sub(b"", _EXPIRING.sub(b"", query))
    return address + (b"?" + kept if kept else b"") + number_sign + fragment


@dataclass(frozen=True)
class Payload:
    """One provider object's exact bytes.

    `stream` and `record_id` name the object, `fetched_at` is ISO 8601 UTC by the server's
    clock, `request` is method and path, `content_type` the media type of the answer, `parsed`
    what `body` holds and `known_id` its id, where that is known already.
    """

    stream: str
    record_id: str
    body: bytes
    fetched_at: str
    api_version: str
    request: str
    content_type: str = "application/json"
    parsed: Document | None = field(default=None, repr=False, compare=False)
    known_id: str | None = None

    @cached_property
    def id(self) -> str:
        """The same for the same content: signatures in URLs do not count."""
        if self.known_id is not None:
            return self.known_id
        digest = hashlib.sha256(self.stream.encode())
        digest.update(b"\0" + self.record_id.encode() + b"\0" + strip_signatures(self.body))
        return digest.hexdigest()

    @cached_property
    def sha256(self) -> str:
        """Hex digest of the exact bytes."""
        return hashlib.sha256(self.body).hexdigest()

    @cached_property
    def text(self) -> str:
        """The exact text. JSON is UTF-8; a byte that is not shows as U+FFFD."""
        return self.body.decode("utf-8", "replace")

    @cached_property
    def document(self) -> Document:
        """The parsed object; raises ValueError where the text is not a JSON object."""
        return parse(self.body) if self.parsed is None else self.parsed


def parse(body: bytes) -> Document:
    """Parse one JSON object, as `parse_any` does.

    Raises ValueError where `body` is not a JSON object.
    """
    document = parse_any(body)
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")
    return document


def parse_as(body: bytes, bare: str | None) -> Document:
    """Parse one object; a value that is none becomes one with the member `bare`.

    Raises ValueError where `body` is not JSON, or no JSON object although `bare` is None.
    """
    return parse(body) if bare is None else {bare: parse_any(body)}


def parse_any(body: bytes) -> Any:
    """Parse any JSON value; a lone surrogate becomes U+FFFD, so that it can be written.

    Raises ValueError where `body` is not JSON.
    """
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _writable(_loads(body))


def _loads(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (RecursionError, UnicodeDecodeError) as error:
        raise ValueError("not readable as JSON") from error


def _writable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_writable(item) for item in value]
    if isinstance(value, dict):
        return {_writable(key): _writable(item) for key, item in value.items()}
    return value


def members(body: bytes) -> dict[str, bytes]:
    """Cut a JSON object into its members' exact bytes.

    Raises ValueError where `body` is not a JSON object.
    """
    try:
        raw = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _scan_members(_text(body))
    return {name: bytes(value) for name, value in raw.items()}


def elements(body: bytes) -> list[bytes]:
    """Cut a JSON array into its elements' exact bytes.

    Raises ValueError where `body` is not a JSON array.
    """
    try:
        raw = msgspec.json.decode(body, type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _scan_elements(_text(body))
    return [bytes(value) for value in raw]


# The slow way: msgspec refuses lone surrogates and deep nesting, the standard library does not.
_DECODER = json.JSONDecoder()
_BLANK = re.compile(r"[ \t\n\r]*")


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError("not UTF-8") from error


def _skip(text: str, index: int) -> int:
    match = _BLANK.match(text, index)
    return match.end() if match else index


def _value(text: str, index: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, index)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _expect(text: str, index: int, characters: str) -> str:
    found = text[index : index + 1]
    if not found or found not in characters:
        raise ValueError("not the JSON that was expected")
    return found


def _expect_end(text: str, index: int) -> None:
    if _skip(text, index) != len(text):
        raise ValueError("more than one JSON value")


def _scan_members(text: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    index = _skip(text, 0)
    _expect(text, index, "{")
    index = _skip(text, index + 1)
    if text[index : index + 1] == "}":
        _expect_end(text, index + 1)
        return found
    while True:
        _expect(text, index, '"')
        name, index = _value(text, index)
        index = _skip(text, index)
        _expect(text, index, ":")
        start = _skip(text, index + 1)
        _, end = _value(text, start)
        found[name] = text[start:end].encode("utf-8")
        index = _skip(text, end)
        if _expect(text, index, ",}") == "}":
            _expect_end(text, index + 1)
            return found
        index = _skip(text, index + 1)


def _scan_elements(text: str) -> list[bytes]:
    found: list[bytes] = []
    index = _skip(text, 0)
    _expect(text, index, "[")
    index = _skip(text, index + 1)
    if text[index : index + 1] == "]":
        _expect_end(text, index + 1)
        return found
    while True:
        _, end = _value(text, index)
        found.append(text[index:end].encode("utf-8"))
        index = _skip(text, end)
        if _expect(text, index, ",]") == "]":
            _expect_end(text, index + 1)
            return found
        index = _skip(text, index + 1)
