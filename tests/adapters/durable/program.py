"""A worker to be killed: `python -m tests.adapters.durable.program URL SCENARIO [work that never ends]`.

It prints a line whenever a piece of work begins or ends, so that a test knows where it stands.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping

from bot.adapters.durable import DbosDurable, Lease
from bot.core.conversation import Json
from bot.core.repository import Repo
from bot.core.runs import RunId
from bot.ports import Steps
from tests.adapters.durable.story import Work, no_segment

REPO = Repo("octo", "shop")
PARALLEL, GRAPH, POISON, PATIENT = (RunId(f"260102-00000{n}-x") for n in range(4))
LEASE = Lease(ttl_seconds=1.0, beat_seconds=0.2)
NEEDS = {"n1": [], "n2": [], "n3": [], "n4": ["n1"], "n5": ["n3"], "n6": ["n4", "n5"], "n7": ["n2", "n6"]}
"""n3 ends before n1, so the order of completion is not the order of the graph."""


def say(*words: object) -> None:
    print(*words, flush=True)


def worker(url: str) -> DbosDurable:
    return DbosDurable(url, poll_seconds=0.02, restarts=1, lease=LEASE)


def work(name: str, held: str, seconds: float = 0.0) -> Work:
    """Work that says when it begins and ends, and never ends if it is the held one."""

    async def run() -> Json:
        say("begin", name)
        await asyncio.sleep(3600 if name == held else seconds)
        say("end", name)
        return {"did": name}

    return run


async def kept(name: str, step: Awaitable[Json]) -> Json:
    """The step, with a line when its result is on disk."""
    result = await step
    say("kept", name)
    return result


async def crash(url: str, held: str) -> None:
    """A parallel middle and a graph, side by side; prints their results."""

    async def node(name: str, given: Mapping[str, Json]) -> Json:
        result = await work(name, name if held and name in ("n2", "n6") else "", 0.1 if name == "n1" else 0.0)()
        return {**result, "after": sorted(given)}

    async def build(run: RunId, name: str, steps: Steps) -> Json:
        return await steps.graph(NEEDS, node)

    async def coordinate(run: RunId, steps: Steps) -> Json:
        if run == GRAPH:
            return await steps.segment("build")
        first = await steps.step("A", work("A", held))
        middle = await asyncio.gather(*[kept(n, steps.step(n, work(n, held))) for n in ("B1", "B2", "B3")])
        last = await steps.step("C", work("C", held))
        return {"did": [first["did"], *[m["did"] for m in middle], last["did"]]}

    engine = worker(url)
    await engine.launch(coordinate, build)
    for run in (PARALLEL, GRAPH):
        await engine.start(run, REPO)
    for run in (PARALLEL, GRAPH):
        say("result", await engine.wait(run))
    await engine.close()


async def poison(url: str, held: str) -> None:
    """A segment that kills the process, beside a run that waits at its gate."""

    async def build(run: RunId, name: str, steps: Steps) -> Json:
        async def kill() -> Json:
            say("begin poison")
            os.kill(os.getpid(), signal.SIGKILL)
            return {}

        return await steps.step("kill", kill)

    async def coordinate(run: RunId, steps: Steps) -> Json:
        if run == PATIENT:
            return await steps.receive("go", seconds=3600) or {}
        return await steps.segment("build")

    engine = worker(url)
    await engine.launch(coordinate, build)
    for run in (PATIENT, POISON):
        await engine.start(run, REPO)
    say("result", await engine.wait(POISON))
    say("failure", await engine.failure(POISON))
    say("given up", await engine.given_up())
    await engine.send(PATIENT, "go", {"still": "here"}, key="d1")
    say("result", await engine.wait(PATIENT))
    await engine.close()


async def serve(url: str, held: str) -> None:
    """Works until it is killed."""

    async def build(run: RunId, name: str, steps: Steps) -> Json:
        await steps.step("first", work("first", held))
        return await steps.step("second", work("second", held))

    async def coordinate(run: RunId, steps: Steps) -> Json:
        return await steps.segment("build")

    engine = worker(url)
    await engine.launch(coordinate, build)
    say("serving")
    await asyncio.Event().wait()


async def idle(url: str, held: str) -> None:
    """Starts, executes nothing, stops; prints every address that Python code connected to."""
    sys.addaudithook(lambda event, args: say("connect", args[1]) if event == "socket.connect" else None)

    async def coordinate(run: RunId, steps: Steps) -> Json:
        return {"ok": True}

    engine = worker(url)
    await engine.launch(coordinate, no_segment)
    await engine.start(PATIENT, REPO)
    say("result", await engine.wait(PATIENT))
    await engine.close()


SCENARIOS: Mapping[str, Callable[[str, str], object]] = {"crash": crash, "poison": poison, "serve": serve, "idle": idle}

if __name__ == "__main__":
    asyncio.run(SCENARIOS[sys.argv[2]](sys.argv[1], (sys.argv[3:] or [""])[0]))  # type: ignore[arg-type]
