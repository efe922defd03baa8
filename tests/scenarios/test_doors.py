"""The core scenarios, each from one body, through all three doors: the server, the Action and the command line."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.scenarios.doors import Door, door

pytestmark = pytest.mark.slow


@pytest.fixture(params=["server", "action", "terminal"])
async def bot(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Door]:
    async with door(request.param, tmp_path) as opened:
        yield opened


async def test_a_wish_becomes_a_change(bot: Door) -> None:
    """With the files that were asked for, tested, and a word on each phase."""
    bot.plays("dark-mode")
    await bot.wish()
    assert await bot.newest() == ("succeeded", "")
    assert set(bot.change()) == {"theme.css", "widget.py", "tests/test_widget.py"}
    for phase in ("Requirements", "Design", "Tasks", "Implementation", "Testing", "Review"):
        assert phase in bot.told()
    await bot.finish()


async def test_a_risk_waits_for_an_approval(bot: Door) -> None:
    """Nothing is built before it."""
    bot.plays("dark-mode", "risky")
    await bot.wish()
    assert (await bot.newest())[0] == "waiting"
    assert bot.change() == {}
    assert not [r for r in bot.claude.requests if r.phase == "implementation"]
    await bot.say("/status")
    assert (await bot.newest())[0] == "waiting"
    await bot.say("/approve")
    assert await bot.newest() == ("succeeded", "")
    assert "requirements.txt" in bot.change()


async def test_what_is_cancelled_goes_on_where_it_was(bot: Door) -> None:
    """The finished phases are taken over."""
    bot.plays("dark-mode", "risky")
    await bot.wish()
    await bot.say("/cancel")
    assert (await bot.newest())[0] == "cancelled"
    before = len(bot.claude.requests)
    await bot.say("/resume")
    await bot.say("/approve")
    assert await bot.newest() == ("succeeded", "")
    assert {r.phase for r in bot.claude.requests[before:]} == {"implementation", "testing", "review"}


async def test_what_is_asked_for_is_changed_and_a_merge_remembered(bot: Door) -> None:
    """One revision on the same branch; then the outcome of all its runs, known at the next wish."""
    bot.plays("dark-mode")
    await bot.wish()
    await bot.want_grey()
    assert await bot.newest() == ("succeeded", "")
    assert bot.change()["widget.py"].count("grey") == 1
    await bot.merge()
    await bot.remember("Grey is liked here")
    assert await bot.outcomes() == {"merged"}
    await bot.finish()


async def test_what_people_say_is_known_at_the_next_wish(bot: Door) -> None:
    """Remembered apart from it, told to its agents."""
    said = "Dark mode colours live in theme.css"
    await bot.remember(said)
    bot.plays("dark-mode")
    await bot.wish()
    assert await bot.newest() == ("succeeded", "")
    assert said in bot.claude.told("design")
    await bot.finish()
