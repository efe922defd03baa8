"""Every text that people read on GitHub. Words of agents and visitors are cleaned before they get in here."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.core.conversation import Usage
from bot.core.evidence import Evidence
from bot.core.partial import Stop, stop_of, with_budget
from bot.core.planning import Task
from bot.core.runs import ENDED, PhaseResult, PhaseState, Run
from bot.core.text import (
    clean_untrusted,
    close_blocks,
    fence,
    neutralise_mentions,
    redact_secrets,
    truncate_middle,
)

MARKS: Mapping[PhaseState, str] = {"waiting": "⚪", "running": "🔵", "done": "✅", "failed": "❌", "skipped": "➖"}
STOPPED = "⏹️"
STATES = {"ok": "✅", "note": "ℹ️", "unknown": "⚠️", "fail": "❌"}
NOTES = 10
EXPLAINED = 12_000
"""Characters of explanations in one comment."""
TITLES = {"delivery": "pull request", "testplan": "test plan"}
PLANNED = """\
### ✅ Planned
Nothing was changed. `/dev-workflow` alone builds it as planned; with words of its own it plans anew."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What the status comment shows: the run, its phases so far, and what was used."""

    run: Run
    phases: Mapping[str, PhaseResult]
    usage: Usage
    usd: float
    now: datetime
    pull_url: str = ""
    exact: bool = True
    """False while a call is under way or lost: `usd` then counts what it can cost at most."""


def safe(text: str) -> str:
    """Foreign words, fit to be posted: no hidden characters, HTML comments, secrets, pings or closing keywords."""
    return neutralise_mentions(redact_secrets(clean_untrusted(text).text))


def whole(text: str, limit: int | None = None) -> str:
    """Foreign Markdown that swallows nothing of what we write below it, with its middle cut out at `limit`."""
    cleaned = safe(text)
    return close_blocks(cleaned if limit is None else truncate_middle(cleaned, limit))


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


def spent(progress: Progress) -> str:
    """What a run has cost, or can have cost at most."""
    return money(progress.usd) if progress.exact else f"up to {money(progress.usd)}"


def status_comment(progress: Progress) -> str:
    """The one comment that is edited while a run goes on."""
    run = progress.run
    done = sum(1 for p in run.plan.phases if (r := progress.phases.get(p.name)) and r.state == "done")
    total = len(run.plan.phases)
    bar = "█" * round(done * 20 / total) + "░" * (20 - round(done * 20 / total))
    lines = [headline(progress), "", f"`{bar}` {done} of {total} phases", ""]
    lines += [
        "| | phase | agent | time | tokens | cost |",
        "|---|---|---|---:|---:|---:|",
        *(_phase_row(progress, phase.name, phase.agent) for phase in run.plan.phases),
    ]
    began, ended = run.created_at or progress.now, run.ended_at or progress.now
    elapsed = duration((ended - began).total_seconds())
    lines += [
        "",
        f"Elapsed {elapsed} · {tokens(progress.usage)} tokens · {spent(progress)} of {money(run.plan.budget_usd)}",
        *_notes(run),
    ]
    return "\n".join([*lines, *_footer(progress)])


def _notes(run: Run) -> list[str]:
    """What is wrong with the repository's own agents."""
    notes = [f"> - {cell(note)}" for note in run.plan.notes[:NOTES]]
    more = len(run.plan.notes) - len(notes)
    notes += [f"> - ... and {more} more"] if more > 0 else []
    return (
        ["", "> [!WARNING]", "> Agents of this repository are not used as they are written:", *notes] if notes else []
    )


def headline(progress: Progress) -> str:
    """The first line of the status comment: what is true now."""
    run, link = progress.run, progress.pull_url
    match run.state:
        case "queued":
            return (
                f"### 🕓 Queued\nAsked by @{run.request.requester}. "
                "It starts when no other run is at work in this repository."
            )
        case "running":
            return f"### 🔵 At work\nAsked by @{run.request.requester}."
        case "succeeded" if run.plan.purpose == "plan":
            return PLANNED
        case "succeeded":
            return f"### ✅ Done: {link}\nThe evidence holds. It stands in the pull request."
        case "unproven":
            return f"### ⚠️ Done, but nothing proves it{': ' + link if link else ''}\n{sentence(run.reason)}"
        case "failed":
            where = f"\nThe work so far is in {link}." if link else ""
            return f"### ❌ Failed\n{sentence(run.reason)}{where}"
        case "cancelled":
            return f"### {STOPPED} Cancelled\n{sentence(run.reason)}"


