"""Who works on a run: the rules propose, the chief confirms, the repository brings its own."""

import json
from collections.abc import Mapping

import pytest
from inline_snapshot import snapshot

from bot.core.conversation import Json
from bot.core.team import CORE
from tests.scenarios.parts import plain
from tests.scenarios.rig import REPO, Rig

pytestmark = pytest.mark.slow

DECLINED: Json = {"stop_reason": "refusal"}
OWN = "---\nname: developer\ndescription: Builds as we do here.\nmodel: haiku\n---\nSpeak like a pirate.\n"


def system(bot: Rig, phase: str, agent: str = "") -> list[str]:
    """The system prompts of all calls in a phase (by one agent)."""
    wanted = f'<phase name="{phase}"' + (f' agent="{agent}"' if agent else "")
    return [json.dumps(b["system"]) for b in bot.claude.bodies if wanted in str(b["messages"][0])]


def tools(bot: Rig, phase: str, agent: str) -> list[str]:
    """The names of the tools in the first call of an agent in a phase."""
    wanted = f'<phase name="{phase}" agent="{agent}"'
    body = next(b for b in bot.claude.bodies if wanted in str(b["messages"][0]))
    return [tool["name"] for tool in body["tools"]]


def push(bot: Rig, files: Mapping[str, str], branch: str = "main") -> None:
    """Commit files to a branch of the repository."""
    bot.github.push(REPO, branch, files, "Agents", by="maintainer")


async def phases(bot: Rig) -> dict[str, Json]:
    """Of the newest run: the stored data of each phase."""
    run = await bot.last_run()
    return {p.name: {"state": p.state, **json.loads(p.data)} for p in await bot.bot.store.phases(run.id)}


async def test_a_comprehensive_run_from_end_to_end(bot: Rig) -> None:
    """The chief changes the proposed team, specialists advise and build, audits and documentation follow."""
    bot.issue(7, title="Dark mode", body="A theme for the dashboard.")
    bot.plays("comprehensive")
    await bot.comment("/dev-workflow --comprehensive", on=7)
    assert await bot.ended() == ("succeeded", "")
    found = await phases(bot)
    assert list(found) == [
        "team",
        "product",
        "requirements",
        "advice",
        "design",
        "tasks",
        "implementation",
        "documentation",
        "testing",
        *sorted(["security", "performance"], key=list(found).index),
        "review",
        "delivery",
    ]
    texts = {text.splitlines()[0].lstrip("# ✅"): plain(text) for text in bot.read_all()}
    assert texts["Team"] == snapshot("""\
### ✅ Team

A small visual change with a page beside it.

| agent | why |
|---|---|
| business-analyst | always |
| architect | always |
| product-manager | always |
| developer | builds `dark()` |
| qa-engineer | always |
| code-reviewer | always |
| security-engineer | audits and reviews |
| performance-optimizer | audits |
| technical-writer | the README names the colors |
| uiux-designer | colors are seen |
| data-engineer | palettes are kept in a table |

Against the rules' proposal: added `data-engineer`.

<sub>chief-product-manager SHA · TIME · N tokens · COST · next: product · run `RUN`</sub>\
""")
    assert texts["Advice"] == snapshot("""\
### ✅ Advice

- `uiux-designer`: Black is too hard.
- `data-engineer`: Nothing is stored.

<details><summary>More, by uiux-designer, data-engineer</summary>

**uiux-designer**

Black is too hard.

Use `#111`.

**data-engineer**

Nothing is stored.

</details>

<sub>data-engineer SHA, uiux-designer SHA · TIME · N tokens · COST · next: design · run `RUN`</sub>\
""")
    assert texts["Documentation"] == snapshot("""\
### ✅ Documentation

Files changed, as git sees them:

- `README.md`

Put back, because they are no documentation:

- `extra.py`

<details><summary>More, by technical-writer</summary>

The README names `dark()`.

</details>

<sub>technical-writer SHA · TIME · N tokens · COST · next: testing · run `RUN`</sub>\
""")
    assert texts["Performance"] == snapshot("""\
### ✅ Performance

**1 low.** Measured, nothing weighs.

<details><summary>More, by performance-optimizer</summary>

**low** `widget.py:8`: A string is made. 3 ms

Remedy: Keep it.

</details>

<sub>performance-optimizer SHA · TIME · N tokens · COST · next: review · run `RUN`</sub>\
""")
    pull = bot.pull_request(closing=7)
    assert set(bot.files(pull)) == {"widget.py", "theme.css", "README.md"}
    assert [message.splitlines()[0] for message in bot.messages(pull)] == [
        "Add dark mode",
        "Add the theme",
        "Update the documentation",
    ]
    assert "Use `#111`." in bot.claude.told("design")
    assert "A string is made." in bot.claude.told("review")
    assert "People who read at night want it." in bot.claude.told("requirements")
    assert tools(bot, "advice", "uiux-designer") == ["Read", "Glob", "Grep", "Recall", "Task", "Ask"]
    measuring = ["Read", "Glob", "Grep", "Bash", "Recall", "Task", "Ask", "submit_findings"]
    assert tools(bot, "performance", "performance-optimizer") == measuring


