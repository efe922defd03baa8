"""Patches say which lines can carry a comment, and where a line went."""

import difflib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.patches import changed_lines, changed_symbols, commentable, find_line, moved_line, parse_patch
from bot.core.reviews import InlineComment, PullFile

PATCH = "\n".join(
    [
        "@@ -1,3 +1,4 @@ def first():",
        " one",
        "-two",
        "+TWO",
        "+and a half",
        " three",
        "@@ -10,2 +11,1 @@",
        " ten",
        "-eleven",
        "\\ No newline at end of file",
    ]
)


def file(patch: str | None = PATCH) -> PullFile:
    return PullFile("a.py", "modified", 2, 2, patch)


def test_lines_are_numbered_on_both_sides() -> None:
    """Context on both, removed on the left, added on the right; positions count hunk headers, too."""
    assert [(line.kind, line.old, line.new, line.hunk, line.position) for line in parse_patch(PATCH)] == [
        ("context", 1, 1, 0, 1),
        ("removed", 2, None, 0, 2),
        ("added", None, 2, 0, 3),
        ("added", None, 3, 0, 4),
        ("context", 3, 4, 0, 5),
        ("context", 10, 11, 1, 7),
        ("removed", 11, None, 1, 8),
    ]


def test_only_what_is_in_the_diff_can_carry_a_comment() -> None:
    """On the right all lines of the new file that show, on the left those removed."""
    right = {("RIGHT", n) for n in (1, 2, 3, 4, 11)}
    assert commentable(PATCH) == right | {("LEFT", 2), ("LEFT", 11)}
    assert changed_lines(PATCH) == {2, 3}
    assert commentable(None) == frozenset()


def test_code_that_looks_like_a_header_is_code() -> None:
    """Every line of code has a sign before it, and the header says how many there are."""
    patch = "@@ -1 +1,3 @@\n @@ -9 +9 @@\n+--- a/x\n+\f\r+\r"
    assert [(line.new, line.text) for line in parse_patch(patch)] == [
        (1, "@@ -9 +9 @@"),
        (2, "--- a/x"),
        (3, "\f\r+\r"),
    ]
    assert parse_patch("@@ nothing @@\n+x") == ()


@pytest.mark.parametrize(
    ("comment", "fits"),
    [
        (InlineComment("a.py", 3, "x"), True),
        (InlineComment("a.py", 11, "x", "LEFT"), True),
        (InlineComment("a.py", 3, "x", "LEFT"), False),
        (InlineComment("a.py", 5, "x"), False),
        (InlineComment("b.py", 3, "x"), False),
        (InlineComment("a.py", 4, "x", start_line=2), True),
        (InlineComment("a.py", 2, "x", start_line=4), False),
        (InlineComment("a.py", 11, "x", start_line=4), False),
        (InlineComment("a.py", 4, "x", start_line=9), False),
    ],
)
def test_a_comment_fits_if_both_its_ends_are_in_one_hunk(comment: InlineComment, fits: bool) -> None:
    """As GitHub wants it."""
    assert comment.fits(file()) is fits


LINES = st.lists(st.sampled_from(["a", "b", "c", "+", "-", "@@ -1 +1 @@", "", "\\ No newline"]), max_size=12)


def patch_of(old: list[str], new: list[str], context: int) -> str:
    rows = list(difflib.unified_diff(old, new, lineterm="", n=context))[2:]
    return "\n".join(rows)


@settings(deadline=None)
@given(old=LINES, new=LINES)
def test_every_numbered_line_is_the_line_of_its_file(old: list[str], new: list[str]) -> None:
    """Whatever the code says."""
    lines = parse_patch(patch_of(old, new, 3))
    assert [line.text for line in lines if line.new] == [new[line.new - 1] for line in lines if line.new]
    assert [line.text for line in lines if line.old] == [old[line.old - 1] for line in lines if line.old]
    kept = [line.new for line in lines if line.kind == "added"]
    assert len(new) - len(kept) == len(old) - sum(line.kind == "removed" for line in lines)
    assert all(find_line(lines, "RIGHT", line.new) is line for line in lines if line.new)


@settings(deadline=None)
@given(old=LINES, new=LINES)
def test_a_line_that_stays_is_found_again(old: list[str], new: list[str]) -> None:
    """Moved by what came and went above it; one that changed is nowhere."""
    bare = patch_of(old, new, 0)
    removed = {line.old for line in parse_patch(bare) if line.kind == "removed"}
    for number, text in enumerate(old, start=1):
        there = moved_line(bare, number)
        assert (there is None) == (number in removed)
        if there is not None:
            assert new[there - 1] == text


def test_changed_symbols_are_those_of_changed_lines_and_their_places() -> None:
    """What is defined or removed, and what git says a hunk stands in; not what only stands near."""
    patch = (
        "@@ -1,4 +1,4 @@ class Theme:\n def near() -> None:\n-    def old(self) -> str:\n+    def new(self) -> str:\n"
        "+const LIMIT = 3\n"
    )
    assert changed_symbols(patch) == ["Theme", "old", "new", "LIMIT"]
    assert changed_symbols(None) == []
