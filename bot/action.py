"""The GitHub Action door: one job, its state in git refs. Prints workflow commands; logs go to stderr."""

import asyncio
import base64
import contextlib
import json
import os
import secrets
import signal
import sys
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bot.bootstrap import Bot, bootstrap, open_records, open_refs, warm_up, warm_up_model
from bot.carried import CarriedState, TakenOverError
from bot.clock import SystemClock
from bot.core.comments import jobs as texts
from bot.core.conversation import Json
from bot.core.errors import BotError
from bot.core.events import CommentPosted, EventError, event_from_payload
from bot.core.repository import Comment, Delivery, Repo
from bot.core.runs import Run, RunId
from bot.core.state import looked_after
from bot.job import Job, Place, comment_delivery, home_of, place_of
from bot.outbox import post_comment
from bot.ports import Clock, WorkspaceError
from bot.settings import Settings, load_settings

MARGIN = timedelta(minutes=3)
"""Before the job's limit runs are stopped: that is time to push their work and to save."""
ACTIONS_LOGIN = "github-actions[bot]"
DISPATCHED = RunId("dispatch")
"""Stands in the mark of comments that tell of commands from the Actions page."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the runner tells a job, and what its workflow asks for."""

    event: str
    payload: Json
    job: str
    """The same for every attempt at a job."""
    command: str = ""
    minutes: float = 60.0
    output: Path | None = None
    summary: Path | None = None
    repository: str = ""
    """`owner/name`, for events that are on no issue."""

    @classmethod
    def of(cls, env: Mapping[str, str]) -> "Inputs":
        """Read the environment of a step. Raises `BotError` for what is missing or wrong."""
        name, path = env.get("GITHUB_EVENT_NAME", ""), env.get("GITHUB_EVENT_PATH", "")
        if not name or not path:
            raise BotError("This is no GitHub Actions job: GITHUB_EVENT_NAME or GITHUB_EVENT_PATH is missing.", "")
        try:
            payload = json.loads(Path(path).read_bytes())
            minutes = float(env.get("INPUT_TIMEOUT_MINUTES") or 60)
        except (OSError, ValueError) as error:
            raise BotError(f"An input cannot be read: {error}.", "`timeout_minutes` is a number of minutes.") from error
        if not isinstance(payload, dict) or minutes * 60 <= MARGIN.total_seconds():
            raise BotError("The event is no JSON object, or `timeout_minutes` is not above 3.", "")
        inputs = payload.get("inputs") or {}
        command = env.get("INPUT_COMMAND") or str(inputs.get("command") or "")
        payload["inputs"] = {**inputs, "issue": env.get("INPUT_ISSUE") or str(inputs.get("issue") or "")}
        output, summary = (
            Path(env[name]) if env.get(name) else None for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")
        )
        job, where = env.get("GITHUB_RUN_ID", "local"), env.get("GITHUB_REPOSITORY", "")
        return cls(name, payload, job, command.strip(), minutes, output, summary, where)


@dataclass(frozen=True, slots=True)
class Report:
    """What a job leaves: its exit code, and what its outputs, summary and annotations say."""

    code: int
    outputs: Mapping[str, str]
    summary: str
    annotations: tuple[str, ...] = ()


def run_action() -> int:
    """The whole of a job. Exit codes: 0 done, waiting or nothing to do; 1 a run failed; 2 wrong usage or state."""
    from bot.logs import set_up_logs

    for name in [name for name, value in os.environ.items() if not value and name.startswith(("DEVFLOW_", "ANTH"))]:
        del os.environ[name]  # An input that is not given comes as an empty text.
    try:
        _read_config(os.environ.get("INPUT_CONFIG", ""))
        inputs, settings = Inputs.of(os.environ), load_settings()
        set_up_logs(settings.log_level)
        _mask(settings)
        report = asyncio.run(_until_told(act(settings, inputs)))
    except BotError as error:
        _say(texts.workflow_command("error", str(error), title="Devflow"))
        return 2
    except (WorkspaceError, asyncio.CancelledError) as error:
        _say(texts.workflow_command("error", str(error) or "The job was stopped; its state is saved.", title="Devflow"))
        return 1
    _tell(inputs, report)
    return report.code


