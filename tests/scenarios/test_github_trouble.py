"""GitHub loses answers, limits us, and takes rights away: nothing is done twice, and nothing is claimed."""

import re

import pytest
from inline_snapshot import snapshot
from pydantic import SecretStr

from bot.core.effects import marks_in, without_marks
from tests.scenarios.rig import REPO, TOKEN, Rig


@pytest.mark.slow
async def test_lost_answers_and_limits_do_nothing_twice(bot: Rig) -> None:
    """What GitHub made before its answer was lost is found by its mark; a limit is waited for."""
    bot.issue(7)
    bot.plays("plan", "build", "no-tests-missing", "approve")
    bot.github.fails("POST", "/issues/1/comments$", status=502, times=2, after_effect=True)
    bot.github.fails("POST", "/git/refs$", status=502, after_effect=True)
    bot.github.fails("POST", "/pulls$", status=0, after_effect=True)
    bot.github.fails("POST", "/reactions$", status=503)
    bot.github.rate_limited(retry_after=2, path_regex="/git/trees$")
    command = await bot.comment("/dev-workflow")
    assert await bot.ended() == ("succeeded", "")
    assert bot.reactions(command) == ["rocket"]
    assert len(bot.github.pulls(REPO)) == 1
    marks = [marks_in(comment.body) for comment in bot.bot_comments()]
    assert [key for ((_, key),) in marks] == snapshot(
        ["status", "requirements", "design", "tasks", "implementation", "testing", "review", "delivery"]
    )
    assert len(bot.read_all()) == 8


@pytest.mark.slow
async def test_a_long_answer_is_split_and_nothing_is_lost(bot: Rig) -> None:
    """GitHub takes 65,536 characters; an agent that writes more gets several comments."""
    bot.issue(7)
    bot.plays("plan")
    lines = [f"{number}. This line is number {number} of many, and none of them may be lost." for number in range(2000)]
    bot.says("implementation", {"text": "\n".join(lines)})
    bot.says("testing", {"stop_reason": "refusal"})
    await bot.comment("/dev-workflow")
    parts = bot.read_all()[4:-1]
    assert len(parts) == 3
    assert all(len(part) <= 65_536 for part in parts)
    assert re.findall(r"number (\d+) of many", "".join(parts)) == [str(number) for number in range(2000)]
    assert [text.splitlines()[0] for text in parts] == snapshot(
        ["### ✅ Implementation", "_(continued)_", "_(continued)_"]
    )
    assert without_marks(bot.bot_comments()[-1].body).startswith("### ❌ Testing")


async def test_a_run_that_cannot_say_where_it_stands_is_not_begun(bot: Rig) -> None:
    """In a locked issue nobody could follow it: no model is asked, and the reaction tells that something is wrong."""
    bot.issue(7)
    locked = {"message": "Unable to create comment because issue is locked."}
    bot.github.fails("POST", "/issues/1/comments$", status=403, body=locked, times=2)
    command = await bot.comment("/dev-workflow")
    state, reason = await bot.ended()
    assert (state, reason.replace(" (", ". ").split(". ")) == snapshot(
        (
            "failed",
            [
                "Could not comment on acme/widget#1: GitHub answered 403",
                "Unable to create comment because issue is locked)",
                "The App needs `Issues: write` on acme/widget.",
            ],
        )
    )
    assert bot.claude.requests == []
    assert bot.read_all() == []
    assert bot.reactions(command) == ["confused"]


@pytest.mark.parametrize("bot", [{"app_id": "", "github_token": SecretStr(TOKEN)}], indirect=True)
async def test_a_token_that_is_taken_away_ends_the_run(bot: Rig) -> None:
    """Nothing can be said on GitHub any more; the list of runs says why it ended."""
    bot.issue(7)
    clone = bot.github.hangs("GET", "/acme/widget.git/info/refs")
    await bot.comment("/dev-workflow", settle=False)
    await bot.reached(clone)
    bot.github.revoke(TOKEN)
    clone.release()
    await bot.settle()
    state, reason = await bot.ended()
    assert (state, reason.replace(bot.github.url, "GITHUB").split(". ")[:2]) == snapshot(
        (
            "failed",
            [
                "requirements: GITHUB/acme/widget.git could not be fetched: its server refused the token",
                "Check that the app is installed on it",
            ],
        )
    )
    assert bot.claude.requests == []
    assert len(bot.read_all()) == 1
