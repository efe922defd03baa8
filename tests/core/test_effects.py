"""The hidden marks by which the bot finds what it made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.effects import mark, marks_in, without_marks

WORDS = st.text(st.characters(codec="ascii", categories=("L", "N"), include_characters="-_/.~"), min_size=1)


@given(WORDS, WORDS)
def test_a_mark_is_read_as_it_was_written(run: str, key: str) -> None:
    """Whatever names a run and a thing may have."""
    assert marks_in(f"Words.\n\n{mark(run, key)}\n") == [(run, key)]


def test_all_marks_are_found_in_order() -> None:
    """A body that somebody glued together shows all of them."""
    assert marks_in(f"{mark('r1', 'status')} and {mark('r2', 'pull')}") == [("r1", "status"), ("r2", "pull")]


@pytest.mark.parametrize(
    "text",
    ["", "<!-- devflow:run=r1 -->", "<!--devflow:run=r1 key=k-->", "<!-- devflow:run=r 1 key=k -->", "run=r1 key=k"],
)
def test_what_only_resembles_a_mark_is_none(text: str) -> None:
    """The form is ours alone and exact."""
    assert marks_in(text) == []


def test_people_do_not_see_marks() -> None:
    """The words stay, the marks and the space before them go."""
    assert without_marks(f"Words.\n\n{mark('r1', 'status')}\n") == "Words."
    assert without_marks("<!-- another bot's -->") == "<!-- another bot's -->"
