"""Runs wait for people: `/approve`, `/reject`, `/answer`, reminders, and what an edit does to an approval."""

import asyncio
import re
from dataclasses import replace

import pytest
from inline_snapshot import snapshot

from bot.core.conversation import Json
from bot.gates import wake
from tests.scenarios.parts import plain
from tests.scenarios.rig import REPO, Rig

pytestmark = pytest.mark.slow

HASH = re.compile(r"/approve ([0-9a-f]{8})")


def tasks_on(*paths: str) -> Json:
    """A plan of one task on these files."""
    task = {
        "id": "T1",
        "title": "Add dark mode",
        "description": "Do.",
        "agent": "developer",
        "files": list(paths),
        "depends_on": [],
        "acceptance": ["Done."],
    }
    return {"tools": [{"submit_tasks": {"tasks": [task]}}]}


def hash_in(text: str) -> str:
    found = HASH.search(text)
    assert found, text
    return found[1]


async def test_a_manual_run_waits_after_every_phase(bot: Rig) -> None:
    """Each phase is approved; then the pull request is there."""
    bot.issue(7, title="Dark mode", body="Please.")
    bot.plays("dark-mode")
    await bot.comment("/dev-workflow --manual")
    waits = []
    for _ in range(6):
        gate = bot.bot_comments()[-1]
        await bot.until(lambda: "### ✋ Waiting for you" in bot.bot_comments()[0].body, "the status says so")
        waits.append(gate.body.splitlines()[0])
        await bot.comment(f"/approve {hash_in(gate.body)}")
    assert await bot.ended() == ("succeeded", "")
    assert waits == snapshot(
        [
            "### ✋ Waiting for approval of requirements",
            "### ✋ Waiting for approval of design",
            "### ✋ Waiting for approval of tasks",
            "### ✋ Waiting for approval of implementation",
            "### ✋ Waiting for approval of testing",
            "### ✋ Waiting for approval of review",
        ]
    )
    assert bot.titles()[2] == "### ✅ Requirements: approved by @maintainer"
    assert bot.pull_request(closing=7).state == "open"


async def test_a_risky_plan_waits_and_an_ordinary_one_does_not(bot: Rig) -> None:
    """A plan that touches dependencies is shown before anything is built."""
    bot.issue(7)
    bot.plays("dark-mode", "risky")
    await bot.comment("/dev-workflow")
    gate = bot.read_all()[-1]
    assert re.sub("[0-9a-f]{8}", "HASH", gate) == snapshot("""\
### ✋ Waiting for approval of requirements, design and tasks

It changes what the project depends on: `requirements.txt`.

The run waits, at no cost. To let it go on, comment this:

```text
/approve HASH
```

To have it done again: `/reject WHY`, or `/reject tasks WHY` for that phase alone. To stop: `/cancel`.\
""")
    assert not [r for r in bot.claude.requests if r.phase == "implementation"]
    approval = await bot.comment("/approve")
    assert await bot.ended() == ("succeeded", "")
    assert bot.reactions(approval) == ["rocket"]
    bot.read_all()


async def test_an_automatic_run_never_waits(bot: Rig) -> None:
    """The same risk, with `--auto`."""
    bot.issue(7)
    bot.plays("dark-mode", "risky")
    await bot.comment("/dev-workflow --auto")
    assert await bot.ended() == ("succeeded", "")
    bot.read_all()


async def test_what_is_rejected_is_done_again_with_the_reason(bot: Rig) -> None:
    """The agent reads what it handed in and why it came back; what follows is done again, too."""
    bot.issue(7)
    bot.plays("dark-mode", "risky")
    bot.says("tasks", tasks_on("widget.py", "theme.css"), attempt=2)
    bot.says("implementation", *BUILT, task="T1")
    await bot.comment("/dev-workflow")
    bot.read_all()
    await bot.comment("/reject tasks Leave the requirements alone.")
    assert await bot.ended() == ("succeeded", "")
    [again] = [r for r in bot.claude.requests if r.phase == "tasks" and r.attempt == 2]
    [told] = [
        body for body in bot.claude.bodies if 'name="tasks"' in str(body["messages"][0]) and 'attempt="2"' in str(body)
    ]
    first = str(told["messages"][0]["content"])
    assert again.attempt == 2
    assert "Leave the requirements alone." in first
    assert 'from="maintainer"' in first
    assert "requirements.txt" in first
    assert len([r for r in bot.claude.requests if r.phase == "design"]) == 1
    assert bot.titles()[0] == "### ✅ Tasks"


async def test_an_edited_artefact_voids_its_approval(bot: Rig) -> None:
    """Approved, then edited: the run holds, says so, posts what it has, and waits for a new approval."""
    bot.issue(7)
    bot.plays("dark-mode", "risky")
    await bot.comment("/dev-workflow")
    first = hash_in(bot.bot_comments()[-1].body)
    [tasks] = [c for c in bot.bot_comments() if c.body.startswith("### ✅ Tasks")]
    await bot.edit_comment(tasks.id, tasks.body.replace("Add dark mode", "Delete everything"))
    gate = bot.bot_comments()[-1].body
    assert "edited the comment of the tasks phase" in gate
    second = hash_in(gate)
    assert second != first
    await bot.comment(f"/approve {first}")
    assert "is not what waits now" in bot.bot_comments()[-1].body
    assert (await bot.last_run()).state == "waiting"
    await bot.comment(f"/approve {second}")
    assert await bot.ended() == ("succeeded", "")
    assert [title for title in bot.titles() if "void" in title] == [
        "### 🚫 Requirements, design and tasks: the approval is void"
    ]


