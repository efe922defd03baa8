"""Long texts lose what tells least, and nothing of what must always be kept."""

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.context.compress import GAP, compress
from bot.core.tokens import count_tokens

NOISE = "\n".join(f"The committee spoke for a while about subject number {n} and its history." for n in range(600))


def test_what_the_query_asks_for_is_kept() -> None:
    """Also with the turns beside it, and with other endings of its words."""
    found = compress(f"{NOISE}\nWe were limiting retries of the webhook.\n{NOISE}", "limit the webhook retry", 400)
    assert "We were limiting retries of the webhook." in found
    assert GAP in found


def test_structure_is_kept_whatever_the_query_is() -> None:
    """Headings, acceptance, decisions, errors, paths, and the last words."""
    lines = [
        "# Design",
        "- [ ] The login answers 429.",
        "Decision: one table.",
        "ValueError: no such key",
        "See src/app.py.",
    ]
    found = compress(
        "\n".join([line for one in lines for line in (one, *NOISE.split("\n")[:100])] + ["The end."]), "zebra", 900
    )
    assert [line for line in [*lines, "The end."] if line not in found] == []


def test_what_repeats_is_kept_once_and_last() -> None:
    """A file that was read twice stands there as it was read last."""
    block = "    value = compute(left, right)\n    return value + 1"
    found = compress(f"{block}\n{NOISE}\n{block}\n{NOISE}", "compute value", 700)
    assert found.count("value = compute(left, right)") == 1


@settings(deadline=None)
@given(st.text(), st.text(max_size=50), st.integers(5, 300))
def test_the_budget_holds_for_any_text(text: str, query: str, budget: int) -> None:
    """Whatever comes in."""
    assert count_tokens(compress(text * 20, query, budget)) <= budget
