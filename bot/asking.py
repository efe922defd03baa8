"""One call of the model: reserved against every cap before it is made, stopped when the time is over, stored."""

import asyncio
import math
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import TypeVar

from bot.calls import RunCalls
from bot.core.conversation import ModelError, ModelRequest, Reply
from bot.core.limits import Cap, Refusal, late
from bot.core.runs import Turn
from bot.core.transcript import reply_to_json
from bot.jobs import Job
from bot.ports import Clock, Ports

LEAST_TOKENS = 1_024
"""Of a reply: with less room than that it is not asked for."""
T = TypeVar("T")


class LimitError(Exception):
    """There is no room for the next call."""

    def __init__(self, refused: Refusal) -> None:
        super().__init__(refused.reason)
        self.refused = refused


async def ask(
    job: Job, caps: Sequence[Cap], index: int, request: ModelRequest, ports: Ports, heard: str = ""
) -> tuple[Turn, Reply]:
    """The reply, and its turn as stored, with as much room to answer as the caps have.

    A call that failed for good costs what it reported; one that was stopped counts as reserved. Raises `LimitError`
    and `ModelError`.
    """
    calls = ports.calls.of(job.run.id)
    request, turn = await _reserve(job, caps, index, request, calls, ports, heard)
    with calls.waiting(turn.unit, turn.agent, ports.clock.now()):
        started = ports.clock.monotonic()
        try:
            reply = await in_time(ports.clock, caps, ports.model.reply(request))
        except ModelError as error:
            cost = ports.model.cost_usd(Reply((), "end_turn", error.usage, request.model))
            seconds = ports.clock.monotonic() - started
            await ports.store.finish_turn(replace(turn, usd=cost, usage=error.usage, seconds=seconds))
            raise
        cost, seconds = ports.model.cost_usd(reply), ports.clock.monotonic() - started
        turn = replace(turn, usd=cost, usage=reply.usage, reply=reply_to_json(reply), seconds=seconds)
        await ports.store.finish_turn(turn)
    return turn, reply


async def _reserve(
    job: Job, caps: Sequence[Cap], index: int, wanted: ModelRequest, calls: RunCalls, ports: Ports, heard: str
) -> tuple[ModelRequest, Turn]:
    """While other calls of the run are open, what they do not use may soon be free: then it waits, else it asks for a
    shorter reply. Near a limit the provider counts the prompt, since our own bound is a third too high at times."""
    request, measured = wanted, False
    while True:
        check_time(caps, ports.clock)
        now = await _as_raised(caps, job, ports)
        price, tokens = ports.model.price_usd(request), ports.model.most_tokens(request)
        turn = Turn(job.run.id, job.unit, index, job.agent.name, job.model, price, reserved_tokens=tokens, heard=heard)
        async with calls.lock:
            ended = calls.ended
            refused = await ports.store.reserve_turn(turn, now)
            if refused is None:
                calls.begin()
                return request, turn
        if refused.what not in {"usd", "tokens"}:
            raise LimitError(refused)
        if calls.open or ended.is_set():
            await in_time(ports.clock, caps, ended.wait())
            request = wanted
            continue
        if not measured:
            measured = True
            await ports.model.measure(wanted)
            continue
        request = replace(request, max_tokens=request.max_tokens // 2)
        if request.max_tokens < LEAST_TOKENS:
            raise LimitError(refused)


async def _as_raised(caps: Sequence[Cap], job: Job, ports: Ports) -> list[Cap]:
    """The caps with what people have added to the run's budget since the work began."""
    run = await ports.store.run(job.run.id)
    more = max(run.plan.budget_usd - job.run.plan.budget_usd, 0.0) if run else 0.0
    return [replace(c, limits=replace(c.limits, usd=c.limits.usd + more)) if c.of == "run" else c for c in caps]


def check_time(caps: Sequence[Cap], clock: Clock) -> None:
    """Raises `LimitError` if the time of a cap is over."""
    if refused := late(caps, clock.monotonic()):
        raise LimitError(refused)


def seconds_left(caps: Sequence[Cap], clock: Clock) -> float:
    """Until the first cap's time is over."""
    return max(0.0, min((cap.until for cap in caps), default=math.inf) - clock.monotonic())


async def in_time(clock: Clock, caps: Sequence[Cap], work: Coroutine[object, object, T]) -> T:
    """What the work returns, unless the time of a cap is over first: then it is cancelled, and `LimitError` raised."""
    seconds = seconds_left(caps, clock)
    if seconds == math.inf:
        return await work
    task, timer = asyncio.ensure_future(work), asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait({task, timer}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        soonest = min(caps, key=lambda cap: cap.until)
        raise LimitError(Refusal(soonest, "seconds"))
    finally:
        for one in (task, timer):
            one.cancel()
        await asyncio.gather(task, timer, return_exceptions=True)
