"""Answers that move a run: `/retry`, `/resume`, `/budget`."""

from bot.answers.desk import Desk
from bot.core.command_kinds import Budget, Resume, Retry
from bot.core.errors import BotError
from bot.starting import Ask


async def retry(desk: Desk, ask: Ask, command: Retry) -> str:
    raise BotError("`/retry` cannot be answered yet.")


async def resume(desk: Desk, ask: Ask, command: Resume) -> str:
    raise BotError("`/resume` cannot be answered yet.")


async def budget(desk: Desk, ask: Ask, command: Budget) -> str:
    raise BotError("`/budget` cannot be answered yet.")
