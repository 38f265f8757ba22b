"""Exact slices without re-serialising, and ids that only a signature does not change."""

from __future__ import annotations

import hashlib
import json
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tap_intercom_archive.payload import (
    Payload,
    elements,
    members,
    parse,
    parse_any,
    strip_signatures,
)
from tests.tap.strategies import BLANKS, SPELLED, spelled_text

SIGNED = (
    b'{"url": "https://files.example.com/a/b.png?expires=1700000000&signature=0a1b2c&req=ff&uid=7"}'
)
WORDS = b'"https://files.example.com/f?signature=%s%s"'


def payload(body: bytes, stream: str = "tags", record_id: str = "1") -> Payload:
    return Payload(stream, record_id, body, "2024-01-01T00:00:00Z", "2.16", "GET /x")


@given(st.lists(st.tuples(spelled_text(), SPELLED), max_size=5), BLANKS)
@example([('"a"', '"\\ud83d"'), ('"a"', "1.10")], " ")
def test_members_are_the_exact_bytes_and_the_last_twin_wins(
    pairs: list[tuple[str, str]], blank: str
) -> None:
    inner = f"{blank},{blank}".join(f"{key}{blank}:{blank}{value}" for key, value in pairs)
    body = f"{blank}{{{blank}{inner}{blank}}}{blank}".encode()
    expected = {json.loads(key): value.encode() for key, value in pairs}
    assert members(body) == expected


@given(st.lists(SPELLED, max_size=5), BLANKS)
def test_elements_are_the_exact_bytes_in_order(values: list[str], blank: str) -> None:
    body = f"{blank}[{blank}{f'{blank},{blank}'.join(values)}{blank}]{blank}".encode()
    assert elements(body) == [value.encode() for value in values]


@pytest.mark.parametrize("depth", [100, 500])
def test_deeply_nested_values_are_cut_exactly(depth: int) -> None:
    deep = b'{"a":' * depth + b"[]" + b"}" * depth
    assert members(b'{"x" : ' + deep + b"}") == {"x": deep}
    assert elements(b"[ " + deep + b" , 1]") == [deep, b"1"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"[]",
        b"null",
        b'"a"',
        b"{",
        b'{"a"',
        b'{"a":',
        b'{"a":1',
        b'{"a":1,',
        b'{"a":1,}',
        b'{"a" 1}',
        b"{a:1}",
        b'{"a":1} garbage',
        b"{} {}",
        b'{"a":1}{"a":1}',
        b'{"a":"\\ud83d"} x',
        b"<html>",
        b'{"a":"\xff\\ud83d"}',
        b'{"a":' * 100_000,
    ],
)
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        members(body)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[", b"[1", b"[1,", b"[1,]", b"[1] x", b"[] []", b'["\\ud83d"] x', b"nul"]
)
def test_what_is_no_list_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        elements(body)


@given(st.binary(max_size=60))
def test_any_bytes_are_cut_or_refused(body: bytes) -> None:
    for cut in (members, elements, parse, parse_any):
        try:
            cut(body)
        except ValueError:
            continue


@given(SPELLED)
def test_anything_parsed_can_be_written_as_utf_8(value: str) -> None:
    parsed = parse(f'{{"x": {value}}}'.encode())
    json.dumps(parsed, ensure_ascii=False).encode("utf-8")


def test_lone_surrogate_becomes_a_replacement_character_and_a_pair_stays() -> None:
    assert parse(b'{"\\ud83d": ["\\ud83d\\ude00", "a\\ude00b"]}') == {"�": ["😀", "a�b"]}


def test_id_is_the_hash_over_stream_id_and_content_without_signatures() -> None:
    body = b'{"id":"1"}'
    assert payload(body).id == hashlib.sha256(b"tags\x001\x00" + body).hexdigest()
    assert payload(body).sha256 == hashlib.sha256(body).hexdigest()
    assert len({payload(body, "tags", "1").id, payload(body, "tag", "s1").id}) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("?expires=1&signature=aa&req=b&uid=7", "?expires=2&signature=bb&req=c&uid=7"),
        ("?uid=7&amp;expires=1&amp;signature=aa", "?uid=7&amp;expires=2&amp;signature=bb"),
        ("?uid=7\\u0026expires=1\\u0026signature=aa", "?uid=7\\u0026expires=9\\u0026signature=b"),
        ("?X-Amz-Date=1&X-Amz-Signature=a&k=1", "?X-Amz-Date=2&X-Amz-Signature=b&k=1"),
        ("?Expires=1&Signature=a~b-_&Key-Pair-Id=K", "?Expires=2&Signature=c__&Key-Pair-Id=L"),
        ("?signature=a\\/b%2F==&k=1", "?signature=c&k=1"),
        ("?signature=a#page=2", "?signature=b#page=2"),
    ],
)
def test_only_the_signature_differs_so_the_id_is_the_same(one: str, other: str) -> None:
    for slashes in ("https://files.example.com/f", "https:\\/\\/files.example.com\\/f"):
        bodies = [f'{{"id":"1","url":"{slashes}{query}"}}'.encode() for query in (one, other)]
        assert bodies[0] != bodies[1]
        assert payload(bodies[0]).id == payload(bodies[1]).id
        assert payload(bodies[0]).sha256 != payload(bodies[1]).sha256


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://files.example.com/f?signature=a#page=1", "https://files.example.com/f?signature=a#page=2"),
        ("https://files.example.com/f?signature=a&uid=1", "https://files.example.com/f?signature=a&uid=2"),
        ("https://files.example.com/f?signature=a", "https://files.example.com/g?signature=a"),
        ("https://files.example.com/f?signature=a、はい", "https://files.example.com/f?signature=a、いいえ"),
        ("https://files.example.com/f?signature=a,yes", "https://files.example.com/f?signature=a,no"),
        ("https://files.example.com/?signature=a yes", "https://files.example.com/?signature=a no"),
        ("https://example.com/f?signature=a\\nyes", "https://example.com/f?signature=a\\nno"),
        ("https://files.example.com/f?expires=1", "https://files.example.com/f?expires=2"),
        ("is it so?signature=mine", "is it so?signature=yours"),
        ("my signature=Sam", "my signature=Mas"),
        ("a?expires=1 https://example.com/?signature=a", "a?expires=2 https://example.com/?signature=a"),
    ],
)  # fmt: skip
def test_words_that_are_no_signature_make_another_version(one: str, other: str) -> None:
    assert (
        payload(f'{{"body":"{one}"}}'.encode()).id != payload(f'{{"body":"{other}"}}'.encode()).id
    )


