"""A flood, a loop and a pause: the bot stops itself, and says so once."""

import asyncio
from datetime import timedelta

import pytest

from bot.core.effects import mark
from bot.core.repository import Repo
from bot.core.runs import Run
from tests.samples import a_request, a_run
from tests.scenarios.rig import REPO, Rig
from tests.scenarios.test_settings import set_up

pytestmark = pytest.mark.slow

FAILS = ["### ❌ Failed", "### ❌ Requirements"]


async def failed_run(bot: Rig, *, on: int = 7, by: str = "maintainer") -> None:
    """One run that ends at once."""
    bot.says("requirements", {"stop_reason": "refusal"})
    await bot.comment("/dev-workflow", on=on, by=by)
    assert bot.titles(on) == FAILS


async def test_a_flood_of_commands_is_one_run(bot: Rig) -> None:
    """Three hundred times the same: one run, one refusal, and few reactions."""
    bot.issue(7)
    bot.says("requirements", {"text": "Hm."})
    bot.claude.hangs()
    await bot.comment("/dev-workflow", settle=False)
    await bot.asked("requirements", fault="hangs")
    number = bot.place(7)[1]
    for _ in range(299):
        bot.github.comment(REPO, number, "/dev-workflow", by="maintainer")
    await asyncio.to_thread(bot.github.wait_idle)
    await bot.site.inbox.drain()
    assert len(await bot.bot.store.runs()) == 1
    assert len(bot.bot_comments()) == 2
    written = [r for r in bot.github.requests if r.method != "GET" and "/reactions" in r.path]
    assert len(written) < 40
    run = await bot.last_run()
    await bot.comment("/cancel")
    status, refusal, _ = bot.read_all()
    assert "Cancelled" in status
    assert refusal.startswith(f"😕 Run `{run.id}` is still at work on this issue.")


async def test_each_person_hears_of_a_run_at_work_once(bot: Rig) -> None:
    """The second refusal is a reaction; somebody else gets words of their own."""
    bot.issue(7)
    bot.github.grant(REPO, "stranger", "write")
    bot.says("requirements", {"text": "Hm."})
    bot.claude.hangs()
    await bot.comment("/dev-workflow", settle=False)
    await bot.asked("requirements", fault="hangs")
    for text in ("/dev-workflow a", "/dev-workflow b"):
        posted = await bot.comment(text, settle=False)
        await bot.until(lambda posted=posted: bot.reactions(posted) == ["confused"], "refused")  # type: ignore[misc]
    posted = await bot.comment("/dev-workflow", by="stranger", settle=False)
    await bot.until(lambda: bot.reactions(posted) == ["confused"], "refused")
    await bot.comment("/cancel")
    assert [title.split("`")[0] for title in bot.titles()] == [
        "### ⏹️ Cancelled",
        "😕 Run ",
        "😕 Run ",
        "⏹️ Run ",
    ]


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ("runs_per_user_hour", "`maintainer` has started 1 run in the last hour, and 1 is the limit."),
        ("runs_per_issue_hour", "This issue has had 1 run in the last hour, and 1 is the limit."),
        ("runs_per_repository_hour", "This repository has had 1 run in the last hour, and 1 is the limit."),
    ],
)
async def test_runs_of_an_hour_are_counted(bot: Rig, limit: str, words: str) -> None:
    """By person, issue and repository; the answer comes once an hour, then reactions."""
    bot.issue(7)
    set_up(bot, f"limits: {{{limit}: 1}}")
    await failed_run(bot)
    refused = [await bot.comment(f"/dev-workflow {n}") for n in range(3)]
    assert bot.read_all() == [f"😕 {words}\n\nTry again later, or raise `limits.{limit}` in `.github/devflow.yml`."]
    assert {*map(tuple, map(bot.reactions, refused))} == {("confused",)}
    assert len(await bot.bot.store.runs()) == 1


async def test_limits_leave_others_alone(bot: Rig) -> None:
    """One person's limit is nobody else's, and runs of more than an hour ago do not count."""
    bot.issue(7)
    bot.issue(8)
    bot.github.grant(REPO, "stranger", "write")
    set_up(bot, "limits: {runs_per_user_hour: 1, runs_per_issue_hour: 1}")
    await bot.bot.store.add_run(old_run(bot))
    await failed_run(bot)
    await failed_run(bot, on=8, by="stranger")


def old_run(bot: Rig) -> Run:
    """One of the maintainer's on the first issue."""
    before = bot.bot.ports.clock.now() - timedelta(minutes=61)
    request = a_request(issue=bot.place(7)[1], requester="maintainer")
    return a_run(repo=Repo.parse(REPO), request=request, state="failed", created_at=before)


async def test_our_own_words_in_another_mouth_start_nothing(bot: Rig) -> None:
    """A bot that quotes us under a person's name, or a person who edits our comment, cannot make a loop."""
    bot.issue(7)
    quoting = f"> hello {mark('260101-000000-abc', 'status')}\n\n/dev-workflow"
    posted = await bot.comment(quoting)
    assert bot.reactions(posted) == ["confused"]
    await bot.comment("/ping")
    (pong,) = bot.bot_comments()
    bot.next_comment()
    await bot.edit_comment(pong.id, f"{pong.body}\n\n/dev-workflow")
    await bot.nothing_happened()


async def test_a_pull_request_has_the_same_limits(bot: Rig) -> None:
    """A review is a run like any other."""
    bot.github.push(REPO, "topic", {"widget.py": "x = 1\n"}, "Change it", by="maintainer")
    bot.numbers[8] = (REPO, bot.github.open_pull(REPO, head="topic", base="main", title="Mine", body="", by="reader"))
    set_up(bot, "limits: {runs_per_user_hour: 1}")
    bot.issue(7)
    await failed_run(bot)
    await bot.comment("/review", on=8)
    assert "`maintainer` has started 1 run in the last hour, and 1 is the limit." in bot.next_comment(on=8)
