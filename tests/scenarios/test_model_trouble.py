"""The model is slow, wrong, silent or expensive: the run goes on where it can, and says why where it cannot."""

import pytest
from inline_snapshot import snapshot

from bot.core.conversation import Json
from bot.runner import total_usage
from tests.scenarios.parts import plain
from tests.scenarios.rig import Rig

pytestmark = pytest.mark.slow

GOOD: Json = {
    "submit_requirements": {"summary": "Dark.", "acceptance": ["It is dark."], "assumptions": [], "out_of_scope": []}
}
BAD: Json = {"submit_requirements": {"summary": "", "acceptance": [], "assumptions": [], "out_of_scope": []}}
DECLINED: Json = {"stop_reason": "refusal"}


async def test_hiccups_are_waited_out(bot: Rig) -> None:
    """Overload, a limit, a broken stream, a stream that ends early: each call is made again until it is whole."""
    bot.issue(7)
    bot.plays("plan", "build", "no-tests-missing", "approve")
    bot.claude.overloaded(times=2, phase="requirements")
    bot.claude.rate_limited(retry_after=2, phase="design")
    bot.claude.breaks_mid_stream(phase="tasks")
    bot.claude.ends_early(phase="testing")
    bot.claude.stream_error(phase="review")
    await bot.comment("/dev-workflow")
    assert await bot.ended() == ("succeeded", "")
    asked = [r.phase for r in bot.claude.requests]
    assert {phase: asked.count(phase) for phase in dict.fromkeys(asked)} == snapshot(
        {"requirements": 3, "design": 2, "tasks": 2, "implementation": 2, "testing": 2, "review": 3}
    )
    assert len(bot.titles()) == 8


@pytest.mark.parametrize("bot", [{"model_attempts": 2}], indirect=True)
async def test_a_model_that_stays_overloaded_fails_the_phase_by_name(bot: Rig) -> None:
    """The phase, the cause, and the command to paste when it is over."""
    bot.issue(7)
    bot.says("requirements", {"tools": [GOOD]})
    bot.claude.overloaded(times=2, phase="design")
    await bot.comment("/dev-workflow add a dark mode --budget 2\n\nWith a switch.")
    assert await bot.ended() == snapshot(
        ("failed", "design: Claude was overloaded for 2 attempts (529 overloaded_error: Overloaded). Try again later.")
    )
    assert [plain(text) for text in bot.read_all()] == snapshot(
        [
            """\
### ❌ Failed
design: Claude was overloaded for 2 attempts (529 overloaded_error: Overloaded). Try again later.

`███░░░░░░░░░░░░░░░░░` 1 of 7 phases

| | phase | agent | time | tokens | cost |
|---|---|---|---:|---:|---:|
| ✅ | [requirements](#COMMENT) | business-analyst | TIME | N | COST |
| ❌ | [design](#COMMENT) | architect | TIME |  |  |
| ➖ | tasks | product-manager |  |  |  |
| ➖ | implementation | developer |  |  |  |
| ➖ | testing | qa-engineer |  |  |  |
| ➖ | review | code-reviewer |  |  |  |
| ➖ | pull request | devflow |  |  |  |

Elapsed TIME · N tokens · COST of $2.00, expected COST

To go on from where it stopped, comment this:

```text
/retry
```

<sub>run `RUN`</sub>\
""",
            """\
### ✅ Requirements

Dark.

**Acceptance**

- [ ] It is dark.

<sub>business-analyst SHA · TIME · N tokens · COST · next: design · run `RUN`</sub>\
""",
            """\
### ❌ Design

Claude was overloaded for 2 attempts (529 overloaded_error: Overloaded). Try again later.

To go on from where it stopped, comment this:

```text
/retry
```

<sub>architect SHA · TIME · run `RUN`</sub>\
""",
        ]
    )


async def test_a_model_that_declines_is_named(bot: Rig) -> None:
    """It is no fault of the program, and other words may help."""
    bot.issue(7)
    bot.says("requirements", DECLINED)
    await bot.comment("/dev-workflow")
    assert await bot.ended() == snapshot(
        (
            "failed",
            "requirements: The model declined to do the work of `business-analyst`. Put the request in other words.",
        )
    )
    assert bot.titles() == ["### ❌ Failed", "### ❌ Requirements"]


async def test_an_agent_is_told_what_was_wrong_and_mends_it(bot: Rig) -> None:
    """A cut reply, a tool that is not there, a path outside, an empty form: none of them ends the phase."""
    bot.issue(7)
    bot.says(
        "requirements",
        {"text": "First I", "stop_reason": "max_tokens"},
        {
            "tools": [
                {"Telepathy": {}},
                {"Read": {"file_path": "../../etc/passwd"}},
                {"Read": {"file_path": "widget.py"}},
            ]
        },
        {"tools": [BAD]},
        {"text": "I have finished."},
        {"tools": [GOOD]},
    )
    bot.says("design", DECLINED)
    await bot.comment("/dev-workflow")
    answers = bot.claude.answers_of_tools("requirements")
    assert [answer.splitlines()[:2] for answer in answers] == snapshot(
        [
            ["You have no tool 'Telepathy'. You have: Read, Glob, Grep, Task."],
            ["`../../etc/passwd` goes up with `..`. Use a path relative to the root of the repository."],
            ['     1\t"""A widget."""', "     2\t"],
            [
                "Not taken. Mend this and call submit_requirements again:",
                "- summary: String should have at least 1 character",
            ],
        ]
    )
    assert bot.titles() == ["### ❌ Failed", "### ✅ Requirements", "### ❌ Design"]


async def test_an_agent_that_never_hands_in_fails(bot: Rig) -> None:
    """It is asked three times more, then the phase ends."""
    bot.issue(7)
    bot.says("requirements", *[{"text": "I am nearly there."}] * 4)
    await bot.comment("/dev-workflow")
    assert await bot.ended() == snapshot(
        ("failed", "requirements: `business-analyst` handed in no result, though it was asked 3 times.")
    )
    assert bot.titles() == ["### ❌ Failed", "### ❌ Requirements"]


async def test_a_budget_that_is_too_small_stops_before_the_call(bot: Rig) -> None:
    """Nothing is asked that could pass the cap, and the sentence says what to write."""
    bot.issue(7)
    await bot.comment("/dev-workflow --budget 0.01")
    assert bot.claude.requests == []
    state, reason = await bot.ended()
    assert (state, reason.split(". ")) == snapshot(
        (
            "failed",
            [
                "requirements: The next call could pass the budget of $0.01",
                "Give it more, and it goes on: `/budget +0.99`.",
            ],
        )
    )
    assert bot.titles() == ["### ❌ Failed", "### ❌ Requirements"]


async def test_a_run_never_costs_more_than_its_budget(bot: Rig) -> None:
    """It works until the next call could pass the cap, and what was spent stays below it."""
    bot.issue(7)
    reads: Json = {"tools": [{"Read": {"file_path": "widget.py"}}], "usage": {"input": 5000, "output": 1000}}
    bot.says("requirements", *[reads] * 4)
    await bot.comment("/dev-workflow --budget 0.10")
    run = await bot.last_run()
    _, usd = total_usage(await bot.bot.store.turns(run.id))
    assert 0.05 < usd <= 0.10
    assert f"${usd:.2f} of $0.10" in bot.read_all()[0]
    assert run.reason == snapshot(
        "requirements: The next call could pass the budget of $0.10. Give it more, and it goes on: `/budget +0.9`."
    )