async def test_an_edit_after_the_approval_stops_the_run_before_its_next_phase(bot: Rig) -> None:
    """While the tasks are built, somebody edits the plan: what follows waits for a new approval."""
    bot.issue(7)
    bot.plays("dark-mode", "risky")
    bot.claude.hangs(phase="implementation")
    await bot.comment("/dev-workflow")
    [design] = [c for c in bot.bot_comments() if c.body.startswith("### ✅ Design")]
    await bot.comment("/approve", settle=False)
    await bot.asked("implementation", fault="hangs")
    await asyncio.to_thread(bot.github.edit_comment, REPO, design.id, "Trust me.", by="maintainer")
    await asyncio.to_thread(bot.github.wait_idle)
    await bot.site.inbox.drain()
    await bot.restart()
    await bot.settle()
    assert (await bot.last_run()).state == "waiting"
    assert not [r for r in bot.claude.requests if r.phase == "testing"]
    assert "The approval by `@maintainer` is void" in bot.bot_comments()[-1].body
    await bot.comment("/approve")
    assert await bot.ended() == ("succeeded", "")
    assert len([r for r in bot.claude.requests if r.phase == "implementation" and not r.fault]) >= 1
    bot.read_all()


async def test_an_agent_asks_and_goes_on_with_the_answer(bot: Rig) -> None:
    """The question stands in the thread; a restart in between loses nothing; no turn is paid twice."""
    bot.issue(7)
    bot.plays("dark-mode")
    bot.says(
        "design",
        {"tools": [{"Ask": {"question": "Should dark mode be the default for everybody?"}}]},
        {"tools": [{"submit_design": DESIGN}]},
    )
    await bot.comment("/dev-workflow")
    assert plain(bot.read_all()[-1]) == snapshot("""\
### ❓ Design has a question

Should dark mode be the default for everybody?

The run waits, at no cost. To answer, comment this with your words:

```text
/answer ...
```\
""")
    await bot.restart()
    await bot.comment("/approve")
    assert "waits for an answer" in bot.next_comment()
    await bot.comment("/answer No, only for those\nwho ask for it.")
    assert await bot.ended() == ("succeeded", "")
    asked = [r for r in bot.claude.requests if r.phase == "design"]
    told = [body for body in bot.claude.bodies if 'name="design"' in str(body["messages"][0])]
    assert len(asked) == 2
    assert "who ask for it." in str(told[-1]["messages"][-1])
    bot.read_all()


async def test_a_decision_where_nothing_waits_is_answered(bot: Rig) -> None:
    """Each of the three says that nothing waits."""
    bot.issue(7)
    await bot.comment("/approve\n/reject no\n/answer yes")
    assert [text.splitlines()[0] for text in bot.read_all()] == ["😕 No run waits for you on this issue."] * 3


async def test_people_without_write_access_decide_nothing(bot: Rig) -> None:
    """A reader's approval changes nothing."""
    bot.issue(7)
    wanted: Json = {"summary": "Dark.", "acceptance": ["It is dark."], "assumptions": [], "out_of_scope": []}
    bot.says("requirements", {"tools": [{"submit_requirements": wanted}]})
    await bot.comment("/dev-workflow --manual")
    await bot.comment("/approve", by="reader")
    assert bot.read_all()[-1].startswith("🔒 @reader")
    assert (await bot.last_run()).state == "waiting"
    await bot.comment("/cancel")
    assert (await bot.ended())[0] == "cancelled"
    bot.read_all()


async def test_a_gate_reminds_and_ends_and_its_run_can_be_resumed(bot: Rig) -> None:
    """Nobody decides: reminders, then the run ends and says how to go on; what was not approved waits again."""
    bot.issue(7)
    wanted: Json = {"summary": "Dark.", "acceptance": ["It is dark."], "assumptions": [], "out_of_scope": []}
    bot.says("requirements", {"tools": [{"submit_requirements": wanted}]})
    await bot.comment("/dev-workflow --manual")
    run = await bot.last_run()
    hurried = replace(run.plan, remind_hours=1 / 3600, expire_days=4 / 86_400)
    await bot.bot.store.set_plan(run.id, hurried)
    await wake(bot.bot.ports, run, "hurry")
    await bot.until(lambda: any("⏰ Still waiting." in c.body for c in bot.bot_comments()), "a reminder")
    await bot.until(lambda: "Nobody decided within" in bot.bot_comments()[0].body, "the end")
    assert (await bot.ended())[0] == "cancelled"
    await bot.settle()
    bot.read_all()
    await bot.comment("/resume")
    resumed = await bot.last_run()
    assert resumed.state == "waiting"
    assert "Waiting for approval of requirements" in bot.read_all()[-1]
    assert [r.phase for r in bot.claude.requests] == ["requirements"]
    await bot.comment("/cancel")
    bot.read_all()


DESIGN: Json = {"summary": "One function.", "design": "Add `dark()`.", "files": ["widget.py", "theme.css"], "risks": []}
DARK = '    return "white"\n\n\ndef dark() -> str:\n    return "black"\n'
BUILT: list[Json] = [
    {
        "tools": [
            {"Write": {"file_path": "theme.css", "content": ":root {}\n"}},
            {"Edit": {"file_path": "widget.py", "old_string": '    return "white"\n', "new_string": DARK}},
        ]
    },
    {"text": "Added `dark()`."},
]
