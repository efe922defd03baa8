"""What `ports.Durable` and `ports.Steps` promise, on SQLite and on PostgreSQL.

Traps of dbos that have their test here: a gate inside a repository's queue blocks the repository; the same id started
many times; messages before and without a worker; exceptions that change their type at a replay; results that JSON
would change; a cancellation nobody asked for; thread pools that are shut down under the loop; retention.
"""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.durable import StepFailed
from bot.core.conversation import Json
from bot.core.errors import BotError
from bot.core.repository import Repo
from bot.core.runs import RunId
from bot.ports import Steps
from tests.adapters.durable.conftest import Engines
from tests.adapters.durable.story import Hold, Tally, failure, gives, no_segment, one_segment, raises, returns


async def test_a_run_has_steps_segments_and_messages_and_returns_its_result(
    engines: Engines, run: RunId, repo: Repo
) -> None:
    """The coordinator sees what each of them returned; its own result is what `wait` returns."""

    async def build(run: RunId, name: str, steps: Steps) -> Json:
        return await steps.graph({"plan": [], "code": ["plan"], "ship": ["plan", "code"]}, Tally().node)

    async def coordinate(run: RunId, steps: Steps) -> Json:
        read = await steps.step("read", gives(issue=7))
        built = await steps.segment("build")
        answer = await steps.receive("approval", seconds=60)
        return {"read": read, "ship": built["ship"], "answer": answer}

    engine = engines()
    await engine.launch(coordinate, build)
    await engine.start(run, repo)
    await engine.send(run, "approval", {"by": "maintainer", "text": "\ud800 \x00 ✓"}, key="d1")
    assert await engine.wait(run) == {
        "read": {"issue": 7},
        "ship": {"did": "ship", "after": ["code", "plan"]},
        "answer": {"by": "maintainer", "text": "\ud800 \x00 ✓"},
    }
    assert await engine.status(run) == "succeeded"
    assert await engine.failure(run) is None


async def test_the_same_id_started_twenty_times_at_once_is_one_run(engines: Engines, run: RunId, repo: Repo) -> None:
    """Redeliveries and double clicks do no harm, even after the run has ended."""
    tally = Tally()

    async def coordinate(run: RunId, steps: Steps) -> Json:
        return await steps.step("once", tally.work("once"))

    engine, door = engines(), engines()
    await engine.launch(coordinate, no_segment)
    await asyncio.gather(*[(engine, door)[i % 2].start(run, repo) for i in range(20)])
    await engine.wait(run)
    await engine.start(run, repo)
    assert await engine.status(run) == "succeeded"
    assert tally.ran == ["once"]


async def test_a_run_that_waits_for_people_does_not_hold_up_its_repository(engines: Engines, repo: Repo) -> None:
    """The first run is parked at its gate while the second one of the same repository runs to its end."""
    waiting, passing = RunId("260102-000001-a"), RunId("260102-000002-b")

    async def build(run: RunId, name: str, steps: Steps) -> Json:
        return await steps.step("build", gives(built=run))

    async def coordinate(run: RunId, steps: Steps) -> Json:
        built = await steps.segment("build")
        return {**built, "answer": await steps.receive("approval", seconds=3600) if run == waiting else None}

    engine = engines()
    await engine.launch(coordinate, build)
    await engine.start(waiting, repo)
    await engine.start(passing, repo)
    assert await engine.wait(passing) == {"built": passing, "answer": None}
    assert await engine.status(waiting) == "running"
    await engine.send(waiting, "approval", {"ok": True}, key="d1")
    assert await engine.wait(waiting) == {"built": waiting, "answer": {"ok": True}}


async def test_one_segment_at_a_time_for_each_repository_two_repositories_side_by_side(engines: Engines) -> None:
    """Four runs of two repositories: both repositories are at work together, neither twice at once."""
    at_work: Counter[str] = Counter()
    most: Counter[str] = Counter()
    both = asyncio.Event()

    async def build(run: RunId, name: str, steps: Steps) -> Json:
        async def work() -> Json:
            where = run[-1]
            at_work[where] += 1
            most[where] = max(most[where], at_work[where])
            if len(+at_work) == 2:
                both.set()
            await both.wait()
            at_work[where] -= 1
            return {}

        return await steps.step("work", work)

    engine = engines()
    await engine.launch(one_segment, build)
    runs = [RunId(f"260102-00000{n}-{where}") for n in (1, 2) for where in "ab"]
    for run in runs:
        await engine.start(run, Repo("octo", run[-1]))
    async with asyncio.timeout(20):
        assert [await engine.wait(run) for run in runs] == [{}] * 4
    assert most == {"a": 1, "b": 1}


