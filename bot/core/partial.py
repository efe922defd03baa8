"""What a run leaves undone when a limit stops it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.core.conversation import Json
from bot.core.limits import Refusal
from bot.core.planning import Task
from bot.core.runs import PhaseResult


@dataclass(frozen=True, slots=True)
class Stop:
    """The limit that a phase met: `reason` in sentences; `more_usd` is a budget to try next, None if none helps."""

    phase: str
    reason: str
    more_usd: float | None


def limit_data(refused: Refusal | None) -> dict[str, object]:
    """What a phase's data keeps of a limit: the key `limit`, or nothing."""
    if refused is None:
        return {}
    return {"limit": {"reason": f"{refused.reason} {refused.hint}", "more_usd": refused.more_usd}}


def stop_of(results: Iterable[PhaseResult | None]) -> Stop | None:
    """The first of some phases, in the order of the plan, that a limit stopped."""
    for result in results:
        if result is not None and (limit := json.loads(result.data).get("limit")):
            return Stop(result.name, limit["reason"], limit["more_usd"])
    return None


def unbuilt(tasks: Sequence[Task], results: Mapping[str, PhaseResult]) -> list[Task]:
    """The tasks of the plan that were not built to their end."""
    built = {entry["task"] for entry in commits_of(results)}
    return [task for task in tasks if task.id not in built]


def missing(tasks: Sequence[Task], results: Mapping[str, PhaseResult]) -> list[str]:
    """What is not done, one line each, as the program knows it."""
    begun = {entry.get("unfinished") for entry in commits_of(results)}
    lines = [
        f"{task.id} ({task.title}): {'begun, not finished' if task.id in begun else 'not built'}"
        for task in unbuilt(tasks, results)
    ]
    tests = _data(results, "review").get("tests") or _data(results, "testing").get("tests")
    if tests is None or tests["state"] == "not_run":
        lines.append("the tests were not run")
    elif tests["state"] == "failed":
        lines.append("the tests fail")
    verdict = _data(results, "review").get("verdict", "none")
    if verdict != "approve":
        lines.append("there was no review" if verdict == "none" else "changes that the review asked for")
    return lines


def commits_of(results: Mapping[str, PhaseResult]) -> list[dict[str, str]]:
    """What the implementation has built so far, each entry with its `task` and `agent`."""
    return list(_data(results, "implementation").get("commits", []))


def _data(results: Mapping[str, PhaseResult], name: str) -> Json:
    return dict(json.loads(results[name].data)) if name in results else {}
