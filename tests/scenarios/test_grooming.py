"""`/grooming` looks at an issue from three sides and ends with priorities, a roadmap and, if asked, sub-issues."""

import asyncio

import pytest
from inline_snapshot import snapshot

from bot.core.effects import without_marks
from tests.scenarios.parts import plain
from tests.scenarios.rig import REPO, Rig

pytestmark = pytest.mark.slow

TITLES = ["### ✅ Groomed", "### ✅ Analysis", "### ✅ Feasibility", "### ✅ Risks", "### ✅ Roadmap"]


def groomed(bot: Rig, **issue: str) -> int:
    """An issue, and a Claude who can groom it."""
    bot.plays("groom")
    return bot.issue(7, **issue)


async def test_an_issue_is_seen_from_three_sides_and_ranked(bot: Rig) -> None:
    """The three are asked before any has answered the next; the last comment has priorities, roadmap and questions."""
    groomed(bot)
    await bot.comment("/grooming")
    assert await bot.ended() == ("succeeded", "")
    texts = [plain(text) for text in bot.read_all()]
    assert sorted(text.splitlines()[0] for text in texts) == sorted(TITLES)
    assert texts[0] == snapshot("""\
### ✅ Groomed
Nothing was changed. The issue is ready to be built: `/dev-workflow` reads the roadmap.

`████████████████████` 4 of 4 phases

| | phase | agent | time | tokens | cost |
|---|---|---|---:|---:|---:|
| ✅ | [analysis](#COMMENT) | business-analyst | TIME | N | COST |
| ✅ | [feasibility](#COMMENT) | architect | TIME | N | COST |
| ✅ | [risks](#COMMENT) | security-engineer | TIME | N | COST |
| ✅ | [roadmap](#COMMENT) | product-manager | TIME | N | COST |

Elapsed TIME · N tokens · COST of $5.00, expected COST

<sub>run `RUN`</sub>\
""")
    assert texts[-1] == snapshot("""\
### ✅ Roadmap

First the colours, then a switch for those who want it.

| | what | effort | why |
|---|---|---|---|
| **must** | Dark colours | small | This is what was asked for. |
| should | A switch | medium | Some \\| want it by day, too. |
| won't | Themes | large | Nobody asked for them. |

**Roadmap**

1. It is dark
   - Dark colours
2. It can be switched
   - A switch
   - A test for it

**Open questions**

- Is the switch for each person, or for all?

<details><summary>More, by product-manager</summary>

**Proposed sub-issues**

- **Dark colours**: Let `widget.color()` answer black.
- **A switch, as ``@stranger`` wants**: Add `widget.dark()`.

Closes issue #7

</details>

<sub>product-manager SHA · TIME · N tokens · COST · run `RUN`</sub>\
""")
    told = bot.claude.told("roadmap")
    assert [side for side in ("analysis", "feasibility", "risks") if f'phase="{side}"' not in told] == []
    assert set(bot.github.branches(REPO)) == {"main"}
    assert [issue.number for issue in bot.github.issues(REPO)] == [1]


async def test_the_sides_do_not_wait_for_each_other(bot: Rig) -> None:
    """While one agent is at work, the others are asked."""
    groomed(bot)
    bot.claude.thinks()
    for phase in ("analysis", "feasibility", "risks"):
        bot.says(phase, {"text": f"{phase}: good.", "delay_seconds": 0.4})
    await bot.comment("/grooming", settle=False)
    await bot.asked("risks")
    run = await bot.last_run()
    results = {r.name: r.state for r in await bot.bot.store.phases(run.id)}
    assert results == {"analysis": "running", "feasibility": "running", "risks": "running"}
    await bot.settle()
    bot.read_all()


async def test_sub_issues_are_opened_once(bot: Rig) -> None:
    """Under the issue, with words that ping nobody and close nothing; asked for again, nothing is opened or spent."""
    number = groomed(bot)
    await bot.comment("/grooming --sub-issues")
    assert await bot.ended() == ("succeeded", "")
    assert plain(bot.read_all()[-1]) == snapshot("""\
### ✅ Sub-issues

Opened 2 sub-issues. `/dev-workflow` on one of them builds it.

- #2 Dark colours
- #3 A switch, as `@stranger` wants

<sub>devflow · TIME · run `RUN`</sub>\
""")
    opened = [issue for issue in bot.github.issues(REPO) if issue.number != number]
    assert [issue.title for issue in opened] == snapshot(["Dark colours", "A switch, as `@stranger` wants"])
    assert without_marks(opened[1].body) == snapshot("""\
Add `widget.dark()`.

Closes issue #7

<sub>Proposed while grooming #1. Build it: `/dev-workflow`</sub>\
""")
    assert bot.github.sub_issues(REPO, number) == [issue.number for issue in opened]
    asked = len(bot.claude.requests)
    await bot.comment("/grooming --sub-issues")
    assert len(bot.claude.requests) == asked
    assert bot.titles() == ["### ✅ Groomed", "### ✅ Sub-issues"]
    assert len(bot.github.issues(REPO)) == 3


