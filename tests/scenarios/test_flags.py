"""Flags that say what would be so without them, and flags that look elsewhere."""

import pytest

from tests.scenarios.pulls import opened
from tests.scenarios.rig import REPO, Rig

pytestmark = pytest.mark.slow


async def test_what_is_so_anyway_can_be_said(bot: Rig) -> None:
    """`--quick --smart` is the lean run that stops at nothing where there is no risk."""
    bot.issue(7, title="Dark mode", body="Please.")
    bot.plays("dark-mode")
    await bot.comment("/dev-workflow --quick --smart")
    run = await bot.last_run()
    assert (run.plan.mode, run.plan.automation, run.state) == ("quick", "smart", "succeeded")
    assert len(bot.read_all()) == 8


async def test_a_plan_looks_at_the_branch_that_is_named(bot: Rig) -> None:
    """Its files are what the agents are shown; nothing is written to it."""
    bot.github.push(REPO, "next", {"night.py": "def night() -> None: ...\n"}, "Begin the next one", by="maintainer")
    head = bot.github.branches(REPO)["next"]
    bot.issue(7)
    bot.plays("plan")
    await bot.comment("/planning --base next")
    assert await bot.ended() == ("succeeded", "")
    assert "night.py: night" in bot.claude.told("requirements")
    assert bot.github.branches(REPO)["next"] == head
    bot.read_all()


async def test_a_budget_holds_for_reviews_and_revisions_too(bot: Rig) -> None:
    """Too little for one call: nobody is asked, and the comment says how much more goes on."""
    await opened(bot)
    for command in ("/review --budget 0.01", "/revise --budget 0.01 make it grey"):
        await bot.comment(command, on=8)
        run = await bot.last_run()
        assert (run.plan.budget_usd, run.state) == (0.01, "failed")
        assert "/budget +0.99" in bot.read_all(8)[0]
    assert bot.claude.requests == []
