"""A limit stops a run in its middle: what there is becomes a draft pull request that says how to get further."""

import pytest
from inline_snapshot import snapshot

from bot.core.conversation import Json
from bot.runner import total_usage
from tests.scenarios.parts import plain
from tests.scenarios.rig import Rig

pytestmark = pytest.mark.slow


def dear(*calls: Json, dollars: float = 0.1) -> Json:
    """A turn with these calls that costs so much."""
    return {"tools": list(calls), "usage": {"output": int(dollars * 100_000)}}


def write(path: str) -> Json:
    return {"Write": {"file_path": path, "content": f"# {path}\n"}}


def planned(bot: Rig, *tasks: tuple[str, str, list[str]]) -> None:
    """Requirements, design and this plan, (id, file, after) by task, each for a tenth of a cent."""
    form = {"title": "Write it", "description": "Do.", "agent": "developer", "acceptance": []}
    forms = [{**form, "id": name, "files": [path], "depends_on": after} for name, path, after in tasks]
    wish = {"summary": "Files.", "acceptance": ["They are there."], "assumptions": [], "out_of_scope": []}
    design = {"summary": "Files.", "design": "Write them.", "files": ["one.py"], "risks": []}
    bot.says("requirements", dear({"submit_requirements": wish}, dollars=0.001))
    bot.says("design", dear({"submit_design": design}, dollars=0.001))
    bot.says("tasks", dear({"submit_tasks": {"tasks": forms}}, dollars=0.001))


READ: Json = {"Read": {"file_path": "widget.py"}}


async def test_a_budget_that_is_reached_in_the_middle_leaves_a_draft(bot: Rig) -> None:
    """One task is built, one begun, one not: all of that is said, with the command that has a higher budget."""
    bot.issue(7, title="Dark mode")
    planned(bot, ("T1", "one.py", []), ("T2", "two.py", ["T1"]), ("T3", "three.py", ["T2"]))
    done: Json = {"text": "Done.", "usage": {"output": 100}}
    bot.says("implementation", dear(write("one.py"), dollars=0.001), done, task="T1")
    bot.says("implementation", dear(write("two.py")), dear(READ), dear(READ, dollars=0.09), task="T2")
    command = await bot.comment("/dev-workflow --budget 0.3")
    run = await bot.last_run()
    assert total_usage(await bot.bot.store.turns(run.id))[1] <= 0.3
    assert (run.state, run.reason) == snapshot(
        (
            "failed",
            "implementation: The next call could pass the budget of $0.30. "
            "Give it more, and it goes on: `/budget +0.7`.",
        )
    )
    pull = bot.pull_request()
    assert pull.draft
    assert plain(pull.body) == snapshot("""\
> [!WARNING]
> This is unfinished: a limit stopped the run in implementation. The next call could pass the budget of $0.30. Give it more, and it goes on: `/budget +0.7`.

### What is missing
- [ ] T2 (Write it): begun, not finished
- [ ] T3 (Write it): not built
- [ ] the tests were not run
- [ ] there was no review

### How to go on
To go on with a higher budget, comment this:

```text
/budget +0.7
```

Files.

| task | | agent | files | after |
|---|---|---|---|---|
| T1 | Write it | developer | `one.py` |  |
| T2 | Write it | developer | `two.py` | T1 |
| T3 | Write it | developer | `three.py` | T2 |

Built in this order, side by side where there is a plus: `T1` → `T2` → `T3`

```mermaid
graph LR
  n0["T1: Write it"]
  n1["T2: Write it"]
  n2["T3: Write it"]
  n0 --> n1
  n1 --> n2
```

Part of #1

### Evidence
Checked by the program, not claimed by a model.

| | check | found |
|---|---|---|
| ✅ | Branch | `devflow/issue-1-RUN` is at `SHA`, read back from GitHub |
| ✅ | Content | the branch holds byte for byte what was built |
| ✅ | Signature | verified by GitHub |
| ❌ | Complete | no: a limit stopped it in implementation |
| ❌ | Tasks | not built: T2, T3 |
| ⚠️ | Tests | not run: the testing phase did not get that far |
| ✅ | Files | 2 of 3 planned files changed |
| ❌ | Planned, but unchanged | `three.py` |
| ⚠️ | Review | there was none |

<sub>Asked by @maintainer in #1 · run `RUN` · TIME · N tokens · COST, expected COST</sub>

<!-- devflow:run=RUN key=pull -->\
""")  # noqa: E501
    assert set(bot.files(pull)) == {"one.py", "two.py"}
    assert [m.splitlines()[0] for m in bot.messages(pull)] == snapshot(["Write it", "Keep unfinished work on Write it"])
    comments = [plain(text) for text in bot.read_all()]
    assert comments[0] == snapshot("""\
### ❌ Failed
implementation: The next call could pass the budget of $0.30. Give it more, and it goes on: `/budget +0.7`.
The work so far is in #2.

`█████████░░░░░░░░░░░` 3 of 7 phases

| | phase | agent | time | tokens | cost |
|---|---|---|---:|---:|---:|
| ✅ | [requirements](#COMMENT) | business-analyst | TIME | 100 | <$0.01 |
| ✅ | [design](#COMMENT) | architect | TIME | 100 | <$0.01 |
| ✅ | [tasks](#COMMENT) | product-manager | TIME | 100 | <$0.01 |
| ❌ | [implementation](#COMMENT) | developer | TIME | N | COST |
| ➖ | testing | qa-engineer |  |  |  |
| ➖ | review | code-reviewer |  |  |  |
| ❌ | [pull request](#COMMENT) | devflow | TIME |  |  |

Elapsed TIME · N tokens · COST of $0.30, expected COST

To go on with a higher budget, comment this:

```text
/budget +0.7
```

<sub>run `RUN`</sub>\
""")
    assert [text.splitlines()[0] for text in comments] == snapshot(
        [
            "### ❌ Failed",
            "### ✅ Requirements",
            "### ✅ Design",
            "### ✅ Tasks",
            "### ❌ Implementation",
            "### ❌ Pull request",
        ]
    )
    assert comments[-1].partition("| |")[0] == snapshot("""\
### ❌ Pull request

A limit stopped the run in implementation. The next call could pass the budget of $0.30. Give it more, and it goes on: `/budget +0.7`. The work so far is in #2.

### What is missing
- [ ] T2 (Write it): begun, not finished
- [ ] T3 (Write it): not built
- [ ] the tests were not run
- [ ] there was no review

### How to go on
To go on with a higher budget, comment this:

```text
/budget +0.7
```

""")  # noqa: E501
    assert bot.reactions(command) == ["confused"]


