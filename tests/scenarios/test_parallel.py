"""Tasks that do not wait for each other are built at the same time, each in files of its own, and brought together."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.core.conversation import Json
from bot.core.repository import Repo
from bot.core.runs import RunId, Turn
from tests.samples import a_run
from tests.scenarios.parts import text_of
from tests.scenarios.rig import PATIENCE, REPO, Rig

pytestmark = pytest.mark.slow


async def test_two_tasks_at_once_that_do_not_fit_together(bot: Rig) -> None:
    """Both begin before either ends; the second is made again on top of the first; a third sees what both made."""
    bot.issue(7, title="Dark mode", body="Please.")
    bot.plays("dark-mode", "two-tasks")
    bot.claude.thinks()
    await bot.comment("/dev-workflow", on=7)
    assert await bot.ended() == ("succeeded", "")
    assert bot.claude.most_busy == 2
    asked = [(r.task, r.attempt, r.turn) for r in bot.claude.requests if r.phase == "implementation"]
    assert {task for task, _, _ in asked[:2]} == {"T1", "T2"}
    assert asked[4:] == [("T2", 2, 0), ("T2", 2, 1), ("T3", None, 0), ("T3", None, 1)]
    pull = bot.pull_request(closing=7)
    files = bot.files(pull)
    assert "dark()" in files["widget.py"]
    assert "pale" not in files["widget.py"]
    assert set(files) == {"widget.py", "palette.py", "README.md", "tests/test_widget.py"}
    assert [message.splitlines()[:3:2] for message in bot.messages(pull)[:3]] == [
        ["Add dark mode", "Task T1, built by developer."],
        ["Add a palette", "Task T2, built by developer."],
        ["Explain the colors", "Task T3, built by developer."],
    ]
    told = next(text for text in bot.read_all() if "Implementation" in text)
    assert "Side by side: T1, T2." in told
    assert "Made again because it did not fit the others' work: T2." in told
    again = next(text for b in bot.claude.bodies if 'task="T2" attempt="2"' in (text := str(b["messages"][0])))
    assert "do not fit together in: widget.py" in again
    assert "pale" in again


def task(name: str, path: str, *after: str) -> Json:
    """One task of a plan, with one file."""
    words = {"id": name, "title": f"Write {path}", "description": "Do.", "agent": "developer", "acceptance": ["Done."]}
    return {**words, "files": [path], "depends_on": list(after)}


def planned(bot: Rig, *tasks: Json) -> None:
    """The plan has these tasks; each writes its file and ends."""
    bot.says("tasks", {"tools": [{"submit_tasks": {"tasks": list(tasks)}}]})
    for one in tasks:
        write = {"Write": {"file_path": one["files"][0], "content": "ONE = 1\n"}}
        bot.says("implementation", {"tools": [write]}, {"text": "Done."}, task=one["id"])


async def test_each_sees_its_own_files_alone(bot: Rig) -> None:
    """While two work side by side, neither finds the other's file; who waits for both finds both."""
    bot.issue(7, title="Dark mode", body="Please.")
    bot.plays("plan", "approve", "no-tests-missing")
    planned(bot, task("T1", "one.py"), task("T2", "two.py"), task("T3", "three.py", "T1", "T2"))
    look: Json = {"tools": [{"Glob": {"pattern": "*.py"}}]}
    for name in ("T1", "T2", "T3"):
        write = {"Write": {"file_path": {"T1": "one.py", "T2": "two.py", "T3": "three.py"}[name], "content": "X = 1\n"}}
        bot.says("implementation", {"tools": [write]}, look, {"text": "Done."}, task=name)
    await bot.comment("/dev-workflow", on=7)
    assert {name: found_by(bot, name) for name in ("T1", "T2", "T3")} == {
        "T1": {"one.py", "widget.py"},
        "T2": {"two.py", "widget.py"},
        "T3": {"one.py", "two.py", "three.py", "widget.py"},
    }
    bot.read_all()


def found_by(bot: Rig, name: str) -> set[str]:
    """What the last tool call of a task found."""
    bodies = [b["messages"] for b in bot.claude.bodies if f'task="{name}"' in str(b["messages"][0])]
    last = max(bodies, key=len)[-1]["content"][-1]
    return {line for line in text_of(last["content"]).splitlines() if line.endswith(".py")}


