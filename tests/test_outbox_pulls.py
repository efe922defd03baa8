"""Writes to a pull request that is there happen once, whatever is lost on the way."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.effects import mark
from bot.core.repository import CommitDraft, FileChange, Repo, Sha
from bot.core.reviews import InlineComment, ReviewDraft
from bot.outbox_pulls import post_reply, post_review, push, pushed_by, pushed_onto, resolve
from bot.ports import BranchMovedError, GitHubError
from tests.samples import RUN
from tests.scenarios.rig import BOT, REPO, Rig, parts

WIDGET = Repo("acme", "widget")
LINE = InlineComment("new.txt", 1, "Why?")


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Rig]:
    """GitHub with a pull request of ours, number 1, and the parts that write to it."""
    async with parts(tmp_path) as rig:
        rig.github.push(REPO, "devflow/x", {"new.txt": "a\n"}, "Add", by=BOT)
        rig.github.open_pull(REPO, title="Add", head="devflow/x", by=BOT)
        yield rig
        assert rig.github.unserved == []


def head(bot: Rig) -> Sha:
    return Sha(bot.github.branches(REPO)["devflow/x"])


async def a_commit(bot: Rig, path: str = "more.txt") -> Sha:
    """A commit on top of the branch that no branch has."""
    ports, at = bot.bot.ports, head(bot)
    bot.github.push(REPO, "scratch", {path: "x\n", "new.txt": "a\n"}, "x", by=BOT)
    tree = bot.github.commit(REPO, "scratch").tree
    bot.github.delete_branch(REPO, "scratch", by=BOT)
    return await ports.github.create_commits(WIDGET, at, [CommitDraft("More", (FileChange(path, b"x\n"),), tree)])


async def test_a_review_is_posted_once(bot: Rig) -> None:
    """Also where its answer was lost; what was stored first is what is posted."""
    draft = ReviewDraft(head(bot), "Words.", comments=(LINE,))
    bot.github.fails("POST", "/reviews$", status=502, after_effect=True)
    first = await post_review(bot.bot.ports, RUN, WIDGET, 1, draft, "Plain.")
    again = await post_review(bot.bot.ports, RUN, WIDGET, 1, ReviewDraft(head(bot), "Others."), "Others.")
    [review] = bot.github.reviews_on(REPO, 1)
    assert (first, again, review.id) == (review.id, review.id, review.id)
    assert review.body == f"Words.\n\n{mark(RUN, 'review')}"
    assert [thread.path for thread in bot.github.threads_on(REPO, 1)] == ["new.txt"]


async def test_a_review_whose_lines_are_refused_says_it_in_words(bot: Rig) -> None:
    """Nothing of it stands on lines then."""
    draft = ReviewDraft(head(bot), "Words.", comments=(LINE, InlineComment("new.txt", 99, "Where?")))
    await post_review(bot.bot.ports, RUN, WIDGET, 1, draft, "Plain.")
    assert [review.body for review in bot.github.reviews_on(REPO, 1)] == [f"Plain.\n\n{mark(RUN, 'review')}"]
    assert bot.github.threads_on(REPO, 1) == []


async def test_an_answer_is_given_once_and_a_thread_resolved_once(bot: Rig) -> None:
    """Who opens the thread again is not overruled by a repeat."""
    ports = bot.bot.ports
    bot.github.review(REPO, 1, by="maintainer", comments=[LINE])
    [thread] = bot.github.threads_on(REPO, 1)
    bot.github.fails("POST", "/replies$", status=502, after_effect=True)
    for _ in range(2):
        await post_reply(ports, RUN, "answer-5", WIDGET, 1, thread.comments[0].id, "Done.")
        await resolve(ports, RUN, WIDGET, thread.id)
    [thread] = bot.github.threads_on(REPO, 1)
    assert (thread.is_resolved, [c.body for c in thread.comments][1:]) == (True, [f"Done.\n\n{mark(RUN, 'answer-5')}"])
    bot.github.unresolve(REPO, thread.comments[0].id, by="maintainer")
    await resolve(ports, RUN, WIDGET, thread.id)
    assert bot.github.threads_on(REPO, 1)[0].is_resolved is False


async def test_the_answer_to_a_thread_that_is_gone_fails(bot: Rig) -> None:
    """With a status that callers can tell."""
    with pytest.raises(GitHubError) as gone:
        await post_reply(bot.bot.ports, RUN, "answer-5", WIDGET, 1, 12345, "Done.")
    assert gone.value.status == 404


async def test_a_branch_is_moved_once(bot: Rig) -> None:
    """The commit that was stored first counts, also where its answer was lost and somebody pushed on top."""
    ports, before = bot.bot.ports, head(bot)
    made, other = await a_commit(bot), await a_commit(bot, "other.txt")
    bot.github.fails("PATCH", "/git/refs", status=502, after_effect=True)
    assert await push(ports, RUN, "push", WIDGET, "devflow/x", made, before) == made
    assert await push(ports, RUN, "push", WIDGET, "devflow/x", other, before) == made
    assert (head(bot), await pushed_by(ports, RUN), await pushed_onto(ports, RUN, "push")) == (made, made, before)


async def test_ours_under_a_push_of_people_counts_as_pushed(bot: Rig) -> None:
    """The process ended after the move, and somebody went on from there: nothing is pushed again."""
    ports, before = bot.bot.ports, head(bot)
    made = await a_commit(bot)
    bot.github.fails("PATCH", "/git/refs", status=403, after_effect=True)
    with pytest.raises(GitHubError):
        await push(ports, RUN, "push", WIDGET, "devflow/x", made, before)
    theirs = bot.github.push(REPO, "devflow/x", {"theirs.txt": "t\n"}, "Theirs", by="maintainer")
    assert await push(ports, RUN, "push", WIDGET, "devflow/x", made, before) == made
    assert head(bot) == theirs


async def test_a_branch_that_moved_is_not_overwritten(bot: Rig) -> None:
    """The push stays undone, and the error says where the branch is."""
    ports, before = bot.bot.ports, head(bot)
    made = await a_commit(bot)
    theirs = bot.github.push(REPO, "devflow/x", {"theirs.txt": "t\n"}, "Theirs", by="maintainer")
    with pytest.raises(BranchMovedError, match=theirs[:12]):
        await push(ports, RUN, "push", WIDGET, "devflow/x", made, before)
    assert (head(bot), await pushed_by(ports, RUN)) == (theirs, None)
