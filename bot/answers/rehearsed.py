"""What a run has of a dry run of the same wish: everything but the delivery, so that nothing is paid for twice."""

import json
from dataclasses import replace

from bot.core.conversation import Usage
from bot.core.runs import Request, Run, RunPlan
from bot.ports import Ports

DELIVERY = "delivery"


async def take_over_dry_run(ports: Ports, run: Run) -> None:
    """Store what the issue's last run made, if it was a dry run of the same wish on the same commit and ended well.

    What its phases changed is kept with their results, so the files are made again wherever the run goes on.
    """
    if run.plan.purpose != "build" or run.plan.dry_run or await ports.store.phases(run.id):
        return
    earlier = await ports.store.runs(repo=run.repo, issue=run.request.issue)
    last = next((r for r in earlier if r.id != run.id and r.plan.purpose == "build"), None)
    if last is None or not last.plan.dry_run or last.state not in {"succeeded", "unproven"}:
        return
    if _wish(run) != _wish(last):
        return
    for result in await ports.store.phases(last.id):
        if result.name != DELIVERY:
            kept = json.dumps({**json.loads(result.data), "from": last.id})
            await ports.store.save_phase(replace(result, run=run.id, data=kept, usage=Usage(), usd=0.0))


def _wish(run: Run) -> tuple[object, ...]:
    asked: Request = run.request
    plan: RunPlan = run.plan
    words = (asked.description, asked.issue_title, asked.issue_body, asked.base, asked.base_sha)
    return (*words, plan.mode, plan.wanted, plan.skipped, plan.agents_sha)
