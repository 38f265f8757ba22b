"""JSON as hostile as JSON may be: odd spacing, escapes, surrogates, huge numbers, twin keys.

Knows nothing of the tap.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

BLANKS = st.text(" \t\n\r", max_size=3)
NUMBERS = st.sampled_from(["0", "-0", "1.10", "1e5", "1E-7", "-12.50", str(2**70), "1e999"])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=10**18, max_value=10**40),
    st.floats(),
    st.text(max_size=12),
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=12,
)


@st.composite
def spelled_text(draw: st.DrawFn) -> str:
    """Give a JSON string literal: slashes, escapes, lone surrogates."""
    pieces = st.sampled_from(
        [
            "a",
            "é",
            "\\u00e9",
            "\\/",
            "/",
            "\\n",
            '\\"',
            "\\ud83d",
            "\\ud83d\\ude00",
            "😀",
            "א",
            "{",
            "]",
        ]
    )
    return '"' + "".join(draw(st.lists(pieces, max_size=6))) + '"'


def _spelled_list(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(
        lambda items, blank: "[" + blank + f"{blank},".join(items) + blank + "]",
        st.lists(inner, max_size=3),
        BLANKS,
    )


def _spelled_dict(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(
        lambda items, blank: (
            "{" + blank + ",".join(f"{key}{blank}:{blank}{value}" for key, value in items) + "}"
        ),
        st.lists(st.tuples(spelled_text(), inner), max_size=3),
        BLANKS,
    )


SPELLED: st.SearchStrategy[str] = st.recursive(
    st.one_of(
        spelled_text(),
        NUMBERS,
        st.sampled_from(["null", "true", "false"]),
        st.integers().map(str),
        st.text(max_size=8).map(json.dumps),
    ),
    lambda inner: _spelled_list(inner) | _spelled_dict(inner),
    max_leaves=8,
)