async def act(settings: Settings, inputs: Inputs, clock: Clock | None = None) -> Report:
    """Do one event. Raises `BotError` where the state cannot be used, `WorkspaceError` where it cannot be saved."""
    clock = clock or SystemClock()
    ends = clock.now() + timedelta(minutes=inputs.minutes) - MARGIN
    if inputs.event == "schedule":
        return await _look_after_all(settings, inputs, clock, ends)
    place = place_of(inputs.payload)
    if place is None or not _means_something(inputs):
        if inputs.event == "workflow_dispatch":
            raise BotError("A command needs an issue.", "Give the inputs `command` and `issue`.")
        return Report(0, _outputs(None, 0.0, ""), texts.job_summary(None, (), 0.0, "Nothing to do."))
    warm = asyncio.create_task(asyncio.to_thread(warm_up))
    state = _state_of(settings, inputs, place.repo, clock)
    await state.restore(home_of(place, await state.load()))
    await warm
    return await _with_state(settings, inputs, place, state, clock, ends)


async def _look_after_all(settings: Settings, inputs: Inputs, clock: Clock, ends: datetime) -> Report:
    """Every issue that no living job has and that somebody has to look after, one after the other."""
    repo = Repo.parse(inputs.repository)
    lines = await _state_of(settings, inputs, repo, clock).load()
    reports = []
    for number in dict.fromkeys(home_of(Place(repo, number), lines) for number in looked_after(lines)):
        own = settings.model_copy(update={"state_dir": settings.state_dir / f"issue-{number}"})
        state = _state_of(own, inputs, repo, clock)
        try:
            if clock.now() >= ends or await state.held(number):
                continue
            await state.load()
            await state.restore(number)
            reports.append(await _with_state(own, inputs, Place(repo, number), state, clock, ends))
        except (BotError, WorkspaceError) as error:
            note = texts.workflow_command("error", str(error), title=f"Devflow on #{number}")
            reports.append(Report(1, {}, texts.job_summary(None, (), 0.0, f"#{number}: {error}"), (note,)))
    summary = "\n".join(report.summary for report in reports) or texts.job_summary(None, (), 0.0, "Nothing to do.")
    notes = tuple(note for report in reports for note in report.annotations)
    return Report(max([0, *(report.code for report in reports)]), _outputs(None, 0.0, ""), texts.cut(summary), notes)


def _state_of(settings: Settings, inputs: Inputs, repo: Repo, clock: Clock) -> CarriedState:
    token = settings.github_token.get_secret_value()
    if not token:
        raise BotError("There is no token for GitHub.", "Give the input `github_token`.")
    refs = open_refs(settings, f"{settings.github_server_url}/{repo}.git", token)
    return CarriedState(refs, open_records(settings), clock, inputs.job)


async def _with_state(
    settings: Settings, inputs: Inputs, place: Place, state: CarriedState, clock: Clock, ends: datetime
) -> Report:
    """A bot's life on the state of one issue, which is saved whatever happens."""
    try:
        warm = asyncio.create_task(asyncio.to_thread(warm_up_model))  # While GitHub is asked; runs wait for it.
        bot = bootstrap(settings, clock, keep=state.keep)
        report = await _live(bot, state, Job(bot, state, place, ends, f"{inputs.minutes:g} minutes"), inputs, place)
        await warm
        return report
    finally:
        with contextlib.suppress(TakenOverError):
            await state.save(last=True)


async def _live(bot: Bot, state: CarriedState, job: Job, inputs: Inputs, place: Place) -> Report:
    """From the bot's start to its stop."""
    began = bot.clock.now()
    try:
        await bot.start()
        done = await _beside(_work(bot, job, inputs, place), state.keep_often(), state.lost())
        return await _report(bot, await job.runs(), done, began)
    except asyncio.CancelledError:
        await state.save()  # At once: the runner gives us seconds.
        raise
    finally:
        await bot.stop()


def _means_something(inputs: Inputs) -> bool:
    if inputs.event == "workflow_dispatch":
        return bool(inputs.command)
    try:
        return event_from_payload(inputs.event, inputs.payload) is not None
    except EventError as error:
        raise BotError(f"The event is not what GitHub publishes: {error}.", "") from error


async def _work(bot: Bot, job: Job, inputs: Inputs, place: Place) -> str:
    if inputs.event == "schedule":
        return await job.look_after()
    if inputs.event == "workflow_dispatch":
        return await job.do(await _dispatched(bot, inputs, place))
    new = inputs.event == "issue_comment" and inputs.payload.get("action") == "created"
    name = comment_delivery(inputs.payload["comment"]["id"]) if new else f"job-{inputs.job}"
    return await job.do(Delivery(name, inputs.event, json.dumps(inputs.payload).encode()))