async def test_messages_reach_a_run_that_no_worker_executes_once_for_each_key(
    engines: Engines, run: RunId, repo: Repo
) -> None:
    """An approval arrives twice while the server is down: it counts, once."""

    async def coordinate(run: RunId, steps: Steps) -> Json:
        first = await steps.receive("approval", seconds=3600)
        second = await steps.receive("approval", seconds=0.01)
        return {"first": first, "second": second}

    door = engines()
    await door.start(run, repo)
    assert await door.status(run) == "queued"
    for _ in range(2):
        await door.send(run, "approval", {"ok": True}, key="delivery-1")
    await door.send(run, "other topic", {"ok": False}, key="delivery-2")
    engine = engines()
    await engine.launch(coordinate, no_segment)
    assert await engine.wait(run) == {"first": {"ok": True}, "second": None}


async def test_an_unknown_run_is_named_as_such(engines: Engines, run: RunId) -> None:
    """Nothing waits for ever for a run that does not exist."""
    engine = engines()
    assert await engine.status(run) == "unknown"
    await engine.cancel(run)
    with pytest.raises(BotError, match=f"no run {run}"):
        await engine.wait(run)
    with pytest.raises(BotError, match=f"no run {run}"):
        await engine.send(run, "approval", {}, key="d1")
    with pytest.raises(ValueError, match="no run id"):
        await engine.start(RunId("a:b"), Repo("o", "n"))


async def test_a_step_that_raises_fails_the_segment_and_the_run_with_its_text(
    engines: Engines, run: RunId, repo: Repo
) -> None:
    """The text of the first error is what people get to see."""

    async def build(run: RunId, name: str, steps: Steps) -> Json:
        return await steps.step("compile", raises(LookupError("no compiler")))

    engine = engines()
    await engine.launch(one_segment, build)
    await engine.start(run, repo)
    assert await engine.wait(run) is None
    assert await engine.status(run) == "failed"
    assert await engine.failure(run) == "LookupError: no compiler"


async def test_an_error_that_is_caught_looks_the_same_at_a_replay(engines: Engines, run: RunId, repo: Repo) -> None:
    """The workflow takes the same branch before and after a restart."""
    seen: list[tuple[str, str]] = []
    parked = asyncio.Event()

    async def coordinate(run: RunId, steps: Steps) -> Json:
        try:
            await steps.step("try", raises(ValueError("odd")))
        except StepFailed as error:
            seen.append((type(error).__name__, str(error)))
        parked.set()
        return await steps.receive("go", seconds=3600) or {}

    for _ in range(2):
        engine = engines()
        await engine.launch(coordinate, no_segment)
        await engine.start(run, repo)
        await parked.wait()
        parked.clear()
        await engine.close()
    assert seen == [("StepFailed", "ValueError: odd")] * 2


async def test_a_node_that_fails_stops_the_others_and_the_workflow_goes_on(
    engines: Engines, run: RunId, repo: Repo
) -> None:
    """Siblings are cancelled and cleaned up, nodes after it never begin, nothing is left waiting."""
    slow, tally = Hold(), Tally()

    async def work(node: str, given: object) -> Json:
        if node == "slow":
            return await slow()
        if node == "bad":
            await slow.begun.wait()
            raise ValueError("broken")
        return await tally.work(node)()

    async def coordinate(run: RunId, steps: Steps) -> Json:
        try:
            await steps.graph({"slow": [], "bad": [], "after": ["bad"]}, work)
        except StepFailed as error:
            return await steps.step("report", gives(error=str(error), cleaned=slow.cleaned.is_set()))
        raise AssertionError("the graph did not fail")

    engine = engines()
    await engine.launch(coordinate, no_segment)
    await engine.start(run, repo)
    assert await engine.wait(run) == {"error": "ValueError: broken", "cleaned": True}
    assert tally.ran == []


