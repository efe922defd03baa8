"""Answers in the threads that a revision was asked in."""

import json
from collections.abc import Sequence

import structlog

from bot.core.comments.revisions import thread_answer
from bot.core.runs import Onto
from bot.core.wishes import ThreadWish
from bot.outbox_pulls import post_reply, resolve
from bot.phases.work import Work
from bot.ports import GitHubError


async def answer_threads(work: Work, onto: Onto, commit: str, *, holds: bool) -> None:
    """Every thread, once; those done are resolved unless somebody has said more, or the evidence is against it."""
    answers = json.loads(work.results["revision"].data)["answers"]
    threads = work.run.request.wishes.threads
    for thread in await _unanswered(work, onto, threads):
        answer, done = answers[thread.name]["answer"], answers[thread.name]["done"]
        await _reply(work, onto, thread, thread_answer(answer, commit, work.run.id, done=done, holds=holds))
    finished = [thread for thread in threads if answers[thread.name]["done"] and holds]
    for thread in await _still_open(work, onto, finished):
        await resolve(work.ports, work.run.id, work.run.repo, thread.id)


async def _unanswered(work: Work, onto: Onto, threads: Sequence[ThreadWish]) -> list[ThreadWish]:
    """A run that this one goes on with may have answered."""
    if not work.run.request.after:
        return list(threads)
    me = await work.ports.github.me()
    now = {thread.id: thread for thread in await work.ports.github.review_threads(work.run.repo, onto.pull)}
    found = [(thread, now[thread.id]) for thread in threads if thread.id in now]
    return [t for t, seen in found if not any(c.author == me and c.id > t.upto for c in seen.comments)]


async def _reply(work: Work, onto: Onto, thread: ThreadWish, text: str) -> None:
    """A thread that was deleted meanwhile needs no answer."""
    run, key = work.run, f"answer-{thread.upto}"
    try:
        await post_reply(work.ports, run.id, key, run.repo, onto.pull, thread.first, text)
    except GitHubError as error:
        if error.status != 404:
            raise
        structlog.get_logger().warning("thread not answered", run=run.id, error=str(error))


async def _still_open(work: Work, onto: Onto, done: Sequence[ThreadWish]) -> list[ThreadWish]:
    if not done:
        return []
    me = await work.ports.github.me()
    now = {thread.id: thread for thread in await work.ports.github.review_threads(work.run.repo, onto.pull)}
    found = [(thread, now[thread.id]) for thread in done if thread.id in now]
    return [t for t, seen in found if all(c.id <= t.upto or c.author == me for c in seen.comments)]
