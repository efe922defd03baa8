"""Runs begin when they can, wait for their turn, stop when they are told to, and outlive a restart."""

import pytest
from inline_snapshot import snapshot
from pydantic import SecretStr

from tests.scenarios.parts import plain
from tests.scenarios.rig import REPO, Rig

pytestmark = pytest.mark.slow


async def test_a_run_in_the_middle_of_a_call_is_cancelled(bot: Rig) -> None:
    """It stops at once, says by whom, and posts nothing more; the issue is free again."""
    bot.issue(7)
    bot.says("requirements", {"text": "Hm."})
    bot.claude.hangs()
    started = await bot.comment("/dev-workflow", settle=False)
    await bot.asked("requirements", fault="hangs")
    cancel = await bot.comment("/cancel")
    assert await bot.ended() == ("cancelled", "Stopped by @maintainer.")
    assert [plain(text) for text in bot.read_all()] == snapshot(
        [
            """\
### ⏹️ Cancelled
Stopped by `@maintainer`.

`░░░░░░░░░░░░░░░░░░░░` 0 of 7 phases

| | phase | agent | time | tokens | cost |
|---|---|---|---:|---:|---:|
| ⏹️ | requirements | business-analyst | TIME |  |  |
| ➖ | design | architect | | | |
| ➖ | tasks | product-manager | | | |
| ➖ | implementation | developer | | | |
| ➖ | testing | qa-engineer | | | |
| ➖ | review | code-reviewer | | | |
| ➖ | pull request | devflow | | | |

Elapsed TIME · N tokens · up to COST of $5.00, expected COST

To go on from where it stopped, comment this:

```text
/resume
```

<sub>run `RUN`</sub>\
""",
            "⏹️ Run `RUN` was stopped by @maintainer. Nothing more happens. To go on: `/resume`. Anew: `/dev-workflow`.",
        ]
    )
    assert (bot.reactions(started), bot.reactions(cancel)) == (["confused"], ["rocket"])

    twice = await bot.comment("/cancel")
    assert bot.next_comment() == snapshot("""\
😕 No run is at work on this issue.

`/status` shows the last one.\
""")
    assert bot.reactions(twice) == ["confused"]
    bot.says("requirements", {"stop_reason": "refusal"})
    await bot.comment("/dev-workflow")
    assert bot.titles() == ["### ❌ Failed", "### ❌ Requirements"]


async def test_there_is_nothing_to_cancel(bot: Rig) -> None:
    """A clear sentence, for no run at all and for a run that is not there."""
    bot.issue(7)
    await bot.comment("/cancel")
    await bot.comment("/cancel 260101-000000-abc")
    await bot.comment("/status 260101-000000-abc")
    assert bot.read_all() == snapshot(
        [
            """\
😕 No run is at work on this issue.

`/status` shows the last one.\
""",
            """\
😕 Run `260101-000000-abc` is not at work on this issue.

`/status` shows the last one.\
""",
            """\
😕 There is no run `260101-000000-abc` in this repository.

`/status` alone shows the last one of this issue.\
""",
        ]
    )
    await bot.nothing_happened()


async def test_one_run_at_a_time_for_an_issue(bot: Rig) -> None:
    """A second command names the run that is at work; `/status` shows it."""
    bot.issue(7)
    bot.says("requirements", {"text": "Hm."})
    bot.claude.hangs()
    await bot.comment("/dev-workflow", settle=False)
    await bot.asked("requirements", fault="hangs")
    await bot.until(lambda: "At work" in bot.bot_comments()[0].body, "the status says that it is at work")
    second = await bot.comment("/dev-workflow again", settle=False)
    await bot.until(lambda: len(bot.bot_comments()) == 2, "the second command is answered")
    run = (await bot.last_run()).id
    assert run in bot.bot_comments()[1].body
    await bot.comment(f"/status {run}", settle=False)
    await bot.until(lambda: len(bot.bot_comments()) == 3, "the status is shown")
    await bot.comment(f"/cancel {run}")
    assert [plain(text) for text in bot.read_all()] == snapshot(
        [
            """\
### ⏹️ Cancelled
Stopped by `@maintainer`.

`░░░░░░░░░░░░░░░░░░░░` 0 of 7 phases

| | phase | agent | time | tokens | cost |
|---|---|---|---:|---:|---:|
| ⏹️ | requirements | business-analyst | TIME |  |  |
| ➖ | design | architect | | | |
| ➖ | tasks | product-manager | | | |
| ➖ | implementation | developer | | | |
| ➖ | testing | qa-engineer | | | |
| ➖ | review | code-reviewer | | | |
| ➖ | pull request | devflow | | | |

Elapsed TIME · N tokens · up to COST of $5.00, expected COST

To go on from where it stopped, comment this:

```text
/resume
```

<sub>run `RUN`</sub>\
""",
            """\
😕 Run `RUN` is still at work on this issue.

See `/status`, or stop it with `/cancel`.\
""",
            """\
### 🔵 At work
Asked by @maintainer. As of NOW.

`░░░░░░░░░░░░░░░░░░░░` 0 of 7 phases

| | phase | agent | time | tokens | cost |
|---|---|---|---:|---:|---:|
| 🔵 | requirements | business-analyst | TIME |  |  |
| ⚪ | design | architect | | | |
| ⚪ | tasks | product-manager | | | |
| ⚪ | implementation | developer | | | |
| ⚪ | testing | qa-engineer | | | |
| ⚪ | review | code-reviewer | | | |
| ⚪ | pull request | devflow | | | |

Elapsed TIME · N tokens · up to COST of $5.00
Expected: COST
Waiting for the model: `business-analyst` in requirements since NOW

<sub>run `RUN` · stop it: `/cancel` · more: `/status`</sub>\
""",
            "⏹️ Run `RUN` was stopped by @maintainer. Nothing more happens. To go on: `/resume`. Anew: `/dev-workflow`.",
        ]
    )
    assert bot.reactions(second) == ["confused"]
    assert len(await bot.bot.store.runs()) == 1


