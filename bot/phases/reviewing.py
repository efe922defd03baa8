"""Review: a verdict on the whole diff, and one more round for what was asked."""

import json
from dataclasses import replace

from bot.core.comments import submission_text
from bot.core.context import Piece
from bot.core.repository import Sha
from bot.core.runs import PhaseResult
from bot.core.submissions import Review
from bot.core.testplan import TestRun
from bot.phases.proving import tests_piece
from bot.phases.work import Commit, Work, bench_of, commit, diff_piece, tests_of
from bot.runner import Outcome
from bot.testing import run_tests, to_json


async def judge(work: Work) -> PhaseResult:
    """Review: a verdict on the whole diff; requested changes are made, tested and judged once more."""
    tree, tests = work.start, tests_of(work.results)
    commits: list[Commit] = []
    words: list[str] = []
    for attempt in range(1, work.rules.revise_rounds + 2):
        outcome = await _review(work, tree, tests, attempt)
        data = {"commits": commits, "tests": json.loads(to_json(tests)), "rounds": attempt}
        if not isinstance(outcome.submission, Review):
            return work.ended(replace(outcome, tree=tree), **data, verdict="none", go_on=True)
        review = outcome.submission
        words.append(submission_text(review)[1])
        if review.verdict == "approve" or attempt > work.rules.revise_rounds:
            break
        revised = await _revise(work, tree, words[-1], attempt)
        if revised.state == "failed" or revised.tree == tree:
            why = f"{revised.reason} {revised.hint}".strip() or "the developer changed nothing."
            words.append(f"The changes were not made: {why}")
            break
        tree = revised.tree
        commits.append(commit("Make the changes the review asked for", "developer", tree))
        tests = await run_tests(work.ports, work.checkout, tree, await bench_of(work))
    data = {"commits": commits, "tests": json.loads(to_json(tests)), "rounds": attempt}
    summary, output = submission_text(review)[0], "\n\n---\n\n".join(words)
    return work.result("done", summary, output, {"tree": tree, "verdict": review.verdict, **data})


async def _review(work: Work, tree: Sha, tests: TestRun, attempt: int) -> Outcome:
    pieces = [*work.needed(), await diff_piece(work, tree), tests_piece(tests)]
    unit = "review" if attempt == 1 else f"review/{attempt}"
    return await work.agent(unit, work.phase.agent, tree, pieces, submits="review", attempt=attempt)


async def _revise(work: Work, tree: Sha, remarks: str, attempt: int) -> Outcome:
    pieces = [*work.needed(), await diff_piece(work, tree), Piece("comments", remarks, (("from", work.phase.agent),))]
    return await work.agent(f"review/revise{attempt}", "developer", tree, pieces, attempt=attempt)
