"""What is said on pull requests: `/review`, `/revise`."""

from bot.answers.desk import Desk
from bot.core.command_kinds import Review, Revise
from bot.core.errors import BotError
from bot.starting import Ask


async def review(desk: Desk, ask: Ask, command: Review) -> str:
    raise BotError("`/review` cannot be answered yet.")


async def revise(desk: Desk, ask: Ask, command: Revise) -> str:
    raise BotError("`/revise` cannot be answered yet.")
