"""What models cost: a price table that settings can override, and the arithmetic on it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.conversation import Usage
from bot.core.errors import BotError

LONG_PROMPT_TOKENS = 100_000
"""Above this many prompt tokens, cached or not, `Price.long_prompt` holds for the whole call."""
_MILLION = 1_000_000
_FIELDS = ("input", "output", "cache_write", "cache_read")


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens of each kind; `cache_write` is that of the five-minute cache."""

    input: float
    output: float
    cache_write: float
    cache_read: float
    long_prompt: "Price | None" = None


DEFAULT_PRICES: Mapping[str, Price] = {
    "claude-haiku": Price(1.0, 5.0, 1.25, 0.10),
    "claude-haiku-5-5": Price(0.10, 0.50, 0.125, 0.01, Price(0.50, 2.50, 0.625, 0.05)),
    "claude-sonnet": Price(3.0, 15.0, 3.75, 0.30),
    "claude-sonnet-5": Price(2.0, 10.0, 2.50, 0.20),
    "claude-sonnet-5-5": Price(2.0, 10.0, 2.50, 0.10),
    "claude-opus": Price(5.0, 25.0, 6.25, 0.50),
    "claude-opus-4-1": Price(15.0, 75.0, 18.75, 1.50),
    "claude-opus-4-20250514": Price(15.0, 75.0, 18.75, 1.50),
    "claude-opus-5-5": Price(4.0, 20.0, 5.0, 0.20),
    "claude-fable": Price(10.0, 50.0, 12.50, 1.0),
    "claude-fable-5-1": Price(10.0, 50.0, 12.50, 0.25),
    "claude-mythos": Price(10.0, 50.0, 12.50, 1.0),
    "claude-mythos-5-1": Price(10.0, 50.0, 12.50, 0.25),
    "claude-mythos-preview": Price(25.0, 125.0, 31.25, 2.50),
}
"""List prices as published in October 2026 (https://platform.claude.com/docs/en/about-claude/pricing).

A key is a model id or the beginning of one; a line's own key (`claude-opus`) holds for its members that are not named.
No price was published for the 5.2 models: they get the highest of their line. Mythos Preview's price is from its
announcement; as the highest of all it is also what an unknown model is taken to cost.
"""


def price_table(overrides: Mapping[str, Mapping[str, float]]) -> dict[str, Price]:
    """The default prices with some replaced or added, from the JSON of `DEVFLOW_PRICES`.

    Raises `BotError` for a wrong key, a missing price or one that is not a number of at least zero.
    """
    return dict(DEFAULT_PRICES) | {model: _price(model, given) for model, given in overrides.items()}


def _price(model: str, given: Mapping[str, float]) -> Price:
    hint = f'Write {{"{model}": {{"input": 2, "output": 10, "cache_write": 2.5, "cache_read": 0.1}}}}.'
    if set(given) != set(_FIELDS):
        raise BotError(f"DEVFLOW_PRICES: {model} must have exactly the keys {', '.join(_FIELDS)}.", hint)
    if any(not math.isfinite(value) or value < 0 for value in given.values()):
        raise BotError(f"DEVFLOW_PRICES: the prices of {model} must be dollars for a million tokens, 0 or more.", hint)
    return Price(given["input"], given["output"], given["cache_write"], given["cache_read"])


def price_of(model: str, table: Mapping[str, Price] = DEFAULT_PRICES) -> Price:
    """The entry with the longest matching beginning; the most expensive one for a model that nobody knows.

    What clouds put before the name (`us.anthropic.claude-...`) is skipped.
    """
    name = model[max(model.find("claude-"), 0) :]
    known = [key for key in table if key == model or _begins(name, key)]
    if known:
        return table[max(known, key=len)]
    return max(table.values(), key=lambda price: (price.output, price.input))


def _begins(name: str, key: str) -> bool:
    """`claude-opus-4-1` is not the beginning of `claude-opus-4-10`."""
    return name.startswith(key) and not name[len(key) : len(key) + 1].isdigit()


def cost_usd(usage: Usage, price: Price) -> float:
    """Dollars for these tokens; a sum over several calls counts as one call, which never makes it cheaper."""
    prompt = usage.input + usage.cache_write + usage.cache_read
    if price.long_prompt is not None and prompt > LONG_PROMPT_TOKENS:
        price = price.long_prompt
    return (
        usage.input * price.input
        + usage.output * price.output
        + usage.cache_write * price.cache_write
        + usage.cache_read * price.cache_read
    ) / _MILLION


def upper_bound_usd(estimated_input_tokens: int, max_tokens: int, price: Price) -> float:
    """The most a call can cost: every input token at the dearest input price, and all the output it may make."""
    dearest_is_writing = price.cache_write >= price.input
    usage = (
        Usage(cache_write=estimated_input_tokens, output=max_tokens)
        if dearest_is_writing
        else Usage(input=estimated_input_tokens, output=max_tokens)
    )
    return cost_usd(usage, price)
