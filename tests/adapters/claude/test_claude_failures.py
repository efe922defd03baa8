"""How long to wait, and what to say."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.claude.failures import Failure, Kind, backoff_seconds, retry_after, sentence

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("milliseconds", "seconds", "wait"),
    [
        (None, None, None),
        ("1500", None, 1.5),
        ("1500", "9", 1.5),
        (None, "9", 9.0),
        (None, "0.5", 0.5),
        (None, "-3", 0.0),
        ("soon", "9", 9.0),
        (None, "Mon, 23 Nov 2026 12:01:00 GMT", 60.0),
        (None, "Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        (None, "Mon, 23 Nov 2026 12:01:00", None),
        (None, "whenever", None),
    ],
)
def test_the_pause_a_server_asks_for(milliseconds: str | None, seconds: str | None, wait: float | None) -> None:
    """Milliseconds win over seconds, a date counts from now, nonsense is ignored."""
    assert retry_after(milliseconds, seconds, NOW) == wait


def test_pauses_double_up_to_a_minute() -> None:
    """Without jitter: 1, 2, 4 ... 60 seconds."""
    assert [backoff_seconds(attempt, 0.0) for attempt in (1, 2, 3, 6, 7, 30)] == [1, 2, 4, 32, 60, 60]


@given(st.integers(1, 50), st.floats(0, 1, exclude_max=True))
def test_chance_shortens_a_pause_by_at_most_half(attempt: int, chance: float) -> None:
    """Calls that failed together come back apart, and never at once."""
    full = backoff_seconds(attempt, 0.0)
    assert full / 2 <= backoff_seconds(attempt, chance) <= full


@pytest.mark.parametrize("kind", ["auth", "billing", "rate_limit", "overloaded", "broken", "invalid"])
def test_every_failure_has_cause_and_next_step(kind: Kind) -> None:
    """Two sentences or more: what happened, with the server's own words, and what to do."""
    text = sentence(Failure(kind, "529 overloaded_error: Overloaded"), 6, "anthropic")
    assert "529 overloaded_error: Overloaded" in text
    assert text.startswith(("Claude", "The Claude account"))
    assert text.rstrip(".").count(". ") >= 1


def test_a_key_is_named_as_its_provider_has_it() -> None:
    """Somebody on Foundry is not sent to look at `ANTHROPIC_API_KEY`."""
    assert "ANTHROPIC_FOUNDRY_API_KEY" in sentence(Failure("auth", "401"), 1, "foundry")
    assert "AWS credentials" in sentence(Failure("auth", "401"), 1, "bedrock")
