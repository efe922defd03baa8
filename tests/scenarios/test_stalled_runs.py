"""Nothing says that it is at work when nobody is: what a reader sees while a server is dead, and after it is back."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.bootstrap import open_store
from tests.scenarios.parts import plain
from tests.scenarios.rig import Rig

pytestmark = pytest.mark.slow


async def test_a_server_that_was_away_says_so_when_it_is_back(bot: Rig) -> None:
    """The status comment carries its time while the server is dead; then it tells from when to when, and goes on."""
    bot.issue(7)
    bot.plays("dark-mode")
    bot.claude.hangs()
    await bot.comment("/dev-workflow", settle=False)
    await bot.asked("requirements", fault="hangs")
    await bot.until(lambda: "At work" in bot.bot_comments()[0].body, "it is at work")
    run = await bot.last_run()
    await bot.stop()
    dead = plain(bot.bot_comments()[0].body)
    assert "As of NOW, renewed at least every 5 minutes while somebody is at it." in dead
    store = open_store(bot.settings())
    await store.open()
    await store.beat([run.id], datetime.now(UTC) - timedelta(minutes=14))
    await store.close()
    await bot.start()
    await bot.settle()
    assert await bot.ended() == ("succeeded", "")
    assert "Stalled from NOW to NOW, then taken up again where it was" in plain(bot.next_comment())
    bot.read_all()


async def test_a_quick_restart_is_no_stall(bot: Rig) -> None:
    """A deploy of a few seconds is nobody's concern."""
    bot.issue(7)
    bot.plays("dark-mode")
    bot.claude.hangs()
    await bot.comment("/dev-workflow", settle=False)
    await bot.asked("requirements", fault="hangs")
    await bot.restart()
    await bot.settle()
    assert await bot.ended() == ("succeeded", "")
    assert "Stalled" not in bot.next_comment()
    bot.read_all()


async def test_a_silent_model_is_named(bot: Rig) -> None:
    """Whoever asks is told which agent waits for the model, in which phase, since when."""
    bot.issue(7)
    bot.says("requirements", {"text": "Hm."})
    bot.claude.hangs()
    await bot.comment("/dev-workflow", settle=False)
    await bot.asked("requirements", fault="hangs")
    await bot.comment("/status", settle=False)
    await bot.until(lambda: len(bot.bot_comments()) == 2, "it is answered")
    assert "Waiting for the model: `business-analyst` in requirements since NOW" in plain(bot.bot_comments()[1].body)
    await bot.comment("/cancel")
    bot.read_all()
