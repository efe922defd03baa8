"""Memories are bounded, and those of nearly the same words are told from others."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.core.memory.documents import MOST_NAMES, MOST_TEXT, SKETCH, bounded, document, nearly_the_same, sketch
from bot.core.memory.memories import Memory, Source
from bot.core.memory.merging import likeness, merge
from bot.core.repository import Repo

NOW = datetime(2026, 5, 4, tzinfo=UTC)
TEXT = "Every new column needs an alembic migration, and a default value that both of the databases can tell."


def a_memory(text: str = TEXT, **changes: object) -> Memory:
    memory = Memory("m", Repo("acme", "widget"), "note", "", text, Source("run", "r", ""), NOW)
    return replace(memory, **changes)  # type: ignore[arg-type]


def test_what_is_too_long_is_cut_and_says_so() -> None:
    """Lines of titles are joined; names are kept once."""
    cut = bounded(a_memory("x" * 10**6, title="a\nb", files=("f",) * 9, symbols=tuple(map(str, range(10**4)))))
    assert (len(cut.text), cut.text[-3:], cut.title) == (MOST_TEXT, "[…]", "a b")
    assert (cut.files, len(cut.symbols)) == (("f",), MOST_NAMES)
    assert bounded(cut) == cut


def test_a_documents_weights_fit_a_byte() -> None:
    """A word repeated without end counts no more than a byte can hold."""
    assert max(document(a_memory("spam " * 4000)).weights.values()) == 255


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (TEXT, True),
        (TEXT.upper() + "!!", True),
        (TEXT + " Yes.", True),
        (TEXT.replace("alembic", "manual"), False),
        ("Every new column", False),
        ("", False),
    ],
)
def test_nearly_the_same_words(other: str, same: bool) -> None:
    """Case and punctuation do not count; one word of eighteen does, as it is in three of sixteen runs of words."""
    assert nearly_the_same(sketch(a_memory()), sketch(a_memory(other))) is same


def test_long_texts_that_differ_in_a_word_are_nearly_the_same() -> None:
    """A sketch is as small for a long text."""
    words = [f"word{n}" for n in range(3000)]
    one, other = sketch(a_memory(" ".join(words))), sketch(a_memory(" ".join([*words[:1500], "new", *words[1501:]])))
    assert len(one) == SKETCH
    assert nearly_the_same(one, other)


def test_nothing_is_like_nothing() -> None:
    """Memories without words are not taken for one another."""
    assert not nearly_the_same(sketch(a_memory("")), sketch(a_memory("?!")))


def test_answers_to_different_questions_are_not_merged() -> None:
    """Nor two to one question that differ in a word; what was forgotten is recognised whatever it answers."""
    old, new = a_memory(subject="columns"), a_memory(id="n", subject="columns")
    its = sketch(old)
    assert likeness(new, its, [(old, its)]) == old
    assert likeness(replace(new, subject="tests"), its, [(old, its)]) is None
    longer = replace(new, text=TEXT + " Yes.")
    assert likeness(longer, sketch(longer), [(old, its)]) is None
    forgotten = replace(old, state="forgotten", subject="")
    assert likeness(longer, sketch(longer), [(old, its), (forgotten, its)]) == forgotten


def test_merging_keeps_the_better_of_both() -> None:
    """Trust and time only go up, and names are those of both."""
    old = a_memory(trust=0.4, files=("a", "b"), uses=3)
    new = a_memory("Nearly.", id="n", trust=0.9, at=NOW.replace(year=2027), files=("b", "c"))
    assert merge(old, new) == replace(old, trust=0.9, at=new.at, files=("a", "b", "c"))
    assert merge(old, replace(new, state="pending")) == old
    assert merge(replace(old, state="pending"), new) == replace(new, id="m", uses=3)
