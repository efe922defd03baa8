"""Review: verdicts on the whole diff by reviewers side by side, and one more round for what they asked."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from bot.core.context import Piece
from bot.core.limits import Refusal
from bot.core.partial import limit_data
from bot.core.repository import Sha
from bot.core.runs import PhaseResult
from bot.core.submission_texts import submission_text
from bot.core.submissions import Review
from bot.core.testplan import TestRun
from bot.phases.proving import changed_paths, tests_piece
from bot.phases.work import Commit, Work, bench_of, commit, diff_piece, side_by_side, tests_of
from bot.runner import Outcome, in_one
from bot.testing import run_tests, to_json

REVIEWERS = ("code-reviewer", "security-engineer")
"""Both must approve. They do not see each other's words."""


@dataclass(slots=True)
class _Case:
    """What is judged, and what has been said of it: `words` for people, round by round."""

    tree: Sha
    tests: TestRun
    commits: list[Commit] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    verdicts: list[dict[str, str]] = field(default_factory=list)
    """Round by round, what each reviewer decided."""
    limit: Refusal | None = None
    """What stopped the last revision."""

    @property
    def rounds(self) -> int:
        return len(self.verdicts)

    def data(self) -> dict[str, object]:
        tests = json.loads(to_json(self.tests))
        return {"commits": self.commits, "tests": tests, "verdicts": self.verdicts, **limit_data(self.limit)}


@dataclass(frozen=True, slots=True)
class _Opinion:
    """What one reviewer handed in; `review` is None if he could not."""

    who: str
    outcome: Outcome

    @property
    def review(self) -> Review | None:
        return self.outcome.submission if isinstance(self.outcome.submission, Review) else None


async def judge(work: Work) -> PhaseResult:
    """Review: every reviewer judges the whole diff; requested changes are made, tested and judged once more."""
    work, case = work.by(REVIEWERS), _Case(work.start, tests_of(work.results))
    while True:
        opinions = await _opinions(work, case)
        case.verdicts.append({o.who: o.review.verdict if o.review else "none" for o in opinions})
        lost = [o.outcome for o in opinions if o.review is None]
        case.words.append("\n\n".join(_said(o, whole=True) for o in opinions if o.review))
        if lost:
            outcome = replace(in_one(lost), tree=case.tree, text="\n\n".join(filter(None, case.words)))
            return work.ended(outcome, **case.data(), verdict="none", go_on=True)
        if _verdict(opinions) == "approve" or case.rounds > work.rules.revise_rounds:
            break
        if not await _revise(work, case, opinions):
            break
    summary, output = "\n\n".join(_said(o, whole=False) for o in opinions), "\n\n---\n\n".join(case.words)
    return work.result("done", summary, output, {"tree": case.tree, "verdict": _verdict(opinions), **case.data()})


async def _opinions(work: Work, case: _Case) -> list[_Opinion]:
    pieces = [
        *work.needed(),
        await diff_piece(work, case.tree),
        tests_piece(case.tests, await changed_paths(work, case.tree)),
    ]
    attempt = case.rounds + 1
    unit = "review" if attempt == 1 else f"review/{attempt}"

    async def one(who: str) -> _Opinion:
        beside = await work.beside(f"review-{who}")
        return _Opinion(
            who,
            await beside.agent(f"{unit}/{who}", who, case.tree, pieces, submits="review", attempt=attempt),
        )

    return await side_by_side(one(who) for who in REVIEWERS)


def _verdict(opinions: Sequence[_Opinion]) -> Literal["approve", "request_changes"]:
    agreed = all(o.review is not None and o.review.verdict == "approve" for o in opinions)
    return "approve" if agreed else "request_changes"


def _said(opinion: _Opinion, *, whole: bool) -> str:
    assert opinion.review is not None
    return f"`{opinion.who}`: {submission_text(opinion.review)[1 if whole else 0]}"


async def _revise(work: Work, case: _Case, opinions: Sequence[_Opinion]) -> bool:
    """Let a developer make what was asked for, and run the tests again; False if nothing came of it."""
    asked = [o for o in opinions if o.review and o.review.verdict == "request_changes"]
    remarks = [Piece("comments", _said(o, whole=True), (("from", o.who),)) for o in asked]
    pieces = [*work.needed(), await diff_piece(work, case.tree), *remarks]
    unit = f"review/revise{case.rounds}"
    revised = await work.mending().agent(unit, "developer", case.tree, pieces, attempt=case.rounds)
    case.limit = revised.limit
    if revised.state == "failed" or revised.tree == case.tree:
        why = f"{revised.reason} {revised.hint}".strip() or "the developer changed nothing."
        case.words.append(f"The changes were not made: {why}")
        return False
    case.tree = revised.tree
    case.commits.append(commit("Make the changes the review asked for", "developer", case.tree))
    case.tests = await run_tests(work.ports, work.checkout, case.tree, await bench_of(work))
    return True