async def test_the_chief_is_told_what_is_wrong_with_a_team(bot: Rig) -> None:
    """Who is not there and who is missing, each in a sentence."""
    bot.issue(7, title="Dark mode", body="A theme for the dashboard.")
    bot.plays("comprehensive")
    await bot.comment("/dev-workflow --comprehensive", on=7)
    [_, refused] = bot.claude.answers_of_tools("team")
    assert "There is no agent 'wizard'; there are: api-integration-specialist, architect," in refused
    assert "'business-analyst' is missing; it is needed in this run." in refused
    assert "'technical-writer' is missing" in refused
    told = bot.claude.told("team")
    assert "4 files: Python. There are tests, documentation." in told
    assert "- uiux-designer (the request says “dark mode”): " in told
    assert "- data-engineer (not proposed): " in told
    bot.read_all()


async def test_a_run_goes_on_without_what_it_can_do_without(bot: Rig) -> None:
    """An adviser, an audit and the documentation fail: people and the reviewers are told, the change is delivered."""
    bot.issue(7, title="Dark mode", body="A theme for the dashboard.")
    bot.plays("comprehensive")
    bot.says("advice", DECLINED, agent="data-engineer")
    bot.says("security", DECLINED)
    bot.says("documentation", {"tools": [{"Write": {"file_path": "README.md", "content": "half"}}]}, DECLINED)
    await bot.comment("/dev-workflow --comprehensive", on=7)
    assert await bot.ended() == ("succeeded", "")
    found = {name: data["state"] for name, data in (await phases(bot)).items()}
    assert {name for name, state in found.items() if state == "failed"} == {"security", "documentation"}
    texts = {text.splitlines()[0].lstrip("# ✅❌"): text for text in bot.read_all()}
    assert "- `data-engineer`: no advice. The model declined to do the work of `data-engineer`." in texts["Advice"]
    assert "This audit was not made. The model declined" in bot.claude.told("review")
    assert set(bot.files(bot.pull_request(closing=7))) == {"widget.py", "theme.css"}


async def test_the_plan_follows_from_the_team(bot: Rig) -> None:
    """Who is left out gives no advice; a process that ends right after the choice asks nobody for it again."""
    bot.issue(7, title="A theme", body="Please.")
    bot.plays("dark-mode")
    bot.says("product", {"text": "People want it."})
    team = {"summary": "Small.", "agents": [{"name": name, "reason": "always"} for name in CORE]}
    bot.says("team", {"tools": [{"submit_team": team}]})
    bot.claude.hangs(phase="product")
    skip = "--skip documentation,performance,security"
    await bot.comment(f"/dev-workflow --comprehensive {skip}", on=7, settle=False)
    await bot.asked("product", fault="hangs")
    await bot.restart()
    await bot.settle()
    assert await bot.ended() == ("succeeded", "")
    asked = [request.phase for request in bot.claude.requests]
    assert asked.count("team") == 1
    status, *comments = bot.read_all()
    assert "advice" not in status
    assert "| ✅ | [team](#issuecomment-" in status
    assert [text.splitlines()[0] for text in comments].count("### ✅ Team") == 1
    assert "left out `uiux-designer` (the request says “theme”)" in comments[0]