def sentence(text: str) -> str:
    """Foreign or measured words as a sentence with its full stop."""
    cleaned = safe(text).strip()
    return cleaned if not cleaned or cleaned[-1] in ".!?)`" else cleaned + "."


def _phase_row(progress: Progress, name: str, agent: str) -> str:
    result = progress.phases.get(name)
    title = TITLES.get(name, name)
    if result is None or result.state == "waiting":
        mark = MARKS["skipped" if progress.run.state in ENDED else "waiting"]
        return f"| {mark} | {title} | {agent} | | | |"
    seconds, mark = result.seconds, MARKS[result.state]
    if result.state == "running" and result.started_at:
        seconds = ((progress.run.ended_at or progress.now) - result.started_at).total_seconds()
        mark = STOPPED if progress.run.state in ENDED else mark
    time = "" if result.state == "skipped" else duration(seconds)
    used = f"{tokens(result.usage)} | {money(result.usd)}" if result.usage.total else " | "
    return f"| {mark} | {title} | {agent} | {time} | {used} |"


def _footer(progress: Progress) -> list[str]:
    run = progress.run
    if run.state in ENDED:
        stop = stop_of(progress.phases.get(phase.name) for phase in run.plan.phases)
        again = [] if run.state == "succeeded" else ["", *again_lines(run, stop)]
        return [*again, "", f"<sub>run `{run.id}`</sub>"]
    return ["", f"<sub>run `{run.id}` · stop it: `/cancel` · more: `/status`</sub>"]


def again_lines(run: Run, stop: Stop | None = None) -> list[str]:
    """The command that asks for the same once more, to be copied with one touch; with a higher budget if that helps."""
    asked = redact_secrets(clean_untrusted(run.request.again).text).strip() or "/dev-workflow"
    more = stop.more_usd if stop else None
    lead = "To try again, comment this:" if more is None else "To go on with a higher budget, comment this:"
    return [lead, "", fence(with_budget(asked, more), "text")]


def phase_comment(run: Run, result: PhaseResult, phases_left: Sequence[str]) -> str:
    """One comment for one finished phase: summary first, the rest folded. A failure says how to go on."""
    title, data = TITLES.get(result.name, result.name).capitalize(), json.loads(result.data)
    lines = [f"### {MARKS[result.state]} {title}", "", whole(result.summary, 4000)]
    more = result.output.strip().removeprefix(result.summary.strip()).strip()
    if more:
        lines += ["", f"<details><summary>More, by {result.agent}</summary>", "", whole(more), "", "</details>"]
    lines += _explained(data)
    stops = result.state == "failed" and not data.get("go_on")
    if stops:
        lines += ["", *again_lines(run, stop_of([result]))]
    next_up = f" · next: {TITLES.get(phases_left[0], phases_left[0])}" if phases_left and not stops else ""
    used = f" · {tokens(result.usage)} tokens · {money(result.usd)}" if result.usage.total else ""
    about = f"{_by(result, data)} · {duration(result.seconds)}{used}{next_up} · run `{run.id}`"
    return "\n".join([*lines, "", f"<sub>{about}</sub>"])


def _by(result: PhaseResult, data: Mapping[str, Any]) -> str:
    """Who made it, each with the version of its definition, and the repository's file where it comes from there."""
    entries = data.get("agents") or [{"name": result.agent, "version": ""}]
    return ", ".join(
        f"{cell(entry['name'])}"
        + (f" {entry['version']}" if entry["version"] else "")
        + (f" ({cell(entry['path'])})" if entry.get("path") else "")
        for entry in entries
    )