PIECES = (
    *rb'https:// x ? & &amp; \u0026 signature= expires= 1 # a=b ; , " \/ \n < ='.split(),
    b" ",
    "é".encode(),
)


@given(
    st.lists(
        st.sampled_from(PIECES),
        max_size=25,
    ).map(b"".join)
)
@example(b"https://x?&&signature=1&x;signature=2&&expires=3")
def test_stripping_twice_is_stripping_once(text: bytes) -> None:
    once = strip_signatures(text)
    assert strip_signatures(once) == once


@given(st.lists(st.sampled_from((*PIECES, b'"')), max_size=40).map(b"".join))
@example(b'ignature="')
@example(b'"http://x?signature=1"http://x?signature=2')
def test_texts_between_quotation_marks_are_looked_at_apart(body: bytes) -> None:
    texts = body.split(b'"')
    assert strip_signatures(body) == b'"'.join(map(strip_signatures, texts))


@given(st.text(max_size=80))
def test_text_without_a_signed_address_is_left_alone(text: str) -> None:
    body = json.dumps(text, ensure_ascii=False).encode(errors="replace")
    if b"http" not in body:
        assert strip_signatures(body) == body


@given(st.text("0123456789abcdef", max_size=20), st.text("0123456789abcdef", max_size=20))
def test_all_around_a_signature_stays(one: str, other: str) -> None:
    bodies = [SIGNED.replace(b"0a1b2c", value.encode()) for value in (one, other)]
    assert strip_signatures(bodies[0]) == strip_signatures(bodies[1])
    assert strip_signatures(bodies[0]) == b'{"url": "https://files.example.com/a/b.png?uid=7"}'


@pytest.mark.parametrize("piece", [b"http://", b"http://x?signature=", b"?", b"&signature=", b"a"])
def test_hostile_text_takes_no_quadratic_time(piece: bytes) -> None:
    began = time.process_time()
    strip_signatures(b'"' + piece * 50_000 + b' signature="')
    assert time.process_time() - began < 2


def test_bytes_that_are_not_utf_8_show_as_replacement_characters() -> None:
    assert payload(b"a\xffb").text == "a�b"
    with pytest.raises(ValueError, match="JSON"):
        _ = payload(b'{"a":"\xff"}').document
