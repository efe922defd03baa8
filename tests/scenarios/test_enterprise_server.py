"""GitHub Enterprise Server: REST below `/api/v3`, GraphQL at `/api/graphql`, git and pages at the root of one host."""

import re
from pathlib import Path

import httpx
import pytest

from tests.scenarios.pulls import remark, threads, turns_grey
from tests.scenarios.rig import REPO, rig

pytestmark = pytest.mark.slow


async def test_the_main_job_and_a_review_on_an_enterprise_server(tmp_path: Path) -> None:
    """A pull request comes of a comment, a review of it is answered in its threads, and no word leads elsewhere.

    This GitHub refuses REST at its root and the newest REST version, and `finish` finds every path it did not serve.
    """
    async with rig(tmp_path, enterprise=True) as bot:
        bot.issue(7, title="Dark mode", body="Please.")
        bot.plays("dark-mode")
        await bot.comment("/dev-workflow", on=7)
        assert await bot.ended() == ("succeeded", "")
        pull = bot.pull_request(closing=7)
        bot.numbers[8] = (REPO, pull.number)
        turns_grey(bot, ("t1", "It is grey now.", True))
        bot.github.review(
            REPO, pull.number, by="maintainer", verdict="request_changes", body="Grey.", comments=[remark("Too dark.")]
        )
        await bot.settle()
        assert await bot.ended() == ("succeeded", "")
        assert [(path, resolved) for path, resolved, _ in threads(bot, pull.number)] == [("widget.py", True)]
        async with httpx.AsyncClient(trust_env=False) as client:
            texts = [*bot.read_all(7), *bot.read_all(8), pull.body, (await client.get(bot.url)).text]
        links = re.findall(r"https?://[^\s)\"<>]+", "\n".join(texts))
        assert links
        assert [link for link in links if not link.startswith((bot.github.url, bot.url))] == []
        assert [link for link in links if "/api/" in link] == []
        await bot.finish()