async def test_a_task_that_fails_leaves_what_stands(bot: Rig) -> None:
    """Its neighbour comes to its end; what waits for it is not begun; the run says what failed."""
    bot.issue(7, title="Dark mode", body="Please.")
    bot.plays("plan")
    planned(bot, task("T1", "one.py"), task("T2", "two.py"))
    bot.says(
        "tasks",
        {
            "tools": [
                {"submit_tasks": {"tasks": [task("T1", "one.py"), task("T2", "two.py"), task("T3", "three.py", "T2")]}}
            ]
        },
    )
    bot.says("implementation", {"text": "No.", "stop_reason": "refusal"}, task="T2")
    await bot.comment("/dev-workflow", on=7)
    state, reason = await bot.ended()
    assert state == "failed"
    assert "declined" in reason
    assert {r.task for r in bot.claude.requests if r.phase == "implementation"} == {"T1", "T2"}
    results = {r.name: r for r in await bot.bot.store.phases((await bot.last_run()).id)}
    assert [c["task"] for c in json.loads(results["implementation"].data)["commits"]] == ["T1"]
    bot.read_all()


async def test_a_restart_in_the_middle_of_a_batch(bot: Rig) -> None:
    """One task is done, the other has been asked when the server stops: after it, only what had no reply is asked."""
    bot.issue(7, title="Dark mode", body="Please.")
    bot.plays("plan", "approve", "no-tests-missing")
    planned(bot, task("T1", "one.py"), task("T2", "two.py"))
    bot.claude.hangs(phase="implementation")
    await bot.comment("/dev-workflow", on=7, settle=False)
    await bot.asked("implementation", fault="hangs")
    run = await bot.last_run()
    while len([t for t in await bot.bot.store.turns(run.id) if t.unit.startswith("implementation/") and t.reply]) < 2:
        await asyncio.sleep(0.01)
    await bot.restart()
    await bot.settle()
    asked = [(r.task, r.turn) for r in bot.claude.requests if r.phase == "implementation"]
    assert set(asked) == {("T1", 0), ("T1", 1), ("T2", 0), ("T2", 1)}
    assert len(asked) == 5
    assert set(bot.files(bot.pull_request(closing=7))) == {"one.py", "two.py"}
    bot.read_all()


def uneven(bot: Rig) -> None:
    """T2 is slow; T3 and T4 are a chain behind T1."""
    planned(bot, task("T1", "one.py"), task("T2", "two.py"), task("T3", "three.py", "T1"), task("T4", "four.py", "T3"))


async def test_nobody_waits_for_a_slow_neighbour(bot: Rig) -> None:
    """A chain of quick tasks comes to its end while a slow one that began beside the first is still at work."""
    bot.issue(7, title="Dark mode", body="Please.")
    bot.plays("plan", "approve", "no-tests-missing")
    uneven(bot)
    bot.claude.hangs(phase="implementation", task="T2")
    await bot.comment("/dev-workflow", on=7, settle=False)
    await bot.asked("implementation", fault="hangs")
    run = await bot.last_run()
    async with asyncio.timeout(PATIENCE):
        while (await commits(bot, run.id)) != ["T1", "T3", "T4"]:
            await asyncio.sleep(0.01)
    await bot.restart()
    await bot.settle()
    assert await bot.ended() == ("succeeded", "")
    assert await commits(bot, run.id) == ["T1", "T3", "T4", "T2"]
    asked = [r.task for r in bot.claude.requests if r.phase == "implementation"]
    assert {name: asked.count(name) for name in ("T1", "T2", "T3", "T4")} == {"T1": 2, "T2": 3, "T3": 2, "T4": 2}
    assert set(bot.files(bot.pull_request(closing=7))) == {"one.py", "two.py", "three.py", "four.py"}
    told = next(text for text in bot.read_all() if "Implementation" in text)
    assert "Side by side: T1, T2; T2, T3; T2, T4." in told


async def commits(bot: Rig, run: RunId) -> list[str]:
    """The tasks that are merged, in their order."""
    found = [r for r in await bot.bot.store.phases(run) if r.name == "implementation"]
    return [entry["task"] for r in found for entry in json.loads(r.data).get("commits", [])]