async def test_more_money_finishes_the_same_pull_request(bot: Rig) -> None:
    """`/budget` on the draft: T1 is not built again, the rest comes on the same branch, and the draft is ready."""
    bot.issue(7, title="Dark mode")
    planned(bot, ("T1", "one.py", []), ("T2", "two.py", ["T1"]))
    done: Json = {"text": "Done.", "usage": {"output": 100}}
    bot.says("implementation", dear(write("one.py"), dollars=0.001), done, task="T1")
    bot.says("implementation", dear(write("two.py")), dear(READ), dear(READ, dollars=0.09), task="T2")
    await bot.comment("/dev-workflow --budget 0.3")
    draft = bot.pull_request()
    bot.read_all()
    bot.says("implementation", done, task="T2")
    bot.says("testing", done)
    bot.says("review", {"tools": [{"submit_review": {"verdict": "approve", "summary": "Good.", "comments": []}}]})
    await bot.comment("/budget +2", on=draft.number)
    assert await bot.ended() == ("succeeded", "")
    pull = bot.pull_request()
    assert (pull.number, pull.head, pull.draft) == (draft.number, draft.head, False)
    assert "unfinished" not in pull.body
    assert set(bot.files(pull)) == {"one.py", "two.py"}
    begun = [(r.phase, r.task) for r in bot.claude.requests if r.turn == 0]
    assert begun.count(("implementation", "T1")) == 1
    assert begun.count(("requirements", None)) == 1
    assert "goes on. It tells how in #1." in bot.next_comment(on=draft.number)
    bot.read_all()