async def test_the_sub_issues_can_be_asked_for_afterwards(bot: Rig) -> None:
    """What was groomed is not thought through again."""
    groomed(bot)
    await bot.comment("/grooming")
    bot.read_all()
    asked = len(bot.claude.requests)
    await bot.comment("/grooming --sub-issues")
    assert len(bot.claude.requests) == asked
    assert bot.titles() == ["### ✅ Groomed", "### ✅ Sub-issues"]
    assert len(bot.github.issues(REPO)) == 3


async def test_an_issue_that_was_edited_is_groomed_anew(bot: Rig) -> None:
    """Another wish has another roadmap."""
    number = groomed(bot)
    await bot.comment("/grooming")
    bot.read_all()
    asked = len(bot.claude.requests)
    bot.github.edit_issue(REPO, number, body="Something else.", by="maintainer")
    await bot.comment("/grooming --sub-issues")
    assert len(bot.claude.requests) > asked
    bot.read_all()


@pytest.mark.parametrize("command", ["/dev-workflow", "/dev-workflow with black"])
async def test_a_groomed_issue_is_built_with_its_roadmap(bot: Rig, command: str) -> None:
    """Whoever writes the requirements reads the priorities; they are not posted or paid for again."""
    groomed(bot)
    bot.plays("dark-mode")
    await bot.comment("/grooming")
    bot.read_all()
    asked = len(bot.claude.requests)
    await bot.comment(command)
    assert await bot.ended() == ("succeeded", "")
    assert bot.claude.requests[asked].phase == "requirements"
    assert "First the colours, then a switch" in bot.claude.told("requirements")
    assert "### ✅ Roadmap" not in bot.titles()


async def test_one_side_that_fails_is_named(bot: Rig) -> None:
    """The others are enough for a roadmap, which says what it was made without."""
    groomed(bot)
    bot.says("risks", {"stop_reason": "refusal"})
    await bot.comment("/grooming")
    assert await bot.ended() == ("succeeded", "")
    texts = bot.read_all()
    assert any(text.startswith("### ❌ Risks") for text in texts)
    assert "Made without risks, which failed." in texts[-1]
    assert "Not available, since it failed: risks." in bot.claude.told("roadmap")


async def test_nothing_is_ranked_where_all_sides_fail(bot: Rig) -> None:
    """The run says so, and how to try again."""
    bot.issue(7)
    for phase in ("analysis", "feasibility", "risks"):
        bot.says(phase, {"stop_reason": "refusal"})
    await bot.comment("/grooming --budget 3")
    state, reason = await bot.ended()
    assert (state, reason) == snapshot(
        ("failed", "roadmap: There is nothing to rank: neither analysis nor feasibility nor risks came to a result.")
    )
    assert "```text\n/grooming --budget 3\n```" in bot.read_all()[0]


async def test_a_budget_that_is_too_small_is_told_with_the_next_one(bot: Rig) -> None:
    """More money goes on with what there is."""
    bot.issue(7)
    await bot.comment("/grooming --sub-issues --budget 0.01")
    status = bot.read_all()[0]
    assert (await bot.ended())[0] == "failed"
    assert "```text\n/budget +0.99\n```" in status


async def test_a_github_without_sub_issues_still_gets_the_issues(bot: Rig) -> None:
    """They stand by themselves, and the comment says so."""
    groomed(bot)
    bot.github.fails("POST", r"/sub_issues$", times=2, status=404)
    await bot.comment("/grooming --sub-issues")
    assert await bot.ended() == ("succeeded", "")
    assert "did not take #2, #3 as sub-issues of this one" in bot.read_all()[-1]


async def test_the_label_grooms(bot: Rig) -> None:
    """As the command does."""
    number = groomed(bot)
    bot.github.label(REPO, number, "devflow:grooming", by="maintainer")
    await bot.settle()
    assert await bot.ended() == ("succeeded", "")
    assert len(bot.read_all()) == 5


async def test_lost_answers_and_a_restart_open_nothing_twice(bot: Rig) -> None:
    """GitHub makes the issues and loses its answers; the server is stopped between the two."""
    number = groomed(bot)
    bot.github.fails("POST", r"/issues$", status=502, after_effect=True)
    held = bot.github.hangs("POST", r"/sub_issues$", after_effect=True)
    await bot.comment("/grooming --sub-issues", settle=False)
    await bot.reached(held)
    stopping = asyncio.create_task(bot.stop())
    held.release()
    await stopping
    await bot.start()
    await bot.settle()
    assert await bot.ended() == ("succeeded", "")
    assert len(bot.github.issues(REPO)) == 3
    assert bot.github.sub_issues(REPO, number) == [2, 3]
    assert len(bot.read_all()) == 6
