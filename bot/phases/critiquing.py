"""Critique: reviewers read somebody's pull request side by side, and the program posts what they found as one review.

Nothing of the pull request is run: its author may be anybody.
"""

from collections.abc import Sequence

from bot.core.comments.reviews import lost_line, opinion_line, rest_text, review_body
from bot.core.context import Piece
from bot.core.critiques import Critique, Remark, criticise
from bot.core.reviews import ReviewDraft
from bot.core.runs import Onto, PhaseResult
from bot.core.submissions import Review
from bot.outbox_pulls import post_review
from bot.phases.reviewing import REVIEWERS
from bot.phases.work import MAP_TOKENS, Work, diff_piece, side_by_side
from bot.runner import Outcome, in_one
from bot.tools import READING


async def critique(work: Work) -> PhaseResult:
    """One review with an opinion of each, pinned to the commit that was read; it neither approves nor blocks."""
    onto, work = work.run.request.onto, work.by(REVIEWERS)
    assert onto is not None
    heard = await _opinions(work)
    reviews = [(who, o.submission) for who, o in heard if isinstance(o.submission, Review)]
    if not reviews:
        return work.ended(in_one([outcome for _, outcome in heard]))
    found = criticise(reviews, await work.ports.workspaces.patches(work.checkout, work.base, work.start))
    posted = await _post(work, onto, heard, found)
    verdicts = {who: review.verdict for who, review in reviews}
    summary = "\n".join(_lines(heard))
    data = {"tree": work.start, "review": posted, "head": onto.head, "verdicts": verdicts, "posted": True}
    return work.result("done", summary, "", data)


async def _opinions(work: Work) -> list[tuple[str, Outcome]]:
    wish = Piece("request", work.run.request.description or "Review this pull request.")
    pieces = [wish, *work.needed(), await work.map("", MAP_TOKENS), await diff_piece(work, work.start)]

    async def one(who: str) -> Outcome:
        beside = (await work.beside(f"critique-{who}")).limited_to(READING)
        return await beside.agent(f"critique/{who}", who, work.start, pieces, submits="critique")

    return list(zip(REVIEWERS, await side_by_side(one(who) for who in REVIEWERS), strict=True))


async def _post(work: Work, onto: Onto, heard: Sequence[tuple[str, Outcome]], found: Critique) -> int:
    run, request = work.run, work.run.request
    lines, end = _lines(heard), (onto.head, request.requester, run.id)
    body = review_body(lines, [_rest(remark) for remark in found.rest], *end)
    plain = review_body(lines, [_rest(remark) for remark in found.all], *end)
    draft = ReviewDraft(onto.head, body, "COMMENT", found.inline)
    return await post_review(work.ports, run.id, run.repo, onto.pull, draft, plain)


def _lines(heard: Sequence[tuple[str, Outcome]]) -> list[str]:
    return [
        opinion_line(who, outcome.submission.verdict, outcome.submission.summary)
        if isinstance(outcome.submission, Review)
        else lost_line(who, f"{outcome.reason} {outcome.hint}")
        for who, outcome in heard
    ]


def _rest(remark: Remark) -> str:
    return rest_text(f"{remark.path}:{remark.line}", remark.who, remark.body, remark.suggestion)
