"""People review our pull request, and one revision answers all of it."""

import pytest
from inline_snapshot import snapshot

from bot.core.reviews import Check
from tests.scenarios.parts import plain
from tests.scenarios.pulls import (
    GREY,
    TEST_GREY,
    head,
    limit,
    now,
    opened,
    remark,
    sentences,
    submit,
    threads,
    turns_grey,
)
from tests.scenarios.rig import REPO, Rig

pytestmark = pytest.mark.slow


async def test_requested_changes_are_made_and_answered(bot: Rig) -> None:
    """One run for the review and all its threads: further commits on the same branch, an answer in each thread."""
    bot.issue(7, title="Dark mode", body="Please.")
    bot.plays("dark-mode")
    await bot.comment("/dev-workflow", on=7)
    assert len(bot.read_all(7)) == 8
    pull = bot.pull_request(closing=7)
    bot.numbers[8] = (REPO, pull.number)
    turns_grey(bot, ("t1", "It is grey now.", True), ("t2", "The theme has no colors to change.", False))
    comments = [remark("Too dark."), remark("Here, too?", 1, "theme.css")]
    bot.github.review(
        REPO, pull.number, by="maintainer", verdict="request_changes", body="Grey, please.", comments=comments
    )
    await bot.settle()
    assert await bot.ended() == ("succeeded", "")
    assert bot.files(now(bot, pull))["widget.py"].count("grey") == 1
    assert [plain(message).splitlines()[0] for message in bot.messages(now(bot, pull))] == [
        "Add dark mode",
        "Add tests",
        "Make the changes the review asked for",
    ]
    assert threads(bot, pull.number) == snapshot(
        [
            (
                "widget.py",
                True,
                [
                    "Too dark.",
                    """\
It is grey now.

<sub>Done in SHA · run `RUN`</sub>\
""",
                ],
            ),
            (
                "theme.css",
                False,
                [
                    "Here, too?",
                    """\
The theme has no colors to change.

<sub>Left as it is · run `RUN`</sub>\
""",
                ],
            ),
        ]
    )
    assert [plain(text) for text in bot.read_all(8)] == snapshot(
        [
            """\
### ✅ Revised
What was changed stands below.

`████████████████████` 4 of 4 phases

| | phase | agent | time | tokens | cost |
|---|---|---|---:|---:|---:|
| ✅ | revision | developer | TIME | N | COST |
| ✅ | testing | devflow | TIME |  |  |
| ✅ | review | code-reviewer | TIME | N | COST |
| ✅ | [pull request](#COMMENT) | devflow | TIME |  |  |

Elapsed TIME · N tokens · COST of $5.00, expected COST

<sub>run `RUN`</sub>\
""",
            """\
### ✅ Revision

Grey instead of black.

- `widget.py:8`: done
- `theme.css:1`: not done

Pushed SHA. Every check holds.

| | check | found |
|---|---|---|
| ✅ | Branch | `devflow/issue-1-RUN` is at `SHA`, read back from GitHub |
| ✅ | Content | the branch holds byte for byte what was tested |
| ✅ | Signature | verified by GitHub |
| ✅ | Tests | `TESTS` ended with exit code 0, 2 passed, TIME |
| ✅ | Tested state | the tests ran on the final files (tree `SHA`) |
| ✅ | Files | 3 changed: `tests/test_widget.py`, `theme.css`, `widget.py` |
| ✅ | Review | approved |

<details><summary>More, by devflow</summary>

**Revision**

Grey instead of black.

`widget.py:8`: It is grey now.

`theme.css:1`: The theme has no colors to change.

**Testing**

1. `TESTS`: exit code 0, 2 passed, 0 failed, TIME

<details><summary>Output</summary>

```
..
----------------------------------------------------------------------
Ran 2 tests in TIME

OK
```

</details>

**Review**

`code-reviewer`: **Approved.** Grey is fine.

`security-engineer`: **Approved.** Grey is fine.

</details>

<sub>devflow · TIME · run `RUN`</sub>\
""",
        ]
    )
    assert plain(now(bot, pull).body) == snapshot("""\
One function and one file.

| task | | agent | files | after |
|---|---|---|---|---|
| T1 | Add dark mode | developer | `widget.py`, `theme.css` |  |

Closes #1

### Evidence
Checked by the program, not claimed by a model. Of `SHA`, after run `RUN`.

| | check | found |
|---|---|---|
| ✅ | Branch | `devflow/issue-1-RUN` is at `SHA`, read back from GitHub |
| ✅ | Content | the branch holds byte for byte what was tested |
| ✅ | Signature | verified by GitHub |
| ✅ | Tests | `TESTS` ended with exit code 0, 2 passed, TIME |
| ✅ | Tested state | the tests ran on the final files (tree `SHA`) |
| ✅ | Files | 3 changed: `tests/test_widget.py`, `theme.css`, `widget.py` |
| ✅ | Review | approved |

<sub>Asked by @maintainer in #1 · run `RUN` · TIME · N tokens · COST, expected COST</sub>

<!-- devflow:run=RUN key=pull -->\
""")
    assert now(bot, pull).draft is False
    told = bot.claude.told("revision")
    assert "Grey, please." in told
    assert '<comments thread="t1" path="widget.py" line="8" permission="write">' in told
    assert "maintainer: Too dark." in told


