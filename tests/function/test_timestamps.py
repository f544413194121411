"""`timestamps`: both forms are RFC 3339 in UTC, and tell the time that was meant."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_tokens.timestamps import in_whole_seconds, with_fraction

TIMES = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001  # given a zone here


@pytest.mark.parametrize(
    ("microseconds", "fraction", "whole"),
    [
        (0, "2026-10-05T09:30:00Z", "2026-10-05T09:30:00Z"),
        (5, "2026-10-05T09:30:00.000005Z", "2026-10-05T09:30:00Z"),
        (250_000, "2026-10-05T09:30:00.250000Z", "2026-10-05T09:30:00Z"),
        (999_999, "2026-10-05T09:30:00.999999Z", "2026-10-05T09:30:00Z"),
    ],
)
def test_a_fraction_is_written_or_cut_off(microseconds: int, fraction: str, whole: str) -> None:
    time = datetime(2026, 10, 5, 9, 30, tzinfo=UTC) + timedelta(microseconds=microseconds)
    assert (with_fraction(time), in_whole_seconds(time)) == (fraction, whole)


@given(TIMES)
def test_what_is_written_is_the_time_that_was_meant(time: datetime) -> None:
    assert datetime.fromisoformat(with_fraction(time)) == time
    assert datetime.fromisoformat(in_whole_seconds(time)) == time.replace(microsecond=0)
