"""What `devflow doctor` prints: a line for each check, and the way to mend what is not well."""

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bot.bootstrap_doctor import doctor_parts
from bot.clock import SystemClock
from bot.core.errors import BotError
from bot.core.findings import Finding, summary
from bot.core.repository import Repo
from bot.doctor import identity, machine, model, network, repository, storage, webhook
from bot.doctor.case import Asked, Case
from bot.doctor.examine import Check, abandon_threads, examine
from bot.doctor.variables import Given, read_variables
from bot.ports import Clock
from bot.terminal.place import settings_here
from bot.terminal.words import visible

CHECKS: tuple[Check, ...] = (
    *(*machine.CHECKS, *storage.CHECKS, *network.CHECKS, *model.CHECKS),
    *(*identity.CHECKS, *webhook.CHECKS, *repository.CHECKS),
)
READ_SECONDS = 10.0
WIDTH = max(len(check.name) for check in CHECKS) + 2
COLORS = {"ok": "green", "warning": "yellow", "wrong": "bold red", "not looked at": "dim"}


def run_doctor(repo: str, *, offline: bool, as_json: bool) -> int:
    """Examine and print. Returns 1 if something is wrong, else 0. Raises `BotError` for a name of no repository."""
    asked = Asked(_repo(repo), offline)
    try:
        Path.cwd()
    except OSError as error:
        raise BotError("The folder you are in is gone.", "Go to another one.") from error
    logging.getLogger("dotenv").setLevel(logging.ERROR)  # What is wrong in `.env` is a finding.
    return asyncio.run(_run(asked, as_json=as_json))


def open_case(given: Given, asked: Asked, clock: Clock | None = None) -> Case:
    """A case of this machine."""
    return Case(given, doctor_parts(given.settings, clock or SystemClock()), asked, os.environ)


def read_settings() -> Given:
    """The settings as Devflow would have them; where it would refuse them, those that are right."""
    given = read_variables(os.environ)
    try:
        given.settings = settings_here()
    except BotError as error:
        given.problems = given.problems or [(error.message, error.hint)]
    return given


async def _run(asked: Asked, *, as_json: bool) -> int:
    abandon_threads()
    case = open_case(await _settings_in_time(), asked)
    try:
        findings = examine(case, CHECKS)
        found = [finding async for finding in findings] if as_json else await _shown(findings)
    finally:
        await case.aclose()
    if as_json:
        print(json.dumps([asdict(finding) for finding in found], indent=2))  # noqa: T201
    return int(any(finding.state == "wrong" for finding in found))


async def _settings_in_time() -> Given:
    """Those of the environment alone where `.env` is a pipe that nobody fills, or lies on a dead disk."""
    try:
        return await asyncio.wait_for(asyncio.to_thread(read_settings), READ_SECONDS)
    except TimeoutError:
        given = read_variables(os.environ, Path(os.devnull))
        given.problems.append((f"`.env` could not be read in {READ_SECONDS:g} s", "Make it a plain file."))
        return given


async def _shown(findings: AsyncIterator[Finding]) -> Sequence[Finding]:
    console, found = Console(), []
    async for finding in findings:
        found.append(finding)
        for line in lines(finding):
            # Links and commands stay in one piece, to be copied.
            console.print(line, soft_wrap=True, highlight=False)
    console.print(f"\n{summary(found)}", soft_wrap=True, highlight=False)
    return found


def lines(finding: Finding) -> list[Text]:
    """One line, and one more where there is something to do."""
    state = Text(f"{finding.state:<15}", COLORS[finding.state])
    told = [Text.assemble(state, f"{finding.check:<{WIDTH}}", visible(finding.found))]
    if finding.fix:
        told.append(Text.assemble(" " * 15, ("to do: ", "bold"), visible(finding.fix)))
    return told


def _repo(name: str) -> Repo | None:
    if not name:
        return None
    try:
        repo = Repo.parse(name)
    except ValueError as error:
        raise BotError(str(error), "Name it as in `--repo acme/widget`.") from error
    if {repo.owner, repo.name} & {".", ".."}:
        raise BotError(f"{name!r} is not the name of a repository.", "Name it as in `--repo acme/widget`.")
    return repo
