"""An allowance that many share: a burst, then a steady pace."""

import pytest

from bot.core.pacing import Allowance


def test_a_burst_is_free_and_then_there_is_a_pace() -> None:
    """Three at once, the fourth a quarter of a minute later."""
    allowance = Allowance(3, 15.0)
    for _ in range(3):
        assert allowance.delay(100.0) == 0.0
        allowance.take(100.0)
    assert allowance.delay(100.0) == pytest.approx(15)
    assert allowance.delay(110.0) == pytest.approx(5)
    assert allowance.delay(115.1) == 0.0


def test_what_is_taken_in_advance_is_waited_for() -> None:
    """Two too many cost the next one two turns more."""
    allowance = Allowance(1, 10.0)
    for _ in range(3):
        allowance.take(0.0)
    assert allowance.delay(0.0) == pytest.approx(30)


def test_a_long_rest_gives_no_more_than_a_burst() -> None:
    """An hour of silence is no hour of noise."""
    allowance = Allowance(2, 10.0)
    allowance.take(0.0)
    for _ in range(2):
        assert allowance.delay(3600.0) == 0.0
        allowance.take(3600.0)
    assert allowance.delay(3600.0) == pytest.approx(10)


def test_an_hour_holds_no_more_than_its_share() -> None:
    """Who takes whenever he may."""
    allowance, now, taken = Allowance(20, 15.0), 0.0, 0
    while now < 3600.0:
        allowance.take(now)
        taken += 1
        now += max(1.0, allowance.delay(now))
    assert taken <= 20 + 3600 / 15 + 1
