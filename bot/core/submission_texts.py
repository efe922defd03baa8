"""Structured results of agents as Markdown: for the thread, and for the agents that come after."""

import re
from collections import Counter
from collections.abc import Sequence

from bot.core.comments import cell, safe
from bot.core.planning import Task, in_order
from bot.core.submissions import (
    Design,
    Finding,
    Findings,
    Requirements,
    Review,
    Revision,
    Roadmap,
    Submission,
    Tasks,
    Team,
)
from bot.core.text import fence, inline_code


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
            head = "\n\n".join(filter(None, [tasks_table(plan), tasks_graph(plan)]))
            return head, "\n\n".join([head, *(_task_text(task) for task in plan)])
        case Review():
            verdict = "Approved." if submission.verdict == "approve" else "Changes requested."
            remarks = [f"`{c.path}:{c.line}` {c.body}" for c in submission.comments]
            summary = f"**{verdict}** {submission.summary}"
            return summary, "\n\n".join(filter(None, [summary, _list("Remarks", remarks)]))
        case Team():
            lines = [f"`{form.name}`: {form.reason}" for form in submission.agents]
            return submission.summary, "\n\n".join([submission.summary, _list("Team", lines)])
        case Revision():
            answers = [f"{'Done' if t.done else 'Not done'}: {t.answer}" for t in submission.threads]
            return submission.summary, "\n\n".join(filter(None, [submission.summary, _list("Threads", answers)]))
        case Findings():
            count = Counter(finding.severity for finding in submission.findings)
            tally = ", ".join(f"{count[level]} {level}" for level in ("high", "medium", "low") if count[level])
            summary = f"**{tally or 'Nothing found'}.** {submission.summary}"
            return summary, "\n\n".join([summary, *map(_finding_text, submission.findings)])
        case Roadmap():
            head = f"{submission.summary}\n\n{priorities_table(submission)}"
            proposed = [f"**{form.title}**: {form.body}" for form in submission.sub_issues]
            parts = [
                head,
                _milestones(submission),
                _list("Open questions", submission.questions),
                _list("Proposed sub-issues", proposed),
            ]
            return "\n\n".join(filter(None, parts[:3])), "\n\n".join(filter(None, parts))


def priorities_table(roadmap: Roadmap) -> str:
    """What matters most stands first, whatever order it was handed in."""
    rows = ["| | what | effort | why |", "|---|---|---|---|"]
    ranked = sorted(roadmap.priorities, key=lambda one: list(_LEVELS).index(one.priority))
    rows += [
        f"| {_LEVELS[one.priority]} | {cell(one.title)} | {_EFFORT[one.effort]} | {cell(one.why)} |" for one in ranked
    ]
    return "\n".join(rows)


def _milestones(roadmap: Roadmap) -> str:
    lines = ["**Roadmap**", ""]
    for number, stage in enumerate(roadmap.roadmap, 1):
        lines += [f"{number}. {cell(stage.milestone)}", *(f"   - {cell(item)}" for item in stage.items)]
    return "\n".join(lines)


_LEVELS = {"must": "**must**", "should": "should", "could": "could", "wont": "won't"}
_EFFORT = {"S": "small", "M": "medium", "L": "large"}


def tasks_table(tasks: Sequence[Task]) -> str:
    rows = ["| task | | agent | files | after |", "|---|---|---|---|---|"]
    rows += [
        "| "
        + " | ".join(cell(text) for text in (t.id, t.title, t.agent, _codes(t.files), ", ".join(t.depends_on)))
        + " |"
        for t in tasks
    ]
    return "\n".join(rows)


def tasks_graph(tasks: Sequence[Task]) -> str:
    """What is built side by side, in words and as a Mermaid graph; empty for a single task."""
    if len(tasks) < 2:
        return ""
    batches = " → ".join(" + ".join(f"`{task.id}`" for task in batch) for batch in in_order(tasks))
    node = {task.id: f"n{number}" for number, task in enumerate(tasks)}
    lines = [f'  {node[task.id]}["{_mermaid(f"{task.id}: {task.title}")}"]' for task in tasks]
    lines += [f"  {node[before]} --> {node[task.id]}" for task in tasks for before in task.depends_on]
    return f"Built in this order, side by side where there is a plus: {batches}\n\n" + fence(
        "\n".join(["graph LR", *lines]), "mermaid"
    )


def _mermaid(text: str) -> str:
    """A label that cannot end its quotes or become markup."""
    plain = " ".join(safe(text).split())[:80]
    return re.sub(r"[^\w .,:;()/-]", lambda found: f"#{ord(found[0])};", plain)


def _codes(paths: Sequence[str]) -> str:
    return ", ".join(f"`{path}`" for path in paths)


def _task_text(task: Task) -> str:
    return "\n\n".join(
        filter(
            None, [f"**{task.id}: {task.title}**", task.description, "\n".join(f"- [ ] {a}" for a in task.acceptance)]
        )
    )


def _finding_text(finding: Finding) -> str:
    place = inline_code(f"{finding.path}:{finding.line}" if finding.line else finding.path)
    return f"**{finding.severity}** {place}: {finding.problem}\n\nRemedy: {finding.remedy}"


def _list(title: str, lines: Sequence[str]) -> str:
    return "\n".join([f"**{title}**", "", *(f"- {line}" for line in lines)]) if lines else ""
