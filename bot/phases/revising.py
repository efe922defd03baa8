"""Revision: an agent makes what review threads, reviews or failed checks ask for, on the branch as it is."""

from collections.abc import Sequence
from dataclasses import replace

from bot.core.comments.revisions import revision_text
from bot.core.partial import limit_data
from bot.core.runs import Onto, PhaseResult
from bot.core.submissions import Revision, ThreadAnswer
from bot.core.text import inline_code
from bot.core.wishes import ThreadWish
from bot.phases.merging import Merged, bring_together
from bot.phases.proving import prove_again
from bot.phases.reviewing import judge
from bot.phases.work import Commit, Work, commit, diff_piece
from bot.tools import TOOL_NAMES

BUILDER = "developer"


async def revise(work: Work) -> PhaseResult:
    """The base is merged in first where the two have conflicts; then every open thread is worked on and answered."""
    onto = work.run.request.onto
    assert onto is not None
    merged = await _with_base(work, onto)
    if merged.problem:
        data = {"tree": work.start, "reason": merged.problem, **limit_data(merged.limit)}
        return work.result("failed", merged.problem, "", data)
    commits = [_merge_commit(work, merged)] if onto.merges else []
    pieces = [*work.needed(), await diff_piece(work, merged.tree)]
    outcome = await work.limited_to(TOOL_NAMES).agent("revision", BUILDER, merged.tree, pieces, submits="revision")
    if not isinstance(outcome.submission, Revision):
        return work.ended(replace(outcome, tree=work.start))
    if outcome.tree != merged.tree:
        commits.append(commit(_subject(work), BUILDER, outcome.tree, words=outcome.submission.summary))
    answers = _answers(work.run.request.wishes.threads, outcome.submission.threads)
    summary, output = revision_text(outcome.submission.summary, [(_place(t), a.done, a.answer) for t, a in answers])
    data = {
        "tree": outcome.tree,
        "commits": commits,
        "conflicts": merged.conflicts,
        "answers": {thread.name: {"answer": a.answer, "done": a.done} for thread, a in answers},
    }
    return work.result("done", summary, output, data)


async def _with_base(work: Work, onto: Onto) -> Merged:
    if not onto.merges:
        return Merged(work.start)
    run = work.run
    url, token = await work.ports.github.git_credentials(run.repo)
    parted = await work.ports.workspaces.fetch(work.checkout, url, token, onto.fork_point)
    return await bring_together(work, "revision/merge", parted, work.start, work.base)


def _merge_commit(work: Work, merged: Merged) -> Commit:
    entry = commit(f"Merge branch {work.run.request.base}", BUILDER, merged.tree)
    return {**entry, "merged": work.run.request.base_sha}


def _subject(work: Work) -> str:
    wishes = work.run.request.wishes
    if wishes.checks and not (wishes.threads or wishes.reviews or work.run.request.description):
        return "Mend what the checks found"
    return "Make the changes the review asked for" if wishes else "Make the changes that were asked for"


def _answers(threads: Sequence[ThreadWish], answers: Sequence[ThreadAnswer]) -> list[tuple[ThreadWish, ThreadAnswer]]:
    by_name = {answer.id: answer for answer in answers}
    return [(thread, by_name[thread.name]) for thread in threads]


def _place(thread: ThreadWish) -> str:
    return f"{thread.path}:{thread.line}" if thread.line else thread.path


async def retest(work: Work) -> PhaseResult:
    """Testing, without an agent that adds tests: who revised has written them. Nothing for a branch as it was."""
    if work.start == work.head:
        data = {"tree": work.start, "go_on": True}
        return work.result("done", "The files stay as they are: nothing was tested again.", "", data)
    return await prove_again(work)


async def rejudge(work: Work) -> PhaseResult:
    """The reviewers judge the whole pull request as it is now. Nothing for a branch as it was."""
    if work.start == work.head:
        return work.result("done", "The files stay as they are: nothing was reviewed again.", "", {"tree": work.start})
    return await judge(work)


def listed(paths: Sequence[str]) -> str:
    """Paths as code, with commas between them."""
    return ", ".join(inline_code(path) for path in paths)
