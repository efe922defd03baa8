"""What a run will cost is told before it spends anything, from what earlier ones cost."""

import re

import pytest

from bot.core.effects import without_marks
from tests.scenarios.rig import Rig

pytestmark = pytest.mark.slow


def expected(bot: Rig, on: int = 7) -> str:
    """What the status comment of the newest run says of its price."""
    status = next(c for c in reversed(bot.bot_comments(on)) if " phases\n" in c.body)
    return "\n".join(re.findall(r"^.*[Ee]xpected.*$", without_marks(status.body), re.MULTILINE))


async def test_the_price_is_told_before_anything_is_spent(bot: Rig) -> None:
    """When the model is asked for the first time, it stands there; a restart tells the same; the end shows both."""
    bot.issue(7, title="Dark mode", body="Please.")
    bot.plays("dark-mode")
    bot.claude.hangs(phase="requirements")
    await bot.comment("/dev-workflow --dry-run", on=7, settle=False)
    await bot.asked("requirements", fault="hangs")
    told = expected(bot)
    assert re.fullmatch(
        r"Expected: \$\d.\d\d to \$\d.\d\d, most likely \$\d.\d\d, and \d+ to \d+ min of work "
        r"\(from list prices and what is usual: no run has ended here yet\)",
        told,
    )
    run = await bot.last_run()
    assert [turn.usd for turn in await bot.bot.store.turns(run.id)] == [None]
    await bot.restart()
    assert expected(bot) == told
    await bot.settle()
    assert (await bot.last_run()).plan.estimate == run.plan.estimate
    assert re.search(r"\$0\.0\d of \$5\.00, expected \$\d.\d\d \(\$\d.\d\d to \$\d.\d\d\)$", expected(bot))
    bot.read_all()


async def test_three_runs_are_a_history(bot: Rig) -> None:
    """After them, the price is what they cost, and less than what list prices said."""
    bot.plays("plan")
    sources = []
    for number in (7, 8, 9, 10):
        bot.issue(number, title="Dark mode", body="Please.")
        await bot.comment("/planning implementation", on=number)
        run = await bot.last_run()
        assert run.plan.estimate
        sources.append((run.plan.estimate.source, run.plan.estimate.runs))
        bot.read_all(on=number)
    assert sources == [("prices", 0), ("kind", 1), ("kind", 2), ("kind", 3)]
    first, last = [run.plan.estimate for run in (await bot.bot.store.runs(limit=4))[::-3]]
    assert first
    assert last
    assert last.usd.mid < first.usd.mid


async def test_a_budget_that_will_not_do_is_named(bot: Rig) -> None:
    """Before it is spent, with the command that raises it; once it is raised, nothing is said."""
    bot.issue(7, title="Dark mode", body="Please.")
    bot.plays("dark-mode")
    bot.claude.hangs(phase="requirements")
    await bot.comment("/dev-workflow --budget 0.5", on=7, settle=False)
    await bot.asked("requirements", fault="hangs")
    (status,) = bot.bot_comments()
    assert "> Most likely this costs more than its budget of $0.50." in status.body
    (more,) = re.findall(r"`/budget \+([\d.]+)`", status.body)
    await bot.comment(f"/budget +{more}", on=7, settle=False)
    await bot.until(lambda: "Most likely this costs more" not in bot.bot_comments()[0].body, "the warning is gone")
    await bot.restart()
    await bot.settle()
    bot.read_all()


async def test_a_plan_tells_what_it_costs_to_build(bot: Rig) -> None:
    """By its tasks; the run that builds it tells what is left, and counts on them."""
    bot.issue(7, title="Dark mode", body="Please.")
    bot.plays("dark-mode")
    await bot.comment("/planning implementation", on=7)
    told = bot.read_all()[0]
    assert re.search(r"^To build this: \$\d.\d\d to \$\d.\d\d, most likely", told, re.MULTILINE)
    await bot.comment("/dev-workflow", on=7)
    run = await bot.last_run()
    assert run.plan.estimate
    assert run.plan.estimate.tasks == 1
    assert "To build this" not in bot.read_all()[0]
