"""Limits: what counts against which cap, and what people are told."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.limits import Cap, Limits, Refusal, Used, covered_seconds, late, refusal, under
from tests.samples import BEGAN

RUN = Cap("run", "r", "", Limits(turns=100, usd=1.0))
AGENT = Cap("agent", "developer", "implementation/T1", Limits(turns=3, tokens=100, usd=0.5))


@pytest.mark.parametrize(
    ("unit", "top", "is_under"),
    [
        ("design", "", True),
        ("implementation/T1", "implementation/T1", True),
        ("implementation/T1/0.1-helper", "implementation/T1", True),
        ("implementation/T1~2/3.1-helper", "implementation/T1", True),
        ("implementation/T10", "implementation/T1", False),
        ("implementation", "implementation/T1", False),
        ("review~2", "review", True),
        ("reviewing", "review", False),
    ],
)
def test_what_is_under_what(unit: str, top: str, is_under: bool) -> None:
    """A unit draws on itself and on what is above it, whichever start of it this is."""
    assert under(unit, top) == is_under


def test_the_outermost_cap_is_named_first() -> None:
    """More for the agent would not help while the run has nothing left."""
    used = {"implementation/T1": Used(1, 10, 0.95)}
    refused = refusal([RUN, AGENT], used, "implementation/T1", Used(1, 10, 0.1))
    assert refused == Refusal(RUN, "usd")
    assert refusal([AGENT], {}, AGENT.unit, Used(1, 101, 0.1)) == Refusal(AGENT, "tokens")
    assert refusal([AGENT], {AGENT.unit: Used(3)}, AGENT.unit, Used(1)) == Refusal(AGENT, "turns")
    assert refusal([RUN], {}, "design", Used(1, 0, float("nan"))) == Refusal(RUN, "usd")
    assert refusal([Cap("run", "r", "", Limits())], {}, "design", Used(1, 0, float("inf"))) is not None


def test_a_cap_of_somebody_else_is_a_mistake() -> None:
    """Nobody may be stopped, or let through, by a cap that is not his."""
    with pytest.raises(ValueError, match="not under"):
        refusal([AGENT], {}, "design", Used(1))


def test_time_is_over_when_its_moment_has_come() -> None:
    """By the clock of the process."""
    cap = Cap("phase", "design", "design", Limits(seconds=5), until=100.0)
    assert late([RUN, cap], 99.9) is None
    assert late([RUN, cap], 100.0) == Refusal(cap, "seconds")


def test_a_higher_budget_is_named_only_where_there_is_one() -> None:
    """Twice as much, up to what a command may name."""
    assert Refusal(RUN, "usd").more_usd == 2.0
    assert Refusal(Cap("run", "r", "", Limits(usd=80)), "usd").more_usd == 100.0
    most = Refusal(Cap("run", "r", "", Limits(usd=100)), "usd")
    assert (most.more_usd, most.hint) == (None, "Ask for less at once: there is no higher one.")
    assert Refusal(RUN, "turns").more_usd is None
    assert "DEVFLOW_AGENT_TOKENS" in Refusal(AGENT, "tokens").hint


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=8))
def test_time_that_is_shared_counts_once(pairs: list[tuple[int, int]]) -> None:
    """As many seconds as at least one of the spans covers."""
    spans = [(BEGAN + timedelta(seconds=a), BEGAN + timedelta(seconds=b)) for a, b in pairs]
    assert covered_seconds(spans) == len({second for a, b in pairs for second in range(a, b)})


def test_half_of_a_limit_is_never_nothing() -> None:
    """A called agent can make one call at least, and has the time its caller has."""
    assert Limits(turns=1, tokens=11, seconds=9, usd=1.0).half() == Limits(turns=1, tokens=5, seconds=9, usd=0.5)