def _explained(data: Mapping[str, Any]) -> list[str]:
    """Of a learning run: what the agents said to explain their steps, folded."""
    said = [f"{number}. `{s['agent']}`: {s['text']}" for number, s in enumerate(data.get("explained", []), 1)]
    if not said:
        return []
    text = whole("\n\n".join(said), EXPLAINED)
    return ["", "<details open><summary>Step by step</summary>", "", text, "", "</details>"]


def evidence_table(evidence: Evidence) -> str:
    """What the program checked itself, as Markdown."""
    rows = [f"| {STATES[row.state]} | {row.check} | {cell(row.found)} |" for row in evidence.rows]
    return "\n".join(["| | check | found |", "|---|---|---|", *rows])


def pull_title(run: Run, tasks: Sequence[Task]) -> str:
    """At most 72 characters: the issue's title, or the only task's."""
    words = safe(run.request.issue_title if len(tasks) != 1 else tasks[0].title)
    line = " ".join(words.split()) or f"Resolve issue {run.request.issue}"
    return line if len(line) <= 72 else line[:71].rstrip() + "…"


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Work that a limit stopped, and what is missing of it."""

    run: Run
    stop: Stop
    missing: Sequence[str]

    def lines(self) -> list[str]:
        """What is missing and how to go on, as Markdown."""
        listed = [f"- [ ] {cell(line)}" for line in self.missing]
        return ["### What is missing", *listed, "", "### How to go on", *again_lines(self.run, self.stop)]


def pull_body(progress: Progress, summary: str, evidence: Evidence, rest: Unfinished | None = None) -> str:
    """Summary, evidence, cost; `Closes #N` only where the evidence does not refute the change."""
    run = progress.run
    closes = f"Closes #{run.request.issue}" if evidence.verdict != "refuted" else f"Part of #{run.request.issue}"
    lead = {
        "proven": "",
        "unproven": f"> [!WARNING]\n> Nothing proves this change. {sentence(evidence.reason)}\n\n",
        "refuted": f"> [!CAUTION]\n> The evidence speaks against this change. {sentence(evidence.reason)}\n\n",
    }[evidence.verdict]
    if rest:
        lead = f"> [!WARNING]\n> This is unfinished: a limit stopped the run in {rest.stop.phase}. "
        lead += f"{sentence(rest.stop.reason)}\n\n" + "\n".join([*rest.lines(), "", ""])
    began, ended = run.created_at or progress.now, progress.now
    used = f"{duration((ended - began).total_seconds())} · {tokens(progress.usage)} tokens · {spent(progress)}"
    return (
        f"{lead}{whole(summary, 20_000)}\n\n{closes}\n\n"
        f"### Evidence\nChecked by the program, not claimed by a model.\n\n{evidence_table(evidence)}\n\n"
        f"<sub>Asked by @{run.request.requester} in #{run.request.issue} · run `{run.id}` · {used}</sub>"
    )


def delivery_summary(evidence: Evidence, pull_url: str, rest: Unfinished | None = None) -> str:
    """The comment of the last phase; `pull_url` is empty if none was opened."""
    stands = f"The work so far is in {pull_url}." if pull_url else "No pull request was opened."
    lead = {
        "proven": f"{pull_url} is open. Every check holds.",
        "unproven": f"Nothing proves this change. {sentence(evidence.reason)} {stands}",
        "refuted": f"The evidence speaks against this change. {sentence(evidence.reason)} {stands}",
    }[evidence.verdict]
    if rest:
        stands = stands if pull_url else "Nothing can be shown of it, so no pull request was opened."
        lead = f"A limit stopped the run in {rest.stop.phase}. {sentence(rest.stop.reason)} {stands}\n\n"
        lead += "\n".join(rest.lines())
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


def cancelled(run_id: str, reason: str) -> str:
    """`reason` is a sentence like `Stopped by @ada.`"""
    return (
        f"⏹️ Run `{run_id}` was {reason[:1].lower()}{reason[1:]} Nothing more happens. Start again with `/dev-workflow`."
    )


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
