"""Writes to GitHub happen once, whatever is lost on the way."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.effects import mark, marks_in
from bot.core.repository import PullDraft, Repo, Sha
from bot.outbox import PART_LIMIT, WAITS, edit_comment, intend_comment, make_branch, open_pull, patiently, post_comment
from bot.ports import GitHubError, Ports
from tests.samples import RUN
from tests.scenarios.rig import REPO, Rig, parts

WIDGET = Repo("acme", "widget")


class CountedClock:
    """Waits take no time and are counted."""

    def __init__(self, ports: Ports) -> None:
        self._clock = ports.clock
        self.waits: list[float] = []
        self.now = ports.clock.now
        self.monotonic = ports.clock.monotonic

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Rig]:
    """GitHub with one issue, and the parts that write to it."""
    async with parts(tmp_path) as rig:
        rig.issue(1)
        yield rig
        assert rig.github.unserved == []


async def a_commit(bot: Rig) -> Sha:
    """A commit on GitHub that no branch points at yet."""
    bot.github.push(REPO, "scratch", {"a.txt": "a\n"}, "Add a", by="maintainer")
    return Sha(bot.github.branches(REPO)["scratch"])


async def test_a_comment_is_posted_once(bot: Rig) -> None:
    """The same key again finds what is there."""
    first = await post_comment(bot.bot.ports, RUN, "design", WIDGET, 1, "Words.")
    again = await post_comment(bot.bot.ports, RUN, "design", WIDGET, 1, "Words.")
    assert first == again
    assert [comment.body for comment in bot.bot_comments(1)] == [f"Words.\n\n{mark(RUN, 'design')}"]


async def test_what_was_intended_is_what_is_posted(bot: Rig) -> None:
    """A comment is decided when it is stored; a repeat with other words changes nothing."""
    await intend_comment(bot.bot.ports, RUN, "cancel", WIDGET, 1, "Stopped by a.")
    assert bot.bot_comments(1) == []
    await post_comment(bot.bot.ports, RUN, "cancel", WIDGET, 1, "Stopped by b.")
    assert "Stopped by a." in bot.bot_comments(1)[0].body


async def test_a_comment_whose_answer_was_lost_is_found(bot: Rig) -> None:
    """By its mark, among comments of ours and not of others."""
    forged = f"Mine!\n\n{mark(RUN, 'design')}"
    bot.github.comment(REPO, 1, forged, by="stranger")
    bot.github.fails("POST", "/issues/1/comments$", status=502, times=2, after_effect=True)
    posted = await post_comment(bot.bot.ports, RUN, "design", WIDGET, 1, "Words.")
    assert [comment.id for comment in bot.bot_comments(1)] == [posted]


async def test_a_long_comment_comes_in_parts_with_marks_of_their_own(bot: Rig) -> None:
    """The first part is the one whose id counts; a repeat posts none of them again."""
    body = "\n\n".join(f"Paragraph {number}." for number in range(9000))
    for _ in range(2):
        first = await post_comment(bot.bot.ports, RUN, "design", WIDGET, 1, body)
    posted = bot.bot_comments(1)
    assert posted[0].id == first
    assert [marks_in(comment.body) for comment in posted] == [
        [(RUN, "design")],
        [(RUN, "design.2")],
        [(RUN, "design.3")],
    ]


async def test_the_longest_mark_still_fits(bot: Rig) -> None:
    """Names of owners and repositories are part of the key of an answer: a comment stays below GitHub's limit."""
    key = f"{'o' * 39}/{'r' * 100}-123456-reply-1234567890-1234567890-12"
    await post_comment(bot.bot.ports, RUN, key, WIDGET, 1, "x" * PART_LIMIT)
    assert len(bot.bot_comments(1)) == 1


async def test_an_edit_keeps_the_mark(bot: Rig) -> None:
    """So that it is found again after any number of edits."""
    comment = await post_comment(bot.bot.ports, RUN, "status", WIDGET, 1, "Queued.")
    for words in ("At work.", "Done.", "Done."):
        await edit_comment(bot.bot.ports, RUN, "status", WIDGET, comment, words)
    assert [c.body for c in bot.bot_comments(1)] == [f"Done.\n\n{mark(RUN, 'status')}"]


