"""Requirements, design and tasks: one agent reads and hands in a structured result."""

from bot.core.comments import submission_text
from bot.core.context import map_piece
from bot.core.runs import PhaseResult
from bot.phases.work import Work


async def think(work: Work) -> PhaseResult:
    """Requirements, design or tasks: one agent reads and hands in a structured result."""
    files = await work.ports.workspaces.files(work.checkout)
    pieces = [*work.needed(), *work.guidance(), map_piece(files)]
    outcome = await work.agent(work.phase.name, work.phase.agent, work.start, pieces, submits=work.phase.name)
    if outcome.submission is None:
        return work.ended(outcome)
    summary, text = submission_text(outcome.submission)
    data = {"tree": work.start, "submission": outcome.submission.model_dump()}
    return work.result("done", summary, text, data)
