"""Every text that people read, as it is read: none can be added or changed without being seen here."""

# ruff: noqa: E501

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from inline_snapshot import snapshot
from markdown_it import MarkdownIt

from bot.core import comments
from bot.core.comments import (
    Progress,
    Unfinished,
    answers,
    checks,
    common,
    estimates,
    gates,
    grooming,
    jobs,
    memories,
    own,
    people,
    phases,
    pulls,
    reviews,
    revisions,
    status,
)
from bot.core.conversation import Usage
from bot.core.estimates import SOURCES
from bot.core.evidence import Evidence, Row
from bot.core.expected import Estimate, Range, to_json
from bot.core.memory.adding import added
from bot.core.memory.memories import Remembered, Source
from bot.core.partial import Stop
from bot.core.people import Gate, Halt
from bot.core.planning import GROOM, SUB_ISSUES, Task
from bot.core.pulse import Pulse
from bot.core.repository import Repo
from bot.core.repository_commands import RepositoryCommand, RepositoryCommands
from bot.core.runs import Run, RunPlan
from bot.core.yaml_models import FileProblem
from tests.samples import BEGAN, RUN, a_phase, a_request, a_run

LATER = BEGAN + timedelta(minutes=1)
HOLDS = Evidence((Row("Tests", "`make test` ended with exit code 0", "ok"),), "proven")
REFUTED = Evidence((Row("Files", "nothing was changed", "fail"),), "refuted", "Files: nothing was changed")
UNKNOWN = Evidence((Row("Tests", "no tests found", "unknown"),), "unproven", "Tests: no tests found")
APPROVAL = Gate(RUN, 1, "approval", ("design", "tasks"), "The plan touches login", "3f9c21ab77", by="ada")
QUESTION = Gate(RUN, 2, "question", ("design",), "Which database?", words="SQLite.", by="ada")
DRY = a_run(
    plan=replace(a_run().plan, dry_run=True), request=a_request(again="/dev-workflow --dry-run add a dark mode")
)
PROBLEM = FileProblem(".claude/commands/ship.md", 3, 5, "`gate` is `maybe`.", "Write `true` or `false`.")
OWN = RepositoryCommand("ship", ".claude/commands/ship.md", "Ship $ARGUMENTS.", "Ships it.", "VERSION")
NOTE = added(
    Repo("acme", "widget"),
    "The tests need Redis | v7.",
    Source("comment", "acme/widget#7 (comment 9)", "ada"),
    BEGAN,
    approved=True,
)
HALT = Halt(Repo("acme", "widget"), "ada", "release week", BEGAN)
GUESS = Estimate(Range(0.4, 0.8, 1.9), Range(200.0, 400.0, 900.0), "kind", 14, 3)
SPANS = ((1, 2, 30), (20, 40, 70), (200, 400, 900), (1000, 4000, 16000))
STOP = Stop("testing", "The next call could pass the budget of $1.00.", 2.0)


def progress(**changes: object) -> Progress:
    return Progress(a_run(**changes), {}, Usage(1200, 300), 0.05, LATER)


def expecting(estimate: Estimate | None) -> Run:
    """A run at work with an estimate."""
    return a_run(plan=replace(a_run().plan, estimate=estimate))


def at_work() -> Progress:
    """A run in its second phase, that stood still before and now waits for the model."""
    pulse = Pulse(RUN, LATER, stalled_since=BEGAN, resumed_at=BEGAN + timedelta(seconds=50))
    asked = [("design", "architect", BEGAN + timedelta(seconds=12))]
    found = {"requirements": a_phase("requirements"), "design": replace(a_phase("design", "running"), ended_at=None)}
    return replace(progress(), phases=found, pulse=pulse, asked=asked, comments={"requirements": 12}, exact=False)


def headlines() -> list[str]:
    """One for each state, and for each end of its own."""
    stalled = replace(progress(), pulse=Pulse(RUN, BEGAN, stalled_since=BEGAN))
    ends = [
        progress(state="queued"),
        progress(),
        stalled,
        progress(state="waiting", reason="Approval of design: `/approve 3f9c21ab` or `/reject WHY`."),
        progress(state="succeeded"),
        replace(progress(state="succeeded"), run=replace(DRY, state="succeeded")),
        progress(state="succeeded", plan=RunPlan(GROOM, 5.0, purpose="groom")),
        progress(state="succeeded", plan=RunPlan((*GROOM, SUB_ISSUES), 5.0, purpose="plan")),
        progress(state="unproven", reason="Tests: no tests found"),
        progress(state="failed", reason="design: Claude was overloaded."),
        progress(state="cancelled", reason="Stopped by @maintainer."),
    ]
    return [status.headline(replace(end, pull_url="#8")) for end in ends] + [
        status.headline(progress(), kept_true=False)
    ]


