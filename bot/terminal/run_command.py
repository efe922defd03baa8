"""`devflow run`, `revise` and `resume`: a wish from the terminal becomes a branch in the checkout."""

import asyncio
import json
import shlex
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from bot.core.effects import marks_in
from bot.core.errors import BotError
from bot.core.repository import Comment
from bot.core.runs import ENDED, PhaseResult, Run
from bot.logs import set_up_logs
from bot.runner import total_usage
from bot.settings import load_settings
from bot.terminal.interrupts import INTERRUPTED, until_stopped
from bot.terminal.session import Session, apply, session
from bot.terminal.shown import Ending, Lines, Screen, Shown

LOOK_SECONDS = 0.15
WAITING = 3
"""The exit code of a run that waits for somebody's decision."""
ONLY_GITHUBS = ("Signature", "Pull request")
LATER = "The run waits for you. `devflow resume` asks again; `devflow resume --say '/approve'` decides without asking."


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the command was given; `flags` are those of `/dev-workflow`, `says` what the person says before looking."""

    apply: bool = False
    as_json: bool = False
    flags: tuple[str, ...] = ()
    says: tuple[str, ...] = ()


def run_here(words: Sequence[str], wanted: Wanted) -> int:
    """Begin a run of the wish in these words (`-` reads it from standard input) and follow it. The exit code."""
    wish = _said(words)
    if not wish:
        raise BotError("There is nothing to build.", 'Say what: `devflow run "add a dark mode"`.')
    return _carried_out(wanted, lambda here, shown: _begin(here, shown, wish, wanted))


def revise_here(words: Sequence[str], run: str, wanted: Wanted) -> int:
    """Change what a run finished, the newest if none is named, and follow it. The exit code."""
    wish = _said(words)
    if not wish:
        raise BotError("It is not said what to change.", 'Say it: `devflow revise "keep the old name"`.')
    return _carried_out(wanted, lambda here, shown: _revise(here, shown, run, wish, wanted))


def resume_here(run: str, wanted: Wanted) -> int:
    """Go on with a run, the newest if none is named, and follow it. The exit code."""
    return _carried_out(wanted, lambda here, shown: _go_on(here, shown, run, wanted))


def _said(words: Sequence[str]) -> str:
    """`-` is standard input."""
    said = " ".join(words).strip()
    return sys.stdin.read().strip() if said == "-" else said


def _carried_out(wanted: Wanted, work: Callable[[Session, Shown], Awaitable[int]]) -> int:
    settings = load_settings()
    set_up_logs("ERROR" if settings.log_level == "INFO" else settings.log_level)
    console = Console(markup=False, emoji=False, highlight=False)
    shown: Shown = Lines() if wanted.as_json else Screen(console)

    async def whole() -> int:
        async with session(settings, Path.cwd()) as here:
            try:
                return await work(here, shown)
            finally:
                shown.close()

    code = asyncio.run(until_stopped(whole))
    if code is None:
        print("Stopped; nothing is lost. `devflow resume` goes on.", file=sys.stderr)  # noqa: T201
    return INTERRUPTED if code is None else code


async def _begin(here: Session, shown: Shown, wish: str, wanted: Wanted) -> int:
    local = here.local
    if (unsaved := local.here.unsaved) > 0:
        files = "1 changed file is" if unsaved == 1 else f"{unsaved} changed files are"
        print(f"{files} in no commit: the run does not see those changes.", file=sys.stderr)  # noqa: T201
    title, _, rest = wish.partition("\n")
    issue = local.host.open_issue(title.strip(), rest.strip(), local.here.person)
    base = () if any(flag.startswith("--base") for flag in wanted.flags) else ("--base", local.here.branch)
    command = shlex.join(["/dev-workflow", *wanted.flags, *base])
    told = _Told(here, shown, issue.number, from_now=False)
    await here.say(issue, command)
    runs = await local.bot.store.runs(repo=local.repo, issue=issue.number)
    if not runs:
        told.tell()
        return 2
    return await _follow(here, shown, runs[0], wanted, told)


async def _revise(here: Session, shown: Shown, name: str, wish: str, wanted: Wanted) -> int:
    run = await here.newest(name, finished=True)
    if run is None or run.pull_number is None:
        message = f"The run `{name}` left no finished branch." if name else "No branch was finished here yet."
        raise BotError(
            message, "`devflow runs` lists the runs; `devflow resume` goes on with one that did not end well."
        )
    told, store = _Told(here, shown, run.pull_number, from_now=True), here.local.bot.store
    before = {run.id for run in await store.runs(repo=run.repo, issue=run.pull_number)}
    await here.say(await here.issue(run.pull_number), f"/revise {wish}")
    begun = [run for run in await store.runs(repo=run.repo, issue=run.pull_number) if run.id not in before]
    if not begun:
        told.tell()
        return 2
    return await _follow(here, shown, begun[0], wanted, told)


async def _go_on(here: Session, shown: Shown, name: str, wanted: Wanted) -> int:
    run = await here.newest(name)
    if run is None:
        raise BotError("Nothing was begun here yet.", 'Begin with `devflow run "..."`.')
    issue = await here.issue(run.request.issue)
    told = _Told(here, shown, issue.number, from_now=True)
    for text in wanted.says or (("/resume",) if run.state in ENDED else ()):
        await here.say(issue, text)
    told.tell(answers_only=True)
    newest = (await here.local.bot.store.runs(repo=run.repo, issue=issue.number))[0]
    return await _follow(here, shown, newest, wanted, told)


class _Told:
    """The bot's comments on an issue, each shown once; the status comment is what the table shows."""

    def __init__(self, here: Session, shown: Shown, issue: int, *, from_now: bool) -> None:
        self._here, self._shown, self._issue = here, shown, issue
        self._seen = {comment.id for comment in self._ours()} if from_now else set[int]()

    def _ours(self) -> list[Comment]:
        return [c for on, c in self._here.local.host.talk.comments if on == self._issue and c.author_is_bot]

    def tell(self, *, answers_only: bool = False) -> None:
        """Show what is new; `answers_only`: without what the phases of a run posted."""
        for comment in self._ours():
            marks = marks_in(comment.body)
            of_run = any(run != "none" for run, _ in marks)
            if comment.id in self._seen or (answers_only and of_run):
                continue
            self._seen.add(comment.id)
            if not any(key == "status" for _, key in marks):
                self._shown.close()
                self._shown.comment(comment.body)


