"""`/revise` on pull requests: ours, and those of others."""

import pytest
from inline_snapshot import snapshot

from tests.scenarios.pulls import APPROVED, head, now, opened, remark, sentences, submit, threads, turns_grey
from tests.scenarios.rig import REPO, Rig

pytestmark = pytest.mark.slow


async def test_revise_does_what_the_words_say(bot: Rig) -> None:
    """The command's comment shows how it ended; what strangers said in threads is not shown to agents."""
    pull = await opened(bot)
    bot.github.review(REPO, pull.number, by="reader", comments=[remark("Too dark.")])
    await bot.settle()
    turns_grey(bot)
    command = await bot.comment("/revise make it grey\n\nand its test.", on=8)
    assert await bot.ended() == ("succeeded", "")
    assert bot.reactions(command) == ["rocket"]
    assert "make it grey\n\nand its test." in bot.claude.told("revision")
    assert "Too dark" not in bot.claude.told("revision")
    assert bot.messages(now(bot, pull))[-1].startswith("Make the changes that were asked for\n")
    assert bot.read_all(8)


async def test_revise_alone_takes_up_open_threads(bot: Rig) -> None:
    """Also those that an earlier run saw and could not answer."""
    pull = await opened(bot)
    bot.says("revision", {"stop_reason": "refusal"})
    bot.github.review(REPO, pull.number, by="maintainer", comments=[remark("Grey.")])
    await bot.settle()
    assert (await bot.ended())[0] == "failed"
    assert [sentences(text) for text in bot.read_all(8)] == snapshot(
        [
            """\
### ❌ Failed
revision: The model declined to do the work of `developer`.
Put the request in other words.

`░░░░░░░░░░░░░░░░░░░░` 0 of 4 phases

| | phase | agent | time | tokens | cost |
|---|---|---|---:|---:|---:|
| ❌ | [revision](#COMMENT) | developer | TIME | N | COST |
| ➖ | testing | devflow |  |  |  |
| ➖ | review | code-reviewer |  |  |  |
| ➖ | pull request | devflow |  |  |  |

Elapsed TIME · N tokens · COST of $5.00, expected COST

To try again, comment this:

```text
/revise
```

<sub>run `RUN`</sub>\
""",
            """\
### ❌ Revision

The model declined to do the work of `developer`.
Put the request in other words.

To try again, comment this:

```text
/revise
```

<sub>developer SHA · TIME · N tokens · COST · run `RUN`</sub>\
""",
        ]
    )
    turns_grey(bot, ("t1", "Grey.", True))
    await bot.comment("/revise", on=8)
    assert await bot.ended() == ("succeeded", "")
    assert [resolved for _, resolved, _ in threads(bot, pull.number)] == [True]
    assert bot.read_all(8)


async def test_revise_with_nothing_to_do_says_so(bot: Rig) -> None:
    """And it starts nothing; nor while a run is at work, nor for a reader."""
    await opened(bot)
    await bot.comment("/revise", on=8)
    await bot.comment("/revise it", on=8, by="reader")
    assert [sentences(text) for text in bot.read_all(8)] == snapshot(
        [
            """\
😕 Nothing is open here that I could work on.

Say what to change: `/revise WHAT TO CHANGE`.\
""",
            """\
🔒 @reader `/revise` needs `write` access to this repository; you have `read` access.

Somebody with `admin` access can give it in the repository's settings.
A maintainer can lend it here: `/delegate @reader revise`\
""",
        ]
    )
    assert len(await bot.bot.store.runs()) == 1


async def test_one_revision_at_a_time(bot: Rig) -> None:
    """A second command while one is at work is refused with what to do instead."""
    await opened(bot)
    bot.says("revision", submit())
    bot.claude.hangs()
    await bot.comment("/revise it", on=8, settle=False)
    await bot.asked("revision", fault="hangs")
    second = bot.github.comment(REPO, bot.numbers[8][1], "/revise that", by="maintainer")
    await bot.until(lambda: "confused" in bot.reactions(second), "refused")
    await bot.comment("/cancel", on=8)
    assert (await bot.ended())[0] == "cancelled"
    said = [sentences(text) for text in bot.read_all(8)]
    assert [text for text in said if text.startswith("😕")] == snapshot(
        [
            """\
😕 Run `RUN` is still at work on this pull request.

Repeat the command when it has ended; see `/status`, or stop it with `/cancel`.\
"""
        ]
    )
    assert any(text.startswith("⏹️") for text in said)


async def test_a_pull_request_of_others_is_not_revised(bot: Rig) -> None:
    """Even from a branch with a name like ours."""
    bot.github.push(REPO, "devflow/mine", {"a.txt": "a\n"}, "Paint", by="maintainer")
    bot.numbers[8] = (REPO, bot.github.open_pull(REPO, title="Paint", head="devflow/mine", by="maintainer"))
    await bot.comment("/revise make it grey", on=8)
    assert [sentences(text) for text in bot.read_all(8)] == snapshot(
        [
            """\
😕 This pull request is not mine, and I change only branches that I made.

`/review` reviews it; `/dev-workflow` on an issue builds a change of its own.\
"""
        ]
    )
    assert await bot.bot.store.runs() == []