async def test_a_result_that_json_would_change_fails_where_it_is_made(engines: Engines, run: RunId, repo: Repo) -> None:
    """Not at some replay, days later: the step names the place at once."""
    odd: list[object] = [{"when": (1, 2)}, {"a": [{"b": float("nan")}]}, {"a": {1: "x"}}, ["x"]]

    async def coordinate(run: RunId, steps: Steps) -> Json:
        return {"reasons": [await failure(steps.step("odd", returns(result))) for result in odd]}

    engine = engines()
    await engine.launch(coordinate, no_segment)
    await engine.start(run, repo)
    assert await engine.wait(run) == {
        "reasons": [
            "TypeError: when is tuple '(1, 2)', which JSON cannot keep",
            "TypeError: a[0].b is float 'nan', which JSON cannot keep",
            "TypeError: a has the key 1: keys of a JSON object are text",
            "TypeError: the result must be a JSON object, not list",
        ]
    }
    with pytest.raises(TypeError, match="JSON cannot keep"):
        await engine.send(run, "approval", {"by": {"a", "set"}}, key="d1")


async def test_steps_have_a_time_limit_and_cannot_vanish(engines: Engines, run: RunId, repo: Repo) -> None:
    """Too slow, cancelled by itself, out of order: each is a failure with a reason, none leaves the run hanging."""
    slow = Hold()

    async def coordinate(run: RunId, steps: Steps) -> Json:
        return {
            "slow": await failure(steps.step("slow", slow, seconds=0.01)),
            "gone": await failure(steps.step("gone", raises(asyncio.CancelledError()))),
            "order": await failure(steps.graph({"a": ["b"], "b": []}, Tally().node)),
        }

    engine = engines()
    await engine.launch(coordinate, no_segment)
    await engine.start(run, repo)
    assert await engine.wait(run) == {
        "slow": "slow took longer than 0.01 seconds",
        "gone": "gone cancelled itself",
        "order": "a needs b, which does not stand before it",
    }
    assert slow.cleaned.is_set()


async def test_a_segment_neither_waits_for_people_nor_for_another_segment(
    engines: Engines, run: RunId, repo: Repo
) -> None:
    """It would hold its repository's place in the queue, the second for ever."""

    async def build(run: RunId, name: str, steps: Steps) -> Json:
        with pytest.raises(RuntimeError, match="only the coordinator of a run can receive a message"):
            await steps.receive("approval", seconds=1)
        return await steps.segment("inner")

    engine = engines()
    await engine.launch(one_segment, build)
    await engine.start(run, repo)
    assert await engine.wait(run) is None
    assert await engine.failure(run) == (
        f"RuntimeError: only the coordinator of a run can start a segment, not its segment {run}:build"
    )


async def test_workflows_run_on_the_callers_loop_and_leave_it_usable(engines: Engines, run: RunId, repo: Repo) -> None:
    """The application's own objects may be used in steps, and its threads work after the engine has gone."""
    loop = asyncio.get_running_loop()

    async def work() -> Json:
        return {"same": asyncio.get_running_loop() is loop}

    async def coordinate(run: RunId, steps: Steps) -> Json:
        return await steps.step("where", work)

    engine = engines()
    await engine.launch(coordinate, no_segment)
    await engine.start(run, repo)
    assert await engine.wait(run) == {"same": True}
    await engine.close()
    assert await asyncio.to_thread(lambda: 42) == 42


async def test_a_second_engine_in_the_process_is_refused_and_does_not_disturb_the_first(
    engines: Engines, run: RunId, repo: Repo, tmp_path: object
) -> None:
    """dbos is one per process; on SQLite the file is taken besides."""

    async def coordinate(run: RunId, steps: Steps) -> Json:
        return await steps.step("work", gives(done=True))

    first, second = engines(), engines()
    await first.launch(coordinate, no_segment)
    with pytest.raises(BotError, match="already"):
        await second.launch(coordinate, no_segment)
    await second.start(run, repo)
    assert await first.wait(run) == {"done": True}


async def test_old_runs_can_be_pruned(engines: Engines, repo: Repo) -> None:
    """Ended ones that are old enough go, with their segments; the others stay."""
    done, parked = RunId("260102-000001-a"), RunId("260102-000002-b")

    async def build(run: RunId, name: str, steps: Steps) -> Json:
        return await steps.step("build", gives(ok=True))

    async def coordinate(run: RunId, steps: Steps) -> Json:
        await steps.segment("build")
        return (await steps.receive("go", seconds=3600) if run == parked else None) or {}

    engine = engines()
    await engine.launch(coordinate, build)
    await engine.start(parked, repo)
    await engine.start(done, repo)
    await engine.wait(done)
    assert await engine.prune(datetime.now(UTC) - timedelta(days=1)) == 0
    assert await engine.prune(datetime.now(UTC) + timedelta(days=1)) == 1
    assert [await engine.status(RunId(r)) for r in (done, f"{done}:build", parked)] == ["unknown", "unknown", "running"]
