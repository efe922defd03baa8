"""What `count_tokens` promises, judged by the tokenizer that Anthropic has published."""

import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.context import CONTEXT_TOKENS
from bot.core.context.compress import cut
from bot.core.tokens import count_tokens
from tests.offline.claude_tokenizer import reference
from tests.texts import KINDS, text_of


def sizes(times: int, cap: int) -> list[int]:
    """Tokens by the reference of texts of every kind, each cut to `cap` tokens by our own count."""
    kinds = [*KINDS, "mixed", "mixed", "mixed"]
    seeds = [(kind, random.Random(f"{kind} {n}")) for kind in kinds for n in range(times)]
    return [reference(cut(text_of(kind, dice, cap * 8), cap)) for kind, dice in seeds]


def test_the_count_is_kept_by_texts_of_every_kind() -> None:
    """None of 80 texts is longer than it was cut to, and seven eighths of the room is used."""
    found = sizes(2, 1_000)
    assert max(found) <= 1_000
    assert statistics.mean(found) >= 0.85 * 1_000


@pytest.mark.slow
def test_one_text_in_a_thousand_at_most_breaks_the_budget() -> None:
    """The bar: 1,000 texts of kinds that no weight was fitted to, 85 percent of the budget used."""
    found = sizes(25, CONTEXT_TOKENS)
    assert len(found) >= 1_000
    assert sum(size > CONTEXT_TOKENS for size in found) <= 1
    assert statistics.mean(found) >= 0.85 * CONTEXT_TOKENS


@given(st.text(), st.text())
def test_more_text_is_never_nothing(first: str, second: str) -> None:
    """Any text has a count, none but the empty one has 0, and what follows cannot make it less than a part of it."""
    assert (count_tokens(first) == 0) == (first == "")
    assert count_tokens(first + second) * 2 >= count_tokens(first)


def test_what_is_hardest_to_count_counts_enough() -> None:
    """Capitals everywhere, letters that become many when they are normalized, rare alphabets."""
    hard = ["Aa" * 3_000, "\ufdfa" * 300, "\u1200" * 900, "\U00012000" * 500, "0" * 3_000, "=-" * 900]
    assert [text[:3] for text in hard if count_tokens(text) < reference(text)] == []
