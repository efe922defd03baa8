"""Prices and token estimates: conservative wherever something is unknown."""

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.conversation import Usage
from bot.core.errors import BotError
from bot.core.prices import DEFAULT_PRICES, Price, cost_usd, price_of, price_table, upper_bound_usd
from bot.core.tokens import estimate_tokens

MILLION = 1_000_000
DEAREST = DEFAULT_PRICES["claude-mythos-preview"]
SONNET = DEFAULT_PRICES["claude-sonnet-5-5"]
counts = st.integers(min_value=0, max_value=3 * MILLION)


@pytest.mark.parametrize(
    ("model", "key"),
    [
        ("claude-haiku-4-5-20251001", "claude-haiku"),
        ("claude-haiku-5-5", "claude-haiku-5-5"),
        ("claude-sonnet-4-6", "claude-sonnet"),
        ("claude-sonnet-5", "claude-sonnet-5"),
        ("claude-sonnet-5-5", "claude-sonnet-5-5"),
        ("claude-opus-4-8", "claude-opus"),
        ("claude-opus-4-1-20250805", "claude-opus-4-1"),
        ("claude-opus-4-10", "claude-opus"),
        ("claude-fable-5-2", "claude-fable"),
        ("claude-mythos-5-2", "claude-mythos"),
        ("us.anthropic.claude-opus-5-5-v1:0", "claude-opus-5-5"),
        ("claude-sonnet-4-5@20250929", "claude-sonnet"),
    ],
)
def test_a_model_has_the_price_of_the_longest_matching_name(model: str, key: str) -> None:
    """A dated id, a cloud's prefix and an unnamed member of a line all find their entry."""
    assert price_of(model) == DEFAULT_PRICES[key]


@pytest.mark.parametrize("model", ["gpt-9", "claude-limerick-1", "", "sonnet"])
def test_an_unknown_model_costs_as_much_as_the_dearest(model: str) -> None:
    """Better to stop too early than to spend what nobody planned."""
    assert price_of(model) == DEAREST


def test_every_model_that_the_sdk_names_has_a_price_of_its_own_line() -> None:
    """No model of the installed SDK falls through to the price for unknown ones."""
    from typing import get_args

    from anthropic.types.model import Model

    names = get_args(get_args(Model)[0])
    assert len(names) > 15
    unknown = [name for name in names if not any(name.startswith(key) for key in DEFAULT_PRICES)]
    assert unknown == []


def test_no_price_of_a_line_is_above_what_an_unknown_model_costs() -> None:
    """The most expensive entry is an upper bound in every column."""
    for price in DEFAULT_PRICES.values():
        assert price.input <= DEAREST.input
        assert price.output <= DEAREST.output
        assert price.cache_write <= DEAREST.cache_write
        assert price.cache_read <= DEAREST.cache_read


def test_each_kind_of_token_has_its_price() -> None:
    """A million of each kind costs the sum of the four prices."""
    assert cost_usd(Usage(MILLION, MILLION, MILLION, MILLION), SONNET) == pytest.approx(2 + 10 + 2.5 + 0.1)
    assert cost_usd(Usage(), SONNET) == 0


def test_a_long_prompt_is_charged_at_the_long_price_throughout() -> None:
    """Haiku 5.5 costs five times as much, output included, once the prompt passes 100,000 tokens, cached or not."""
    haiku = DEFAULT_PRICES["claude-haiku-5-5"]
    at_the_edge = Usage(input=50_000, cache_read=50_000, output=1000)
    beyond = Usage(input=50_000, cache_read=50_001, output=1000)
    assert cost_usd(at_the_edge, haiku) == pytest.approx((50_000 * 0.1 + 50_000 * 0.01 + 1000 * 0.5) / MILLION)
    assert cost_usd(beyond, haiku) == pytest.approx((50_000 * 0.5 + 50_001 * 0.05 + 1000 * 2.5) / MILLION)


@given(st.sampled_from(list(DEFAULT_PRICES.values())), counts, counts, counts, counts)
def test_the_bound_is_never_below_the_cost(price: Price, plain: int, write: int, read: int, output: int) -> None:
    """However the prompt is split between cache and input, the reservation covers it."""
    bound = upper_bound_usd(plain + write + read, output, price)
    assert cost_usd(Usage(plain, output, write, read), price) <= bound * (1 + 1e-9)


