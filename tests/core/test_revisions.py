"""What is open on a pull request, and what the text of one becomes."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from inline_snapshot import snapshot

from bot.core.comments.revisions import (
    UNCHANGED,
    enough_fixes,
    enough_revisions,
    known_failures,
    outcome_line,
    pushed_summary,
    renewed_body,
    thread_answer,
    unheard_review,
    unpushed_summary,
)
from bot.core.evidence import Evidence, Row
from bot.core.repository import Conclusion, ReviewState, Sha
from bot.core.reviews import Annotation, Check, Review, ReviewComment, ReviewThread
from bot.core.revisions import (
    MOST_THREADS,
    Seen,
    checked,
    fixes_in_a_row,
    has_markers,
    open_reviews,
    open_threads,
    seen_by,
)
from bot.core.runs import Onto, Run
from bot.core.wishes import CheckWish, ReviewWish, ThreadWish, Wishes
from tests.samples import a_request, a_run

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
ME = "devflow[bot]"
HELD = Evidence((Row("Tests", "2 passed", "ok"),), "proven")
FAILED = Evidence((Row("Tests", "1 failed", "fail"),), "refuted", "Tests: 1 failed")
BODY = (
    "Adds it.\n\nCloses #7\n\n### Evidence\nChecked.\n\n| a |\n\n<sub>Asked by @ada</sub>\n\n"
    "<!-- devflow:run=r key=pull -->"
)


def said(number: int, author: str = "ada", *, bot: bool = False) -> ReviewComment:
    return ReviewComment(number, author, bot, f"{author} {number}", "a.py", 3, None, "", NOON)


def thread(*comments: ReviewComment, name: str = "T", resolved: bool = False) -> ReviewThread:
    return ReviewThread(name, "a.py", 3, resolved, False, comments, "@@ -1 +1 @@\n+x")


def opened(*threads: ReviewThread, seen: Seen | None = None) -> list[tuple[str, int, list[str]]]:
    found = open_threads(threads, {"ada"}, ME, seen or Seen())
    return [(t.name, t.upto, [one.text for one in t.said]) for t in found]


def test_only_words_of_those_who_may_write_open_a_thread() -> None:
    """Strangers and bots neither start anything nor are they shown."""
    assert opened(thread(said(1, "eve")), thread(said(2, "x[bot]", bot=True))) == []
    assert opened(thread(said(1, "eve"), said(2))) == [("t1", 2, ["ada 2"])]
    assert opened(thread(said(1, "ada", bot=True))) == []


def test_what_was_taken_up_is_not_open() -> None:
    """Until somebody says more; our own answers are no wish, and are shown as ours."""
    seen = Seen({"T": 1})
    assert opened(thread(said(1), said(2, ME, bot=True)), seen=seen) == []
    [(_, upto, words)] = opened(thread(said(1), said(2, ME, bot=True), said(3)), seen=seen)
    assert (upto, words) == (3, ["ada 1", f"{ME} 2", "ada 3"])
    assert opened(thread(said(1), resolved=True)) == []


def test_answers_go_to_the_first_comment() -> None:
    """GitHub takes replies there only, whoever wrote it."""
    [found] = open_threads([thread(said(1, "eve"), said(2))], {"ada"}, ME, Seen())
    assert (found.first, found.upto, found.hunk) == (1, 2, "@@ -1 +1 @@\n+x")


def test_a_flood_of_threads_is_bounded() -> None:
    """The rest is the next run's."""
    many = [thread(said(n), name=f"T{n}") for n in range(1, 80)]
    assert len(opened(*many)) == MOST_THREADS


@pytest.mark.parametrize(
    ("states", "open_ones"),
    [
        (["changes_requested"], [1]),
        (["changes_requested", "approved"], []),
        (["approved", "changes_requested"], [2]),
        (["changes_requested", "commented"], [1]),
        (["dismissed"], []),
        (["commented"], []),
    ],
)
def test_reviews_that_request_changes_are_open(states: list[ReviewState], open_ones: list[int]) -> None:
    """Until the same person approves, or a run took them up."""
    reviews = [Review(n, "ada", False, s, "Please.", Sha("a"), "", NOON) for n, s in enumerate(states, 1)]
    assert [wish.id for wish in open_reviews(reviews, {"ada"}, Seen())] == open_ones
    assert open_reviews(reviews, {"ada"}, Seen(reviews=frozenset({1, 2}))) == ()
    assert open_reviews(reviews, {"bob"}, Seen()) == ()
    assert open_reviews([replace(r, body=" ") for r in reviews], {"ada"}, Seen()) == ()


