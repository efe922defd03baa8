"""What people read: short, true, safe, and with a way to go on."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.core import comments, submission_texts
from bot.core.comments import Progress
from bot.core.conversation import Usage
from bot.core.evidence import Evidence, Row
from bot.core.partial import Stop
from bot.core.planning import Task
from bot.core.runs import PhaseResult
from bot.core.submissions import Design, Requirements, Review
from bot.core.text import close_blocks
from tests.samples import BEGAN, a_phase, a_request, a_run

TOKEN = "ghp_" + "Zz9" * 12
HOLDS = Evidence((Row("Tests", "`make test` ended with exit code 0", "ok"),), "proven")
SPEAKS_AGAINST = Evidence((Row("Files", "nothing was changed", "fail"),), "refuted", "Files: nothing was changed")
UNKNOWN = Evidence((Row("Tests", "no tests found", "unknown"),), "unproven", "Tests: no tests found")
SWALLOWING = st.lists(
    st.sampled_from(["```", "~~~~", "<details>", "</details>", "<!--", "-->", "> ", "`", "words", "\n", "\n\n"])
).map("".join)


def progress(*phases: PhaseResult, **changes: object) -> Progress:
    """Where a run stands one minute after it was asked for."""
    run = a_run(**changes)
    return Progress(run, {p.name: p for p in phases}, Usage(1200, 300), 0.05, BEGAN + timedelta(minutes=1))


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, "–"),
        (0.0, "0 s"),
        (0.4, "0.4 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (200, "3 min 20 s"),
        (7500, "2 h 5 min"),
    ],
)
def test_durations_are_read_at_a_glance(seconds: float | None, shown: str) -> None:
    """Two units at most."""
    assert comments.duration(seconds) == shown


def test_small_sums_are_not_shown_as_nothing() -> None:
    """Nothing is nothing; less than a cent is not."""
    assert [comments.money(usd) for usd in (0, 0.001, 0.01, 1.005, 12)] == [
        "$0.00",
        "<$0.01",
        "$0.01",
        "$1.00",
        "$12.00",
    ]


def test_tokens_of_all_kinds_are_counted() -> None:
    """From a thousand on, in thousands."""
    assert comments.tokens(Usage(100, 200, 300, 399)) == "999"
    assert comments.tokens(Usage(100, 200, 300, 12_000)) == "12.6k"


@pytest.mark.parametrize(
    ("changes", "first_lines"),
    [
        (
            {"state": "queued"},
            snapshot(
                ["### 🕓 Queued", "Asked by @maintainer. It starts when no other run is at work in this repository."]
            ),
        ),
        (
            {"state": "running"},
            snapshot(
                [
                    "### 🔵 At work",
                    "Asked by @maintainer. As of 12:01 UTC, renewed at least every 5 minutes while somebody is at it.",
                ]
            ),
        ),
        ({"state": "succeeded"}, snapshot(["### ✅ Done: #8", "The evidence holds. It stands in the pull request."])),
        (
            {"state": "unproven", "reason": "Tests: no tests found"},
            snapshot(["### ⚠️ Done, but nothing proves it: #8", "Tests: no tests found."]),
        ),
        (
            {"state": "failed", "reason": "design: Claude was overloaded."},
            snapshot(["### ❌ Failed", "design: Claude was overloaded.", "The work so far is in #8."]),
        ),
        (
            {"state": "cancelled", "reason": "Stopped by @maintainer."},
            snapshot(["### ⏹️ Cancelled", "Stopped by `@maintainer`."]),
        ),
    ],
)
def test_the_first_lines_say_what_is_true_now(changes: dict[str, object], first_lines: list[str]) -> None:
    """Each state in one line, and who or why in the next."""
    text = comments.status_comment(replace(progress(**changes), pull_url="#8"))
    assert text.partition("\n\n")[0].splitlines() == first_lines


def test_a_failed_run_does_not_count_what_was_skipped() -> None:
    """The bar shows phases that are done, and nothing looks as if it were still going on."""
    phases = [a_phase("requirements"), a_phase("design", "failed"), a_phase("tasks", "skipped")]
    ended = BEGAN + timedelta(seconds=40)
    text = comments.status_comment(progress(*phases, state="failed", reason="design: no.", ended_at=ended))
    assert text == snapshot("""\
### ❌ Failed
design: no.

`███░░░░░░░░░░░░░░░░░` 1 of 7 phases