async def test_paths_that_only_people_change_are_not_pushed(bot: Rig) -> None:
    """A revision that touches a workflow pushes nothing, and says why."""
    pull = await opened(bot)
    bot.says(
        "revision", {"tools": [{"Write": {"file_path": ".github/workflows/x.yml", "content": "on: push\n"}}]}, submit()
    )
    bot.says("review", {"tools": [{"submit_review": {"verdict": "approve", "summary": "Ok.", "comments": []}}]})
    await bot.comment("/revise run it in CI", on=8)
    assert (await bot.ended())[0] == "failed"
    assert head(bot, pull) == pull.head_sha
    assert [sentences(text).partition("<details>")[0] for text in bot.read_all(8)] == snapshot(
        [
            """\
### ❌ Failed
Only people may change `.github/workflows/x.yml`

`███████████████░░░░░` 3 of 4 phases

| | phase | agent | time | tokens | cost |
|---|---|---|---:|---:|---:|
| ✅ | revision | developer | TIME | N | COST |
| ✅ | testing | devflow | TIME |  |  |
| ✅ | review | code-reviewer | TIME | N | COST |
| ❌ | [pull request](#COMMENT) | devflow | TIME |  |  |

Elapsed TIME · N tokens · COST of $5.00, expected COST

To go on from where it stopped, comment this:

```text
/retry
```

<sub>run `RUN`</sub>\
""",
            """\
### ❌ Revision

Grey instead of black.

Nothing was pushed.
Only people may change `.github/workflows/x.yml`

""",
        ]
    )


async def test_a_revision_that_breaks_the_tests_makes_a_draft(bot: Rig) -> None:
    """What was done is not lost, the thread stays open, and the next one that holds makes it ready again."""
    pull = await opened(bot)
    breaks = {"Edit": {"file_path": "widget.py", "old_string": '"black"', "new_string": '"grey"'}}
    bot.says("revision", {"tools": [breaks]}, submit(("t1", "Grey.", True)))
    bot.says("testing", {"text": "I cannot."})
    bot.says("review", {"tools": [{"submit_review": {"verdict": "approve", "summary": "Ok.", "comments": []}}]})
    bot.github.review(REPO, pull.number, by="maintainer", comments=[remark("Grey.")])
    await bot.settle()
    assert (await bot.ended())[0] == "failed"
    assert (now(bot, pull).draft, head(bot, pull) != pull.head_sha) == (True, True)
    assert now(bot, pull).body.startswith("> [!CAUTION]\n> The evidence speaks against this change. Tests:")
    assert "Part of #1" in now(bot, pull).body
    assert threads(bot, pull.number) == snapshot(
        [
            (
                "widget.py",
                False,
                [
                    "Grey.",
                    """\
Grey.

<sub>Changed in SHA, but the evidence is against it · run `RUN`</sub>\
""",
                ],
            )
        ]
    )
    mends = {
        "Edit": {
            "file_path": "tests/test_widget.py",
            "old_string": 'widget.dark(), "black"',
            "new_string": 'widget.dark(), "grey"',
        }
    }
    bot.says("revision", {"tools": [mends]}, submit(("t1", "Tested, too.", True)))
    await bot.comment("/revise mend the test", on=8)
    assert await bot.ended() == ("succeeded", "")
    assert now(bot, pull).draft is False
    assert [resolved for _, resolved, _ in threads(bot, pull.number)] == [True]
    assert now(bot, pull).body.startswith("Adds `dark()`.")
    assert "Closes #1" in now(bot, pull).body
    assert bot.read_all(8)


async def test_a_draft_of_people_stays_one(bot: Rig) -> None:
    """The evidence held before: it was no fault of it."""
    pull = await opened(bot)
    bot.github.convert_to_draft(REPO, pull.number, by="maintainer")
    turns_grey(bot)
    await bot.comment("/revise make it grey", on=8)
    assert await bot.ended() == ("succeeded", "")
    assert now(bot, pull).draft is True
    assert bot.read_all(8)


async def test_a_revision_can_be_gone_on_with(bot: Rig) -> None:
    """What was pushed and answered before is not pushed and answered again."""
    pull = await opened(bot)
    turns_grey(bot, ("t1", "Grey.", True))
    rejected = {"submit_review": {"verdict": "request_changes", "summary": "No.", "comments": []}}
    bot.says("review", {"tools": [rejected]}, agent="security-engineer")
    bot.says("review", {"text": "I leave it."}, agent="developer")
    bot.github.review(REPO, pull.number, by="maintainer", comments=[remark("Too dark.")])
    await bot.settle()
    assert (await bot.ended())[0] == "failed"
    first = head(bot, pull)
    assert (first != pull.head_sha, now(bot, pull).draft) == (True, True)
    bot.says("review", APPROVED, agent="security-engineer")
    await bot.comment("/retry review", on=8)
    assert await bot.ended() == ("succeeded", "")
    assert head(bot, pull) == first
    assert [len(said) for _, _, said in threads(bot, pull.number)] == [2]
    assert bot.read_all(8)
