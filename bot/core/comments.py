"""Every text that people read on GitHub. Words of agents and visitors are cleaned before they get in here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.conversation import Usage
from bot.core.evidence import Evidence
from bot.core.planning import Task
from bot.core.runs import ENDED, PhaseResult, PhaseState, Run
from bot.core.submissions import Design, Requirements, Review, Submission, Tasks
from bot.core.text import clean_untrusted, fence, neutralise_mentions, redact_secrets, truncate_middle

MARKS: Mapping[PhaseState, str] = {"waiting": "⚪", "running": "🔵", "done": "✅", "failed": "❌", "skipped": "➖"}
STATES = {"ok": "✅", "note": "ℹ️", "unknown": "⚠️", "fail": "❌"}
TITLES = {"delivery": "pull request"}


@dataclass(frozen=True, slots=True)
class Progress:
    """What the status comment shows: the run, its phases so far, and what was used."""

    run: Run
    phases: Mapping[str, PhaseResult]
    usage: Usage
    usd: float
    now: datetime
    pull_url: str = ""


def safe(text: str) -> str:
    """Foreign words, fit to be posted: no hidden characters, HTML comments, secrets, pings or closing keywords."""
    return neutralise_mentions(redact_secrets(clean_untrusted(text).text))


def cell(text: str) -> str:
    """Foreign words, fit for one cell of a table."""
    return " ".join(safe(text).split()).replace("|", "\\|")


def duration(seconds: float | None) -> str:
    """`47 s`, `3 min 20 s`, `2 h 5 min`; a dash for nothing."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s" if whole >= 10 or seconds == whole else f"{seconds:.1f} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def tokens(usage: Usage) -> str:
    """`12.3k`, all kinds together."""
    return f"{usage.total / 1000:.1f}k" if usage.total >= 1000 else str(usage.total)


def money(usd: float) -> str:
    return f"${usd:.2f}" if usd >= 0.01 or usd == 0 else "<$0.01"


def status_comment(progress: Progress) -> str:
    """The one comment that is edited while a run goes on."""
    run = progress.run
    done = sum(1 for p in run.plan.phases if (r := progress.phases.get(p.name)) and r.state in {"done", "skipped"})
    total = len(run.plan.phases)
    bar = "█" * round(done * 20 / total) + "░" * (20 - round(done * 20 / total))
    lines = [headline(progress), "", f"`{bar}` {done} of {total}", "", "| | phase | agent | time | tokens | cost |"]
    lines += [
        "|---|---|---|---:|---:|---:|",
        *(_phase_row(progress, phase.name, phase.agent) for phase in run.plan.phases),
    ]
    began, ended = run.created_at or progress.now, run.ended_at or progress.now
    elapsed = duration((ended - began).total_seconds())
    lines += [
        "",
        f"Elapsed {elapsed} · {tokens(progress.usage)} tokens · {money(progress.usd)} of {money(run.plan.budget_usd)}",
    ]
    lines += ["", _footer(progress)]
    return "\n".join(lines)


def headline(progress: Progress) -> str:
    """The first line of the status comment: what is true now."""
    run, link = progress.run, progress.pull_url
    match run.state:
        case "queued":
            return f"### 🕓 Queued\nAsked by @{run.request.requester}. It starts when the run before it ends."
        case "running":
            return f"### 🔵 At work\nAsked by @{run.request.requester}."
        case "succeeded":
            return f"### ✅ Done: {link}\nThe evidence holds. It stands in the pull request."
        case "unproven":
            return f"### ⚠️ Done, but nothing proves it{': ' + link if link else ''}\n{sentence(run.reason)}"
        case "failed":
            draft = f"\nThe work so far is in the draft {link}." if link else ""
            return f"### ❌ Failed\n{sentence(run.reason)}{draft}"
        case "cancelled":
            return f"### ⏹️ Cancelled\n{sentence(run.reason)}"


