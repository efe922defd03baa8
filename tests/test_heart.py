"""A run says that it is at work only while somebody is: silence is found out, told once, and ended."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.heart import BEATS, Heart
from bot.status import StatusBoard
from tests.samples import RUN, a_request, a_run
from tests.scenarios.parts import HandClock
from tests.scenarios.rig import Rig, parts

SECONDS = 45.0


class Ward:
    """A run that is at work, with a status comment, and workers with hearts of their own."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.clock = HandClock()
        self.ports = replace(rig.bot.ports, clock=self.clock)
        self.run = a_run(state="running", request=a_request(issue=rig.issue(7), comment_id=0))

    def worker(self) -> Heart:
        """One more process on the same database."""
        return Heart(self.ports, StatusBoard(self.ports, 0.0), SECONDS)

    async def dies_at_work(self) -> None:
        """A worker takes the run up and is never heard of again."""
        with pytest.raises(asyncio.CancelledError):
            async with self.worker().at_work(RUN):
                raise asyncio.CancelledError

    @property
    def text(self) -> str:
        (comment,) = self.rig.bot_comments()
        return comment.body

    @property
    def edits(self) -> int:
        return sum(request.method == "PATCH" for request in self.rig.github.requests)


@pytest.fixture
async def ward(tmp_path: Path) -> AsyncIterator[Ward]:
    async with parts(tmp_path) as rig:
        made = Ward(rig)
        await rig.bot.store.add_run(made.run)
        await StatusBoard(made.ports, 0.0).open(made.run)
        yield made


async def test_a_dead_worker_is_told_once_within_a_minute(ward: Ward) -> None:
    """By whoever is alive: since when, and that it goes on by itself; the next looks change nothing."""
    await ward.dies_at_work()
    other = ward.worker()
    await other.look()
    assert "At work" in ward.text
    ward.clock.advance(SECONDS + SECONDS / BEATS)
    assert SECONDS + SECONDS / BEATS < 60
    await other.look()
    await ward.rig.until(lambda: "### ⏸️ Stalled since 12:00 UTC" in ward.text, "it is told")
    await other.look()
    assert ward.edits == 1


async def test_who_takes_a_stalled_run_up_ends_the_stall(ward: Ward) -> None:
    """The comment says from when to when, and is at work again."""
    await ward.dies_at_work()
    ward.clock.advance(600)
    other = ward.worker()
    async with other.at_work(RUN):
        await ward.rig.until(lambda: "Stalled from 12:00 UTC to 12:10 UTC, then taken up again" in ward.text, "told")
        assert "### 🔵 At work" in ward.text
        await other.look()
        assert not (pulse := await ward.ports.store.pulse(RUN)) or not pulse.stalled


async def test_a_worker_that_is_alive_is_believed(ward: Ward) -> None:
    """However long its model thinks; others leave its run alone."""
    mine, other = ward.worker(), ward.worker()
    async with mine.at_work(RUN):
        for _ in range(20):
            ward.clock.advance(SECONDS / BEATS)
            await mine.look()
            await other.look()
    pulse = await ward.ports.store.pulse(RUN)
    assert pulse is not None
    assert (pulse.stalled_since, pulse.working) == (None, False)


async def test_the_comment_is_renewed_though_nothing_changed(ward: Ward) -> None:
    """Its time is never more than five minutes old, and a look within them makes no edit."""
    mine = ward.worker()
    async with mine.at_work(RUN):
        await mine.look()
        await ward.rig.until(lambda: ward.edits == 1, "the first look of a process writes")
        ward.clock.advance(299)
        await mine.look()
        ward.clock.advance(1)
        await mine.look()
        await ward.rig.until(lambda: "As of 12:05 UTC" in ward.text, "it is renewed")
    assert ward.edits == 2


async def test_a_heart_that_fails_beats_on(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that does not answer once is asked again."""
    mine, real, asked = ward.worker(), ward.ports.store.stall, list[object]()

    async def broken(silent_since: object) -> list[object]:
        asked.append(silent_since)
        if len(asked) == 1:
            raise OSError("gone")
        return list(await real(silent_since))  # type: ignore[arg-type]

    monkeypatch.setattr(ward.ports.store, "stall", broken)
    beating = asyncio.create_task(mine.beat_on())
    for looks in (1, 2):
        await ward.rig.until(lambda looks=looks: len(asked) == looks and ward.clock.sleeping == 1, "a look")  # type: ignore[misc]
        ward.clock.advance(SECONDS)
    beating.cancel()
    await asyncio.gather(beating, return_exceptions=True)
    assert asked[1] - asked[0] == timedelta(seconds=SECONDS)  # type: ignore[operator]
