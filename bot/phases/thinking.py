"""Requirements, design and tasks: one agent reads and hands in a structured result."""

from bot.core.comments import submission_text
from bot.core.runs import PhaseResult
from bot.phases.work import MAP_TOKENS, Work


async def think(work: Work) -> PhaseResult:
    """Requirements, design or tasks: one agent reads and hands in a structured result."""
    asked = work.run.request
    wish = f"{asked.description} {asked.issue_title} {asked.issue_body}"
    pieces = [*work.needed(), await work.map(wish, MAP_TOKENS)]
    outcome = await work.agent(work.phase.name, work.phase.agent, work.start, pieces, submits=work.phase.name)
    if outcome.submission is None:
        return work.ended(outcome)
    summary, text = submission_text(outcome.submission)
    data = {"tree": work.start, "submission": outcome.submission.model_dump()}
    return work.result("done", summary, text, data)
