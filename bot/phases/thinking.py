"""Analysis, requirements, design and tasks: one agent reads, and answers or hands in a structured result."""

from bot.core.context import team_piece
from bot.core.runs import PhaseResult
from bot.core.submission_texts import submission_text
from bot.core.team_texts import first_paragraph
from bot.phases.work import Work
from bot.tools import READING


async def think(work: Work) -> PhaseResult:
    """Requirements, design or tasks: one agent reads and hands in a structured result."""
    pieces = await work.to_plan()
    if work.phase.name == "tasks":
        pieces.append(team_piece(work.builders(), work.catalog))
    outcome = await work.agent(work.phase.name, work.phase.agent, work.start, pieces, submits=work.phase.name)
    if outcome.submission is None:
        return work.ended(outcome)
    summary, text = submission_text(outcome.submission)
    data = {"tree": work.start, "submission": outcome.submission.model_dump()}
    return work.result("done", summary, text, data)


async def analyse(work: Work) -> PhaseResult:
    """Product analysis or a plan of tests: one agent reads and answers in text, its first paragraph the summary."""
    pieces = await work.to_plan()
    outcome = await work.limited_to(READING).agent(work.phase.name, work.phase.agent, work.start, pieces)
    if outcome.state == "failed":
        return work.ended(outcome)
    return work.result("done", first_paragraph(outcome.text), outcome.text, {"tree": work.start})