async def test_a_quick_run_asks_nobody_for_its_team(bot: Rig) -> None:
    """The rules choose, and the product manager is told to whom a task can be given."""
    bot.issue(7, title="A faster query", body="The SQL is slow.")
    bot.plays("dark-mode")
    await bot.comment("/dev-workflow", on=7)
    assert await bot.ended() == ("succeeded", "")
    run = await bot.last_run()
    members = {member.agent: member.reason for member in run.plan.team}
    assert set(members) == {*CORE, "data-engineer", "performance-optimizer"}
    assert members["data-engineer"] == "the request says “sql”"
    told = bot.claude.told("tasks")
    assert "- data-engineer (the request says “sql”)" in told
    assert "- qa-engineer" not in told
    assert "team" not in await phases(bot)
    bot.read_all()


async def test_a_learning_run_explains_its_steps(bot: Rig) -> None:
    """Every agent is told that somebody learns, and what it says on the way is shown."""
    bot.issue(7)
    bot.plays("dark-mode", "learning")
    await bot.comment("/dev-workflow --learning", on=7)
    assert await bot.ended() == ("succeeded", "")
    for phase in ("team", "requirements", "design", "tasks", "implementation", "testing", "review"):
        assert all("Somebody learns from this run" in text for text in system(bot, phase))
    design = next(text for text in bot.read_all() if text.startswith("### ✅ Design"))
    assert plain(design) == snapshot("""\
### ✅ Design

One function.

<details><summary>More, by architect</summary>

Add `dark()`.

**Files**

- `widget.py`

</details>

<details open><summary>Step by step</summary>

1. `architect`: First I read the module, because a design that does not fit its code is worth nothing.

2. `architect`: A function beside the old one was the choice. A parameter was the alternative.

</details>

<sub>architect SHA · TIME · N tokens · COST · next: tasks · run `RUN`</sub>\
""")


async def test_the_repository_brings_its_own_developer(bot: Rig) -> None:
    """Its prompt, its model and its version take the place of ours; the other agents stay ours."""
    push(bot, {".claude/agents/developer.md": OWN})
    bot.issue(7)
    bot.plays("dark-mode")
    await bot.comment("/dev-workflow", on=7)
    assert await bot.ended() == ("succeeded", "")
    assert all("Speak like a pirate." in text for text in system(bot, "implementation"))
    assert not any("pirate" in text for phase in ("design", "review") for text in system(bot, phase))
    bodies = [b for b in bot.claude.bodies if '<phase name="implementation"' in str(b["messages"][0])]
    assert {body["model"] for body in bodies} == {"claude-haiku-5-5"}
    found = await phases(bot)
    [agent] = found["implementation"]["agents"]
    assert agent == {"name": "developer", "version": agent["version"], "path": ".claude/agents/developer.md"}
    assert found["implementation"]["commits"][0]["version"] == agent["version"]
    [ours] = found["design"]["agents"]
    assert set(ours) == {"name", "version"}
    built = next(text for text in bot.read_all() if text.startswith("### ✅ Implementation"))
    assert f"developer {agent['version']} (.claude/agents/developer.md) · " in built


async def test_a_changed_agent_on_another_branch_has_no_say(bot: Rig) -> None:
    """Whoever can push a branch cannot change who works on it: agents come from the default branch."""
    push(bot, {".claude/agents/developer.md": OWN}, branch="evil")
    bot.issue(7)
    bot.plays("dark-mode")
    await bot.comment("/dev-workflow --base evil", on=7)
    assert await bot.ended() == ("succeeded", "")
    assert system(bot, "implementation")
    assert not any("pirate" in text for text in system(bot, "implementation"))
    bot.read_all()


async def test_an_agent_that_changes_while_the_run_goes_on_has_no_say(bot: Rig) -> None:
    """What the default branch had when the run was asked for holds to its end, over a restart, too."""
    bot.issue(7)
    bot.plays("dark-mode")
    bot.claude.hangs(phase="requirements")
    await bot.comment("/dev-workflow", on=7, settle=False)
    await bot.asked("requirements", fault="hangs")
    push(bot, {".claude/agents/developer.md": OWN})
    await bot.restart()
    await bot.settle()
    assert await bot.ended() == ("succeeded", "")
    assert not any("pirate" in text for text in system(bot, "implementation"))
    bot.read_all()


