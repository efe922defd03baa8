"""How a comment looks on a terminal: folded as GitHub folds it, and no meaning in an emoji alone."""

import io

import pytest
from rich.console import Console

from bot.core.comments import evidence_table
from bot.core.evidence import Evidence, Row
from bot.offline.demo.tell import _Cut
from bot.terminal.words import readable, visible


def test_what_github_folds_is_one_line() -> None:
    """The summary stays, with the number of lines behind it."""
    body = "Short.\n\n<details><summary>The whole of it</summary>\n\none\n\ntwo\n\n</details>\n\n<sub>end</sub>"
    assert readable(body) == "Short.\n\n*(The whole of it: 2 lines, folded.)*\n\nend"


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("### ✅ Design", "**Design: done**"),
        ("### ❌ Testing", "**Testing: failed**"),
        ("### ✅ Pull request", "**Pull request: done**"),
        ("### ✅ Done: #2", "**Done: #2**"),
        ("### ⚠️ Done, but nothing proves it: #2", "**Done, but nothing proves it: #2**"),
        ("### latchkey/limiter.py (new)", "**latchkey/limiter.py (new)**"),
    ],
)
def test_headings_say_their_state_in_words(heading: str, words: str) -> None:
    """Where an emoji said it."""
    assert readable(heading) == words


def test_rows_say_their_state_in_words() -> None:
    """The first cell of a table of phases."""
    assert (
        readable("| ✅ | [design](#issuecomment-12) | 2 s |\n| ❌ | testing | |")
        == "| done | design | 2 s |\n| failed | testing | |"
    )


def test_the_evidence_is_printed_once() -> None:
    """It stands below the thread; the comment only points there."""
    table = evidence_table(Evidence((Row("Tests", "fine", "ok"), Row("Files", "2", "note")), "proven"))
    assert readable(f"#2 is open.\n\n{table}\n\nEnd.") == (
        "#2 is open.\n\n*(The evidence table stands below.)*\n\nEnd."
    )


def test_foreign_words_have_no_power_over_the_terminal() -> None:
    """Escape sequences of a repository or a model are shown, not obeyed; tabs and lines stay."""
    assert visible("a\x1b[2Jb\x9bc\u202ed\te\nf") == "a\\x1b[2Jb\\x9bc\\x202ed\te\nf"
    assert "\x1b" not in readable("### \x1b]0;title\x07 x")


@pytest.mark.parametrize(("lines", "last"), [(30, "(… 26 more lines)"), (9, "(… 5 more lines)"), (8, "line 7")])
def test_long_comments_are_cut(lines: int, last: str) -> None:
    """After four lines here, with the number of those that are missing; up to four more are shown rather than cut."""
    out = io.StringIO()
    Console(file=out, width=40).print(_Cut("\n".join(f"line {n}" for n in range(lines)), 4))
    assert out.getvalue().splitlines()[-1] == last
