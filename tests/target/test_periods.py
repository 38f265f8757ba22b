"""Times as people write them."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_sqlite_archive.periods import Period, read_period


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026", "2026-01-01T00:00:00", "2027-01-01T00:00:00"),
        ("2026-02", "2026-02-01T00:00:00", "2026-03-01T00:00:00"),
        ("2026-12", "2026-12-01T00:00:00", "2027-01-01T00:00:00"),
        ("2026-2-3", "2026-02-03T00:00:00", "2026-02-04T00:00:00"),
        ("2024-02-29", "2024-02-29T00:00:00", "2024-03-01T00:00:00"),
        ("2026-02-03T04", "2026-02-03T04:00:00", "2026-02-03T05:00:00"),
        ("2026-02-03 04:05", "2026-02-03T04:05:00", "2026-02-03T04:06:00"),
        ("2026-02-03T04:05:06Z", "2026-02-03T04:05:06", "2026-02-03T04:05:07"),
        ("2026-02-03T04:05:06.789", "2026-02-03T04:05:06", "2026-02-03T04:05:07"),
        ("2026-02-03T04:05+13:00", "2026-02-02T15:05:00", "2026-02-02T15:06:00"),
        ("2026-02-03T04:05-0330", "2026-02-03T07:35:00", "2026-02-03T07:36:00"),
    ],
)
def test_a_time_is_a_span(text: str, start: str, end: str) -> None:
    assert read_period(text) == Period(start, end)


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026-13", "2026-02-30", "26", "9999", "2026-02-03T25", "2026-02-03T04:05+99:00"],
)
def test_what_is_no_time_says_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="write 2026, 2026-03"):
        read_period(text)


@given(st.datetimes(datetime(1, 1, 2), datetime(9998, 12, 31)))
def test_every_moment_is_in_its_own_second(moment: datetime) -> None:
    written = moment.replace(tzinfo=timezone.utc).isoformat()
    period = read_period(written)
    assert period.start <= written < period.end


@given(st.text())
def test_any_other_text_is_a_value_error(text: str) -> None:
    try:
        period = read_period(text)
    except ValueError:
        return
    assert period.start < period.end