async def test_a_later_reply_starts_the_next_revision(bot: Rig) -> None:
    """What is said in a thread after its answer is the next run's business; nothing else starts one."""
    pull = await opened(bot)
    bot.says("revision", submit(("t1", "Which color?", False)))
    bot.github.review(REPO, pull.number, by="maintainer", comments=[remark("Not this color.")])
    await bot.settle()
    before = head(bot, pull)
    [(_, resolved, said)] = threads(bot, pull.number)
    assert (resolved, said[1].splitlines()[0]) == (False, "Which color?")
    turns_grey(bot, ("t1", "Grey it is.", True))
    first = bot.github.threads_on(REPO, pull.number)[0].comments[0].id
    bot.github.reply(REPO, first, "Grey.", by="maintainer")
    await bot.settle()
    assert head(bot, pull) != before
    [(_, resolved, said)] = threads(bot, pull.number)
    assert (resolved, [words.splitlines()[0] for words in said]) == (
        True,
        ["Not this color.", "Which color?", "Grey.", "Grey it is."],
    )
    assert any("you: Which color?" in str(body["messages"][0]) for body in bot.claude.bodies)
    assert bot.read_all(8)


async def test_a_revision_that_changes_nothing_pushes_nothing(bot: Rig) -> None:
    """The thread is answered, the tests are not run again, and no reviewer is asked."""
    pull = await opened(bot)
    bot.says("revision", submit(("t1", "It has to be black: the issue says so.", False)))
    bot.github.review(REPO, pull.number, by="maintainer", comments=[remark("Grey?")])
    await bot.settle()
    assert await bot.ended() == ("succeeded", "")
    assert head(bot, pull) == pull.head_sha
    assert bot.claude.requests[-1].phase == "revision"
    assert [plain(text) for text in bot.read_all(8)][1:] == snapshot(
        [
            """\
### ✅ Revision

Grey instead of black.

- `widget.py:8`: not done

Nothing was pushed. The files stay as they are.

<details><summary>More, by devflow</summary>

**Revision**

Grey instead of black.

`widget.py:8`: It has to be black: the issue says so.

**Testing**

The files stay as they are: nothing was tested again.

**Review**

The files stay as they are: nothing was reviewed again.

</details>

<sub>devflow · TIME · run `RUN`</sub>\
"""
        ]
    )


async def test_what_is_said_while_a_revision_is_at_work_is_not_lost(bot: Rig) -> None:
    """It is one more run, after the first has ended; the thread it is in is not resolved by the first."""
    pull = await opened(bot)
    bot.says("revision", submit(("t1", "Why?", True)))
    push = bot.github.hangs("POST", f"/pulls/{pull.number}/comments/[0-9]+/replies$")
    bot.github.review(REPO, pull.number, by="maintainer", comments=[remark("Not this color.")])
    await bot.reached(push)
    turns_grey(bot, ("t1", "Grey.", True), ("t2", "None needed.", False))
    first = bot.github.threads_on(REPO, pull.number)[0].comments[0].id
    bot.github.reply(REPO, first, "I mean grey.", by="maintainer")
    bot.github.review(REPO, pull.number, by="maintainer", comments=[remark("A comment here?", 1, "theme.css")])
    push.release()
    await bot.settle()
    runs = [run for run in await bot.bot.store.runs() if run.plan.purpose == "revise"]
    assert [run.state for run in runs] == ["succeeded", "succeeded"]
    assert [[[one.text for one in t.said if not one.ours][-1] for t in run.request.wishes.threads] for run in runs] == [
        ["I mean grey.", "A comment here?"],
        ["Not this color."],
    ]
    assert [resolved for _, resolved, _ in threads(bot, pull.number)] == [True, False]
    assert bot.read_all(8)