TEXTS: dict[Callable[..., object], Callable[[], object]] = {
    answers.agents_table: lambda: answers.agents_table([("architect", "built in", "Designs | plans.")]),
    answers.budget_raised: lambda: answers.budget_raised(RUN, 7.0),
    answers.why_team: lambda: answers.why_team(
        RUN, [("architect", "claude", "in every run", "done")], [("implementation/T1", "developer: 9 of 10 | @all")]
    ),
    answers.cancelled: lambda: [
        answers.cancelled(RUN, "Stopped by @ada."),
        answers.cancelled(RUN, "Stopped by @ada.", "devflow/issue-7-x"),
    ],
    answers.denied: lambda: answers.denied("ada", "`/dev-workflow` needs `write` access."),
    answers.pong: lambda: [answers.pong(None, None), answers.pong("No key: set ANTHROPIC_API_KEY.", "no bubblewrap")],
    answers.goes_on_there: lambda: answers.goes_on_there(RUN, 7),
    answers.refusal: lambda: [answers.refusal("It is closed.", "Open it again."), answers.refusal("No.", "")],
    common.again_lines: lambda: [common.again_lines(a_run()), common.again_lines(a_run(), STOP)],
    common.cell: lambda: common.cell("a | b\n@ada <!-- x -->"),
    common.duration: lambda: [common.duration(seconds) for seconds in (None, 0.4, 47, 200, 7500)],
    common.evidence_table: lambda: common.evidence_table(HOLDS),
    common.money: lambda: [common.money(usd) for usd in (0, 0.001, 1.5)],
    common.safe: lambda: common.safe("Closes #7 for @ada\u202e <!-- x -->"),
    common.sentence: lambda: [common.sentence("no stop"), common.sentence("Stop."), common.sentence("")],
    common.title_of: lambda: [
        common.title_of(run, name) for run in (a_run(), DRY) for name in ("delivery", "testplan", "design")
    ],
    common.tokens: lambda: [common.tokens(Usage(999)), common.tokens(Usage(1200, 300))],
    common.whole: lambda: common.whole("```\nopen", 40),
    estimates.beside_actual: lambda: [estimates.beside_actual(expecting(g), {}) for g in (GUESS, None)],
    estimates.dollars: lambda: [estimates.dollars(Range(*usd)) for usd in ((0.4, 0.8, 1.9), (0.001, 0.002, 0.003))],
    estimates.expected: lambda: [estimates.expected(replace(GUESS, seconds=Range(*s))) for s in SPANS],
    estimates.expected_lines: lambda: [
        estimates.expected_lines(expecting(GUESS), {}),
        estimates.expected_lines(replace(expecting(GUESS), plan=replace(expecting(GUESS).plan, budget_usd=0.5)), {}),
        estimates.expected_lines(a_run(state="succeeded"), {"tasks": a_phase("tasks", building=to_json(GUESS))}),
    ],
    estimates.source: lambda: [
        estimates.source(replace(GUESS, source=name, runs=runs))
        for name, runs in (*zip(SOURCES, (2, 4, 5, 6, 7), strict=True), ("kind", 1), ("prices", 0))
    ],
    gates.changed_under: lambda: gates.changed_under("delivery"),
    gates.decided: lambda: [
        gates.decided(replace(APPROVAL, state="approved")),
        gates.decided(replace(APPROVAL, state="rejected", words="Too big")),
        gates.decided(replace(QUESTION, state="answered")),
        gates.decided(replace(APPROVAL, state="void", words="@eve edited it")),
        gates.decided(replace(APPROVAL, state="expired")),
    ],
    gates.edited_by: lambda: [gates.edited_by("eve", "design", "ada"), gates.edited_by("eve", "design", "")],
    gates.gate_comment: lambda: [gates.gate_comment(APPROVAL), gates.gate_comment(QUESTION)],
    gates.held: lambda: [gates.held("ada", "release week"), gates.held("ada", "")],
    gates.reminder: lambda: [gates.reminder(APPROVAL, 3.2), gates.reminder(QUESTION, 0.3)],
    gates.title: lambda: [gates.title(["testplan"]), gates.title(["requirements", "design", "tasks"])],
    gates.waits_for: lambda: [gates.waits_for(APPROVAL), gates.waits_for(QUESTION)],
    grooming.sub_issue_body: lambda: grooming.sub_issue_body("Add it.\n\nCloses #7", 7),
    grooming.sub_issue_title: lambda: [
        grooming.sub_issue_title("For @ada\nnow"),
        len(grooming.sub_issue_title(300 * "x")),
    ],
    grooming.sub_issues_text: lambda: [
        grooming.sub_issues_text([], []),
        grooming.sub_issues_text([(8, "One")], []),
        grooming.sub_issues_text([(8, "One"), (9, "Two")], [9]),
    ],
    memories.memory_list: lambda: [
        memories.memory_list([], [], more=False),
        memories.memory_list([NOTE], [replace(NOTE, shared=True, helped=1, misled=2)], more=True),
    ],
    memories.memories_found: lambda: [
        memories.memories_found("`redis`", []),
        memories.memories_found("redis", [replace(NOTE, source=Source("run", RUN, "devflow"))]),
    ],
    memories.memory_added: lambda: [
        memories.memory_added(Remembered(NOTE, "new"), asked=NOTE.text, approved=True),
        memories.memory_added(Remembered(NOTE, "known"), asked=NOTE.text, approved=True),
        memories.memory_added(Remembered(NOTE, "forgotten"), asked=NOTE.text, approved=True),
        memories.memory_added(Remembered(replace(NOTE, state="pending"), "new"), asked=NOTE.text, approved=False),
        memories.memory_added(
            Remembered(replace(NOTE, shared=True, text="[redacted token]"), "replaced"), asked="x", approved=True
        ),
    ],
    memories.memory_forgotten: lambda: memories.memory_forgotten(NOTE),
    memories.memory_approved: lambda: memories.memory_approved(NOTE),
    phases.phase_comment: lambda: [
        phases.phase_comment(a_run(), a_phase("design", output="Said.\n\nMore."), ["tasks", "delivery"]),
        phases.phase_comment(a_run(), a_phase("design", "failed", "It broke.", reason="It broke."), ["tasks"]),
        phases.phase_comment(DRY, a_phase("delivery", diff="+one\n", agents=[{"name": "x", "version": "1a"}]), []),
        phases.phase_comment(a_run(), a_phase("design", explained=[{"agent": "architect", "text": "First."}]), []),
    ],
    phases.test_output: lambda: phases.test_output("ok\n"),
    pulls.delivery_summary: lambda: [
        pulls.delivery_summary(HOLDS, "#8"),
        pulls.delivery_summary(UNKNOWN, "#8"),
        pulls.delivery_summary(REFUTED, ""),
        pulls.delivery_summary(REFUTED, "#8", Unfinished(a_run(), STOP, ["T1 (Do it): not built"])),
    ],
    pulls.dry_run_summary: lambda: [
        pulls.dry_run_summary(DRY, HOLDS),
        pulls.dry_run_summary(DRY, UNKNOWN),
        pulls.dry_run_summary(DRY, REFUTED),
        pulls.dry_run_summary(DRY, REFUTED, Unfinished(DRY, STOP, ["T1 (Do it): not built"])),
    ],
    pulls.refused_pull_summary: lambda: pulls.refused_pull_summary(
        HOLDS, "devflow/issue-7-x", "https://h/compare/a...b"
    ),
    pulls.compare_link: lambda: pulls.compare_link("https://h/acme/widget", "main", "devflow/issue-7-x", "A & b"),
    jobs.workflow_command: lambda: jobs.workflow_command("error", "50%\n::add-mask::", title="a:b,c"),
    jobs.outputs_text: lambda: jobs.outputs_text({"a": "x\nb=1"}, "EOF9"),
    jobs.job_summary: lambda: [
        jobs.job_summary(None, (), 0.0, "Nothing to do."),
        jobs.job_summary(a_run(), [a_phase("requirements")], 0.5, "started", "+ a ``` fence"),
    ],
    jobs.fenced: lambda: jobs.fenced("a", "diff"),
    jobs.cut: lambda: jobs.cut("short"),
    jobs.dispatched: lambda: jobs.dispatched("ada", "/status"),
    pulls.pull_body: lambda: [
        pulls.pull_body(progress(), "It is dark.", HOLDS),
        pulls.pull_body(progress(), "It is dark.", UNKNOWN),
        pulls.pull_body(progress(), "It is dark.", REFUTED, Unfinished(a_run(), STOP, ["T1 (Do it): not built"])),
    ],
    pulls.pull_title: lambda: [
        pulls.pull_title(a_run(), []),
        pulls.pull_title(a_run(), [Task("T1", "Add it", "", "developer", ())]),
    ],
    answers.flooded: lambda: answers.flooded("ada"),
    checks.definition_comment: lambda: [
        checks.definition_comment([], 2, "https://github.com/acme/widget", "a" * 40),
        checks.definition_comment([PROBLEM], 1, "https://github.com/acme/widget", "a" * 40),
    ],
    own.own_command_help: lambda: own.own_command_help(OWN),
    own.own_commands: lambda: own.own_commands(RepositoryCommands((OWN,), (PROBLEM,))),
    people.delegated: lambda: [
        people.delegated("ada", "retry", new=True),
        people.delegated("ada", "", new=False),
    ],
    people.halted: lambda: people.halted(HALT),
    people.paused: lambda: [people.paused(HALT, 0), people.paused(HALT, 2)],
    people.unpaused: lambda: [people.unpaused(None, 0), people.unpaused(HALT, 1)],
    reviews.lost_line: lambda: reviews.lost_line("security-engineer", "Claude was overloaded."),
    reviews.opinion_line: lambda: [
        reviews.opinion_line("code-reviewer", verdict, "Good.") for verdict in ("approve", "request_changes")
    ],
    reviews.remark_text: lambda: reviews.remark_text("code-reviewer", "Use a name.", "name = 1"),
    reviews.rest_text: lambda: reviews.rest_text("a.py:3", "code-reviewer", "Use a name.", ""),
    reviews.review_body: lambda: reviews.review_body(["One."], ["Two."], "a" * 40, "ada", RUN),
    revisions.enough_fixes: lambda: revisions.enough_fixes(2, ["build", "lint"]),
    revisions.enough_revisions: lambda: revisions.enough_revisions(10),
    revisions.evidence_section: lambda: revisions.evidence_section(HOLDS, "Once more."),
    revisions.known_failures: lambda: revisions.known_failures(["build"]),
    revisions.lead_of: lambda: [revisions.lead_of(found) for found in (HOLDS, UNKNOWN, REFUTED)],
    revisions.outcome_line: lambda: [
        revisions.outcome_line("merged", "#8", "main"),
        revisions.outcome_line("closed", "#8", "main"),
    ],
    revisions.pushed_summary: lambda: revisions.pushed_summary(
        "It is dark.", HOLDS, "a" * 40, ["The base was merged."]
    ),
    revisions.renewed_body: lambda: revisions.renewed_body(
        pulls.pull_body(progress(), "It is dark.", HOLDS), REFUTED, "a" * 40, RUN
    ),
    revisions.revision_text: lambda: list(revisions.revision_text("Done.", [("a.py:3", True, "Named it.")])),
    revisions.thread_answer: lambda: [
        revisions.thread_answer("Named it.", "a" * 40, RUN, done=done, holds=holds)
        for done, holds in ((True, True), (True, False), (False, True))
    ],
    revisions.unheard_review: lambda: [revisions.unheard_review("eve", is_bot=is_bot) for is_bot in (True, False)],
    revisions.unpushed_summary: lambda: revisions.unpushed_summary("It is dark.", "The branch moved."),
    status.clock_time: lambda: status.clock_time(BEGAN),
    status.for_real: lambda: [
        status.for_real(DRY),
        status.for_real(replace(DRY, request=a_request(again="/dev-workflow --dry-run a\nb"))),
        status.for_real(replace(DRY, request=a_request(again=""))),
    ],
    status.headline: headlines,
    status.spent: lambda: [status.spent(progress()), status.spent(at_work())],
    status.status_comment: lambda: [
        status.status_comment(at_work()),
        status.status_comment(replace(progress(state="failed", reason="design: no"), pull_url="#8")),
        status.status_comment(replace(progress(), run=expecting(GUESS))),
        status.status_comment(replace(progress(), run=replace(expecting(GUESS), state="succeeded"), pull_url="#8")),
    ],
}
"""For each function: texts that it makes."""


