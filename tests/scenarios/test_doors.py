"""The core scenarios, each from one body, through the doors that a comment comes in by: the server and the Action."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.memory.memories import Query
from bot.core.repository import Repo
from tests.scenarios.actions import action_rig
from tests.scenarios.pulls import now, remark, turns_grey
from tests.scenarios.rig import REPO, Rig, rig

pytestmark = pytest.mark.slow
WIDGET = Repo("acme", "widget")


@pytest.fixture(params=["server", "action"])
async def door(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    opened = action_rig if request.param == "action" else rig
    async with opened(tmp_path) as made:
        made.issue(7, title="Dark mode", body="Please.")
        yield made


async def test_a_comment_becomes_a_pull_request(door: Rig) -> None:
    """With the files that were asked for, and a comment for each phase."""
    door.plays("dark-mode")
    command = await door.comment("/dev-workflow")
    assert await door.ended() == ("succeeded", "")
    assert door.reactions(command) == ["rocket"]
    assert set(door.files(door.pull_request(closing=7))) == {"theme.css", "widget.py", "tests/test_widget.py"}
    assert len(door.read_all()) == 8
    await door.finish()


async def test_a_risk_waits_for_an_approval(door: Rig) -> None:
    """Nothing is built before it."""
    door.plays("dark-mode", "risky")
    await door.comment("/dev-workflow")
    assert (await door.last_run()).state == "waiting"
    assert not [r for r in door.claude.requests if r.phase == "implementation"]
    await door.comment("/status")
    await door.comment("/approve")
    assert await door.ended() == ("succeeded", "")
    assert "✅ Requirements, design and tasks: approved by @maintainer" in "\n".join(door.read_all())


async def test_what_is_cancelled_goes_on_where_it_was(door: Rig) -> None:
    """The finished phases are taken over."""
    door.plays("dark-mode", "risky")
    await door.comment("/dev-workflow")
    await door.comment("/cancel")
    assert (await door.ended())[0] == "cancelled"
    before = len(door.claude.requests)
    await door.comment("/resume")
    await door.comment("/approve")
    assert await door.ended() == ("succeeded", "")
    assert {r.phase for r in door.claude.requests[before:]} == {"implementation", "testing", "review"}
    door.read_all()


async def test_a_review_is_answered_and_a_merge_remembered(door: Rig) -> None:
    """One revision on the same branch; then the outcome of all its runs."""
    door.plays("dark-mode")
    await door.comment("/dev-workflow")
    pull = door.pull_request(closing=7)
    door.numbers[8] = (REPO, pull.number)
    turns_grey(door, ("t1", "It is grey now.", True))
    door.github.review(
        REPO, pull.number, by="maintainer", verdict="request_changes", body="Grey.", comments=[remark("Too dark.")]
    )
    await door.settle()
    assert await door.ended() == ("succeeded", "")
    assert door.files(now(door, pull))["widget.py"].count("grey") == 1
    door.github.merge(REPO, pull.number, by="maintainer")
    await door.settle()
    assert {run.outcome for run in await door.bot.store.runs()} == {"merged"}
    door.read_all(7)
    door.read_all(8)
    await door.finish()


async def test_what_people_say_is_known_on_another_issue(door: Rig) -> None:
    """Remembered in one thread, told to the agents of the other."""
    said = "Dark mode colours live in theme.css"
    await door.comment(f"/memory add {said}", on=door.issue(8, title="Colours"))
    door.plays("dark-mode")
    await door.comment("/dev-workflow", on=7)
    assert await door.ended() == ("succeeded", "")
    assert said in door.claude.told("design")
    assert said in [found.memory.text for found in await door.bot.store.recall(Query(WIDGET, said))]
    door.read_all(7)
    door.read_all(8)
