"""Answers that begin a run: `/dev-workflow`, `/planning`, `/grooming`."""

from dataclasses import replace

from bot.answers.breakers import check_breakers
from bot.answers.desk import Desk, OnceError
from bot.answers.groomed import take_over_grooming
from bot.answers.rehearsed import take_over_dry_run
from bot.core.errors import BotError
from bot.starting import Ask, Starting, make_run_id, new_run, take_over_plan


async def start(desk: Desk, ask: Ask, command: Starting) -> str:
    """The run's id follows from the command, so that a repeat after a crash begins the same one."""
    ports = desk.ports
    run_id = make_run_id(ask.at, ask.comment_id or ask.source, ask.index)
    run = await ports.store.run(run_id)
    if run is None:
        await check_can_start(desk, ask)
        run = await new_run(ports, desk.catalog, await desk.defaults_for(ask.repo), run_id, ask, command)
        await ports.store.add_run(replace(run, plan=await desk.settled(ask.repo, run.plan)))
    if run.state == "queued":
        await take_over_dry_run(ports, run)
        await take_over_plan(ports, run)
        await take_over_grooming(ports, run)
    await ports.durable.start(run_id, ask.repo)
    return f"run {run_id}"


async def check_can_start(desk: Desk, ask: Ask) -> None:
    """Raises `BotError` where a run would fail for a reason that is known now."""
    if problem := desk.ports.model.available():
        raise BotError(problem)
    if ask.issue.is_pull:
        raise BotError("A run starts from an issue, and this is a pull request.", "Comment the command on the issue.")
    if ask.issue.state == "closed":
        raise BotError("This issue is closed.", "Open it again, then repeat the command.")
    if active := await desk.active(ask.repo, ask.issue.number):
        hint = "See `/status`, or stop it with `/cancel`."
        message = f"Run `{active.id}` is still at work on this issue."
        raise OnceError(f"busy-{active.id}-{ask.author}", message, hint)
    await check_breakers(desk, ask)
