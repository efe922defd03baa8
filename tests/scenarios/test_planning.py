"""`/planning` thinks and changes nothing; a bare `/dev-workflow` builds what was planned."""

import pytest
from inline_snapshot import snapshot

from bot.core.conversation import Json
from tests.scenarios.parts import plain
from tests.scenarios.rig import REPO, Rig

pytestmark = pytest.mark.slow

PLAN: Json = {
    "submit_tasks": {
        "tasks": [
            {
                "id": name,
                "title": title,
                "description": "Do.",
                "agent": "developer",
                "files": [path],
                "depends_on": after,
                "acceptance": ["Done."],
            }
            for name, title, path, after in (
                ("T1", "Add dark mode", "widget.py", []),
                ("T2", 'Name the "colors" <b>', "palette.py", []),
                ("T3", "Explain both", "README.md", ["T1", "T2"]),
            )
        ]
    }
}


async def test_a_plan_is_posted_and_nothing_is_changed(bot: Rig) -> None:
    """Tasks, agents, batches and a graph; no branch, no pull request; the status says what to do next."""
    bot.issue(7, title="Dark mode", body="Please.")
    bot.plays("plan")
    bot.says("tasks", {"tools": [PLAN]})
    await bot.comment("/planning")
    assert await bot.ended() == ("succeeded", "")
    status, _, _, tasks = [plain(text) for text in bot.read_all()]
    assert status.startswith("### ✅ Planned\nNothing was changed. `/dev-workflow` alone builds it as planned")
    assert "3 of 3 phases" in status
    assert tasks.partition("<details>")[0] == snapshot("""\
### ✅ Tasks

| task | | agent | files | after |
|---|---|---|---|---|
| T1 | Add dark mode | developer | `widget.py` |  |
| T2 | Name the "colors" <b> | developer | `palette.py` |  |
| T3 | Explain both | developer | `README.md` | T1, T2 |

Built in this order, side by side where there is a plus: `T1` + `T2` → `T3`

```mermaid
graph LR
  n0["T1: Add dark mode"]
  n1["T2: Name the #34;colors#34; #60;b#62;"]
  n2["T3: Explain both"]
  n0 --> n2
  n1 --> n2
```

""")
    assert set(bot.github.branches(REPO)) == {"main"}
    assert bot.github.pulls(REPO) == []


async def test_a_bare_dev_workflow_builds_the_plan(bot: Rig) -> None:
    """Nobody thinks it through again, nothing is posted twice, and what it cost is not counted twice."""
    bot.issue(7, title="Dark mode", body="Please.")
    bot.plays("dark-mode")
    await bot.comment("/planning implementation")
    bot.read_all()
    asked = len(bot.claude.requests)
    await bot.comment("/dev-workflow")
    assert await bot.ended() == ("succeeded", "")
    assert {r.phase for r in bot.claude.requests[asked:]} == {"implementation", "testing", "review"}
    assert bot.titles() == [
        "### ✅ Done: #2",
        "### ✅ Implementation",
        "### ✅ Testing",
        "### ✅ Review",
        "### ✅ Pull request",
    ]


async def test_words_of_its_own_plan_anew(bot: Rig) -> None:
    """Another wish than the plan's gets another plan."""
    bot.issue(7, title="Dark mode", body="Please.")
    bot.plays("dark-mode")
    await bot.comment("/planning")
    asked = len(bot.claude.requests)
    await bot.comment("/dev-workflow with a theme")
    assert bot.claude.requests[asked].phase == "requirements"
    bot.read_all()


async def test_each_stage_goes_as_far_as_it_says(bot: Rig) -> None:
    """From requirements alone to a plan of tests; a word that is no stage belongs to the description."""
    bot.plays("plan")
    bot.says("testplan", {"text": "One test for each line.\n\nAnd one for the rest."}, agent="qa-engineer")
    for number, (command, last) in enumerate(
        [
            ("/planning analysis", "### ✅ Requirements"),
            ("/planning design of the switch", "### ✅ Design"),
            ("/planning testing --budget 2", "### ✅ Test plan"),
            ("/planning a switch", "### ✅ Tasks"),
        ],
        10,
    ):
        bot.issue(number)
        await bot.comment(command, on=number)
        assert bot.titles(number)[-1] == last
    assert (await bot.last_run()).request.description == "a switch"


async def test_a_plan_that_failed_is_not_built(bot: Rig) -> None:
    """What was not planned to its end is thought through again."""
    bot.issue(7)
    bot.plays("dark-mode")
    bot.says("design", {"stop_reason": "refusal"})
    await bot.comment("/planning")
    assert (await bot.ended())[0] == "failed"
    asked = len(bot.claude.requests)
    await bot.comment("/dev-workflow")
    assert bot.claude.requests[asked].phase == "requirements"
    bot.read_all()
    bot.plays("dark-mode")
    await bot.comment("/dev-workflow", on=7)
    bot.read_all()
