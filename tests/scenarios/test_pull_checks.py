"""Checks of our branch fail: they are mended, so many times in a row, and what is no fault of ours is left alone."""

import pytest
from inline_snapshot import snapshot

from bot.core.reviews import Annotation, Check
from tests.scenarios.pulls import head, limit, now, opened, sentences, submit, turns_grey
from tests.scenarios.rig import REPO, Rig

pytestmark = pytest.mark.slow

LINT = Check(
    "lint",
    "failure",
    "1 problem",
    "Colors are grey here.",
    annotations=(Annotation("widget.py", 8, 8, "failure", "black is no color", "C1"),),
)


async def test_a_failing_check_is_mended(bot: Rig) -> None:
    """One run for a burst, when all checks of the head have ended; the agent sees what each of them said."""
    pull = await opened(bot)
    turns_grey(bot)
    bot.github.check(REPO, pull.head, Check("tests", None))
    bot.github.check(REPO, pull.head, LINT)
    await bot.settle()
    assert len(await bot.bot.store.runs()) == 1
    bot.github.commit_status(REPO, pull.head, "ci/colors", "failure", by="maintainer", description="No.")
    bot.github.check(REPO, pull.head, Check("tests", "success"))
    await bot.settle()
    assert await bot.ended() == ("succeeded", "")
    assert len(await bot.bot.store.runs()) == 2
    assert bot.messages(now(bot, pull))[-1].startswith("Mend what the checks found\n")
    told = bot.claude.told("revision")
    assert told[told.index("<tests") : told.rindex("</tests>")] == snapshot("""\
<tests check="lint">
lint: failure
1 problem
Colors are grey here.
failure at widget.py:8: C1: black is no color
</tests>

<tests check="ci/colors">
ci/colors: failure
No.
""")
    assert bot.read_all(8)


async def test_fixes_in_a_row_end(bot: Rig) -> None:
    """When so many did not help, that is said once with the names, and a push by people begins anew."""
    limit(bot, "check_fixes: 2")
    pull = await opened(bot)
    for color in ("grey", "gray"):
        edits = [
            {"Edit": {"file_path": p, "old_string": old, "new_string": f'"{color}"'}} for p, old in places(bot, pull)
        ]
        bot.says("revision", {"tools": edits}, submit())
        bot.says("review", {"tools": [{"submit_review": {"verdict": "approve", "summary": "Ok.", "comments": []}}]})
        bot.github.check(REPO, pull.head, LINT)
        await bot.settle()
    assert len(bot.read_all(8)) == 4
    stopped = head(bot, pull)
    for _ in range(2):
        bot.github.check(REPO, pull.head, LINT)
        await bot.settle()
    assert head(bot, pull) == stopped
    assert [sentences(text) for text in bot.read_all(8)] == snapshot(
        [
            """\
⏸️ I tried 2 times in a row to mend failing checks, and they still fail: `lint`.
I stop here: somebody has to look.
`/revise WHAT TO CHANGE` goes on; `limits.check_fixes` in `.github/devflow.yml` sets the limit.\
"""
        ]
    )
    bot.github.push(REPO, pull.head, {"other.txt": "x\n"}, "Other", by="maintainer")
    bot.says("revision", submit(summary="It is not ours."))
    bot.github.check(REPO, pull.head, LINT)
    await bot.settle()
    assert "Nothing was pushed" in bot.read_all(8)[-1]


def places(bot: Rig, pull: object) -> list[tuple[str, str]]:
    """The two places that name the color, as they are now."""
    content = bot.github.file_at(REPO, bot.github.pulls(REPO)[0].head, "widget.py").decode()
    color = content.rpartition('return "')[2].partition('"')[0]
    return [("widget.py", f'"{color}"'), ("tests/test_widget.py", f'"{color}"')]


async def test_a_check_that_fails_on_the_base_is_left_alone(bot: Rig) -> None:
    """It is named once, and nothing is started for it; with one of ours beside it, that one is mended."""
    pull = await opened(bot)
    bot.github.check(REPO, "main", LINT)
    bot.github.check(REPO, pull.head, LINT)
    await bot.settle()
    assert [sentences(text) for text in bot.read_all(8)] == snapshot(
        ["ℹ️ These checks fail on the base branch, too, so I leave them alone: `lint`."]
    )
    turns_grey(bot)
    bot.github.check(REPO, pull.head, Check("tests", "failure", "boom"))
    await bot.settle()
    assert "boom" in bot.claude.told("revision")
    assert "C1" not in bot.claude.told("revision")
    assert "lint" in bot.read_all(8)[-1]


async def test_checks_of_others_start_nothing(bot: Rig) -> None:
    """Of another branch, of an older commit of ours, and those that were cancelled."""
    pull = await opened(bot)
    bot.github.check(REPO, "main", LINT)
    bot.github.push(REPO, pull.head, {"other.txt": "x\n"}, "Other", by="maintainer")
    bot.github.check(REPO, pull.head_sha, LINT)
    bot.github.check(REPO, pull.head, Check("tests", "cancelled"))
    await bot.settle()
    assert len(await bot.bot.store.runs()) == 1
