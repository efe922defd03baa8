"""Delivery of a run that goes on with one that had opened its pull request: the same branch, the same page."""

from collections.abc import Mapping, Sequence

from bot.core.effects import mark
from bot.core.errors import BotError
from bot.core.repository import CommitDraft, PullDraft, PullRequest, Sha
from bot.core.runs import Onto
from bot.outbox import patiently
from bot.outbox_pulls import PUSH, push
from bot.phases.work import Work
from bot.ports import BranchMovedError


def not_there(work: Work, entries: Sequence[Mapping[str, str]]) -> Sequence[Mapping[str, str]]:
    """The commits that the branch does not have yet."""
    there = max((number for number, entry in enumerate(entries, 1) if entry["tree"] == work.head), default=0)
    return entries[there:]


async def push_further(work: Work, onto: Onto, drafts: Sequence[CommitDraft]) -> Sha:
    """Commits on top of the branch, by fast forward only. Raises `BotError` if people have pushed meanwhile."""
    if not drafts:
        return onto.head
    ports, run = work.ports, work.run
    made = await ports.github.create_commits(run.repo, onto.head, drafts)
    try:
        return await push(ports, run.id, PUSH, run.repo, onto.branch, made, onto.head)
    except BranchMovedError as error:
        raise BotError(
            f"Somebody pushed to `{onto.branch}` meanwhile, and nothing of theirs is overwritten.",
            f"Say `/revise` on #{onto.pull} to go on from there.",
        ) from error


async def renew_pull(work: Work, onto: Onto, draft: PullDraft) -> PullRequest:
    """The pull request with the text and the state that the new evidence calls for."""
    github, repo = work.ports.github, work.run.repo
    body = f"{draft.body}\n\n{mark(work.run.id, 'pull')}"
    await patiently(work.ports, lambda: github.update_pull(repo, onto.pull, body=body, draft=draft.draft))
    return await github.pull(repo, onto.pull)
