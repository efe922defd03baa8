"""Where the bot stops itself: a paused repository, and too many runs in an hour."""

from datetime import timedelta

from bot.answers.desk import Desk, OnceError
from bot.core import comments
from bot.starting import Ask

HOUR = timedelta(hours=1)


async def check_breakers(desk: Desk, ask: Ask) -> None:
    """Raises `OnceError` where no run may begin now: each person hears of it once an hour on each issue."""
    store, now = desk.ports.store, desk.ports.clock.now()
    if halt := await store.halted(ask.repo):
        hint = "It goes on after `/unpause`. Give the command again then."
        raise OnceError(f"paused-{halt.at:%y%m%d%H%M%S}-{ask.author}", comments.halted(halt), hint)
    limits = (await desk.config(ask.repo)).limits
    runs = await store.runs_since(ask.repo, now - HOUR)
    by_person = sum(run.request.requester == ask.author for run in runs)
    on_issue = sum(run.request.issue == ask.issue.number for run in runs)
    for count, most, who, name in (
        (by_person, limits.runs_per_user_hour, f"`{ask.author}` has started", "runs_per_user_hour"),
        (on_issue, limits.runs_per_issue_hour, "This issue has had", "runs_per_issue_hour"),
        (len(runs), limits.runs_per_repository_hour, "This repository has had", "runs_per_repository_hour"),
    ):
        if count >= most:
            message = f"{who} {count} {'run' if count == 1 else 'runs'} in the last hour, and {most} is the limit."
            hint = f"Try again later, or raise `limits.{name}` in `.github/devflow.yml`."
            raise OnceError(f"{name}-{ask.author}-{ask.at:%y%m%d%H}", message, hint)
