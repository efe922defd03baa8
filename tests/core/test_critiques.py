"""Which remarks of reviewers go on lines of a pull request, and how they look there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.comments.reviews import remark_text, rest_text
from bot.core.critiques import MOST_COMMENTS, criticise
from bot.core.markdown import contexts
from bot.core.reviews import PullFile
from bot.core.submissions import Review, ReviewComment

PATCH = "@@ -1,3 +1,4 @@\n a\n-b\n+B\n+C\n d\n@@ -10,2 +11,3 @@\n k\n+L\n m"
"""Changes lines 2, 3 and 12 of the new file."""
FILE = PullFile("a.py", "modified", 3, 1, PATCH)


def remark(line: int, body: str = "Why?", path: str = "a.py", start: int = 0, suggestion: str = "") -> ReviewComment:
    return ReviewComment(path=path, line=line, body=body, start_line=start, suggestion=suggestion)


def review(*comments: ReviewComment) -> Review:
    return Review(verdict="approve", summary="s", comments=list(comments))


def places(*comments: ReviewComment) -> list[tuple[int, int | None]]:
    return [(c.line, c.start_line) for c in criticise([("ada", review(*comments))], [FILE]).inline]


def test_only_changed_lines_carry_remarks() -> None:
    """Context, other files, deleted and binary ones do not; nothing is lost."""
    binary = PullFile("b.png", "added", 0, 0, None)
    comments = [remark(2), remark(1), remark(99), remark(2, path="other.py"), remark(1, path="b.png")]
    found = criticise([("ada", review(*comments))], [FILE, binary])
    assert [(c.path, c.line) for c in found.inline] == [("a.py", 2)]
    assert len(found.rest) == 4
    assert len(found.all) == 5


@pytest.mark.parametrize(
    ("line", "start", "kept"), [(3, 2, 2), (3, 3, None), (12, 2, None), (2, 3, None), (3, 9, None)]
)
def test_a_range_lies_in_one_hunk_and_in_order(line: int, start: int, kept: int | None) -> None:
    """Else the remark stands on its last line."""
    assert places(remark(line, start=start)) == [(line, kept)]


def test_a_suggestion_without_its_range_is_left_out() -> None:
    """It would take the place of other lines than it was written for."""
    found = criticise([("ada", review(remark(12, start=2, suggestion="x")))], [FILE])
    assert "suggestion" not in found.inline[0].body
    assert "```suggestion\nx\n```" in criticise([("ada", review(remark(12, suggestion="x")))], [FILE]).inline[0].body


def test_what_two_say_alike_is_said_once() -> None:
    """The same words on the same line, whatever the spaces; other words on that line share one comment."""
    one = review(remark(2, "Why  not?"), remark(3, "A"))
    other = review(remark(2, "why not?"), remark(3, "B"))
    found = criticise([("ada", one), ("bob", other)], [FILE])
    assert [c.line for c in found.inline] == [2, 3]
    assert "bob" not in found.inline[0].body
    assert found.inline[1].body == "A\n\n<sub>ada</sub>\n\n---\n\nB\n\n<sub>bob</sub>"


def test_a_flood_is_cut_and_kept() -> None:
    """The first remarks stand on lines, the others in the words."""
    many = PullFile("a.py", "added", 99, 0, "@@ -0,0 +1,99 @@\n" + "\n".join(f"+{n}" for n in range(99)))
    found = criticise([("ada", review(*(remark(n + 1, f"{n}") for n in range(40))))], [many])
    assert (len(found.inline), len(found.rest)) == (MOST_COMMENTS, 40 - MOST_COMMENTS)


@given(st.text("`~x\n @#<>-!", max_size=60), st.text("`~x\n @", max_size=40))
def test_no_words_end_their_block(body: str, suggestion: str) -> None:
    """Whatever the model writes, our own line below it is text, in a comment as in a list."""
    inside = rest_text("a:1", "ada", body or ".", suggestion)
    for text, ours in ((remark_text("ada", body or ".", suggestion), "ada"), (f"{inside}\n\nend", "end")):
        at = text.rindex(ours)
        assert contexts(text, [at])[at] in {"text", "line"}
