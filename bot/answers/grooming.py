"""`/grooming` makes an issue ready to be built."""

from bot.answers.desk import Desk
from bot.answers.starting import start
from bot.core.command_kinds import Grooming
from bot.starting import Ask


async def grooming(desk: Desk, ask: Ask, command: Grooming) -> str:
    return await start(desk, ask, command)