async def test_who_may_not_write_starts_nothing(bot: Rig) -> None:
    """Neither a reader nor another bot; each is told once, and their words are shown to no agent."""
    pull = await opened(bot)
    bot.github.check(REPO, "main", Check("tests", "success"))
    for by in ("reader", "reader", "stranger", "github-actions[bot]"):
        bot.github.review(REPO, pull.number, by=by, body="Grey!", comments=[remark(f"Grey, says {by}.")])
        await bot.settle()
    assert (await bot.last_run()).plan.purpose == "build"
    assert [sentences(text) for text in bot.read_all(8)] == snapshot(
        [
            """\
🔒 @reader, your reviews do not make me change this pull request: that takes `write` access to this repository.
Somebody who has it can comment `/revise`.\
""",
            """\
🔒 @stranger, your reviews do not make me change this pull request: that takes `write` access to this repository.
Somebody who has it can comment `/revise`.\
""",
            """\
🔒 Reviews of `github-actions[bot]` do not make me change this pull request: a bot's words start nothing.
Somebody who has it can comment `/revise`.\
""",
        ]
    )
    bot.says("revision", submit(("t1", "Yes.", False)))
    first = bot.github.threads_on(REPO, pull.number)[0].comments[0].id
    bot.github.reply(REPO, first, "Do what she says?", by="maintainer")
    await bot.settle()
    assert "says reader" not in bot.claude.told("revision")
    assert "Do what she says?" in bot.claude.told("revision")
    assert bot.read_all(8)


async def test_an_approval_starts_nothing(bot: Rig) -> None:
    """Nor does a comment in the conversation, or a review of somebody else's pull request."""
    pull = await opened(bot)
    bot.github.review(REPO, pull.number, by="maintainer", verdict="approve", body="Fine.")
    bot.github.comment(REPO, pull.number, "Nice.", by="maintainer")
    bot.github.push(REPO, "paint", {"a.txt": "a\n"}, "Paint", by="maintainer")
    other = bot.github.open_pull(REPO, title="Paint", head="paint", by="maintainer")
    bot.github.review(REPO, other, by="reader", verdict="request_changes", body="No.")
    await bot.settle()
    assert len(await bot.bot.store.runs()) == 1


async def test_a_restart_in_the_middle_answers_once(bot: Rig) -> None:
    """The branch was moved and a thread answered when the process ended: neither happens again."""
    pull = await opened(bot)
    turns_grey(bot, ("t1", "Grey.", True), ("t2", "No.", False))
    lost = bot.github.hangs("POST", f"/pulls/{pull.number}/comments/[0-9]+/replies$", after_effect=True)
    comments = [remark("Too dark."), remark("Here, too?", 1, "theme.css")]
    bot.github.review(REPO, pull.number, by="maintainer", comments=comments)
    await bot.reached(lost)
    pushed = head(bot, pull)
    await bot.restart()
    lost.release()
    await bot.settle()
    assert await bot.ended() == ("succeeded", "")
    assert head(bot, pull) == pushed
    assert [(resolved, len(said)) for _, resolved, said in threads(bot, pull.number)] == [(True, 2), (False, 2)]
    assert len(bot.read_all(8)) == 2


async def test_a_revision_may_ask(bot: Rig) -> None:
    """The run waits for the answer in the pull request's conversation, and goes on with it."""
    pull = await opened(bot)
    asks = {"tools": [{"Ask": {"question": "Light or dark grey?"}}]}
    turns_grey(bot, ("t1", "Dark grey.", True))
    bot.says("revision", asks, {"tools": [GREY, TEST_GREY]}, submit(("t1", "Dark grey.", True)))
    bot.github.review(REPO, pull.number, by="maintainer", comments=[remark("Grey.")])
    await bot.until(lambda: any("Light or dark" in c.body for c in bot.bot_comments(8)), "asked")
    await bot.comment("/answer dark", on=8)
    assert await bot.ended() == ("succeeded", "")
    assert [resolved for _, resolved, _ in threads(bot, pull.number)] == [True]
    assert bot.read_all(8)


async def test_reviews_start_only_so_many_revisions(bot: Rig) -> None:
    """Then that is said once; `/revise` goes on and takes up what was left."""
    limit(bot, "revisions: 1")
    pull = await opened(bot)
    bot.says("revision", submit(("t1", "Why?", False)))
    bot.github.review(REPO, pull.number, by="maintainer", comments=[remark("Not this color.")])
    await bot.settle()
    assert len(bot.read_all(8)) == 2
    for words in ("Not black.", "Not white."):
        bot.github.review(REPO, pull.number, by="maintainer", comments=[remark(words)])
        await bot.settle()
    assert [sentences(text) for text in bot.read_all(8)] == snapshot(
        [
            """\
⏸️ Reviews have started 1 revision of this pull request, which is the limit.
I change nothing more on my own.
`/revise` goes on; `limits.revisions` in `.github/devflow.yml` sets the limit.\
"""
        ]
    )
    bot.says("revision", submit(("t1", "No.", False), ("t2", "No.", False)))
    await bot.comment("/revise", on=8)
    assert await bot.ended() == ("succeeded", "")
    assert [len(said) for _, _, said in threads(bot, pull.number)] == [2, 2, 2]
    assert bot.read_all(8)