def a_revision(head: str, *, checks: bool = True, comment: int = 0) -> Run:
    wishes = Wishes(checks=(CheckWish("lint", "x"),)) if checks else Wishes(reviews=(ReviewWish(4, "ada", "x"),))
    return a_run(request=a_request(onto=Onto("devflow/x", Sha(head)), wishes=wishes, comment_id=comment))


def test_fixes_in_a_row_follow_from_each_other() -> None:
    """What each pushed is what the next began from; people's pushes and other wishes begin anew."""
    row = [(a_revision("c2"), Sha("c3")), (a_revision("c1"), Sha("c2")), (a_revision("c0"), Sha("c1"))]
    assert fixes_in_a_row(row, Sha("c3")) == 3
    assert fixes_in_a_row(row, Sha("other")) == 0
    assert fixes_in_a_row([row[0], (a_revision("c1", checks=False), Sha("c2")), row[2]], Sha("c3")) == 1
    assert fixes_in_a_row([row[0], (a_revision("c1", comment=7), Sha("c2"))], Sha("c3")) == 1
    assert fixes_in_a_row([(a_revision("c2"), None)], Sha("c2")) == 0


def test_runs_remember_what_they_took_up() -> None:
    """The newest comment of each thread over all runs, and the reviews."""
    wish = ThreadWish("t1", "T", "a.py", 3, "", 1, 5, ())
    runs = [a_run(request=a_request(wishes=Wishes(threads=(replace(wish, upto=n),)))) for n in (5, 9, 2)]
    assert seen_by([*runs, a_revision("c", checks=False)]) == Seen({"T": 9}, frozenset({4}))


@pytest.mark.parametrize("conclusion", [None, "success", "cancelled", "stale"])
def test_checks_are_compared_with_those_of_the_base(conclusion: Conclusion | None) -> None:
    """What fails there by the same name is no fault of the change; what was cancelled tells nothing."""
    lint = Check("lint", "failure", "2 problems", annotations=(Annotation("a.py", 3, 3, "failure", "no", "E1"),))
    found = checked(
        [lint, Check("old", "timed_out"), Check("slow", conclusion)],
        [Check("old", "failure"), Check("lint", "success")],
    )
    assert [wish.name for wish in found.failed] == ["lint"]
    assert found.failed[0].text == "lint: failure\n2 problems\nfailure at a.py:3: E1: no"
    assert found.known == ("old",)


@pytest.mark.parametrize(
    ("content", "marked"),
    [
        (b"a\n<<<<<<< ours\nb\n=======\nc\n>>>>>>> theirs\n", True),
        (b"Title\n=======\n", False),
        (b"x <<<<<<< y\n", False),
        (b">>>>>>> x", True),
    ],
)
def test_a_conflict_is_seen(content: bytes, marked: bool) -> None:
    """By the marks that open and close it, not by a heading's underline."""
    assert has_markers(content) is marked


def test_the_evidence_of_a_pull_request_is_renewed() -> None:
    """And back: what people wrote beside stays, and it closes its issue only while the evidence allows it."""
    failed = renewed_body(BODY, FAILED, "f" * 40, "R1")
    assert failed.startswith("> [!CAUTION]\n> The evidence speaks against this change. Tests: 1 failed.\n\nAdds it.")
    assert "Part of #7" in failed
    assert "| ❌ | Tests | 1 failed |" in failed
    held = renewed_body(f"{failed}\n\nA note of mine.", HELD, "e" * 40, "R2")
    assert held.startswith("Adds it.\n\nCloses #7\n\n### Evidence\n")
    assert "| ✅ | Tests | 2 passed |\n\n<sub>Asked by @ada</sub>" in held
    assert held.endswith("<!-- devflow:run=r key=pull -->\n\nA note of mine.")
    assert "failed" not in held


