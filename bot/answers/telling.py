"""Answers that only tell: `/status`, `/help`, `/ping`, `/agents`."""

from bot.answers.custom import own_commands
from bot.answers.desk import Desk
from bot.answers.own import own_definitions
from bot.core import comments
from bot.core.command_kinds import Agents, Help, Ping, Status
from bot.core.commands import help_text
from bot.core.errors import BotError
from bot.core.runs import Run, RunId
from bot.routing import LEAST_RESULTS, agents_known
from bot.starting import Ask
from bot.status import progress_of


async def status(desk: Desk, ask: Ask, command: Status) -> str:
    run = await _run_to_show(desk, ask, command)
    text = comments.status_comment(await progress_of(desk.ports, run), kept_true=False) if run else comments.NO_RUN_HERE
    return await desk.tell(ask, text)


async def _run_to_show(desk: Desk, ask: Ask, command: Status) -> Run | None:
    """The run that is named, of this repository only, else the newest one of the issue."""
    store = desk.ports.store
    if command.run is None:
        return next(iter(await desk.runs_here(ask)), None)
    run = await store.run(RunId(command.run))
    if run is None or run.repo != ask.repo:
        hint = "`/status` alone shows the last one of this issue."
        raise BotError(f"There is no run `{command.run}` in this repository.", hint)
    return run


async def help_(desk: Desk, ask: Ask, command: Help) -> str:
    own = await own_commands(desk, ask.repo)
    topic = own.find(command.topic or "")
    if topic:
        return await desk.tell(ask, comments.own_command_help(topic))
    return await desk.tell(ask, help_text(command.topic) + ("" if command.topic else comments.own_commands(own)))


async def ping(desk: Desk, ask: Ask, command: Ping) -> str:
    return await desk.tell(ask, comments.pong(desk.ports.model.available(), desk.ports.sandbox.available()))


async def agents(desk: Desk, ask: Ask, command: Agents) -> str:
    """All that can work here, or the team of the last run with the reasons for it."""
    if command.why:
        return await desk.tell(ask, await _why(desk, ask))
    catalog = (await own_definitions(desk, ask.repo)).catalog
    rows = [(agent.name, agent.path or "built in", agent.description) for agent in catalog.agents]
    return await desk.tell(ask, comments.agents_table(rows))


async def _why(desk: Desk, ask: Ask) -> str:
    run = await desk.last(ask)
    if not run.plan.team:
        raise BotError(f"Run `{run.id}` has no team yet.", "It is chosen when the run begins.")
    known, rows = await agents_known(desk.ports, run), []
    for member in run.plan.team:
        count = known.seen(member.agent)
        went = f"{count.well} of {count.all} went well" if count.all >= LEAST_RESULTS else "too little to say"
        rows.append((member.agent, run.plan.model_of(member.agent, desk.defaults.model), member.reason, went))
    chosen = [(one.unit, one.choice.why) for one in await desk.ports.store.choices(run.id)]
    return comments.why_team(run.id, rows, chosen)