| | phase | agent | time | tokens | cost |
|---|---|---|---:|---:|---:|
| ✅ | requirements | business-analyst | 12 s | 1.0k | $0.02 |
| ❌ | design | architect | 12 s | 1.0k | $0.02 |
| ➖ | tasks | product-manager |  | 1.0k | $0.02 |
| ➖ | implementation | developer | | | |
| ➖ | testing | qa-engineer | | | |
| ➖ | review | code-reviewer | | | |
| ➖ | pull request | devflow | | | |

Elapsed 40 s · 1.5k tokens · $0.05 of $5.00

To go on from where it stopped, comment this:

```text
/retry
```

<sub>run `260504-120000-abc`</sub>\
""")
    assert not re.search("🔵|⚪|🕓", text)


def test_a_phase_that_was_cut_off_is_shown_as_stopped() -> None:
    """Its time ends with the run's."""
    running = replace(a_phase("design", "running"), ended_at=None)
    going = comments.status_comment(progress(running))
    cut = comments.status_comment(progress(running, state="cancelled", ended_at=BEGAN + timedelta(seconds=40)))
    assert "| 🔵 | design | architect | 1 min 0 s |" in going
    assert "| ⏹️ | design | architect | 40 s |" in cut


def test_a_call_under_way_is_no_exact_cost() -> None:
    """What is reserved for it may not be spent; the sum says so."""
    assert "$0.05 of $5.00" in comments.status_comment(progress())
    assert "up to $0.05 of $5.00" in comments.status_comment(replace(progress(), exact=False))


def test_the_command_to_paste_is_the_one_that_helps() -> None:
    """More money where that stopped the run, a retry where it failed, going on where somebody stopped it."""
    broke = Stop("design", "The budget is used.", 6.0)
    assert [
        comments.again_lines(run, stop)[-1].split("\n")[1]
        for run, stop in (
            (a_run(state="failed"), broke),
            (a_run(state="failed"), None),
            (a_run(state="cancelled"), None),
        )
    ] == ["/budget +1", "/retry", "/resume"]


@given(SWALLOWING, SWALLOWING)
def test_no_agent_can_swallow_the_end_of_a_comment(summary: str, output: str) -> None:
    """Open fences, comments and details are closed before our own last line."""
    text = comments.phase_comment(a_run(), a_phase("design", summary=summary, output=output), ["tasks"])
    last = text.splitlines()[-1]
    assert last.startswith("<sub>architect · ")
    assert close_blocks(text) == text


def test_a_failed_phase_says_how_to_go_on_and_promises_nothing() -> None:
    """No next phase is named; the command stands there to be copied."""
    assert comments.phase_comment(
        a_run(), a_phase("design", "failed", "Claude was overloaded."), ["tasks"]
    ) == snapshot("""\
### ❌ Design

Claude was overloaded.

To go on from where it stopped, comment this:

```text
/retry
```

<sub>architect · 12 s · 1.0k tokens · $0.02 · run `260504-120000-abc`</sub>\
""")


def test_a_failure_that_the_evidence_will_show_does_not_stop_the_run() -> None:
    """Red tests are reviewed and delivered as a draft: the next phase is named."""
    text = comments.phase_comment(a_run(), a_phase("testing", "failed", "1 failed", go_on=True), ["review"])
    assert "next: review" in text
    assert "try again" not in text


def test_what_the_summary_said_is_not_said_again() -> None:
    """The fold holds only the rest, and is not there if there is none."""
    assert "<details>" not in comments.phase_comment(a_run(), a_phase("review", output="Said."), [])
    folded = comments.phase_comment(a_run(), a_phase("review", output="Said.\n\nMore."), [])
    assert folded.count("Said.") == 1
    assert "More." in folded


def test_structured_results_read_as_prose() -> None:
    """(what is shown, what the next agents get)."""
    wanted = Requirements(summary="Dark.", acceptance=["It is dark."], assumptions=["A theme."], out_of_scope=[])
    design = Design(summary="One file.", design="Add it.", files=["a.py"], risks=["None"])
    review = Review(verdict="request_changes", summary="No.", comments=[])
    assert [submission_texts.submission_text(form) for form in (wanted, design, review)] == snapshot(
        [
            (
                """\
Dark.

**Acceptance**

- [ ] It is dark.\
""",
                """\
Dark.

**Acceptance**

- [ ] It is dark.

**Assumptions**

- A theme.\
""",
            ),
            (
                "One file.",
                """\
One file.

Add it.

**Files**

- `a.py`

**Risks**

- None\
""",
            ),
            ("**Changes requested.** No.", "**Changes requested.** No."),
        ]
    )