async def test_what_cannot_work_is_refused_before_it_costs_anything(bot: Rig) -> None:
    """A branch that is not there, a right that is missing, a closed issue, a pull request: each has its sentence."""
    bot.issue(7)
    forbidden = {"message": "Resource not accessible by integration"}
    bot.github.fails("GET", "/git/ref/heads/main$", status=403, body=forbidden)
    await bot.comment("/dev-workflow")
    assert bot.next_comment().endswith("The App needs `Contents: read` on acme/widget.")
    await bot.comment("/dev-workflow --base develop")
    bot.github.close_issue(REPO, bot.numbers[7][1], by="maintainer")
    await bot.comment("/dev-workflow")
    bot.github.push(REPO, "topic", {"a.txt": "a"}, "Add a", by="maintainer")
    bot.numbers[8] = (REPO, bot.github.open_pull(REPO, title="Add a", head="topic", by="maintainer"))
    await bot.comment("/dev-workflow", on=8)
    assert [*bot.read_all(7), *bot.read_all(8)] == snapshot(
        [
            """\
😕 There is no branch `develop` in acme/widget.

Name one that is there: `--base BRANCH`.\
""",
            """\
😕 This issue is closed.

Open it again, then repeat the command.\
""",
            """\
😕 A run starts from an issue, and this is a pull request.

Comment the command on the issue.\
""",
        ]
    )
    await bot.nothing_happened()


@pytest.mark.parametrize("bot", [{"anthropic_api_key": SecretStr("")}], indirect=True)
async def test_without_a_key_the_answer_says_how_to_set_it(bot: Rig) -> None:
    """No run is begun that could not make its first call; `/ping` says the same."""
    bot.issue(7)
    await bot.comment("/dev-workflow")
    await bot.comment("/ping")
    assert [plain(text) for text in bot.read_all()] == snapshot(
        [
            "😕 No model key: set ANTHROPIC_API_KEY (https://platform.claude.com makes one).",
            """\
🏓 Devflow is here.

- model: No model key: set ANTHROPIC_API_KEY (https://platform.claude.com makes one).
- sandbox: ready\
""",
        ]
    )
    await bot.nothing_happened()


async def test_runs_of_one_repository_wait_for_each_other(bot: Rig) -> None:
    """The second is shown as queued until the first has ended; another repository does not wait."""
    bot.repository("acme/gadget")
    bot.issue(7, title="First")
    bot.issue(8, title="Second")
    bot.issue(9, title="Elsewhere", repo="acme/gadget")
    bot.says("requirements", {"stop_reason": "refusal"})
    clone = bot.github.hangs("GET", "/acme/widget.git/info/refs")
    await bot.comment("/dev-workflow", on=7, settle=False)
    await bot.reached(clone)
    await bot.comment("/dev-workflow", on=8, settle=False)
    await bot.comment("/dev-workflow", on=9, settle=False)
    await bot.until(lambda: len(bot.bot_comments(9)) == 2, "the other repository's run has ended")
    assert plain(bot.bot_comments(8)[0].body.partition("\n\n")[0]) == snapshot("""\
### 🕓 Queued
Asked by @maintainer. It starts when no other run is at work in this repository.\
""")
    assert bot.bot_comments(7)[0].body.startswith("### 🔵 At work")
    clone.release()
    await bot.settle()
    assert [bot.titles(on) for on in (7, 8, 9)] == [["### ❌ Failed", "### ❌ Requirements"]] * 3


async def test_a_restart_in_the_middle_changes_nothing(bot: Rig) -> None:
    """What was done is kept, what was under way is done again, and nothing is posted twice."""
    bot.issue(7)
    bot.plays("plan", "build", "no-tests-missing", "approve")
    bot.claude.hangs(phase="design")
    await bot.comment("/dev-workflow", settle=False)
    await bot.asked("design", fault="hangs")
    await bot.restart()
    await bot.settle()
    assert await bot.ended() == ("succeeded", "")
    asked = [r.phase for r in bot.claude.requests]
    assert (asked.count("requirements"), asked.count("design")) == (1, 2)
    assert bot.titles() == snapshot(
        [
            "### ✅ Done: #2",
            "### ✅ Requirements",
            "### ✅ Design",
            "### ✅ Tasks",
            "### ✅ Implementation",
            "### ✅ Testing",
            "### ✅ Review",
            "### ✅ Pull request",
        ]
    )
