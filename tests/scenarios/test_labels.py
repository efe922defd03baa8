"""A label asks as a command does; taking it away, or closing the issue, takes the wish back."""

import pytest

from tests.scenarios.rig import REPO, Rig

pytestmark = pytest.mark.slow

LABEL = "devflow:dev-workflow"


async def test_a_label_starts_a_run_on_the_issue_itself(bot: Rig) -> None:
    """What comes of it is what comes of the command; there is no comment to react to."""
    number = bot.issue(7, title="Dark mode", body="Please.")
    bot.plays("dark-mode")
    bot.github.label(REPO, number, LABEL, by="maintainer")
    await bot.settle()
    assert await bot.ended() == ("succeeded", "")
    assert (await bot.last_run()).request.requester == "maintainer"
    assert bot.titles()[0] == "### ✅ Done: #2"


async def test_taking_the_label_away_stops_the_run(bot: Rig) -> None:
    """The thread says who did it; the model is asked nothing more."""
    number = bot.issue(7)
    bot.says("requirements", {"text": "Hm."})
    bot.claude.hangs()
    bot.github.label(REPO, number, LABEL, by="maintainer")
    await bot.asked("requirements", fault="hangs")
    bot.github.unlabel(REPO, number, LABEL, by="maintainer")
    await bot.settle()
    assert await bot.ended() == ("cancelled", f"Stopped: @maintainer took away the label `{LABEL}`.")
    assert [r.phase for r in bot.claude.requests] == ["requirements"]
    assert "was stopped: @maintainer took away the label" in bot.read_all()[-1]


async def test_closing_the_issue_stops_the_run(bot: Rig) -> None:
    """Also one that a comment started."""
    number = bot.issue(7)
    bot.says("requirements", {"text": "Hm."})
    bot.claude.hangs()
    await bot.comment("/dev-workflow", settle=False)
    await bot.asked("requirements", fault="hangs")
    bot.github.close_issue(REPO, number, by="maintainer")
    await bot.settle()
    assert await bot.ended() == ("cancelled", "Stopped: @maintainer closed the issue.")
    bot.read_all()


@pytest.mark.slow
async def test_an_old_label_says_nothing_of_a_later_command(bot: Rig) -> None:
    """Tidying up a label does not stop what somebody asked for in words."""
    number = bot.issue(7)
    bot.plays("dark-mode")
    bot.github.label(REPO, number, "devflow:planning", by="reader")
    await bot.settle()
    bot.claude.thinks()
    await bot.comment("/dev-workflow", settle=False)
    await bot.asked("requirements")
    bot.github.unlabel(REPO, number, "devflow:planning", by="maintainer")
    await bot.settle()
    assert await bot.ended() == ("succeeded", "")
    bot.read_all()


async def test_who_may_not_write_is_told_why(bot: Rig) -> None:
    """A label set by somebody with too little access starts nothing, and is answered once."""
    number = bot.issue(7)
    bot.github.label(REPO, number, LABEL, by="reader")
    bot.github.unlabel(REPO, number, LABEL, by="reader")
    bot.github.label(REPO, number, LABEL, by="reader")
    await bot.settle()
    (answer,) = bot.read_all()
    assert "the label `devflow:dev-workflow` needs `write` access" in answer
    assert await bot.bot.store.runs() == []


async def test_other_labels_are_nobodys_business(bot: Rig) -> None:
    """Neither setting nor removing one does anything."""
    number = bot.issue(7)
    for label in ("bug", "devflow", "devflow:status", "devflow:unknown"):
        bot.github.label(REPO, number, label, by="maintainer")
        bot.github.unlabel(REPO, number, label, by="maintainer")
    await bot.settle()
    await bot.nothing_happened()


async def test_a_run_is_stopped_where_nothing_more_can_be_said(bot: Rig) -> None:
    """A locked issue takes no comment: the run ends all the same, and the reaction and the status comment show it."""
    bot.issue(7)
    bot.says("requirements", {"text": "Hm."})
    bot.claude.hangs()
    await bot.comment("/dev-workflow", settle=False)
    await bot.asked("requirements", fault="hangs")
    bot.github.fails("POST", "/issues/1/comments$", status=403, body={"message": "The issue is locked."})
    bot.github.close_issue(REPO, 1, by="maintainer")
    await bot.settle()
    run = await bot.last_run()
    assert (run.state, run.reason) == ("cancelled", "Stopped: @maintainer closed the issue.")
    assert bot.titles() == ["### ⏹️ Cancelled"]
    assert not (bot.folder / "state" / "work" / run.id).exists()
