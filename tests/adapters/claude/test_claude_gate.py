"""One gate for all: a pause that is asked of one call holds for every call of the process, in the order they came."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from bot.adapters.claude import ClaudeModel
from bot.adapters.claude.gate import Gate
from bot.core.conversation import ModelRequest
from bot.offline.claude import ScriptedClaude
from tests.scenarios.parts import HandClock

Ask = Callable[..., ModelRequest]
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


async def turns_of_the_loop() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_pause_holds_for_all_and_ends_in_order() -> None:
    """Nobody passes before it is over; then one after another, a little apart."""
    clock = HandClock()
    gate, passed = Gate(clock, lambda: 0.0), list[int]()

    async def call(number: int) -> None:
        await gate.passed()
        passed.append(number)

    gate.hold(10)
    calls = [asyncio.create_task(call(number)) for number in range(3)]
    await turns_of_the_loop()
    clock.advance(9)
    gate.hold(4)
    await turns_of_the_loop()
    clock.advance(1)
    await turns_of_the_loop()
    assert passed == []
    clock.advance(3)
    await turns_of_the_loop()
    for expected in ([0], [0, 1], [0, 1, 2]):
        clock.advance(0.25)
        await turns_of_the_loop()
        assert passed == expected
    await asyncio.gather(*calls)
    assert passed == [0, 1, 2]


async def test_who_is_cancelled_leaves_the_line() -> None:
    """The first gives up; the second still passes when the pause is over."""
    clock = HandClock()
    gate = Gate(clock, lambda: 0.0)
    gate.hold(10)
    first, second = asyncio.create_task(gate.passed()), asyncio.create_task(gate.passed())
    await turns_of_the_loop()
    first.cancel()
    await turns_of_the_loop()
    clock.advance(10)
    await turns_of_the_loop()
    clock.advance(1)
    await second
    assert first.cancelled()


async def test_a_limit_that_is_nearly_used_up_is_heeded() -> None:
    """Until it is full again, but not for ever; headers that say nothing of use change nothing."""
    clock = HandClock()
    gate = Gate(clock, lambda: 0.0)
    name = "anthropic-ratelimit-input-tokens"
    full = {f"{name}-limit": "1000", f"{name}-remaining": "500", f"{name}-reset": "2026-11-23T12:00:30Z"}
    gate.heed(full, NOW)
    gate.heed(full | {f"{name}-remaining": "many"}, NOW)
    gate.heed({}, NOW)
    await gate.passed()
    gate.heed(full | {f"{name}-remaining": "0"}, NOW)
    waiting = asyncio.create_task(gate.passed())
    await turns_of_the_loop()
    clock.advance(29)
    await turns_of_the_loop()
    assert not waiting.done()
    clock.advance(1)
    await turns_of_the_loop()
    clock.advance(1)
    await waiting


async def test_a_second_call_waits_for_the_pause_that_the_first_was_asked(
    make_model: Callable[..., ClaudeModel], claude: ScriptedClaude, ask: Ask
) -> None:
    """Only the first call meets the limit: the other is not even sent until the pause is over."""
    clock: Any = HandClock()
    model = make_model(clock=clock)
    await model.warm()
    claude.rate_limited(retry_after=30)
    first = asyncio.create_task(model.reply(ask("review")))
    async with asyncio.timeout(30):
        while clock.sleeping < 1:
            await asyncio.sleep(0.005)
    second = asyncio.create_task(model.reply(ask("design")))
    async with asyncio.timeout(30):
        while clock.sleeping < 2:
            await asyncio.sleep(0.005)
    assert len(claude.requests) == 1
    async with asyncio.timeout(30):
        while not (first.done() and second.done()):
            clock.advance(30)
            await asyncio.sleep(0.005)
    assert [r.fault for r in claude.requests] == ["rate_limit_error", "", ""]


async def test_attempts_together_cost_no_more_than_was_reserved(
    model: ClaudeModel, claude: ScriptedClaude, ask: Ask
) -> None:
    """After a broken stream that was paid for, the next attempt has less room to answer."""
    claude.breaks_mid_stream(times=2)
    request = ask(words="A rate limit for the login endpoint. " * 300)
    reply = await model.reply(request)
    assert model.cost_usd(reply) <= model.price_usd(request)
    assert len(claude.requests) == 3
