"""GitHub's log of deliveries, read from the local GitHub as it would be from the real one."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from bot.adapters.github import AppDeliveries
from bot.clock import SystemClock
from bot.offline.github import LocalGitHub
from bot.ports import GitHubError
from tests.offline.openapi import OpenApiChecker, openapi_file
from tests.scenarios.rig import app_key

REPO = "acme/widget"


class Turned:
    """A clock of GitHub's that is moved by hand."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC).replace(microsecond=0)

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Turned:
    return Turned()


@pytest.fixture
def github(tmp_path: Path, clock: Turned) -> Iterator[LocalGitHub]:
    """With an App whose webhook nobody answers; every exchange is checked against what GitHub publishes."""
    checker = OpenApiChecker(openapi_file())
    with LocalGitHub(tmp_path, clock=clock, observer=checker.observe) as made:
        made.add_repository(REPO)
        made.add_user("maria")
        made.grant(REPO, "maria", "write")
        made.install(made.add_app(4242, app_key()[1]), REPO)
        made.open_issue(REPO, title="One", by="maria")
        yield made
    assert checker.problems == []


async def test_the_log_is_read_from_a_moment_on(github: LocalGitHub, clock: Turned) -> None:
    """Over all its pages, oldest first; a body comes back whole."""
    await asyncio.to_thread(github.wait_idle)
    clock.at += timedelta(hours=1)
    since = clock.at
    for number in range(150):
        github.comment(REPO, 1, f"Comment {number} ü", by="maria")
    await asyncio.to_thread(github.wait_idle)
    log = AppDeliveries.for_app("4242", app_key()[0], github.api_url, SystemClock())
    found = await log.recent(since)
    assert [entry.event for entry in found] == ["issue_comment"] * 150
    assert [entry.id for entry in found] == sorted(entry.id for entry in found)
    body = orjson.loads(await log.payload(found[-1]))
    assert body == orjson.loads(github.deliveries[-1].body)
    assert body["comment"]["body"] == "Comment 149 ü"
    await log.aclose()


async def test_another_key_reads_nothing(github: LocalGitHub) -> None:
    """The sentence names what was tried."""
    log = AppDeliveries.for_app("4243", app_key()[0], github.api_url, SystemClock())
    with pytest.raises(GitHubError, match="read the log of the App's deliveries"):
        await log.recent(datetime.now(UTC))
    await log.aclose()