def test_a_cell_stays_in_its_cell() -> None:
    """Pipes and line ends of foreign words do not make columns and rows."""
    task = Task("T1", "a | b\n| c", "x", "developer", ("a|b.py",), ("T0",))
    assert submission_texts.tasks_table([task]).splitlines()[-1] == snapshot(
        "| T1 | a \\| b \\| c | developer | `a\\|b.py` | T0 |"
    )


def test_a_title_fits_on_a_line() -> None:
    """72 characters; the only task's title, else the issue's, else its number."""
    task = Task("T1", "x" * 100, "", "developer", ())
    assert len(comments.pull_title(a_run(), [task])) == 72
    assert comments.pull_title(a_run(), [task, task]) == "Too bright"
    assert comments.pull_title(a_run(request=a_request(issue_title="<!-- x -->")), []) == "Resolve issue 7"


@pytest.mark.parametrize(
    ("evidence", "closes"), [(HOLDS, "Closes #7"), (UNKNOWN, "Closes #7"), (SPEAKS_AGAINST, "Part of #7")]
)
def test_only_what_is_not_refuted_closes_the_issue(evidence: Evidence, closes: str) -> None:
    """And no agent's words stand between the summary's end and the table."""
    body = comments.pull_body(progress(), "Words. ```", evidence)
    assert f"\n\n{closes}\n\n### Evidence\n" in body
    assert ("Closes" in body) == (closes != "Part of #7")
    assert (body.startswith("> [!")) == bool(evidence.reason)


@given(SWALLOWING)
def test_the_evidence_cannot_be_hidden_by_a_summary(summary: str) -> None:
    """What stands before it is closed."""
    before, _, _ = comments.pull_body(progress(), summary, HOLDS).partition("\n\nCloses #7")
    assert close_blocks(before) == before


def test_the_last_comment_claims_no_pull_request_that_is_not_there() -> None:
    """With one and without one, for each verdict."""
    told = [comments.delivery_summary(evidence, "#8") for evidence in (HOLDS, UNKNOWN, SPEAKS_AGAINST)]
    told.append(comments.delivery_summary(SPEAKS_AGAINST, ""))
    assert [text.splitlines()[0] for text in told] == snapshot(
        [
            "#8 is open. Every check holds.",
            "Nothing proves this change. Tests: no tests found. The work so far is in #8.",
            "The evidence speaks against this change. Files: nothing was changed. The work so far is in #8.",
            "The evidence speaks against this change. Files: nothing was changed. No pull request was opened.",
        ]
    )


def test_output_of_tests_is_folded_cut_and_without_secrets() -> None:
    """Its end, where runners print their summary, is kept."""
    text = comments.test_output(f"{TOKEN}\n" + "line ```\n" * 2000 + "FAILED (failures=1)")
    assert TOKEN not in text
    assert len(text) < 6500
    assert text.endswith("FAILED (failures=1)\n````\n\n</details>")


def test_short_answers() -> None:
    """Each says one thing and how to go on."""
    assert [
        comments.refusal("This issue is closed.", "Open it again."),
        comments.refusal("No key.", ""),
        comments.cancelled("r1", "Stopped by @maintainer."),
        comments.denied("stranger", "may not."),
        comments.pong(None, "bubblewrap is missing: apt install bubblewrap"),
    ] == snapshot(
        [
            """\
😕 This issue is closed.

Open it again.\
""",
            "😕 No key.",
            "⏹️ Run `r1` was stopped by @maintainer. Nothing more happens. To go on: `/resume`. Anew: `/dev-workflow`.",
            "🔒 @stranger may not.",
            """\
🏓 Devflow is here.

- model: ready
- sandbox: bubblewrap is missing: apt install bubblewrap\
""",
        ]
    )


@given(st.lists(st.sampled_from(["@bob", "Closes ", "#1", "<!--", "-->", TOKEN, "`", "\n", " ", "x"])).map("".join))
def test_foreign_words_stay_safe_when_they_are_cleaned_twice(text: str) -> None:
    """Summaries pass through more than one text of ours."""
    once = comments.safe(text)
    assert comments.safe(once) == once