def test_evidence_is_added_where_somebody_took_it_away() -> None:
    """Before the mark, which stays."""
    text = renewed_body("All mine.\r\n\r\n<!-- devflow:run=r key=pull -->", HELD, "e" * 40, "R")
    assert text.startswith("All mine.\n\n### Evidence\n")
    assert text.endswith("| ✅ | Tests | 2 passed |\n\n<!-- devflow:run=r key=pull -->")
    assert renewed_body("", HELD, "e" * 40, "R").strip().startswith("### Evidence")


@pytest.mark.parametrize(
    ("done", "holds", "commit", "words"),
    [
        (True, True, "abc", "Done in abc"),
        (True, False, "abc", "Changed in abc, but the evidence is against it"),
        (True, True, "", "Done"),
        (False, True, "abc", "Left as it is"),
    ],
)
def test_an_answer_says_what_became_of_it(done: bool, holds: bool, commit: str, words: str) -> None:
    """The agent's words cannot ping anybody or swallow what the program says."""
    text = thread_answer("@eve: see <!-- \n```\nx", commit, "R", done=done, holds=holds)
    assert text.endswith(f"<sub>{words} · run `R`</sub>")
    assert "`@eve`" in text


def test_what_is_said_when_it_is_enough() -> None:
    """Each names the cause, what goes on, and the setting."""
    texts = [enough_revisions(5), enough_fixes(3, ["lint", "tests"]), known_failures(["old`x"])]
    texts += [unheard_review("eve", is_bot=False), unheard_review("x[bot]", is_bot=True)]
    texts += [outcome_line("merged", "#8", "main"), outcome_line("closed", "#8", "main")]
    assert [re.sub(r"[.,:;] ", r"\g<0>" "\n", text).replace(" \n", "\n") for text in texts] == snapshot(
        [
            """\
⏸️ Reviews have started 5 revisions of this pull request,
which is the limit.
I change nothing more on my own.
`/revise` goes on;
`limits.revisions` in `.github/devflow.yml` sets the limit.\
""",
            """\
⏸️ I tried 3 times in a row to mend failing checks,
and they still fail:
`lint`,
`tests`.
I stop here:
somebody has to look.
`/revise WHAT TO CHANGE` goes on;
`limits.check_fixes` in `.github/devflow.yml` sets the limit.\
""",
            """\
ℹ️ These checks fail on the base branch,
too,
so I leave them alone:
``old`x``.\
""",
            """\
🔒 @eve,
your reviews do not make me change this pull request:
that takes `write` access to this repository.
Somebody who has it can comment `/revise`.\
""",
            """\
🔒 Reviews of `x[bot]` do not make me change this pull request:
a bot's words start nothing.
Somebody who has it can comment `/revise`.\
""",
            """\
### 🎉 Merged:
#8
The change is in `main`.\
""",
            """\
### 🚪 Closed:
#8
The pull request was closed without a merge.\
""",
        ]
    )


def test_how_a_revision_ends_in_words() -> None:
    """By what the program found, with what people should know beside."""
    unproven = Evidence((Row("Tests", "none", "unknown"),), "unproven", "Tests: none")
    told = [
        pushed_summary("Grey.", found, "abc", ["The base branch was merged in."]) for found in (HELD, unproven, FAILED)
    ]
    assert told == snapshot(
        [
            """\
Grey.

Pushed abc. Every check holds.

The base branch was merged in.

| | check | found |
|---|---|---|
| ✅ | Tests | 2 passed |\
""",
            """\
Grey.

Pushed abc. Nothing proves this change. Tests: none.

The base branch was merged in.

| | check | found |
|---|---|---|
| ⚠️ | Tests | none |\
""",
            """\
Grey.

Pushed abc. The evidence speaks against this change, so it is a draft. Tests: 1 failed.

The base branch was merged in.

| | check | found |
|---|---|---|
| ❌ | Tests | 1 failed |\
""",
        ]
    )
    assert unpushed_summary("Grey.", UNCHANGED) == snapshot("""\
Grey.

Nothing was pushed. The files stay as they are.\
""")