async def test_a_broken_agent_is_told_and_ours_is_used(bot: Rig) -> None:
    """File, line and remedy stand in the status comment; the run goes on."""
    push(
        bot,
        {
            ".claude/agents/developer.md": OWN.replace("model: haiku", "modell: haiku"),
            ".claude/agents/bomb.md": "---\nname: &a [x, x]\ndescription: [*a, *a]\n---\nBoom.\n",
            ".claude/agents/scout.md": "---\nname: scout\ndescription: Looks.\ntools: Read, WebFetch\n---\nLook.\n",
            ".claude/agents/notes.txt": "no agent",
        },
    )
    bot.issue(7)
    bot.plays("dark-mode")
    await bot.comment("/dev-workflow", on=7)
    assert await bot.ended() == ("succeeded", "")
    assert not any("pirate" in text for text in system(bot, "implementation"))
    status = bot.read_all()[0]
    assert "\n".join(line for line in status.splitlines() if line.startswith(">")) == snapshot("""\
> [!WARNING]
> Agents of this repository are not used as they are written:
> - .claude/agents/bomb.md:3: `*a` is a YAML alias. Write the value itself. The file is not used.
> - .claude/agents/developer.md:4: unknown key `modell`. Did you mean `model`? The built-in `developer` is used instead.
> - .claude/agents/scout.md:4: there is no tool `WebFetch` here. The agent works without. Write some of: Read, Write, Edit, Glob, Grep, Bash, Task, Recall.\
""")  # noqa: E501


async def test_a_new_agent_of_the_repository_builds(bot: Rig) -> None:
    """Its own name, in the team because the command says so, with no tool that we do not have."""
    push(bot, {".claude/agents/painter.md": "---\nname: painter\ndescription: Paints.\n---\nPaint.\n"})
    bot.issue(7)
    bot.plays("dark-mode")
    task = {"id": "T1", "title": "Paint it", "description": "Paint.", "agent": "painter", "depends_on": []}
    plan = {"tasks": [{**task, "files": ["theme.css", "widget.py"], "acceptance": ["It is dark."]}]}
    bot.says("tasks", {"tools": [{"submit_tasks": plan}]})
    await bot.comment("/dev-workflow --agents painter", on=7)
    assert await bot.ended() == ("succeeded", "")
    assert "painter (named by the command): Paints." in bot.claude.told("tasks")
    built = ["Read", "Write", "Edit", "Glob", "Grep", "Bash", "Recall", "Task", "Ask"]
    assert tools(bot, "implementation", "painter") == built
    assert "Task T1, built by painter." in bot.messages(bot.pull_request(closing=7))[0]
    assert any("<summary>More, by painter</summary>" in text for text in bot.read_all())


async def test_a_run_without_a_design(bot: Rig) -> None:
    """What needed it goes on with what it would have needed."""
    bot.issue(7)
    bot.plays("build", "no-tests-missing", "approve")
    lines: Json = {"acceptance": ["It is dark."], "assumptions": [], "out_of_scope": []}
    bot.says("requirements", {"tools": [{"submit_requirements": {"summary": "Dark mode.", **lines}}]})
    task = {"id": "T1", "title": "Paint it", "description": "Paint.", "agent": "developer", "depends_on": []}
    plan = {"tasks": [{**task, "files": ["widget.py"], "acceptance": ["It is dark."]}]}
    bot.says("tasks", {"tools": [{"submit_tasks": plan}]})
    await bot.comment("/dev-workflow --skip design", on=7)
    assert await bot.ended() == ("succeeded", "")
    assert list(await phases(bot)) == ["requirements", "tasks", "implementation", "testing", "review", "delivery"]
    assert "It is dark." in bot.claude.told("tasks")
    bot.read_all()


async def test_an_agent_that_nobody_knows_stops_the_run_at_once(bot: Rig) -> None:
    """Before the model is asked anything, with the names there are."""
    bot.issue(7)
    await bot.comment("/dev-workflow --agents wizard", on=7)
    state, reason = await bot.ended()
    assert state == "failed"
    assert "There is no agent `wizard`. There are: api-integration-specialist," in reason
    assert bot.claude.requests == []
    assert "/dev-workflow --agents wizard" in bot.read_all()[0]


async def test_a_phase_that_must_stay_cannot_be_skipped(bot: Rig) -> None:
    """The answer points at it and says which can."""
    bot.issue(7)
    await bot.comment("/dev-workflow --skip design,testing", on=7)
    answer = bot.next_comment()
    assert "`testing` cannot be left out." in answer
    assert "A quick run can leave out `design`, `review`." in answer
    assert await bot.bot.store.runs() == []
