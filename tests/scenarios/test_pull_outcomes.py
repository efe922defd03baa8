"""What people make of our pull requests is kept, told, and ends what is at work on them."""

import pytest
from inline_snapshot import snapshot

from bot.core.runs import Run
from tests.scenarios.pulls import opened, remark, sentences, submit
from tests.scenarios.rig import REPO, Rig

pytestmark = pytest.mark.slow


async def outcomes(bot: Rig) -> list[tuple[str, str, str]]:
    """(purpose, state, outcome) of all runs, newest first."""
    runs: list[Run] = await bot.bot.store.runs()
    return [(run.plan.purpose, run.state, run.outcome) for run in runs]


async def test_a_merge_is_the_outcome_of_the_run(bot: Rig) -> None:
    """The status comment of the run says so where it was asked for."""
    pull = await opened(bot)
    bot.github.merge(REPO, pull.number, by="maintainer")
    await bot.settle()
    assert await outcomes(bot) == [("build", "succeeded", "merged")]
    assert [sentences(text).splitlines()[:2] for text in bot.read_all(7)] == snapshot(
        [["### 🎉 Merged: #2", "The change is in `main`."]]
    )


async def test_a_merge_that_was_taken_back(bot: Rig) -> None:
    """A pull request that reverts it, as GitHub's button makes it, is the run's outcome; hearing of the merge again
    changes nothing."""
    pull = await opened(bot)
    bot.github.merge(REPO, pull.number, by="maintainer")
    await bot.settle()
    merge = next(one for one in reversed(bot.github.deliveries) if one.event == "pull_request")
    bot.github.push(REPO, "revert", {"theme.css": ""}, "Revert dark mode", by="maintainer")
    body = f"Reverts {REPO}#{pull.number}"
    number = bot.github.open_pull(REPO, title="Revert dark mode", head="revert", body=body, by="maintainer")
    await bot.settle()
    assert await outcomes(bot) == [("build", "succeeded", "merged")]
    bot.github.merge(REPO, number, by="maintainer")
    await bot.settle()
    assert await outcomes(bot) == [("build", "succeeded", "reverted")]
    bot.github.deliveries.append(merge)
    await bot.redeliver(1)
    assert await outcomes(bot) == [("build", "succeeded", "reverted")]
    assert [sentences(text).splitlines()[:2] for text in bot.read_all(7)] == snapshot(
        [["### ↩️ Reverted: #2", "The change was merged, and taken back since."]]
    )


async def test_a_close_is_one_too_and_can_be_taken_back(bot: Rig) -> None:
    """Who opens it again has an open pull request."""
    pull = await opened(bot)
    bot.github.close_issue(REPO, pull.number, by="maintainer")
    await bot.settle()
    assert await outcomes(bot) == [("build", "succeeded", "closed")]
    assert [sentences(text).splitlines()[:2] for text in bot.read_all(7)] == snapshot(
        [["### 🚪 Closed: #2", "The pull request was closed without a merge."]]
    )
    bot.github.reopen_issue(REPO, pull.number, by="maintainer")
    await bot.settle()
    assert await outcomes(bot) == [("build", "succeeded", "")]


async def test_what_is_at_work_on_it_stops(bot: Rig) -> None:
    """Nothing is pushed to a branch that was merged or given up."""
    pull = await opened(bot)
    bot.says("revision", submit())
    bot.claude.hangs()
    await bot.comment("/revise make it grey", on=8, settle=False)
    await bot.asked("revision", fault="hangs")
    bot.github.merge(REPO, pull.number, by="maintainer")
    await bot.settle()
    assert await outcomes(bot) == [("revise", "cancelled", "merged"), ("build", "succeeded", "merged")]
    assert [sentences(text).splitlines()[:2] for text in bot.read_all(8)] == snapshot(
        [
            ["### ⏹️ Cancelled", "Stopped: `@maintainer` merged the pull request."],
            ["⏹️ Run `RUN` was stopped: @maintainer merged the pull request.", "Nothing more happens."],
        ]
    )
    assert bot.read_all(7)


async def test_a_server_that_was_down_finds_out(bot: Rig) -> None:
    """What was closed, and what was asked for, while nobody listened."""
    pull = await opened(bot)
    bot.github.hook_down = True
    bot.github.review(REPO, pull.number, by="maintainer", comments=[remark("Why?")])
    bot.github.hook_down = False
    bot.says("revision", submit(("t1", "Because.", False)))
    await bot.restart()
    await bot.asked("revision")
    await bot.settle()
    assert await bot.ended() == ("succeeded", "")
    bot.github.hook_down = True
    bot.github.merge(REPO, pull.number, by="maintainer")
    bot.github.hook_down = False
    await bot.restart()
    await bot.until(lambda: any("Merged" in c.body for c in bot.bot_comments(7)), "told")
    await bot.settle()
    assert {outcome for _, _, outcome in await outcomes(bot)} == {"merged"}
    assert bot.read_all(7)
    assert bot.read_all(8)