def test_no_text_is_made_that_is_not_seen_here() -> None:
    """Every public function of the package, whoever adds one."""
    found = set[Callable[..., object]]()
    for module in pkgutil.iter_modules(comments.__path__, f"{comments.__name__}."):
        members = inspect.getmembers(importlib.import_module(module.name), inspect.isfunction)
        found |= {f for name, f in members if f.__module__ == module.name and not name.startswith("_")}
    assert {f"{f.__module__}.{f.__name__}" for f in found - TEXTS.keys()} == set()


def shown() -> list[str]:
    """All texts, each as one string."""
    found = list[str]()
    for text in TEXTS.values():
        made = text()
        found += [str(one) for one in made if not isinstance(one, list)] if isinstance(made, list) else [str(made)]
    return found


def test_every_text_is_markdown_that_github_shows_as_meant() -> None:
    """Tables are tables, headings and lists are no words of a paragraph, and what is folded is closed."""
    reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    for text in shown():
        tokens = reader.parse(text)
        paragraphs = [t.content for before, t in pairwise(tokens) if before.type == "paragraph_open"]
        lost = [
            line for words in paragraphs for line in words.split("\n") if re.match(r"\||#{1,6} |```|- |\d+\. ", line)
        ]
        assert lost == [], text
        html = "".join(t.content for t in tokens if t.type == "html_block")
        assert html.count("<details") == html.count("</details>"), text