def test_a_price_without_dearer_cache_writes_is_bounded_by_its_input_price() -> None:
    """Overrides may make cache writes free; the input still counts."""
    assert upper_bound_usd(MILLION, 0, Price(3.0, 9.0, 0.0, 0.0)) == pytest.approx(3.0)


def test_overrides_replace_and_add_entries() -> None:
    """`DEVFLOW_PRICES` changes one model and adds another; the rest stays."""
    given_prices = {"input": 1, "output": 2, "cache_write": 3, "cache_read": 4}
    table = price_table({"claude-sonnet-5-5": given_prices, "my-model": given_prices})
    assert price_of("claude-sonnet-5-5", table) == price_of("my-model", table) == Price(1, 2, 3, 4)
    assert price_of("claude-opus-5-5", table) == DEFAULT_PRICES["claude-opus-5-5"]
    assert price_of("claude-sonnet-5-5") == SONNET


@pytest.mark.parametrize(
    "wrong",
    [
        {"input": 1.0},
        {"input": 1.0, "output": 2.0, "cache_write": 3.0, "cache_read": 4.0, "batch": 5.0},
        {"input": -1.0, "output": 2.0, "cache_write": 3.0, "cache_read": 4.0},
        {"input": nan, "output": 2.0, "cache_write": 3.0, "cache_read": 4.0},
        {"input": inf, "output": 2.0, "cache_write": 3.0, "cache_read": 4.0},
    ],
)
def test_a_wrong_override_names_the_model_and_shows_the_form(wrong: dict[str, float]) -> None:
    """A missing, unknown, negative or endless price is refused before any money is spent."""
    with pytest.raises(BotError) as error:
        price_table({"claude-x": wrong})
    assert "claude-x" in error.value.message
    assert '"cache_read": 0.1' in error.value.hint


def test_settings_take_prices_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting arrives as text and ends as a table."""
    from bot.settings import Settings

    monkeypatch.setenv("DEVFLOW_PRICES", '{"m": {"input": 1, "output": 2, "cache_write": 3, "cache_read": 4}}')
    assert price_of("m", price_table(Settings(_env_file=None).prices)) == Price(1, 2, 3, 4)


ENGLISH = (
    "A maintainer comments on an issue, and agents write requirements, a design and a task plan. "
    "Every phase is posted where people can read it, stop it, answer it or redirect it. "
) * 20
CODE = "def add(self, left: int, right: int) -> int:\n    return self._sum[left] + right  # both\n" * 20


@pytest.mark.parametrize(
    ("text", "characters_a_token"),
    [
        pytest.param(ENGLISH, 3.6, id="English prose"),
        pytest.param(CODE, 2.69, id="code"),
        pytest.param("设计一个登录端点的速率限制。" * 20, 1.0, id="Chinese"),
        pytest.param("Ограничение частоты запросов. " * 20, 2.0, id="Russian"),
        pytest.param("6fa459ea-ee8a-3ca4-894e-db77e160355e " * 20, 1.8, id="UUIDs"),
    ],
)
def test_the_estimate_is_above_the_published_density(text: str, characters_a_token: float) -> None:
    """For ordinary text at least the real count by published measurements, and at most twice that."""
    real = len(text) / characters_a_token
    assert real <= estimate_tokens(text) <= 2 * real


def test_an_empty_text_has_no_tokens_and_any_other_has() -> None:
    """Rounding is up."""
    assert estimate_tokens("") == 0
    assert estimate_tokens("a") == 1
    assert estimate_tokens("\ud800") == 2, "a broken character is measured, not an error"


@given(st.text(), st.text())
def test_longer_text_never_has_fewer_tokens(first: str, second: str) -> None:
    """Parts can be estimated one by one: their sum is at least the estimate of the whole."""
    whole = estimate_tokens(first + second)
    assert max(estimate_tokens(first), estimate_tokens(second)) <= whole
    assert whole <= estimate_tokens(first) + estimate_tokens(second)