def sentence(text: str) -> str:
    """Foreign or measured words as a sentence with its full stop."""
    cleaned = safe(text).strip()
    return cleaned if not cleaned or cleaned[-1] in ".!?)`" else cleaned + "."


def _phase_row(progress: Progress, name: str, agent: str) -> str:
    result = progress.phases.get(name)
    title = TITLES.get(name, name)
    if result is None or result.state == "waiting":
        return f"| {MARKS['waiting']} | {title} | {agent} | | | |"
    seconds = result.seconds
    if result.state == "running" and result.started_at and progress.run.state not in ENDED:
        seconds = (progress.now - result.started_at).total_seconds()
    used = f"{tokens(result.usage)} | {money(result.usd)}" if result.usage.total else " | "
    return f"| {MARKS[result.state]} | {title} | {agent} | {duration(seconds)} | {used} |"


def _footer(progress: Progress) -> str:
    if progress.run.state in ENDED:
        again = "" if progress.run.state == "succeeded" else " · again: `/dev-workflow`"
        return f"<sub>run `{progress.run.id}`{again}</sub>"
    return f"<sub>run `{progress.run.id}` · stop it: `/cancel` · more: `/status`</sub>"


def phase_comment(run: Run, result: PhaseResult, phases_left: Sequence[str]) -> str:
    """One comment for one finished phase: summary first, the rest folded."""
    title = TITLES.get(result.name, result.name).capitalize()
    lines = [f"### {MARKS[result.state]} {title}", "", truncate_middle(safe(result.summary), 4000)]
    if result.output and result.output.strip() != result.summary.strip():
        lines += [
            "",
            f"<details><summary>The whole of it, by {result.agent}</summary>",
            "",
            safe(result.output),
            "",
            "</details>",
        ]
    next_up = f" · next: {TITLES.get(phases_left[0], phases_left[0])}" if phases_left else ""
    used = f"{duration(result.seconds)} · {tokens(result.usage)} tokens · {money(result.usd)}"
    return "\n".join([*lines, "", f"<sub>{result.agent} · {used}{next_up} · run `{run.id}`</sub>"])


def submission_text(submission: Submission) -> tuple[str, str]:
    """(summary, whole text) of a structured result, as Markdown."""
    match submission:
        case Requirements():
            parts = [_list("Acceptance", [f"[ ] {a}" for a in submission.acceptance])]
            parts += [_list("Assumptions", submission.assumptions), _list("Out of scope", submission.out_of_scope)]
            return f"{submission.summary}\n\n{parts[0]}", "\n\n".join(filter(None, [submission.summary, *parts]))
        case Design():
            files = _list("Files", [f"`{path}`" for path in submission.files])
            return submission.summary, "\n\n".join(
                filter(None, [submission.summary, submission.design, files, _list("Risks", submission.risks)])
            )
        case Tasks():
            plan = [form.task() for form in submission.tasks]
            return tasks_table(plan), "\n\n".join([tasks_table(plan), *(_task_text(task) for task in plan)])
        case Review():
            verdict = "Approved." if submission.verdict == "approve" else "Changes requested."
            remarks = [f"`{c.path}:{c.line}` {c.body}" for c in submission.comments]
            summary = f"**{verdict}** {submission.summary}"
            return summary, "\n\n".join(filter(None, [summary, _list("Remarks", remarks)]))


def tasks_table(tasks: Sequence[Task]) -> str:
    rows = ["| task | | agent | files | after |", "|---|---|---|---|---|"]
    rows += [
        "| "
        + " | ".join(cell(text) for text in (t.id, t.title, t.agent, _codes(t.files), ", ".join(t.depends_on)))
        + " |"
        for t in tasks
    ]
    return "\n".join(rows)


def _codes(paths: Sequence[str]) -> str:
    return ", ".join(f"`{path}`" for path in paths)


