"""A Devflow whose settings are all right, on a local GitHub that is watched; a test plants what is wrong."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.core.app_wanted import EVENTS
from bot.core.findings import Finding, State
from bot.core.repository import Repo
from bot.doctor import identity, network, repository, webhook
from bot.doctor.case import Asked
from bot.doctor.examine import Check, examine
from bot.doctor_command import CHECKS, open_case, read_settings
from bot.offline.claude import ScriptedClaude
from bot.offline.github import LocalGitHub
from tests.offline.github.conftest import Receiver, receiver
from tests.offline.openapi import OpenApiChecker, openapi_file
from tests.scenarios.rig import app_key, write_widget

__all__ = ["receiver"]
APP_ID = 4242
WIDGET = "acme/widget"
GITHUB = (*network.CHECKS, *identity.CHECKS, *webhook.CHECKS, *repository.CHECKS)
SECRET = "0123456789abcdef0123456789abcdef"
TOKEN = "ghp_" + 36 * "a"


class TurnedClock(SystemClock):
    """The machine's clock, and so many seconds more."""

    def __init__(self, seconds: float) -> None:
        self._more = timedelta(seconds=seconds)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._more


@dataclass
class Examined:
    """What came of an examination."""

    findings: list[Finding]

    def of(self, check: str) -> tuple[State, str, str]:
        """(state, found, fix) of a check that found one thing."""
        (only,) = [finding for finding in self.findings if finding.check == check]
        return only.state, only.found, only.fix

    def all_of(self, check: str) -> list[tuple[State, str, str]]:
        return [(one.state, one.found, one.fix) for one in self.findings if one.check == check]

    @property
    def amiss(self) -> dict[str, State]:
        """The checks that are not well, with the worst that they found last."""
        return {one.check: one.state for one in self.findings if one.state != "ok"}


@dataclass
class Patient:
    """What is examined; settings are the environment's."""

    github: LocalGitHub
    claude: ScriptedClaude
    receiver: Receiver
    installation: int
    monkeypatch: pytest.MonkeyPatch

    def set(self, name: str, value: str) -> None:
        self.monkeypatch.setenv(name, value)

    def unset(self, *names: str) -> None:
        for name in names:
            self.monkeypatch.delenv(name, raising=False)

    def use_token(self, login: str = "maria") -> None:
        """A person's token in the place of the App."""
        self.unset("DEVFLOW_APP_ID", "DEVFLOW_PRIVATE_KEY")
        self.github.add_user(login, token=TOKEN)
        self.set("GITHUB_TOKEN", TOKEN)

    async def examined(
        self, repo: str = WIDGET, *, offline: bool = False, ahead: float = 0.0, checks: Sequence[Check] = CHECKS
    ) -> Examined:
        """`ahead`: seconds that this machine's clock is."""
        asked = Asked(Repo.parse(repo) if repo else None, offline)
        case = open_case(read_settings(), asked, TurnedClock(ahead))
        try:
            return Examined([finding async for finding in examine(case, checks)])
        finally:
            await case.aclose()


@pytest.fixture(scope="session")
def checker() -> OpenApiChecker:
    """GitHub's description of itself."""
    return OpenApiChecker(openapi_file())


@pytest.fixture
def claude() -> Iterator[ScriptedClaude]:
    with ScriptedClaude() as server:
        yield server


@pytest.fixture
def github(tmp_path: Path, checker: OpenApiChecker) -> Iterator[LocalGitHub]:
    checker.problems.clear()
    with LocalGitHub(tmp_path / "github", observer=checker.observe) as server:
        server.add_repository(WIDGET, write_widget(tmp_path / "source"))
        yield server
    assert checker.problems == []
    assert server.unserved == []


@pytest.fixture
def patient(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    github: LocalGitHub,
    claude: ScriptedClaude,
    receiver: Receiver,
) -> Patient:
    """All is well."""
    private, public = app_key()
    key = tmp_path / "key.pem"
    key.write_text(private)
    key.chmod(0o600)
    monkeypatch.chdir(tmp_path)
    github.hook(receiver.url, SECRET)
    app = github.add_app(APP_ID, public)
    github.subscribe(APP_ID, EVENTS)
    found = Patient(github, claude, receiver, github.install(app, WIDGET), monkeypatch)
    github.wait_idle()
    for name, value in {
        "DEVFLOW_APP_ID": str(APP_ID),
        "DEVFLOW_PRIVATE_KEY": str(key),
        "DEVFLOW_WEBHOOK_SECRET": SECRET,
        "GITHUB_API_URL": github.api_url,
        "GITHUB_SERVER_URL": github.url,
        "ANTHROPIC_API_KEY": "sk-ant-good",
        "ANTHROPIC_BASE_URL": claude.url,
    }.items():
        found.set(name, value)
    return found