async def test_a_budget_that_is_reached_before_anything_changed(bot: Rig) -> None:
    """No branch and no pull request, and that is said."""
    bot.issue(7)
    planned(bot, ("T1", "one.py", []))
    bot.says("implementation", dear(READ), dear(READ, dollars=0.09))
    await bot.comment("/dev-workflow add a dark mode --budget 0.2")
    assert bot.github.branches("acme/widget").keys() == {"main"}
    comments = [plain(text) for text in bot.read_all()]
    assert comments[-1].partition("| |")[0] == snapshot("""\
### ❌ Pull request

A limit stopped the run in implementation. The next call could pass the budget of $0.20. Give it more, and it goes on: `/budget +0.8`. Nothing can be shown of it, so no pull request was opened.

### What is missing
- [ ] T1 (Write it): not built
- [ ] the tests were not run
- [ ] there was no review

### How to go on
To go on with a higher budget, comment this:

```text
/budget +0.8
```

""")  # noqa: E501
    assert (await bot.ended())[0] == "failed"


@pytest.mark.parametrize("bot", [{"agent_turns": 2}], indirect=True)
async def test_turns_that_are_used_up_leave_a_draft_too(bot: Rig) -> None:
    """The sentence names the setting, since no budget would help."""
    bot.issue(7)
    bot.plays("plan")
    bot.says("implementation", {"tools": [write("widget.txt")]}, {"tools": [write("widget.txt")]})
    await bot.comment("/dev-workflow")
    assert await bot.ended() == snapshot(
        (
            "failed",
            "implementation: `developer` was not done after 2 turns. "
            "Ask for less at once, or raise `DEVFLOW_AGENT_TURNS`.",
        )
    )
    pull = bot.pull_request()
    assert (pull.draft, set(bot.files(pull))) == (True, {"widget.txt"})
    assert "To go on from where it stopped, comment this:" in pull.body
    assert len(bot.titles()) == 6


@pytest.mark.parametrize("bot", [{"phase_turns": 3}], indirect=True)
async def test_a_limit_in_testing_still_runs_the_tests(bot: Rig) -> None:
    """The program needs no model for that; the review judges what there is."""
    bot.issue(7)
    bot.plays("plan", "build", "approve")
    bot.says("testing", *[{"tools": [{"Read": {"file_path": "widget.py"}}]}] * 3)
    await bot.comment("/dev-workflow")
    assert await bot.ended() == snapshot(
        (
            "failed",
            "testing: The phase testing was not done after 3 turns. "
            "Ask for less at once, or raise `DEVFLOW_PHASE_TURNS`.",
        )
    )
    body = plain(bot.pull_request().body)
    assert bot.pull_request().draft
    assert "1 passed" in body
    assert "This is unfinished: a limit stopped the run in testing" in body
    assert len(bot.titles()) == 8


@pytest.mark.parametrize("bot", [{"agent_turns": 2}], indirect=True)
async def test_a_task_that_failed_beside_one_that_was_stopped(bot: Rig) -> None:
    """The limit counts, though the other task failed first: what the stopped one made is kept and shown."""
    bot.issue(7)
    planned(bot, ("T1", "one.py", []), ("T2", "two.py", []))
    bot.says("implementation", {"text": "No.", "stop_reason": "refusal"}, task="T1")
    bot.says("implementation", {"tools": [write("two.py")]}, {"tools": [READ]}, task="T2")
    await bot.comment("/dev-workflow")
    assert "was not done after 2 turns" in (await bot.ended())[1]
    pull = bot.pull_request()
    assert (pull.draft, set(bot.files(pull))) == (True, {"two.py"})
    assert "T1 (Write it): not built" in pull.body
    assert "declined" in next(text for text in bot.read_all() if text.startswith("### ❌ Implementation"))


@pytest.mark.parametrize("bot", [{"agent_turns": 2}], indirect=True)
async def test_a_reviewer_that_failed_beside_one_that_was_stopped(bot: Rig) -> None:
    """The limit is told, though the other reviewer failed first."""
    bot.issue(7)
    bot.plays("plan", "build", "no-tests-missing")
    bot.says("review", {"text": "No.", "stop_reason": "refusal"}, agent="code-reviewer")
    bot.says("review", {"tools": [READ]}, {"tools": [READ]}, agent="security-engineer")
    await bot.comment("/dev-workflow")
    assert "`security-engineer` was not done after 2 turns" in (await bot.ended())[1]
    assert "a limit stopped the run in review" in bot.pull_request().body
    assert "declined" in next(text for text in bot.read_all() if text.startswith("### ❌ Review"))
