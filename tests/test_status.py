"""The status comment follows the run, slowly enough for GitHub."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.effects import mark
from bot.core.limits import Cap, Limits
from bot.core.runs import Run, RunState, Turn
from bot.ports import Ports
from bot.status import StatusBoard, finish_reactions, progress_of
from tests.samples import RUN, a_request, a_run
from tests.scenarios.parts import HandClock
from tests.scenarios.rig import REPO, Rig, parts

SECONDS = 10.0


class Room:
    """A stored run on a real issue, a clock that is moved by hand, and a board that keeps its comment."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.clock = HandClock()
        self.ports: Ports = replace(rig.bot.ports, clock=self.clock)
        self.board = StatusBoard(self.ports, SECONDS)
        issue = rig.issue(7)
        self.command = rig.github.comment(REPO, issue, "/dev-workflow", by="maintainer")
        self.run: Run = a_run(state="queued", request=a_request(issue=issue, comment_id=self.command))

    async def state(self, state: RunState, reason: str = "") -> None:
        """Store a new state."""
        await self.ports.store.set_run_state(RUN, state, reason=reason, at=self.clock.now())

    async def advance(self, seconds: float) -> None:
        """Move the clock when the board waits for it, and let the edit that is due happen."""
        await self.rig.until(lambda: self.clock.sleeping == 1, "the board waits")
        before = self.edits
        self.clock.advance(seconds)
        if seconds >= SECONDS:
            await self.rig.until(lambda: self.edits > before, "the comment is edited")

    @property
    def edits(self) -> int:
        return sum(request.method == "PATCH" for request in self.rig.github.requests)

    @property
    def text(self) -> str:
        (comment,) = self.rig.bot_comments()
        return comment.body


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    """A board that has posted the comment of a queued run."""
    async with parts(tmp_path) as rig:
        made = Room(rig)
        await made.ports.store.add_run(made.run)
        await made.board.open(made.run)
        yield made
        await made.board.close()


async def test_the_comment_is_posted_once(room: Room) -> None:
    """A worker that was killed after posting finds it again."""
    await StatusBoard(room.ports, SECONDS).open(room.run)
    assert "Queued" in room.text
    assert mark(RUN, "status") in room.text


async def test_many_changes_are_one_edit(room: Room) -> None:
    """Nothing is written before the interval is over, then the newest state."""
    await room.state("running")
    for _ in range(50):
        room.board.touch(RUN)
    await room.advance(SECONDS - 1)
    assert room.edits == 0
    await room.advance(SECONDS)
    assert (room.edits, "At work" in room.text) == (1, True)


async def test_the_end_is_written_when_it_may_be_and_nothing_after_it(room: Room) -> None:
    """A change that still waited is dropped: the last edit has everything."""
    room.board.touch(RUN)
    await room.state("failed", "design: no.")
    settling = asyncio.create_task(room.board.settle(RUN))
    await room.advance(SECONDS)
    await settling
    assert "### ❌ Failed\ndesign: no." in room.text
    assert room.edits == 1
    room.clock.advance(10 * SECONDS)
    await asyncio.sleep(0)
    assert room.edits == 1


async def test_an_edit_that_github_refuses_is_made_the_next_time(room: Room) -> None:
    """The board goes on: a status is a courtesy while the run is at work."""
    room.rig.github.fails("PATCH", "/issues/comments/", status=422)
    room.board.touch(RUN)
    await room.advance(SECONDS)
    assert "Queued" in room.text
    await room.state("running")
    room.board.touch(RUN)
    await room.advance(SECONDS)
    assert "At work" in room.text


async def test_a_closed_board_writes_nothing_more(room: Room) -> None:
    """The next process begins from the store."""
    room.board.touch(RUN)
    await room.rig.until(lambda: room.clock.sleeping == 1, "the board waits")
    await room.board.close()
    room.clock.advance(10 * SECONDS)
    await asyncio.sleep(0)
    assert room.edits == 0


async def test_progress_counts_calls_under_way_as_uncertain(room: Room) -> None:
    """Until the reply is there, its reservation counts; then its price."""
    turn = Turn(RUN, "design", 0, "architect", "claude-sonnet-5-5", 0.25)
    await room.ports.store.reserve_turn(turn, [Cap("run", RUN, "", Limits())])
    before = await progress_of(room.ports, room.run)
    await room.ports.store.finish_turn(replace(turn, usd=0.10, reply="{}"))
    after = await progress_of(room.ports, room.run)
    assert [(p.usd, p.exact) for p in (before, after)] == [(0.25, False), (0.10, True)]
    assert (await progress_of(room.ports, replace(room.run, pull_number=8))).pull_url == "#8"


@pytest.mark.parametrize(
    ("state", "reactions"),
    [("running", ["eyes"]), ("succeeded", ["rocket"]), ("unproven", ["confused"]), ("cancelled", ["confused"])],
)
async def test_the_command_shows_how_its_run_ended(room: Room, state: RunState, reactions: list[str]) -> None:
    """👀 until then; 🚀 only where everything was proven."""
    await room.ports.github.react(room.run.repo, room.command, "eyes")
    await finish_reactions(room.ports, room.run.repo, replace(room.run, state=state))
    assert room.rig.reactions(room.command) == reactions
