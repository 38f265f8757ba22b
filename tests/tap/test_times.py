"""Times of every kind become epoch seconds, and epoch seconds ISO 8601 with `Z`."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tap_intercom_archive.times import epoch, iso
from tests.tap.strategies import VALUES


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1_700_000_000, 1_700_000_000),
        (1_700_000_000_000, 1_700_000_000),
        (1_700_000_000_123, 1_700_000_000.123),
        ("1700000000", 1_700_000_000),
        (" 1700000000 ", 1_700_000_000),
        ("2023-11-14T22:13:20Z", 1_700_000_000),
        ("2023-11-14T22:13:20+00:00", 1_700_000_000),
        ("2023-11-15T00:13:20+02:00", 1_700_000_000),
        ("2023-11-14 22:13:20", 1_700_000_000),
        ("2023-11-14 22:13:20 UTC", 1_700_000_000),
        (-86_400, -86_400),
        (0, 0),
        (None, None),
        (True, None),
        ("", None),
        ("yesterday", None),
        ([], None),
        ({}, None),
        (float("nan"), None),
        (float("inf"), None),
        (-float("inf"), None),
        (10**400, None),
        (-(10**400), None),
        (10**15, None),
        ("9" * 400, None),
        ("9" * 5000, None),
    ],
)
def test_a_time_is_read_or_is_none(value: object, expected: float | None) -> None:
    assert epoch(value) == expected


@given(VALUES)
@example("0001-01-01T00:00:00+14:00")
@example("9999-12-31T23:59:59-14:00")
@example(99_999_999_999)
def test_what_reads_as_a_time_can_always_be_written(value: object) -> None:
    seconds = epoch(value)
    if seconds is not None:
        text = iso(seconds)
        assert text.endswith("Z")
        assert epoch(text) == pytest.approx(seconds, abs=0.001)


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)))
def test_written_times_are_read_back(moment: datetime) -> None:
    whole = moment.replace(microsecond=0, tzinfo=timezone.utc)
    seconds = epoch(whole.isoformat())
    assert seconds is not None
    assert iso(seconds) == whole.strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20)


def test_fractions_are_written_only_where_there_are_any() -> None:
    assert iso(1.5) == "1970-01-01T00:00:01.500000Z"
    assert iso(1.0) == "1970-01-01T00:00:01Z"
    assert iso(-62_135_596_800) == "0001-01-01T00:00:00Z"
    assert iso(-0.5) == "1969-12-31T23:59:59.500000Z"
    with pytest.raises(OverflowError):
        iso(253_402_300_800)


@given(st.integers(-62_135_596_800, 253_402_300_799))
@example(-62_135_596_800)
@example(-1)
@example(253_402_300_799)
def test_whole_seconds_are_written_as_the_standard_library_does(seconds: int) -> None:
    moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=seconds)
    assert iso(seconds) == iso(float(seconds)) == moment.isoformat().replace("+00:00", "Z")
