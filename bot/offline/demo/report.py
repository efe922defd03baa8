"""What the demo found when it was over, checked against the local GitHub once more."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from bot.core.effects import without_marks
from bot.core.runs import PhaseResult, Run
from bot.offline.demo.stage import Stage

_TEST_FIELDS = ("command", "state", "exit_code", "seconds", "passed", "failed", "reason", "sandbox")


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
    pull = _pull(on, run, delivery)
    tests = _data(phases.get("review")).get("tests") or _data(phases.get("testing")).get("tests") or {}
    reason = _wrong(on, number, run, delivery, pull) or _wrong_tests(tests)
    data = {
        "ok": not reason,
        "reason": reason,
        "model": on.model,
        "repository": on.play.repository,
        "issue": number,
        "run": run.id if run else None,
        "state": run.state if run else None,
        "seconds": round(seconds, 3),
        "phases": [_phase(p) for p in phases.values()],
        "agents": await _agents(on, run),
        "tasks": _tasks(_data(phases.get("implementation"))),
        "test_runs": _data(phases.get("testing")).get("history", []),
        "reviews": _data(phases.get("review")).get("verdicts", []),
        "tests": {key: tests.get(key) for key in _TEST_FIELDS},
        "evidence": delivery.get("evidence", []),
        "pull_request": pull,
        "comments": [
            {"author": c.author, "body": without_marks(c.body)}
            for c in on.github.comments_on(on.play.repository, number)
        ],
        "where": str(on.folder),
    }
    diff = on.github.diff(on.play.repository, run.request.base_sha, pull["branch"]) if run and pull["head"] else ""
    return Report(not reason, data, diff)


def _data(phase: PhaseResult | None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(phase.data) if phase else {}
    return found


async def _agents(on: Stage, run: Run | None) -> dict[str, int]:
    """Who worked, by name, and in how many calls of the model."""
    turns = await on.bot.store.turns(run.id) if run else []
    return dict(sorted(Counter(turn.agent for turn in turns).items()))


def _tasks(built: dict[str, Any]) -> dict[str, Any]:
    """Who built what; batches of tasks that can be built side by side; tasks made again after a conflict."""
    done = [{"id": c["task"], "agent": c["agent"], "subject": c["subject"]} for c in built.get("commits", [])]
    return {"built": done, "batches": built.get("batches", []), "redone": built.get("redone", [])}


def _phase(phase: PhaseResult) -> dict[str, Any]:
    seconds = None if phase.seconds is None else round(phase.seconds, 3)
    used = {"tokens": phase.usage.total, "usd": round(phase.usd, 6)}
    return {"name": phase.name, "agent": phase.agent, "state": phase.state, "seconds": seconds, **used}


def _pull(on: Stage, run: Run | None, delivery: dict[str, Any]) -> dict[str, Any]:
    branch = delivery.get("branch") or ""
    head = on.github.refs(on.play.repository).get(f"refs/heads/{branch}") if branch else None
    files = _changed(on, run.request.base_sha, branch) if run and head else []
    return {"number": delivery.get("pull"), "url": delivery.get("url"), "branch": branch, "head": head, "files": files}


def _changed(on: Stage, base: str, branch: str) -> list[str]:
    """Paths whose content or mode differs between the base commit and the branch."""
    name = on.play.repository
    before, after = (_entries(on, name, ref) for ref in (base, branch))
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


def _entries(on: Stage, name: str, ref: str) -> dict[str, tuple[str, str]]:
    modes = on.github.modes(name, ref)
    return {path: (sha, modes[path]) for path, sha in on.github.tree(name, ref).items()}


def _wrong(on: Stage, number: int, run: Run | None, delivery: dict[str, Any], pull: dict[str, Any]) -> str:
    """The first thing on GitHub that is not as it has to be; empty if all is."""
    if run is None:
        last = on.github.comments_on(on.play.repository, number)[-1]
        return f"No run began. {without_marks(last.body) if last.author_is_bot else ''}".strip()
    if on.claude and on.claude.unmatched:
        return f"The run ended as {run.state}. {on.claude.unmatched[0]}"
    if run.state != "succeeded":
        return f"The run ended as {run.state}. {run.reason}"
    if not pull["head"]:
        return f"The branch `{pull['branch']}` is not on GitHub."
    if pull["head"] != delivery.get("head"):
        return f"The branch is at {pull['head'][:12]}, the run says {str(delivery.get('head'))[:12]}."
    if not any(p.number == pull["number"] and p.state == "open" for p in on.github.pulls(on.play.repository)):
        return f"Pull request #{pull['number']} is not open."
    return "" if pull["files"] else "The pull request changes no file."


def _wrong_tests(tests: dict[str, Any]) -> str:
    if tests.get("state") == "passed" and tests.get("exit_code") == 0:
        return ""
    return f"The tests did not pass: {tests.get('reason') or tests.get('state') or 'none ran'}."