async def test_a_branch_is_made_once_and_told_as_it_is(bot: Rig) -> None:
    """After a crash the branch may stand at the commit of the first attempt: that one is returned."""
    ports, first = bot.bot.ports, await a_commit(bot)
    assert await make_branch(ports, RUN, WIDGET, "devflow/x", first) == first
    assert await make_branch(ports, RUN, WIDGET, "devflow/x", Sha("0" * 40)) == first
    assert bot.github.branches(REPO)["devflow/x"] == first


async def test_a_pull_request_is_opened_once(bot: Rig) -> None:
    """Found by its branch and its mark, even where the answer was lost."""
    await a_commit(bot)
    draft = PullDraft("Add a", "Because.", "scratch", "main", draft=True)
    bot.github.fails("POST", "/pulls$", status=502, after_effect=True)
    opened = await open_pull(bot.bot.ports, RUN, WIDGET, draft)
    again = await open_pull(bot.bot.ports, RUN, WIDGET, draft)
    assert (opened.number, opened.draft) == (again.number, True)
    assert len(bot.github.pulls(REPO)) == 1


async def test_a_pull_request_that_github_does_not_list_is_not_claimed(bot: Rig) -> None:
    """What cannot be read back is an error that says so."""
    await a_commit(bot)
    draft = PullDraft("Add a", "Because.", "scratch", "main")
    await open_pull(bot.bot.ports, RUN, WIDGET, draft)
    bot.github.fails("GET", "/pulls$", status=200, body=[])
    with pytest.raises(GitHubError, match="does not list it"):
        await open_pull(bot.bot.ports, RUN, WIDGET, draft)


@pytest.mark.parametrize("status", [401, 403, 404, 422])
async def test_a_refusal_is_not_repeated(bot: Rig, status: int) -> None:
    """To ask again would not change GitHub's mind."""
    calls = 0

    async def refused() -> None:
        nonlocal calls
        calls += 1
        raise GitHubError("No.", status)

    with pytest.raises(GitHubError, match="No"):
        await patiently(bot.bot.ports, refused)
    assert calls == 1


async def test_patience_ends_after_eight_minutes(bot: Rig) -> None:
    """Growing pauses, one last attempt, then the error is passed on."""
    clock = CountedClock(bot.bot.ports)
    ports = replace(bot.bot.ports, clock=clock)
    calls = 0

    async def lost() -> None:
        nonlocal calls
        calls += 1
        raise GitHubError("No answer.", (0, 502)[calls % 2])

    with pytest.raises(GitHubError, match="No answer"):
        await patiently(ports, lost)
    assert (calls, tuple(clock.waits)) == (len(WAITS) + 1, WAITS)
    assert 7 * 60 < sum(WAITS) < 9 * 60


async def test_a_failed_write_stays_pending(bot: Rig) -> None:
    """The store says that it is still to be made; the next attempt makes it."""
    bot.github.fails("POST", "/issues/1/comments$", status=403)
    with pytest.raises(GitHubError):
        await post_comment(bot.bot.ports, RUN, "design", WIDGET, 1, "Words.")
    assert [effect.state for effect in await bot.bot.store.effects(RUN)] == ["pending"]
    await post_comment(bot.bot.ports, RUN, "design", WIDGET, 1, "Words.")
    assert [effect.state for effect in await bot.bot.store.effects(RUN)] == ["done"]


async def test_what_must_come_waits_while_a_limit_on_writes_is_reached(bot: Rig) -> None:
    """For more than an hour, since that is how long GitHub counts; what may be missing is given up at once."""
    clock, calls = CountedClock(bot.bot.ports), 0
    ports = replace(bot.bot.ports, clock=clock)

    async def limited() -> str:
        nonlocal calls
        calls += 1
        if calls < 62:
            raise GitHubError("our own limit on writes is reached", 429)
        return "done"

    with pytest.raises(GitHubError):
        await patiently(ports, limited)
    assert clock.waits == []
    assert await patiently(ports, limited, in_line=True) == "done"
    assert sum(clock.waits) == 60 * 60


async def test_a_limit_that_never_ends_is_told(bot: Rig) -> None:
    """After an hour and a quarter."""
    clock = CountedClock(bot.bot.ports)

    async def limited() -> str:
        raise GitHubError("limited", 429)

    with pytest.raises(GitHubError, match="limited"):
        await patiently(replace(bot.bot.ports, clock=clock), limited, in_line=True)
    assert sum(clock.waits) == 75 * 60
