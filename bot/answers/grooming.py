"""`/grooming` makes an issue ready to be built."""

from bot.answers.desk import Desk
from bot.core.command_kinds import Grooming
from bot.core.errors import BotError
from bot.starting import Ask


async def grooming(desk: Desk, ask: Ask, command: Grooming) -> str:
    raise BotError("`/grooming` cannot be answered yet.")