async def _dispatched(bot: Bot, inputs: Inputs, place: Place) -> CommentPosted:
    """A command from the Actions page, as the comment of whoever gave it. The thread shows that it was given."""
    actor = str(inputs.payload["sender"]["login"])
    text = texts.dispatched(actor, inputs.command)
    posted = await post_comment(bot.ports, DISPATCHED, inputs.job, place.repo, place.number, text)
    issue = await bot.ports.github.issue(place.repo, place.number)
    comment = Comment(posted, actor, inputs.command, issue.html_url, bot.clock.now())
    return CommentPosted.by_person(place.repo, issue, comment)


async def _beside(work: Coroutine[None, None, str], *others: Coroutine[None, None, None]) -> str:
    """The work's result; what goes on beside it ends with it, or ends it by an error."""
    tasks = [asyncio.create_task(other) for other in others]
    main = asyncio.create_task(work)
    try:
        await asyncio.wait([main, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()
        return main.result()
    finally:
        for each in (main, *tasks):
            each.cancel()
        await asyncio.gather(main, *tasks, return_exceptions=True)


async def _report(bot: Bot, runs: list[Run], done: str, began: datetime) -> Report:
    run = runs[0] if runs else None
    if run is None:
        return Report(0, _outputs(None, 0.0, ""), texts.job_summary(None, (), 0.0, f"{done.capitalize()}."))
    phases, turns = await bot.store.phases(run.id), await bot.store.turns(run.id)
    usd = sum(turn.usd or 0.0 for turn in turns)
    delivery: Json = next((json.loads(phase.data) for phase in phases if phase.name == "delivery"), {})
    branches = [effect.target for effect in await bot.store.effects(run.id) if effect.kind in {"branch", "push"}]
    notes, now = [], run.ended_at is not None and run.ended_at >= began
    if now and run.state in {"failed", "unproven", "cancelled"}:
        level = "error" if run.state == "failed" else "warning"
        notes.append(texts.workflow_command(level, run.reason or run.state, title=f"Devflow run {run.id}"))
    if now and run.pull_number and run.plan.purpose == "build" and await bot.ports.github.me() == ACTIONS_LOGIN:
        notes.append(texts.workflow_command("notice", texts.NO_CHECKS, title=f"Pull request #{run.pull_number}"))
    summary = texts.job_summary(run, phases, usd, done, str(delivery.get("patch") or delivery.get("diff") or ""))
    return Report(int(now and run.state == "failed"), _outputs(run, usd, (branches or [""])[-1]), summary, tuple(notes))


def _outputs(run: Run | None, usd: float, branch: str) -> dict[str, str]:
    """`status` is `none` where there is no run; else the run's state."""
    pull = str(run.pull_number or "") if run else ""
    told = {"run_id": run.id if run else "", "status": run.state if run else "none"}
    return {**told, "pull_request": pull, "cost_usd": f"{usd:.4f}", "branch": branch}


async def _until_told(work: Coroutine[None, None, Report]) -> Report:
    """The runner stops a job by SIGINT, then SIGTERM; it kills after ten seconds."""
    task = asyncio.ensure_future(work)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    return await task


def _read_config(lines: str) -> None:
    """Further settings, `NAME=value`, one a line. Raises `BotError` for what is no setting."""
    for line in filter(None, map(str.strip, lines.splitlines())):
        name, equals, value = line.partition("=")
        if not equals or not name.strip().startswith(("DEVFLOW_", "ANTHROPIC_")):
            raise BotError(f"`config` has a line that is no setting: `{name[:60]}`.", "Write `DEVFLOW_NAME=value`.")
        os.environ[name.strip()] = value.strip()


def _mask(settings: Settings) -> None:
    token = settings.github_token.get_secret_value()
    basic = base64.b64encode(f"x-access-token:{token}".encode()).decode() if token else ""
    for secret in (token, basic, settings.anthropic_api_key.get_secret_value()):
        if secret:
            _say(texts.workflow_command("add-mask", secret))


def _tell(inputs: Inputs, report: Report) -> None:
    for line in report.annotations:
        _say(line)
    for path, text in (
        (inputs.output, texts.outputs_text(report.outputs, secrets.token_hex(16))),
        (inputs.summary, report.summary),
    ):
        if path is None:
            sys.stderr.write(text)
            continue
        with path.open("a", encoding="utf-8") as file:
            file.write(text)


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the runner reads it
