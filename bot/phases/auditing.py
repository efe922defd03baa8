"""Security and performance audits of the tested change, side by side; the reviewers get what they find."""

from dataclasses import replace

from bot.core.runs import PhaseResult
from bot.core.submission_texts import submission_text
from bot.core.submissions import Findings
from bot.phases.proving import changed_paths, tests_piece
from bot.phases.work import Work, diff_piece, tests_of
from bot.tools import READING

MEASURING = (*READING, "Bash")


async def audit(work: Work) -> PhaseResult:
    """One agent looks for faults of its kind. Whatever it changes is thrown away; if it fails, the reviewers know."""
    changed = await changed_paths(work, work.start)
    pieces = [
        *work.needed(),
        await diff_piece(work, work.start),
        tests_piece(tests_of(work.results), changed),
    ]
    name, tools = work.phase.name, MEASURING if work.phase.name == "performance" else READING
    outcome = await work.limited_to(tools).agent(name, work.phase.agent, work.start, pieces, submits=name)
    if not isinstance(outcome.submission, Findings):
        ended = work.ended(replace(outcome, tree=work.start), go_on=True)
        return replace(ended, output=f"This audit was not made. {ended.summary}")
    summary, output = submission_text(outcome.submission)
    data = {"tree": work.start, "submission": outcome.submission.model_dump()}
    return work.result("done", summary, output, data)
