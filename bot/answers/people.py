"""Who may do what, and when: `/delegate`, `/pause`, `/unpause`."""

from bot.answers.desk import Desk
from bot.core.command_kinds import Delegate, Pause, Unpause
from bot.core.errors import BotError
from bot.starting import Ask


async def delegate(desk: Desk, ask: Ask, command: Delegate) -> str:
    raise BotError("`/delegate` cannot be answered yet.")


async def pause(desk: Desk, ask: Ask, command: Pause) -> str:
    raise BotError("`/pause` cannot be answered yet.")


async def unpause(desk: Desk, ask: Ask, command: Unpause) -> str:
    raise BotError("`/unpause` cannot be answered yet.")