def _task_text(task: Task) -> str:
    return "\n\n".join(
        filter(
            None, [f"**{task.id}: {task.title}**", task.description, "\n".join(f"- [ ] {a}" for a in task.acceptance)]
        )
    )


def _list(title: str, lines: Sequence[str]) -> str:
    return "\n".join([f"**{title}**", "", *(f"- {line}" for line in lines)]) if lines else ""


def evidence_table(evidence: Evidence) -> str:
    """What the program checked itself, as Markdown."""
    rows = [f"| {STATES[row.state]} | {row.check} | {cell(row.found)} |" for row in evidence.rows]
    return "\n".join(["| | check | found |", "|---|---|---|", *rows])


def pull_title(run: Run, tasks: Sequence[Task]) -> str:
    """At most 72 characters: the issue's title, or the only task's."""
    words = safe(run.request.issue_title if len(tasks) != 1 else tasks[0].title)
    line = " ".join(words.split()) or f"Resolve issue {run.request.issue}"
    return line if len(line) <= 72 else line[:71].rstrip() + "…"


def pull_body(progress: Progress, summary: str, evidence: Evidence) -> str:
    """Summary, evidence, cost; `Closes #N` only where the evidence does not refute the change."""
    run = progress.run
    closes = f"Closes #{run.request.issue}" if evidence.verdict != "refuted" else f"Part of #{run.request.issue}"
    lead = {
        "proven": "",
        "unproven": f"> [!WARNING]\n> Nothing proves this change. {sentence(evidence.reason)}\n\n",
        "refuted": f"> [!CAUTION]\n> The evidence speaks against this change. {sentence(evidence.reason)}\n\n",
    }[evidence.verdict]
    began, ended = run.created_at or progress.now, progress.now
    used = f"{duration((ended - began).total_seconds())} · {tokens(progress.usage)} tokens · {money(progress.usd)}"
    return (
        f"{lead}{truncate_middle(safe(summary), 20_000)}\n\n{closes}\n\n"
        f"### Evidence\nChecked by the program, not claimed by a model.\n\n{evidence_table(evidence)}\n\n"
        f"<sub>Asked by @{run.request.requester} in #{run.request.issue} · run `{run.id}` · {used}</sub>"
    )


def delivery_summary(evidence: Evidence, pull_url: str) -> str:
    """The comment of the last phase."""
    lead = {
        "proven": f"{pull_url} is open. Every check holds.",
        "unproven": f"{pull_url} is open as a draft: nothing proves the change. {sentence(evidence.reason)}",
        "refuted": f"{pull_url} is open as a draft: the evidence speaks against it. {sentence(evidence.reason)}",
    }[evidence.verdict]
    return f"{lead}\n\n{evidence_table(evidence)}"


def test_output(output: str, limit: int = 6000) -> str:
    """Test output, folded."""
    return (
        f"<details><summary>Output</summary>\n\n{fence(truncate_middle(redact_secrets(output), limit))}\n\n</details>"
    )


test_output.__test__ = False  # type: ignore[attr-defined]


NO_RUN_HERE = "No run has been started on this issue yet. Start one with `/dev-workflow`, or see `/help`."


def refusal(message: str, hint: str) -> str:
    """The answer to a command that cannot be carried out."""
    return f"😕 {message}" + (f"\n\n{hint}" if hint else "")


def denied(author: str, reason: str) -> str:
    """The answer to somebody who may not give the command; posted once for each person and issue."""
    return f"🔒 @{author} {reason}"


def cancelled(run_id: str, author: str) -> str:
    return f"⏹️ Run `{run_id}` was stopped by @{author}. Nothing more happens. Start again with `/dev-workflow`."


def pong(model_problem: str | None, sandbox_problem: str | None) -> str:
    """The answer to `/ping`: what works and what does not."""
    return "\n".join(
        [
            "🏓 Devflow is here.",
            "",
            f"- model: {model_problem or 'ready'}",
            f"- sandbox: {sandbox_problem or 'ready'}",
        ]
    )
