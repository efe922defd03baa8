"""Grooming: what three sides found becomes priorities and a roadmap, and sub-issues if they are asked for."""

import json

from bot.core.comments import sub_issue_body, sub_issue_title, sub_issues_text
from bot.core.context import Piece
from bot.core.planning import GROOM
from bot.core.repository import IssueDraft
from bot.core.runs import PhaseResult, RunId
from bot.core.submission_texts import submission_text
from bot.core.submissions import Roadmap
from bot.core.team_texts import first_paragraph
from bot.outbox import open_issue
from bot.phases.work import Work
from bot.ports import GitHubError
from bot.tools import READING

NOT_POSSIBLE = frozenset({403, 404, 410, 422})
"""How GitHub says that an issue cannot be put under another one here."""
SIDES = tuple(phase.name for phase in GROOM[:-1])


async def consider(work: Work) -> PhaseResult:
    """One side of an issue: an agent reads and answers in text. Where it fails, the others are enough to go on."""
    name, pieces = work.phase.name, await work.to_plan()
    outcome = await work.limited_to(READING).agent(name, work.phase.agent, work.start, pieces)
    if outcome.state == "failed":
        return work.ended(outcome, go_on=outcome.limit is None)
    return work.result("done", first_paragraph(outcome.text), outcome.text, {"tree": work.start})


async def rank(work: Work) -> PhaseResult:
    """Priorities, a roadmap and open questions, from what the sides found."""
    missing = [name for name in SIDES if (found := work.results.get(name)) is None or found.state != "done"]
    if len(missing) == len(SIDES):
        reason = "There is nothing to rank: neither analysis nor feasibility nor risks came to a result."
        return work.result("failed", reason, "", {"reason": reason})
    pieces = await work.to_plan()
    if missing:
        pieces.append(
            Piece("result", f"Not available, since it failed: {', '.join(missing)}.", (("phase", "missing"),))
        )
    outcome = await work.agent("roadmap", work.phase.agent, work.start, pieces, submits="roadmap")
    if not isinstance(outcome.submission, Roadmap):
        return work.ended(outcome)
    summary, text = submission_text(outcome.submission)
    note = f"Made without {' and '.join(missing)}, which failed.\n\n" if missing else ""
    data = {"tree": work.start, "submission": outcome.submission.model_dump()}
    return work.result("done", note + summary, note + text, data)


async def open_sub_issues(work: Work) -> PhaseResult:
    """Open what the roadmap proposes, each once, whoever asks how often; then put each under the issue."""
    data = json.loads(work.results["roadmap"].data)
    forms = Roadmap.model_validate(data["submission"]).sub_issues
    origin = RunId(data.get("from", work.run.id))
    opened, apart = list[tuple[int, str]](), list[int]()
    for index, form in enumerate(forms, 1):
        draft = IssueDraft(sub_issue_title(form.title), sub_issue_body(form.body, work.run.request.issue))
        number = await open_issue(
            work.ports, origin, f"sub-issue-{index}", work.run.repo, work.run.request.issue, draft
        )
        opened.append((number, draft.title))
        if not await _put_under(work, number):
            apart.append(number)
    text = sub_issues_text(opened, apart)
    return work.result("done", text, text, {"issues": [number for number, _ in opened]})


async def _put_under(work: Work, child: int) -> bool:
    """False where GitHub has no sub-issues, or no room for one more: the issue is there all the same."""
    try:
        await work.ports.github.add_sub_issue(work.run.repo, work.run.request.issue, child)
    except GitHubError as error:
        if error.status not in NOT_POSSIBLE:
            raise
        return False
    return True
