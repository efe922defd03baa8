"""What the demo found when it was over, checked against the local GitHub once more."""

import json
from dataclasses import dataclass
from typing import Any

from bot.core.effects import without_marks
from bot.core.runs import PhaseResult, Run
from bot.offline.demo.stage import Stage


@dataclass(frozen=True, slots=True)
class Report:
    """`data` is what `--report` writes; `diff` is the pull request's."""

    ok: bool
    data: dict[str, Any]
    diff: str


async def make_report(on: Stage, number: int, run: Run | None, seconds: float) -> Report:
    """Gather it all; `ok` only if the run says so and the local GitHub agrees."""
    phases = {str(p.name): p for p in await on.bot.store.phases(run.id)} if run else {}
    delivery = _data(phases.get("delivery"))
    pull = _pull(on, delivery)
    reason = _wrong(on, run, delivery, pull)
    tests = _data(phases.get("review")).get("tests") or _data(phases.get("testing")).get("tests") or {}
    data = {
        "ok": not reason,
        "reason": reason,
        "model": "scripted" if on.claude else on.bot.settings.model,
        "run": run.id if run else None,
        "state": run.state if run else None,
        "seconds": round(seconds, 3),
        "phases": [_phase(p) for p in phases.values()],
        "tests": {
            key: tests.get(key)
            for key in ("command", "state", "exit_code", "seconds", "passed", "failed", "reason", "sandbox")
        },
        "evidence": delivery.get("evidence", []),
        "pull_request": pull,
        "comments": [
            {"author": c.author, "body": without_marks(c.body)}
            for c in on.github.comments_on(on.play.repository, number)
        ],
        "where": str(on.folder),
    }
    diff = on.github.diff(on.play.repository, on.play.branch, pull["branch"]) if pull["head"] else ""
    return Report(not reason, data, diff)


def _data(phase: PhaseResult | None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(phase.data) if phase else {}
    return found


def _phase(phase: PhaseResult) -> dict[str, Any]:
    seconds = None if phase.seconds is None else round(phase.seconds, 3)
    used = {"tokens": phase.usage.total, "usd": round(phase.usd, 6)}
    return {"name": phase.name, "agent": phase.agent, "state": phase.state, "seconds": seconds, **used}


def _pull(on: Stage, delivery: dict[str, Any]) -> dict[str, Any]:
    branch = delivery.get("branch") or ""
    head = on.github.branches(on.play.repository).get(branch) if branch else None
    files = _changed(on, branch) if head else []
    return {"number": delivery.get("pull"), "url": delivery.get("url"), "branch": branch, "head": head, "files": files}


def _changed(on: Stage, branch: str) -> list[str]:
    sides = [_files(on, ref) for ref in (on.play.branch, branch)]
    return sorted(path for path in sides[0].keys() | sides[1].keys() if sides[0].get(path) != sides[1].get(path))


def _files(on: Stage, ref: str) -> dict[str, bytes]:
    name = on.play.repository
    return {path: on.github.file_at(name, ref, path) for path in on.github.tree(name, ref)}


def _wrong(on: Stage, run: Run | None, delivery: dict[str, Any], pull: dict[str, Any]) -> str:
    """The first thing that is not as it has to be; empty if the evidence holds."""
    if run is None:
        last = on.github.comments_on(on.play.repository, 1)[-1:]
        return f"no run began. {without_marks(last[0].body) if last else ''}".strip()
    if run.state != "succeeded":
        return f"the run ended as {run.state}. {run.reason}"
    if not pull["head"]:
        return f"the branch `{pull['branch']}` is not on GitHub"
    if pull["head"] != delivery.get("head"):
        return f"the branch is at {pull['head'][:12]}, the run says {str(delivery.get('head'))[:12]}"
    if not any(p.number == pull["number"] and p.state == "open" for p in on.github.pulls(on.play.repository)):
        return f"pull request #{pull['number']} is not open"
    return ""
