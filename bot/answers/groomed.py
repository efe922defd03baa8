"""What a later run on an issue has of its grooming: the roadmap to read, or all where only sub-issues are missing."""

import json
from dataclasses import replace

from bot.core.conversation import Usage
from bot.core.planning import GROOM, GROOMED_FOR, ROADMAP
from bot.core.runs import PhaseResult, Run
from bot.ports import Ports


async def take_over_grooming(ports: Ports, run: Run) -> None:
    """Store results of the issue's last grooming as done, before the run begins.

    A run that builds or plans gets the roadmap to read. `/grooming --sub-issues` with no words of its own gets all, if
    the issue still says what was groomed: nothing is thought through twice. Results that were taken over carry their
    run as `from`, and no tree: it may have moved since.
    """
    wanted = _wanted(run)
    if not wanted or {r.name for r in await ports.store.phases(run.id)} & wanted:
        return
    earlier = await ports.store.runs(repo=run.repo, issue=run.request.issue)
    last = next((r for r in earlier if r.id != run.id and r.plan.purpose == "groom" and _has_roadmap(r)), None)
    if last is None or (run.plan.purpose == "groom" and not _same_wish(run, last)):
        return
    found = {r.name: r for r in await ports.store.phases(last.id) if r.state == "done"}
    if ROADMAP in found:
        for name in sorted(wanted & found.keys()):
            await ports.store.save_phase(_taken_over(found[name], last, run))


def _wanted(run: Run) -> set[str]:
    if run.plan.purpose == "groom":
        return {phase.name for phase in GROOM} if run.plan.options and not run.request.description else set()
    return {ROADMAP} if GROOMED_FOR & {phase.name for phase in run.plan.phases} else set()


def _has_roadmap(run: Run) -> bool:
    """A grooming whose sub-issues could not all be opened has its roadmap, too."""
    return run.state in {"succeeded", "failed", "cancelled"}


def _same_wish(run: Run, last: Run) -> bool:
    now, then = run.request, last.request
    return (now.issue_title, now.issue_body, now.base_sha, "") == (
        then.issue_title,
        then.issue_body,
        then.base_sha,
        then.description,
    )


def _taken_over(result: PhaseResult, last: Run, run: Run) -> PhaseResult:
    data = {key: value for key, value in json.loads(result.data).items() if key != "tree"}
    kept = json.dumps({**data, "from": data.get("from", last.id)})
    return replace(result, run=run.id, data=kept, usage=Usage(), usd=0.0)