async def test_a_restart_while_a_task_is_made_again(bot: Rig) -> None:
    """It goes on upon the tree that it was begun on, and nothing is merged before it."""
    bot.issue(7, title="Dark mode", body="Please.")
    bot.plays("dark-mode", "two-tasks")
    bot.claude.hangs(phase="implementation", task="T2", attempt=2)
    await bot.comment("/dev-workflow", on=7, settle=False)
    await bot.asked("implementation", fault="hangs")
    await bot.restart()
    await bot.settle()
    assert await bot.ended() == ("succeeded", "")
    asked = [(r.task, r.attempt, r.turn) for r in bot.claude.requests if r.phase == "implementation"]
    assert asked.count(("T2", 2, 0)) == 2
    assert len(asked) == 9
    files = bot.files(bot.pull_request(closing=7))
    assert "dark()" in files["widget.py"]
    assert "pale" not in files["widget.py"]
    bot.read_all()


async def test_everybody_gets_the_advice_of_the_base_and_a_map(bot: Rig) -> None:
    """AGENTS.md reaches who plans, builds, tests and reviews, as the maintainers have it: not as an agent left it."""
    bot.github.push(REPO, "main", {"AGENTS.md": "Use tabs, said the maintainers."}, "Advise", by="maintainer")
    bot.issue(7, title="Dark mode", body="Please.")
    bot.plays("plan", "approve", "no-tests-missing")
    planned(bot, task("T1", "widget.py"))
    write = [
        {"Write": {"file_path": name, "content": "def color(): return 'white'\n"}}
        for name in ("AGENTS.md", "widget.py")
    ]
    bot.says("implementation", {"tools": write}, {"text": "Done."}, task="T1")
    await bot.comment("/dev-workflow", on=7)
    for phase in ("requirements", "design", "tasks", "implementation", "testing", "review"):
        assert '<result source="AGENTS.md">\nUse tabs, said the maintainers.\n</result>' in bot.claude.told(phase)
    assert "widget.py: color" in bot.claude.told("implementation")
    bot.read_all()


async def test_tasks_begin_in_the_order_that_history_speaks_for(bot: Rig) -> None:
    """One after the other: the task of an agent that takes long here goes first, and still does after a restart."""
    bot.overrides["parallel_tasks"] = 1
    await bot.restart()
    bot.issue(7, title="Dark mode", body="Please.")
    bot.plays("plan", "approve", "no-tests-missing")
    slow = {**task("T3", "three.py"), "agent": "data-engineer"}
    planned(bot, task("T1", "one.py"), task("T2", "two.py"), slow)
    await took(bot, {"developer": 10.0, "data-engineer": 900.0})
    bot.claude.hangs(phase="implementation", task="T3")
    await bot.comment("/dev-workflow --agents developer,data-engineer", on=7, settle=False)
    await bot.asked("implementation", fault="hangs")
    run = await bot.last_run()
    (built,) = [r for r in await bot.bot.store.phases(run.id) if r.name == "implementation"]
    assert json.loads(built.data)["seconds"]["T3"] > 10 * json.loads(built.data)["seconds"]["T1"]
    await took(bot, {"developer": 9000.0, "data-engineer": 1.0})
    await bot.restart()
    await bot.settle()
    assert await bot.ended() == ("succeeded", "")
    assert await commits(bot, run.id) == ["T3", "T1", "T2"]
    bot.read_all()


async def took(bot: Rig, seconds: Mapping[str, float]) -> None:
    """Earlier runs in which tasks of these agents took so long."""
    store, like = bot.bot.store, a_run(repo=Repo.parse(REPO))
    for number in range(5):
        run = replace(like, id=RunId(f"{next(iter(seconds.values())):.0f}-{number}"), created_at=datetime.now(UTC))
        await store.add_run(replace(run, request=replace(run.request, issue=99)))
        for agent, each in seconds.items():
            turn = Turn(run.id, f"implementation/{agent}", 0, agent, "claude-sonnet-5-5", 0.1)
            await store.reserve_turn(turn, [])
            await store.finish_turn(replace(turn, usd=0.1, seconds=each, reply="{}", results="[]"))
        await store.set_run_state(run.id, "succeeded", at=datetime.now(UTC))
