"""Advice: the team's specialists say, side by side, what the design has to heed."""

from bot.core.runs import PhaseResult
from bot.core.team_texts import advice_text
from bot.phases.work import Work, side_by_side
from bot.runner import Outcome
from bot.tools import READING


async def advise(work: Work) -> PhaseResult:
    """Each specialist reads in a working copy of its own and answers in plain text; one who fails is named."""
    names = work.phase.agent.split(", ")
    pieces = await work.to_plan()

    async def one(name: str) -> Outcome:
        beside = await work.beside(f"advice-{name}")
        return await beside.limited_to(READING).agent(f"advice/{name}", name, work.start, pieces)

    heard = list(zip(names, await side_by_side(one(name) for name in names), strict=True))
    summary, output = advice_text([(n, o.text if o.state == "done" else "", o.reason) for n, o in heard])
    failed = all(outcome.state == "failed" for _, outcome in heard)
    data = {"tree": work.start, "go_on": True, **({"reason": heard[0][1].reason} if failed else {})}
    return work.result("failed" if failed else "done", summary, output, data)