async def _follow(here: Session, shown: Shown, run: Run, wanted: Wanted, told: _Told) -> int:
    """Show the run until it is over, or nobody decides."""
    store = here.local.bot.store
    issue = await here.issue(run.request.issue)
    while True:
        looked = time.monotonic()
        run = await store.run(run.id) or run
        over = await here.over(run)
        shown.looked(run, await store.phases(run.id), await store.turns(run.id))
        if wanted.as_json:
            told.tell()
        if over:
            return await _end(here, shown, run, wanted, told)
        if gate := await here.gate(run):
            told.tell()
            said = await shown.ask(run, gate)
            if said is None:
                print(LATER, file=sys.stderr)  # noqa: T201
                return WAITING
            await here.say(issue, said)
            told.tell(answers_only=True)
        await asyncio.sleep(max(LOOK_SECONDS, 4 * (time.monotonic() - looked)))


async def _end(here: Session, shown: Shown, run: Run, wanted: Wanted, told: _Told) -> int:
    phases = await here.phases(run)
    branch = await here.branch(run)
    if run.plan.dry_run or run.state not in {"succeeded", "unproven"}:
        told.tell()
    shown.ended(Ending(run, branch, total_usage(await here.local.bot.store.turns(run.id))[1], _evidence(phases)))
    if wanted.apply and branch:
        apply(here.local.here.root, run.request.base, branch)
        print("The change is in your files, uncommitted.", file=sys.stderr)  # noqa: T201
    return 0 if run.state == "succeeded" else 1


def _evidence(phases: Sequence[PhaseResult]) -> list[tuple[str, str, str]]:
    """Its rows, without those about what only GitHub has."""
    rows = [row for phase in phases if phase.name == "delivery" for row in json.loads(phase.data).get("evidence", [])]
    kept = [row for row in rows if row["check"] not in ONLY_GITHUBS]
    return [(row["check"], row["found"].replace(" from GitHub", ""), row["state"]) for row in kept]