def test_every_text_is_what_it_was() -> None:
    """Changed on purpose, or not at all."""
    made = {f"{f.__module__.rpartition('.')[2]}.{f.__name__}": text() for f, text in TEXTS.items()}
    assert made == snapshot(
        {
            "answers.agents_table": """\
| agent | for | from |
|---|---|---|
| `architect` | Designs \\| plans. | built in |\
""",
            "answers.budget_raised": "💰 Run `260504-120000-abc` may now spend $7.00 in all.",
            "answers.why_team": """\
The team of run `260504-120000-abc`:

| agent | model | why | work here |
|---|---|---|---|
| `architect` | `claude` | in every run | done |

Chosen before the work began:

- implementation/T1 by developer: 9 of 10 \\| `@all`\
""",
            "answers.cancelled": [
                "⏹️ Run `260504-120000-abc` was stopped by @ada. Nothing more happens. To go on: `/resume`. Anew: `/dev-workflow`.",
                "⏹️ Run `260504-120000-abc` was stopped by @ada. Nothing more happens. The work so far is on the branch `devflow/issue-7-x`. To go on: `/resume`. Anew: `/dev-workflow`.",
            ],
            "answers.denied": "🔒 @ada `/dev-workflow` needs `write` access.",
            "answers.pong": [
                """\
🏓 Devflow is here.

- model: ready
- sandbox: ready\
""",
                """\
🏓 Devflow is here.

- model: No key: set ANTHROPIC_API_KEY.
- sandbox: no bubblewrap\
""",
            ],
            "answers.goes_on_there": "▶️ Run `260504-120000-abc` goes on. It tells how in #7.",
            "answers.refusal": [
                """\
😕 It is closed.

Open it again.\
""",
                "😕 No.",
            ],
            "common.again_lines": [
                [
                    "To go on from where it stopped, comment this:",
                    "",
                    """\
```text
/retry
```\
""",
                ],
                [
                    "To go on with a higher budget, comment this:",
                    "",
                    """\
```text
/budget +0.01
```\
""",
                ],
            ],
            "common.cell": "a \\| b `@ada`",
            "common.duration": ["–", "0.4 s", "47 s", "3 min 20 s", "2 h 5 min"],
            "common.evidence_table": """\
| | check | found |
|---|---|---|
| ✅ | Tests | `make test` ended with exit code 0 |\
""",
            "common.money": ["$0.00", "<$0.01", "$1.50"],
            "common.safe": "Closes issue #7 for `@ada` ",
            "common.sentence": ["no stop.", "Stop.", ""],
            "common.title_of": ["pull request", "test plan", "design", "change", "test plan", "design"],
            "common.tokens": ["999", "1.5k"],
            "common.whole": """\
```
open
```\
""",
            "estimates.beside_actual": [", expected $0.80 ($0.40 to $1.90)", ""],
            "estimates.dollars": ["$0.40 to $1.90", "<$0.01"],
            "estimates.expected": [
                "$0.40 to $1.90, most likely $0.80, and less than a minute of work (14 runs of this kind here)",
                "$0.40 to $1.90, most likely $0.80, and 1 min of work (14 runs of this kind here)",
                "$0.40 to $1.90, most likely $0.80, and 3 to 15 min of work (14 runs of this kind here)",
                "$0.40 to $1.90, most likely $0.80, and 0.3 to 4.4 h of work (14 runs of this kind here)",
            ],
            "estimates.expected_lines": [
                ["Expected: $0.40 to $1.90, most likely $0.80, and 3 to 15 min of work (14 runs of this kind here)"],
                [
                    "Expected: $0.40 to $1.90, most likely $0.80, and 3 to 15 min of work (14 runs of this kind here)",
                    "",
                    "> [!WARNING]",
                    "> Most likely this costs more than its budget of $0.50. At the budget it stops, and keeps what is done. Nine of ten such runs come to their end with `/budget +1.4`, or if they are started with `--budget 1.9`.",
                    "",
                ],
                [
                    "To build this: $0.40 to $1.90, most likely $0.80, and 3 to 15 min of work (14 runs of this kind here)"
                ],
            ],
            "estimates.source": [
                "2 runs of this server, of other owners too, which is few",
                "4 runs of this owner, in other repositories too",
                "5 runs here, of other modes too",
                "6 runs of this mode here",
                "7 runs of this kind here",
                "1 run of this kind here, which is few",
                "from list prices and what is usual: no run has ended here yet",
            ],
            "gates.changed_under": "The comment of the pull request phase was edited or deleted after it was posted, so what you approve is not what the run works with. What the run has is posted again above",
            "gates.decided": [
                """\
### ✅ Design and tasks: approved by @ada
`3f9c21ab`. The run goes on.\
""",
                """\
### ↩️ Design and tasks: sent back by @ada
Too big.\
""",
                """\
### 💬 Design: answered by @ada
Which database?

Answer: SQLite.\
""",
                """\
### 🚫 Design and tasks: the approval is void
`@eve` edited it.\
""",
                """\
### ⌛ Design and tasks: nobody decided
The run ended. `/resume` goes on with it.\
""",
            ],
            "gates.edited_by": [
                "@eve edited the comment of the design phase after it was posted. The approval by @ada is void, for it shows other words than the run works with. What the run has is posted again above",
                "@eve edited the comment of the design phase after it was posted. What was to be approved is void, for it shows other words than the run works with. What the run has is posted again above",
            ],
            "gates.gate_comment": [
                """\
### ✋ Waiting for approval of design and tasks

The plan touches login.

The run waits, at no cost. To let it go on, comment this:

```text
/approve 3f9c21ab
```

To have it done again: `/reject WHY`, or `/reject tasks WHY` for that phase alone. To stop: `/cancel`.\
""",
                """\
### ❓ Design has a question

Which database?

The run waits, at no cost. To answer, comment this with your words:

```text
/answer ...
```\
""",
            ],
            "gates.held": [
                "@ada paused all runs of this repository: release week. `/unpause` lets them go on.",
                "@ada paused all runs of this repository. `/unpause` lets them go on.",
            ],
            "gates.reminder": [
                "⏰ Still waiting. Approval of design and tasks: `/approve 3f9c21ab` or `/reject WHY`. In 3 days the run ends; its work is kept, and `/resume` goes on with it.",
                "⏰ Still waiting. Design has a question: `/answer TEXT`. In 7 hours the run ends; its work is kept, and `/resume` goes on with it.",
            ],
            "gates.title": ["Test plan", "Requirements, design and tasks"],
            "gates.waits_for": [
                "Approval of design and tasks: `/approve 3f9c21ab` or `/reject WHY`.",
                "Design has a question: `/answer TEXT`.",
            ],
            "grooming.sub_issue_body": """\
Add it.

Closes issue #7

<sub>Proposed while grooming #7. Build it: `/dev-workflow`</sub>\
""",
            "grooming.sub_issue_title": ["For `@ada` now", 200],
            "grooming.sub_issues_text": [
                "The roadmap proposes no sub-issues, so none was opened.",
                """\
Opened 1 sub-issue. `/dev-workflow` on one of them builds it.

- #8 One\
""",
                """\
Opened 2 sub-issues. `/dev-workflow` on one of them builds it.

- #8 One
- #9 Two

GitHub did not take #9 as sub-issues of this one, so they stand by themselves.\
""",
            ],
            "memories.memory_list": [
                """\
Nothing is remembered of this repository yet.

Runs leave what they learned; `/memory add TEXT` adds more.\
""",
                """\
| id | kind | says | from | helped |
|---|---|---|---|---|
| `mab0114d49` | note | The tests need Redis \\| v7. | `ada`, acme/widget#7 (comment 9), 2026-05-04 |  |

Only the newest are shown. `/memory search WORDS` finds the others.

Not used yet, because nobody with `write` access stands behind them:

| id | kind | says | from | helped |
|---|---|---|---|---|
| `mab0114d49` | note | The tests need Redis \\| v7. | `ada`, acme/widget#7 (comment 9), 2026-05-04 (shared by acme/widget) | 1 of 3 |

`/memory approve ID` has them used; merging the pull request they come from does so, too.

`/memory forget ID` erases one.\
""",
            ],
            "memories.memories_found": [
                "Nothing that is remembered fits `` `redis` ``. `/memory` shows all.",
                """\
What fits `redis`, best first:

| id | kind | says | from | helped |
|---|---|---|---|---|
| `mab0114d49` | note | The tests need Redis \\| v7. | run `260504-120000-abc`, 2026-05-04 |  |\
""",
            ],
            "memories.memory_added": [
                "🧠 Remembered as `mab0114d49`. Agents are told where it fits.",
                "🧠 That is remembered already, as `mab0114d49`.",
                "😕 Somebody had this forgotten as `mab0114d49`. `/memory add` it in other words if it holds again.",
                "🧠 Noted as `mab0114d49`. It is used once a maintainer comments `/memory approve mab0114d49`.",
                "🧠 Remembered as `mab0114d49` in all repositories of this owner that allow it. Agents are told where it fits. It takes the place of what was known. What looks like a secret was left out.",
            ],
            "memories.memory_forgotten": "🧹 `mab0114d49` is forgotten. No agent is told of it any more, and it does not come back by itself.",
            "memories.memory_approved": "🧠 `mab0114d49` is used from now on: The tests need Redis \\| v7.",
            "phases.phase_comment": [
                """\
### ✅ Design

Said.

<details><summary>More, by architect</summary>

More.

</details>

<sub>architect · 12 s · 1.0k tokens · $0.02 · next: tasks · run `260504-120000-abc`</sub>\
""",
                """\
### ❌ Design

It broke.

To go on from where it stopped, comment this:

```text
/retry
```

<sub>architect · 12 s · 1.0k tokens · $0.02 · run `260504-120000-abc`</sub>\
""",
                """\
### ✅ Change

Said.

<details><summary>The change</summary>

```diff
+one
```

</details>

<sub>x 1a · 12 s · 1.0k tokens · $0.02 · run `260504-120000-abc`</sub>\
""",
                """\
### ✅ Design

Said.

<details open><summary>Step by step</summary>

1. `architect`: First.

</details>

<sub>architect · 12 s · 1.0k tokens · $0.02 · run `260504-120000-abc`</sub>\
""",
            ],
            "phases.test_output": """\
<details><summary>Output</summary>

```
ok
```

</details>\
""",
            "pulls.delivery_summary": [
                """\
#8 is open. Every check holds.

| | check | found |
|---|---|---|
| ✅ | Tests | `make test` ended with exit code 0 |\
""",
                """\
Nothing proves this change. Tests: no tests found. The work so far is in #8.

| | check | found |
|---|---|---|
| ⚠️ | Tests | no tests found |\
""",
                """\
The evidence speaks against this change. Files: nothing was changed. No pull request was opened.

| | check | found |
|---|---|---|
| ❌ | Files | nothing was changed |\
""",
                """\
A limit stopped the run in testing. The next call could pass the budget of $1.00. The work so far is in #8.

### What is missing
- [ ] T1 (Do it): not built

### How to go on
To go on with a higher budget, comment this:

```text
/budget +0.01
```

| | check | found |
|---|---|---|
| ❌ | Files | nothing was changed |\
""",
            ],
            "pulls.dry_run_summary": [
                """\
This was a dry run: nothing was pushed. Every check holds. To open the pull request, comment `/dev-workflow add a dark mode`.

| | check | found |
|---|---|---|
| ✅ | Tests | `make test` ended with exit code 0 |\
""",
                """\
This was a dry run: nothing was pushed. Nothing proves this change. Tests: no tests found. To open the pull request, comment `/dev-workflow add a dark mode`.

| | check | found |
|---|---|---|
| ⚠️ | Tests | no tests found |\
""",
                """\
This was a dry run: nothing was pushed. The evidence speaks against this change. Files: nothing was changed.

| | check | found |
|---|---|---|
| ❌ | Files | nothing was changed |\
""",
                """\
This was a dry run: nothing was pushed. A limit stopped the run in testing. The next call could pass the budget of $1.00.

### What is missing
- [ ] T1 (Do it): not built

### How to go on
To go on with a higher budget, comment this:

```text
/budget +0.01
```

| | check | found |
|---|---|---|
| ❌ | Files | nothing was changed |\
""",
            ],
            "pulls.refused_pull_summary": """\
The branch `devflow/issue-7-x` is pushed, but GitHub Actions may not open pull requests here. **[Open it yourself](https://h/compare/a...b)**: title and branches are filled in.

So that Devflow can do it: *Settings, Actions, General, Workflow permissions*, tick *Allow GitHub Actions to create and approve pull requests* (an organisation may have to allow it first), then `/retry delivery`. A token of a GitHub App in the input `github_token` does it, too.

| | check | found |
|---|---|---|
| ✅ | Tests | `make test` ended with exit code 0 |\
""",
            "pulls.compare_link": "https://h/acme/widget/compare/main...devflow/issue-7-x?expand=1&title=A+%26+b",
            "jobs.workflow_command": "::error title=a%3Ab%2Cc::50%25%0A::add-mask::",
            "jobs.outputs_text": """\
a<<EOF9
x
b=1
EOF9
""",
            "jobs.job_summary": [
                """\
### Devflow

Nothing to do.
""",
                """\
### Devflow: #7 Too bright

Run `260504-120000-abc` is **running**. It has cost $0.50 so far.

| phase | agent | state | time | cost |
|---|---|---|---|---|
| requirements | architect | done | 12 s | $0.02 |

#### The change

````diff
+ a ``` fence
````
""",
            ],
            "jobs.fenced": """\
```diff
a
```\
""",
            "jobs.cut": "short",
            "jobs.dispatched": """\
▶️ @ada gave a command on the Actions page:

```
/status
```\
""",
            "pulls.pull_body": [
                """\
It is dark.

Closes #7

### Evidence
Checked by the program, not claimed by a model.

| | check | found |
|---|---|---|
| ✅ | Tests | `make test` ended with exit code 0 |

<sub>Asked by @maintainer in #7 · run `260504-120000-abc` · 1 min 0 s · 1.5k tokens · $0.05</sub>\
""",
                """\
> [!WARNING]
> Nothing proves this change. Tests: no tests found.

It is dark.

Closes #7

### Evidence
Checked by the program, not claimed by a model.

| | check | found |
|---|---|---|
| ⚠️ | Tests | no tests found |

<sub>Asked by @maintainer in #7 · run `260504-120000-abc` · 1 min 0 s · 1.5k tokens · $0.05</sub>\
""",
                """\
> [!WARNING]
> This is unfinished: a limit stopped the run in testing. The next call could pass the budget of $1.00.

### What is missing
- [ ] T1 (Do it): not built

### How to go on
To go on with a higher budget, comment this:

```text
/budget +0.01
```

It is dark.

Part of #7

### Evidence
Checked by the program, not claimed by a model.

| | check | found |
|---|---|---|
| ❌ | Files | nothing was changed |

<sub>Asked by @maintainer in #7 · run `260504-120000-abc` · 1 min 0 s · 1.5k tokens · $0.05</sub>\
""",
            ],
            "pulls.pull_title": ["Too bright", "Add it"],
            "answers.flooded": "😕 @ada That is too much in one minute. What you asked last is not answered: ask again in a minute.",
            "checks.definition_comment": [
                """\
### ✅ Mended
Devflow can use these files now.

<sub>Checked at `aaaaaaaaaaaa`: 2 files. Nothing of it was run.</sub>\
""",
                """\
### ⚠️ Wrong settings, agents or commands
Devflow cannot use these files as they are. After a merge it would leave them out, or refuse commands.

- [`.claude/commands/ship.md` line 3](https://github.com/acme/widget/blob/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/.claude/commands/ship.md?plain=1#L3): `gate` is `maybe`. Write `true` or `false`.

<sub>Checked at `aaaaaaaaaaaa`: 1 file. Nothing of it was run.</sub>\
""",
            ],
            "own.own_command_help": """\
`/ship VERSION`

Ships it.

From `.claude/commands/ship.md` on the default branch.\
""",
            "own.own_commands": """\


Commands of this repository; who may write may give them:

- `/ship VERSION`: Ships it.
- ⚠️ `.claude/commands/ship.md:3:5`: `gate` is `maybe`.\
""",
            "people.delegated": [
                """\
🤝 @ada may give `/retry` on this issue.

It holds here alone: who should have it everywhere gets access in the repository's settings.\
""",
                """\
🤝 @ada may already give every command that needs `write` access on this issue.

It holds here alone: who should have it everywhere gets access in the repository's settings.\
""",
            ],
            "people.halted": "`ada` paused this repository on 04 May at 12:00 UTC: release week.",
            "people.paused": [
                "⏸️ `ada` paused this repository on 04 May at 12:00 UTC: release week. No run begins in the meantime. `/unpause` lets everything go on.",
                "⏸️ `ada` paused this repository on 04 May at 12:00 UTC: release week. No run begins in the meantime. 2 runs wait before the next phase. `/unpause` lets everything go on.",
            ],
            "people.unpaused": [
                "▶️ This repository is not paused.",
                "▶️ The pause is over. `ada` paused this repository on 04 May at 12:00 UTC: release week. One run goes on.",
            ],
            "reviews.lost_line": "**security-engineer** did not get to the end. Claude was overloaded.",
            "reviews.opinion_line": [
                "**code-reviewer**: nothing against it. Good.",
                "**code-reviewer**: asks for changes. Good.",
            ],
            "reviews.remark_text": """\
Use a name.

```suggestion
name = 1
```

<sub>code-reviewer</sub>\
""",
            "reviews.rest_text": "- `a.py:3` (code-reviewer): Use a name.",
            "reviews.review_body": """\
### 🔎 Review

One.

<details><summary>More remarks: 1</summary>

Two.

</details>

<sub>of `aaaaaaaaaaaa` · asked by @ada · run `260504-120000-abc`</sub>\
""",
            "revisions.enough_fixes": "⏸️ I tried 2 times in a row to mend failing checks, and they still fail: `build`, `lint`. I stop here: somebody has to look. `/revise WHAT TO CHANGE` goes on; `limits.check_fixes` in `.github/devflow.yml` sets the limit.",
            "revisions.enough_revisions": "⏸️ Reviews have started 10 revisions of this pull request, which is the limit. I change nothing more on my own. `/revise` goes on; `limits.revisions` in `.github/devflow.yml` sets the limit.",
            "revisions.evidence_section": """\
### Evidence
Checked by the program, not claimed by a model. Once more.

| | check | found |
|---|---|---|
| ✅ | Tests | `make test` ended with exit code 0 |\
""",
            "revisions.known_failures": "ℹ️ These checks fail on the base branch, too, so I leave them alone: `build`.",
            "revisions.lead_of": [
                "",
                """\
> [!WARNING]
> Nothing proves this change. Tests: no tests found.

""",
                """\
> [!CAUTION]
> The evidence speaks against this change. Files: nothing was changed.

""",
            ],
            "revisions.outcome_line": [
                """\
### 🎉 Merged: #8
The change is in `main`.\
""",
                """\
### 🚪 Closed: #8
The pull request was closed without a merge.\
""",
            ],
            "revisions.pushed_summary": """\
It is dark.

Pushed aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa. Every check holds.

The base was merged.

| | check | found |
|---|---|---|
| ✅ | Tests | `make test` ended with exit code 0 |\
""",
            "revisions.renewed_body": """\
> [!CAUTION]
> The evidence speaks against this change. Files: nothing was changed.

It is dark.

Part of #7

### Evidence
Checked by the program, not claimed by a model. Of `aaaaaaaaaaaa`, after run `260504-120000-abc`.

| | check | found |
|---|---|---|
| ❌ | Files | nothing was changed |

<sub>Asked by @maintainer in #7 · run `260504-120000-abc` · 1 min 0 s · 1.5k tokens · $0.05</sub>\
""",
            "revisions.revision_text": [
                """\
Done.

- `a.py:3`: done\
""",
                """\
Done.

`a.py:3`: Named it.\
""",
            ],
            "revisions.thread_answer": [
                """\
Named it.

<sub>Done in aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa · run `260504-120000-abc`</sub>\
""",
                """\
Named it.

<sub>Changed in aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, but the evidence is against it · run `260504-120000-abc`</sub>\
""",
                """\
Named it.

<sub>Left as it is · run `260504-120000-abc`</sub>\
""",
            ],
            "revisions.unheard_review": [
                "🔒 Reviews of `eve` do not make me change this pull request: a bot's words start nothing. Somebody who has it can comment `/revise`.",
                "🔒 @eve, your reviews do not make me change this pull request: that takes `write` access to this repository. Somebody who has it can comment `/revise`.",
            ],
            "revisions.unpushed_summary": """\
It is dark.

Nothing was pushed. The branch moved.\
""",
            "status.clock_time": "12:00 UTC",
            "status.for_real": [
                "To open the pull request, comment `/dev-workflow add a dark mode`.",
                "To open the pull request, comment the same again without `--dry-run`.",
                "To open the pull request, comment the same again without `--dry-run`.",
            ],
            "status.headline": [
                """\
### 🕓 Queued
Asked by @maintainer. It starts when no other run is at work in this repository.\
""",
                """\
### 🔵 At work
Asked by @maintainer. As of 12:01 UTC, renewed at least every 5 minutes while somebody is at it.\
""",
                """\
### ⏸️ Stalled since 12:00 UTC
The worker that was at it is gone. It is taken up again by itself, and what is done stays done. Stop it with `/cancel`.\
""",
                """\
### ✋ Waiting for you
Approval of design: `/approve 3f9c21ab` or `/reject WHY`.\
""",
                """\
### ✅ Done: #8
The evidence holds. It stands in the pull request.\
""",
                """\
### ✅ Done, and nothing was pushed
The evidence holds. To open the pull request, comment `/dev-workflow add a dark mode`.\
""",
                """\
### ✅ Groomed
Nothing was changed. The issue is ready to be built: `/dev-workflow` reads the roadmap.\
""",
                """\
### ✅ Planned
Nothing was changed. `/dev-workflow` alone builds it as planned; with words of its own it plans anew.\
""",
                """\
### ⚠️ Done, but nothing proves it: #8
Tests: no tests found.\
""",
                """\
### ❌ Failed
design: Claude was overloaded.
The work so far is in #8.\
""",
                """\
### ⏹️ Cancelled
Stopped by `@maintainer`.\
""",
                """\
### 🔵 At work
Asked by @maintainer. As of 12:01 UTC.\
""",
            ],
            "status.spent": ["$0.05", "up to $0.05"],
            "status.status_comment": [
                """\
### 🔵 At work
Asked by @maintainer. As of 12:01 UTC, renewed at least every 5 minutes while somebody is at it.

`███░░░░░░░░░░░░░░░░░` 1 of 7 phases

| | phase | agent | time | tokens | cost |
|---|---|---|---:|---:|---:|
| ✅ | [requirements](#issuecomment-12) | business-analyst | 12 s | 1.0k | $0.02 |
| 🔵 | design | architect | 1 min 0 s | 1.0k | $0.02 |
| ⚪ | tasks | product-manager | | | |
| ⚪ | implementation | developer | | | |
| ⚪ | testing | qa-engineer | | | |
| ⚪ | review | code-reviewer | | | |
| ⚪ | pull request | devflow | | | |

Elapsed 1 min 0 s · 1.5k tokens · up to $0.05 of $5.00
Waiting for the model: `architect` in design since 12:00 UTC
Stalled from 12:00 UTC to 12:00 UTC, then taken up again where it was

<sub>run `260504-120000-abc` · stop it: `/cancel` · more: `/status`</sub>\
""",
                """\
### ❌ Failed
design: no.
The work so far is in #8.

`░░░░░░░░░░░░░░░░░░░░` 0 of 7 phases

| | phase | agent | time | tokens | cost |
|---|---|---|---:|---:|---:|
| ➖ | requirements | business-analyst | | | |
| ➖ | design | architect | | | |
| ➖ | tasks | product-manager | | | |
| ➖ | implementation | developer | | | |
| ➖ | testing | qa-engineer | | | |
| ➖ | review | code-reviewer | | | |
| ➖ | pull request | devflow | | | |

Elapsed 1 min 0 s · 1.5k tokens · $0.05 of $5.00

To try again, comment this:

```text
/dev-workflow add a dark mode
```

<sub>run `260504-120000-abc`</sub>\
""",
                """\
### 🔵 At work
Asked by @maintainer. As of 12:01 UTC, renewed at least every 5 minutes while somebody is at it.

`░░░░░░░░░░░░░░░░░░░░` 0 of 7 phases

| | phase | agent | time | tokens | cost |
|---|---|---|---:|---:|---:|
| ⚪ | requirements | business-analyst | | | |
| ⚪ | design | architect | | | |
| ⚪ | tasks | product-manager | | | |
| ⚪ | implementation | developer | | | |
| ⚪ | testing | qa-engineer | | | |
| ⚪ | review | code-reviewer | | | |
| ⚪ | pull request | devflow | | | |

Elapsed 1 min 0 s · 1.5k tokens · $0.05 of $5.00
Expected: $0.40 to $1.90, most likely $0.80, and 3 to 15 min of work (14 runs of this kind here)

<sub>run `260504-120000-abc` · stop it: `/cancel` · more: `/status`</sub>\
""",
                """\
### ✅ Done: #8
The evidence holds. It stands in the pull request.

`░░░░░░░░░░░░░░░░░░░░` 0 of 7 phases

| | phase | agent | time | tokens | cost |
|---|---|---|---:|---:|---:|
| ➖ | requirements | business-analyst | | | |
| ➖ | design | architect | | | |
| ➖ | tasks | product-manager | | | |
| ➖ | implementation | developer | | | |
| ➖ | testing | qa-engineer | | | |
| ➖ | review | code-reviewer | | | |
| ➖ | pull request | devflow | | | |

Elapsed 1 min 0 s · 1.5k tokens · $0.05 of $5.00, expected $0.80 ($0.40 to $1.90)

<sub>run `260504-120000-abc`</sub>\
""",
            ],
        }
    )
