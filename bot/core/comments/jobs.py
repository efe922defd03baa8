"""What a GitHub Actions job says: workflow commands, its summary, its outputs."""

import json
from collections.abc import Mapping, Sequence

from bot.core.comments.common import TITLES, cell, duration, evidence_table, money, safe
from bot.core.evidence import Evidence, Row
from bot.core.runs import PhaseResult, Run

SUMMARY_BYTES = 1 << 20
"""GitHub refuses a longer summary of a step:
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits"""
NO_CHECKS = (
    "A workflow's token starts no workflows: checks do not run by themselves here. Close and open the pull request "
    "again, or give the input `github_token` the token of a GitHub App."
)
CUT = "\n\n… The rest was cut: a summary may have 1 MiB. The comments on the issue have everything.\n"


def workflow_command(name: str, message: str, **properties: str) -> str:
    """A line that the runner obeys; nothing in the message can end it or begin another.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
    """
    told = ",".join(f"{key}={_escaped(value, ':,')}" for key, value in properties.items())
    return f"::{name}{' ' if told else ''}{told}::{_escaped(message)}"


def _escaped(text: str, also: str = "") -> str:
    for char in f"%\r\n{also}":
        text = text.replace(char, f"%{ord(char):02X}")
    return text


def outputs_text(outputs: Mapping[str, str], delimiter: str) -> str:
    """Lines for GITHUB_OUTPUT. `delimiter` must be one that nobody can guess, or a value could set other outputs."""
    return "".join(f"{name}<<{delimiter}\n{value}\n{delimiter}\n" for name, value in outputs.items())


def job_summary(run: Run | None, phases: Sequence[PhaseResult], usd: float, done: str, patch: str = "") -> str:
    """Markdown for GITHUB_STEP_SUMMARY, never longer than GitHub takes."""
    if run is None:
        return cut(f"### Devflow\n\n{safe(done)}\n")
    lines = [f"### Devflow: #{run.request.issue} {safe(run.request.issue_title)}", ""]
    reason = f" {safe(run.reason)}" if run.reason else ""
    pull = f" Pull request: #{run.pull_number}." if run.pull_number else ""
    lines += [f"Run `{run.id}` is **{run.state}**.{reason}{pull} It has cost {money(usd)} so far.", ""]
    lines += ["| phase | agent | state | time | cost |", "|---|---|---|---|---|"]
    for phase in phases:
        title = TITLES.get(phase.name, phase.name)
        row = (cell(title), cell(phase.agent), phase.state, duration(phase.seconds), money(phase.usd))
        lines.append(f"| {' | '.join(row)} |")
    if rows := _evidence(phases):
        lines += ["", "#### Evidence", "", evidence_table(Evidence(tuple(rows), "unproven"))]
    if patch:
        lines += ["", "#### The change", "", fenced(patch, "diff")]
    return cut("\n".join(lines) + "\n")


def _evidence(phases: Sequence[PhaseResult]) -> list[Row]:
    found = [row for phase in phases if phase.name == "delivery" for row in json.loads(phase.data).get("evidence", [])]
    return [Row(row["check"], row["found"], row["state"]) for row in found]


def fenced(text: str, kind: str) -> str:
    """A block of code that its own text cannot end."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{kind}\n{text.rstrip()}\n{fence}"


def cut(text: str) -> str:
    """The text as far as a step's summary may go."""
    whole = text.encode()
    if len(whole) <= SUMMARY_BYTES:
        return text
    return whole[: SUMMARY_BYTES - len(CUT.encode())].decode(errors="ignore") + CUT


def dispatched(actor: str, command: str) -> str:
    """Told where a command came from the Actions page instead of a comment."""
    return f"▶️ @{actor} gave a command on the Actions page:\n\n{fenced(safe(command), '')}"
