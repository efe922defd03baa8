"""Agents call each other in the middle of a run."""

import pytest
from inline_snapshot import snapshot

from bot.core.conversation import Json
from tests.scenarios.rig import Rig

pytestmark = pytest.mark.slow


def task(agent: str, about: str) -> Json:
    """A call of another agent."""
    return {"Task": {"subagent_type": agent, "description": about, "prompt": f"{about}, and say what you found."}}


async def test_a_developer_asks_two_colleagues_at_once_and_uses_their_words(bot: Rig) -> None:
    """One looks, one writes a file: both are heard, and the file is part of the pull request."""
    bot.issue(7)
    bot.plays("dark-mode")
    edit = {
        "file_path": "widget.py",
        "old_string": '"white"\n',
        "new_string": '"white"\n\n\ndef dark() -> str:\n    return "black"\n',
    }
    bot.says(
        "implementation",
        {"tools": [task("architect", "Name the color"), task("qa-engineer", "Write the theme")]},
        {"tools": [{"Edit": edit}]},
        {"text": "Added `dark()`, and the theme by my colleague."},
        task="T1",
    )
    bot.says("implementation", {"text": "It must be black."}, agent="architect", call="Name the color")
    bot.says(
        "implementation",
        {"tools": [{"Write": {"file_path": "theme.css", "content": ":root {}\n"}}]},
        {"text": "The theme stands in theme.css."},
        agent="qa-engineer",
        call="Write the theme",
    )
    await bot.comment("/dev-workflow")
    assert await bot.ended() == ("succeeded", "")
    assert set(bot.files(bot.pull_request())) == {"widget.py", "theme.css", "tests/test_widget.py"}
    assert bot.claude.answers_of_tools("implementation", agent="developer")[:2] == snapshot(
        [
            """\
`architect` answered:

<result agent="architect">
It must be black.
</result>\
""",
            """\
`qa-engineer` answered:

<result agent="qa-engineer">
The theme stands in theme.css.
</result>

Its changes are in your files: `theme.css`.\
""",
        ]
    )
    run = await bot.last_run()
    units = {turn.unit for turn in await bot.bot.store.turns(run.id) if turn.unit.startswith("implementation")}
    assert units == {"implementation/T1", "implementation/T1/0.1-architect", "implementation/T1/0.2-qa-engineer"}
    built = next(phase for phase in await bot.bot.store.phases(run.id) if phase.name == "implementation")
    paid = sum(turn.usd or 0 for turn in await bot.bot.store.turns(run.id) if turn.unit in units)
    assert abs(built.usd - paid) < 1e-9
    assert len(bot.titles()) == 8


async def test_a_call_that_is_refused_is_read_by_the_model(bot: Rig) -> None:
    """No agent by that name: it is told who there is, and goes on."""
    bot.issue(7)
    bot.says("requirements", {"tools": [task("wizard", "Do magic")]}, {"stop_reason": "refusal"})
    await bot.comment("/dev-workflow")
    assert bot.claude.answers_of_tools("requirements") == snapshot(
        [
            "There is no agent 'wizard' that you could call. There are: api-integration-specialist, architect, "
            "chief-product-manager, code-reviewer, data-engineer, developer, devops-engineer, performance-optimizer, "
            "product-manager, qa-engineer, security-engineer, technical-writer, uiux-designer."
        ]
    )
    assert (await bot.ended())[0] == "failed"
    assert bot.titles() == ["### ❌ Failed", "### ❌ Requirements"]


async def test_who_plans_may_ask_but_nobody_below_it_may_write(bot: Rig) -> None:
    """An architect's developer has the architect's tools."""
    bot.issue(7)
    bot.plays("plan", "build", "no-tests-missing", "approve")
    bot.says(
        "design",
        {"tools": [task("developer", "Try it")]},
        {
            "tools": [
                {
                    "submit_design": {
                        "summary": "One function.",
                        "design": "Add `dark()`.",
                        "files": ["widget.py"],
                        "risks": [],
                    }
                }
            ]
        },
    )
    write: Json = {"Write": {"file_path": "widget.py", "content": "broken"}}
    bot.says("design", {"tools": [write]}, {"text": "I may not."}, agent="developer")
    await bot.comment("/dev-workflow")
    assert await bot.ended() == ("succeeded", "")
    assert bot.claude.answers_of_tools("design", agent="developer") == snapshot(
        ["You have no tool 'Write'. You have: Read, Glob, Grep, Task."]
    )
    assert len(bot.titles()) == 8
