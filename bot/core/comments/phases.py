"""One comment for one finished phase."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.core.comments.common import again_lines, cell, duration, money, title_of, tokens, whole
from bot.core.comments.status import MARKS
from bot.core.partial import stop_of
from bot.core.runs import PhaseResult, Run
from bot.core.text import (
    fence,
    redact_secrets,
    truncate_middle,
)

EXPLAINED = 12_000
"""Characters of explanations in one comment."""

DIFF_LIMIT = 50_000


def phase_comment(run: Run, result: PhaseResult, phases_left: Sequence[str]) -> str:
    """One comment for one finished phase: summary first, the rest folded. A failure says how to go on."""
    data = json.loads(result.data)
    title = data.get("title") or title_of(run, result.name).capitalize()
    lines = [f"### {MARKS[result.state]} {title}", "", whole(result.summary, 4000)]
    more = result.output.strip().removeprefix(result.summary.strip()).strip()
    if more:
        lines += ["", f"<details><summary>More, by {result.agent}</summary>", "", whole(more), "", "</details>"]
    lines += _explained(data)
    lines += _diff(data)
    stops = result.state == "failed" and not data.get("go_on")
    if stops:
        lines += [
            "",
            *again_lines(
                run, stop_of([result]), begun=bool(run.request.after) or result.name != run.plan.phases[0].name
            ),
        ]
    next_up = f" · next: {title_of(run, phases_left[0])}" if phases_left and not stops else ""
    used = f" · {tokens(result.usage)} tokens · {money(result.usd)}" if result.usage.total else ""
    about = f"{_by(result, data)} · {duration(result.seconds)}{used}{next_up} · run `{run.id}`"
    return "\n".join([*lines, "", f"<sub>{about}</sub>"])


def _by(result: PhaseResult, data: Mapping[str, Any]) -> str:
    """Who made it, each with the version of its definition, the repository's file where it comes from there, and its
    models where they were chosen."""
    entries = data.get("agents") or [{"name": result.agent, "version": ""}]
    return ", ".join(
        f"{cell(entry['name'])}"
        + (f" {entry['version']}" if entry["version"] else "")
        + (f" ({cell(entry['path'])})" if entry.get("path") else "")
        + (f" on {cell(entry['models'])}" if entry.get("models") else "")
        for entry in entries
    )


def _explained(data: Mapping[str, Any]) -> list[str]:
    """Of a learning run: what the agents said to explain their steps, folded."""
    said = [f"{number}. `{s['agent']}`: {s['text']}" for number, s in enumerate(data.get("explained", []), 1)]
    if not said:
        return []
    text = whole("\n\n".join(said), EXPLAINED)
    return ["", "<details open><summary>Step by step</summary>", "", text, "", "</details>"]


def _diff(data: Mapping[str, Any]) -> list[str]:
    """Of a dry run: the change itself, folded."""
    if not (diff := data.get("diff")):
        return []
    shown = fence(truncate_middle(redact_secrets(diff), DIFF_LIMIT), "diff")
    return ["", "<details><summary>The change</summary>", "", shown, "", "</details>"]


def test_output(output: str, limit: int = 6000) -> str:
    """Test output, folded."""
    return (
        f"<details><summary>Output</summary>\n\n{fence(truncate_middle(redact_secrets(output), limit))}\n\n</details>"
    )


test_output.__test__ = False  # type: ignore[attr-defined]
