"""The rig behind the Action door: what a person does starts a job in a fresh folder, as the sample workflow would."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from bot.action import Inputs, Report, act
from bot.bootstrap import bootstrap
from bot.core.conversation import Json
from bot.offline.github.hooks import Delivery
from bot.offline.github.state import ACTIONS
from bot.settings import Settings
from tests.scenarios.parts import FastClock
from tests.scenarios.rig import REPO, Rig, world

STARTS = {
    "issue_comment": {"created", "edited"},
    "issues": {"labeled", "unlabeled", "closed"},
    "pull_request": {"closed", "reopened"},
    "pull_request_review": {"submitted"},
    "pull_request_review_comment": {"created"},
}
"""What docs/action.md has in the workflow's `on`."""


class JumpingClock(FastClock):
    """A fast one whose date can be moved."""

    shift = timedelta()

    def now(self) -> datetime:
        return super().now() + self.shift


@dataclass(repr=False)
class ActionRig(Rig):
    """No server: `settle` plays the jobs that GitHub would start, one after the other."""

    token: str = ""
    clock: JumpingClock = field(default_factory=JumpingClock)
    reports: list[Report] = field(default_factory=list)
    _played: int = 0
    _open: bool = False

    async def start(self) -> None:
        self.me = f"{ACTIONS}[bot]"
        self.token = self.github.actions_token(REPO)
        self._played = len(self.github.deliveries)
        await self._look_at(self.folder / "before")

    async def stop(self) -> None:
        await self.bot.stop()

    def settings_in(self, folder: Path) -> Settings:
        """Those of a job whose state folder that is."""
        own = {"state_dir": folder, "app_id": "", "private_key": SecretStr(""), "github_token": SecretStr(self.token)}
        return self.settings().model_copy(update=own)

    async def settle(self) -> None:
        """Play the jobs of everything that happened, and of what happened meanwhile."""
        await asyncio.to_thread(self.github.wait_idle)
        while self._played < len(self.github.deliveries):
            delivery = self.github.deliveries[self._played]
            self._played += 1
            if self.starts(delivery):
                await self.job(delivery.event, delivery.payload)
                await asyncio.to_thread(self.github.wait_idle)

    def starts(self, delivery: Delivery) -> bool:
        """Whether GitHub starts a workflow: never for what was done with a GITHUB_TOKEN."""
        acted = delivery.payload["sender"]["login"] != self.me
        return acted and delivery.action in STARTS.get(delivery.event, set())

    async def job(self, event: str, payload: Json, **inputs: object) -> Report:
        """One job on a fresh folder."""
        number = len(self.reports) + 1
        await self.bot.stop()
        folder = self.folder / f"job-{number}"
        asked = Inputs(event, payload, f"job-{number}", **inputs)  # type: ignore[arg-type]
        try:
            self.reports.append(await act(self.settings_in(folder), asked, self.clock))
        finally:
            await self._look_at(folder)
        return self.reports[-1]

    async def look_after(self) -> Report:
        """The job that the clock starts."""
        return await self.job("schedule", {"schedule": "23 */6 * * *"}, repository=REPO)

    async def process(self, folder: Path) -> asyncio.subprocess.Process:
        """The newest delivery's job as the runner starts it, in a checkout with a `bot/` of its own."""
        (folder / "bot").mkdir(parents=True)
        (folder / "bot" / "__init__.py").write_text("raise SystemExit('the decoy was imported')")
        newest, settings = self.github.deliveries[-1], self.settings_in(folder / "state")
        (folder / "event.json").write_bytes(newest.body)
        config = ["DEVFLOW_WRITE_SECONDS=0", "DEVFLOW_ENGINE_POLL_SECONDS=0.1", f"DEVFLOW_SANDBOX={settings.sandbox}"]
        env = {
            "PATH": os.environ["PATH"],
            "GITHUB_EVENT_NAME": newest.event,
            "GITHUB_EVENT_PATH": str(folder / "event.json"),
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary"),
            "GITHUB_RUN_ID": folder.name,
            "GITHUB_TOKEN": self.token,
            "GITHUB_API_URL": self.github.url,
            "GITHUB_SERVER_URL": self.github.url,
            "ANTHROPIC_API_KEY": "scripted",
            "ANTHROPIC_BASE_URL": self.claude.url,
            "DEVFLOW_STATE_DIR": str(settings.state_dir),
            "DEVFLOW_MODEL": "",
            "INPUT_CONFIG": "\n".join(config),
        }
        program = [sys.executable, "-I", "-m", "bot", "action"]
        return await asyncio.create_subprocess_exec(*program, cwd=folder, env=env, stdout=asyncio.subprocess.PIPE)

    async def _look_at(self, folder: Path) -> None:
        """Let what a job left be looked at."""
        self.bot = bootstrap(self.settings_in(folder), self.clock)
        folder.mkdir(parents=True, exist_ok=True)
        await self.bot.store.open()


@contextlib.asynccontextmanager
async def action_rig(folder: Path, *, judged: bool = True, **overrides: object) -> AsyncIterator[ActionRig]:
    """The world of a rig with the Action in it."""
    async with world(folder, judged=judged, **overrides) as rig:
        made = ActionRig(rig.folder, rig.github, rig.claude, rig.app, rig.overrides, problems=rig.problems)
        await made.start()
        try:
            yield made
        finally:
            await made.stop()
